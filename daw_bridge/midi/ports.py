"""The daemon's side of the MIDI driver: hears what it says, and counts what was lost."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from daw_bridge.child import Child
from daw_bridge.midi.driver import drive
from daw_bridge.midi.event import Event, Light
from daw_bridge.midi.words import Lost, Opened, Wanted, Word

_SILENCE = 4.0  # seconds without a word after which a driver hangs; it speaks twice a second

Hear = Callable[[list[Event]], None]
Changed = Callable[[Opened], None]


class MidiPorts:
    """Keeps a driver at hand. Constructing it starts nothing. Thread: the event loop's."""

    def __init__(self, wanted: Wanted, hear: Hear, changed: Changed) -> None:
        """`hear` is given the events in their order; `changed` is told whenever other ports are open."""
        self._hear = hear
        self._changed = changed
        self._driver: Child[Word] = Child(drive, (wanted,), self._take, self._lose, silence=_SILENCE)
        self.opened = Opened(())
        self.lost: Counter[str] = Counter()

    def start(self) -> None:
        """Start the driver, without waiting for it."""
        self._driver.start()

    async def stop(self) -> None:
        """Close all ports."""
        await self._driver.stop()

    @property
    def pid(self) -> int | None:
        """The process id of the driver."""
        return self._driver.pid

    def light(self, light: Light) -> None:
        """Send a light; without a driver it is lost, and sent again when there is one."""
        self._driver.tell(light)

    def _take(self, word: Word) -> None:
        """Take what the driver says."""
        match word:
            case Opened():
                known, self.opened = self.opened, replace(word, fresh=())
                if word != known:
                    self._changed(word)
            case Lost(count, reason):
                self.lost[reason] += count
            case _:
                self._hear(word)

    def _lose(self) -> None:
        """Take note that the driver is dead; there is a new one in a moment."""
        self.lost["driver died"] += 1
        self._take(Opened((), "the MIDI driver died and is started again"))
