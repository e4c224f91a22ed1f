"""The desk of controls: which binding an event means, given maps, banks and what is held down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from daw_bridge.midi.binding import Binding, Control, Verb, is_press
from daw_bridge.midi.event import Event, Kind
from daw_bridge.midi.learned import Learned
from daw_bridge.midi.lights import Pad
from daw_bridge.midi.maps import Map, fits


@dataclass(slots=True)
class _Hands:
    """What the hands on one controller do: the bank that is up, what is held, and where each controller stood."""

    bank: int = 1
    held: set[Control] = field(default_factory=set)
    stood: dict[tuple[int, int], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touch:
    """A binding that was touched: `pressed` says whether as a button. `pad` is where it shines."""

    pad: Pad
    event: Event
    pressed: bool


class Desk:
    """Finds bindings. Thread: the event loop's."""

    def __init__(self, maps: Sequence[Map], everywhere: Map | None, own: Sequence[str], learned: Learned) -> None:
        """`everywhere` is the map for all ports, if one was chosen; else each gets the first of `maps` made for it.

        The ports in `own` (our virtual one, the network) are there for us alone: the first map for all ports is theirs.
        """
        self._maps = maps
        self._everywhere = everywhere
        self._own = own
        self._learned = learned
        self._hands: dict[str, _Hands] = {}

    def map_of(self, port: str) -> Map | None:
        """Return the map for the controller at `port`, if there is one."""
        if self._everywhere is not None:
            return self._everywhere
        made_for = [each for each in self._maps if each.ports != ("*",) and each.fits(port)]
        if made_for or not any(fits(port, own) for own in self._own):
            return made_for[0] if made_for else None
        return next((each for each in self._maps if each.ports == ("*",)), None)

    def touch(self, event: Event) -> Touch | None:
        """Return what `event` touches, and take note of what is held. None where nothing is bound."""
        hands = self._hands.setdefault(event.port, _Hands())
        place = event.channel, event.number
        before = hands.stood.get(place, 0)
        if event.kind is Kind.CONTROL:
            hands.stood[place] = event.value
        binding = self._bound(event, hands)
        if binding is None:
            return None
        if binding.deed.verb is Verb.SHIFT:
            (hands.held.add if event.value else hands.held.discard)(binding.control)
        return Touch(self._pad(event.port, binding), event, is_press(event, before))

    def bound(self, event: Event) -> Binding | None:
        """Return what the control of `event` does now, without taking note of anything."""
        return self._bound(event, self._hands.get(event.port, _Hands()))

    def turn_to(self, port: str, bank: int) -> None:
        """Put a bank up."""
        self._hands.setdefault(port, _Hands()).bank = bank

    def bank(self, port: str) -> int:
        """Return the bank that is up, from 1."""
        return self._hands.get(port, _Hands()).bank

    def let_go(self, port: str) -> None:
        """Forget what was held at a controller that is gone: its keys will not be let go any more."""
        if port in self._hands:
            self._hands[port].held.clear()
            self._hands[port].stood.clear()

    def pads(self, port: str) -> Iterator[Pad]:
        """Yield the pads of a controller that start jobs, in the bank that is up."""
        bank = self.bank(port)
        for binding in self._bindings(port):
            if binding.deed.verb is Verb.PRESET and binding.bank in {0, bank} and binding.shift is None:
                yield self._pad(port, binding)

    def is_up(self, pad: Pad) -> bool:
        """Whether a pad is in the bank that is up."""
        return pad.binding.bank in {0, self.bank(pad.port)}

    def _bound(self, event: Event, hands: _Hands) -> Binding | None:
        """Return the binding that `event` means: the learnt first, a shifted one before a plain one, a bank's before all's."""
        meant = [
            each
            for each in self._bindings(event.port)
            if each.control.meant_by(event)
            and each.bank in {0, hands.bank}
            and (each.shift is None or any(_same(each.shift, held) for held in hands.held))
        ]
        learnt = self._learned.bindings
        return min(meant, key=lambda each: (each not in learnt, each.shift is None, each.bank == 0), default=None)

    def _bindings(self, port: str) -> Iterator[Binding]:
        """Yield the bindings for a port, the learnt ones first."""
        yield from (each for each in self._learned.bindings if fits(port, each.port))
        chosen = self.map_of(port)
        if chosen is not None:
            yield from (each for each in chosen.bindings if fits(port, each.port))

    def _pad(self, port: str, binding: Binding) -> Pad:
        """Return a binding with its lights."""
        chosen = self.map_of(port)
        return Pad(port, binding, chosen.lights if chosen else {})


def _same(shift: Control, held: Control) -> bool:
    """Whether `held` is the control that `shift` names."""
    return shift.kind is held.kind and shift.number == held.number
