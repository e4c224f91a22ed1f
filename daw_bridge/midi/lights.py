"""Lights: what a pad shows of its job. Only changes are sent, twenty-five times a second at most."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from daw_bridge.midi.binding import Binding
from daw_bridge.midi.event import Kind, Light

_PERIOD = 0.04  # seconds

Send = Callable[[Light], None]


@dataclass(frozen=True, slots=True)
class Pad:
    """A control of the controller at `port`, with its lights: velocity and channel (0: the control's own) by state."""

    port: str
    binding: Binding
    lights: Mapping[str, tuple[int, int]]

    @property
    def place(self) -> tuple[object, ...]:
        """What tells it from all other pads."""
        return self.port, *self.binding.place

    def light(self, state: str, fraction: float) -> Light | None:
        """Return the light for a state, brighter with `fraction` while it runs; None where the map has none."""
        lights = {**self.lights, **self.binding.lights}
        control = self.binding.control
        if state not in lights or control.kind not in {Kind.NOTE, Kind.CONTROL}:
            return None
        value, channel = lights[state]
        if state == "running" and "full" in lights:
            value = round(value + (lights["full"][0] - value) * fraction)
        return Light(self.port, control.kind, channel or control.channel or 1, control.number, value)


class Lights:
    """What every pad shows. Thread: the event loop's."""

    def __init__(self, send: Send, is_up: Callable[[Pad], bool]) -> None:
        """`is_up` says whether a pad is to be seen, or lies in a bank that is not up: what it shows is kept until it is."""
        self._send = send
        self._is_up = is_up
        self._states: dict[tuple[object, ...], tuple[str, float]] = {}
        self._wanted: dict[tuple[str, Kind, int], Light] = {}
        self._sent: dict[tuple[str, Kind, int], Light] = {}
        self._due: asyncio.TimerHandle | None = None

    def show(self, pad: Pad, state: str, fraction: float = 0.0) -> None:
        """Show a state on a pad; it is sent in a moment, if the pad is up."""
        self._states[pad.place] = state, fraction
        light = pad.light(state, fraction)
        if light is None or not self._is_up(pad):
            return
        self._wanted[light.port, light.kind, light.number] = light
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_PERIOD, self._flush)

    def show_again(self, pads: Iterable[Pad]) -> None:
        """Show on pads what they showed last; one that never showed anything is armed."""
        for pad in pads:
            self.show(pad, *self._states.get(pad.place, ("armed", 0.0)))

    def forget(self, port: str) -> None:
        """Take it that the controller at `port` is dark: it was unplugged."""
        for place in [each for each in self._sent if each[0] == port]:
            del self._sent[place]

    def stop(self) -> None:
        """Send nothing more."""
        if self._due is not None:
            self._due.cancel()

    def _flush(self) -> None:
        """Send what has changed."""
        self._due = None
        for place, light in self._wanted.items():
            if self._sent.get(place) != light:
                self._sent[place] = light
                self._send(light)
        self._wanted.clear()
