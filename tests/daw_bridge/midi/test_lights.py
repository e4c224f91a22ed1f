"""Pads show how their jobs are, in the bank that is up."""

import asyncio

from daw_bridge.midi.binding import Binding, Control, Deed
from daw_bridge.midi.event import Light
from daw_bridge.midi.lights import Lights, Pad

LIGHTS = {"armed": (1, 0), "queued": (20, 0), "running": (40, 0), "full": (100, 0), "done": (127, 0)}


def pad(bank: int, note: int = 36) -> Pad:
    """Return a pad of a bank."""
    return Pad("Pads", Binding(Control.parse(f"note {note}"), Deed.parse("again"), bank=bank), LIGHTS)


class Banks:
    """A controller with banks, and what it was sent."""

    def __init__(self) -> None:
        self.up = 1
        self.sent: list[Light] = []
        self.lights = Lights(self.sent.append, lambda pad: pad.binding.bank == self.up)

    def shown(self) -> list[int]:
        """Return the values that were sent, once those that are due are out."""
        self.lights._flush()
        return [light.value for light in self.sent]


def test_a_job_of_another_bank_leaves_the_light_alone() -> None:
    """The same pad in the bank that is up keeps its own state."""

    async def story() -> list[int]:
        banks = Banks()
        banks.lights.show_again([pad(1)])
        banks.lights.show(pad(2), "running", 0.5)
        return banks.shown()

    assert asyncio.run(story()) == [1]


def test_a_bank_that_is_turned_back_to_shows_how_its_job_is_by_now() -> None:
    """What happened meanwhile is not forgotten: it is seen as soon as the pad is."""

    async def story() -> list[int]:
        banks = Banks()
        banks.lights.show(pad(1), "running", 0.5)
        banks.shown()
        banks.up = 2
        banks.lights.show(pad(1), "done")
        banks.lights.show_again([pad(2)])
        banks.shown()
        banks.up = 1
        banks.lights.show_again([pad(1)])
        return banks.shown()

    assert asyncio.run(story()) == [70, 1, 127]


def test_a_controller_that_was_dark_is_lit_as_it_was() -> None:
    """Only what is new is sent; to one that was unplugged, all is."""

    async def story() -> list[list[int]]:
        banks = Banks()
        banks.lights.show(pad(1), "done")
        seen = [banks.shown()]
        banks.lights.show_again([pad(1)])
        seen.append(banks.shown())
        banks.lights.forget("Pads")
        banks.lights.show_again([pad(1)])
        return [*seen, banks.shown()]

    assert asyncio.run(story()) == [[127], [127], [127, 127]]
