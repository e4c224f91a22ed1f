"""Turns: a queue that is fair between senders. Each one's jobs stay in their order; senders take turns.

Who asks for fifty jobs delays another's first by one job at most. Every job belongs to a round, in which each sender has
one place; rounds are served in order, and within a round first come, first served. (Fair queueing: Demers, Keshav,
Shenker 1989, with every job of the same size.)
"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Place(Generic[T]):
    """A place in the queue."""

    round: int
    arrival: int
    sender: str
    who: T

    @property
    def order(self) -> tuple[int, int]:
        """What places are ordered by."""
        return self.round, self.arrival


class Turns(Generic[T]):
    """The queue; `sender` says whose something is. Thread: the event loop's."""

    def __init__(self, sender: Callable[[T], str]) -> None:
        self._sender = sender
        self._places: list[_Place[T]] = []
        self._arrivals = 0
        self._round = 0  # the one that is being served
        self._served: set[str] = set()  # who had a turn in it

    def append(self, who: T) -> None:
        """Give `who` the next place that its sender can have."""
        sender = self._sender(who)
        own = [place.round for place in self._places if place.sender == sender]
        first = self._round + (sender in self._served)
        self._arrivals += 1
        insort(
            self._places, _Place(max(own, default=first - 1) + 1, self._arrivals, sender, who), key=lambda it: it.order
        )

    def remove(self, who: T) -> None:
        """Take `who` out of the queue without a turn. Raises `ValueError` if it is not in it."""
        del self._places[self.index(who)]

    def take(self, who: T) -> None:
        """Take `who` out of the queue: it has its turn. Raises `ValueError` if it is not in it."""
        place = self._places.pop(self.index(who))
        if place.round > self._round:
            self._round = place.round
            self._served.clear()
        self._served.add(place.sender)

    def index(self, who: T) -> int:
        """Return how many have their turn before `who`. Raises `ValueError` if it is not in the queue."""
        for index, place in enumerate(self._places):
            if place.who is who:
                return index
        raise ValueError(who)

    def __iter__(self) -> Iterator[T]:
        return (place.who for place in self._places)

    def __reversed__(self) -> Iterator[T]:
        return (place.who for place in reversed(self._places))

    def __len__(self) -> int:
        return len(self._places)
