"""Laws of the OSC wire's inbox and of what it keeps to itself."""

from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.wires.osc_hush import Hush
from daw_bridge.wires.osc_inbox import Inbox, Packet


def packet(port: int, number: int, size: int = 8) -> Packet:
    """Return a packet of somebody, with its number in front."""
    return Packet(number.to_bytes(8, "big").ljust(size, b"\0"), ("127.0.0.1", port), 0.0)


@given(st.lists(st.integers(1, 4), max_size=50))
def test_everything_is_taken_in_each_senders_order(ports: list[int]) -> None:
    """Nothing is lost, and whoever lays a packet on top gets no turn for it before others had theirs."""
    inbox = Inbox()
    sent = [packet(port, number) for number, port in enumerate(ports)]
    assert all(inbox.put(each) for each in sent)
    taken = []
    while inbox:
        taken.append(inbox.take())
    assert sorted(taken, key=lambda each: each.data) == sent
    for port in set(ports):
        assert [each for each in taken if each.peer[1] == port] == [each for each in sent if each.peer[1] == port]
    first_turns = taken[: len(set(ports))]
    assert {each.peer for each in first_turns} == {each.peer for each in sent}


def test_one_packet_is_not_behind_ten_thousand_of_another() -> None:
    """It is the second that is worked off."""
    inbox = Inbox()
    for number in range(10_000):
        inbox.put(packet(1, number))
    inbox.put(packet(2, 0))
    assert [inbox.take().peer[1] for _ in range(3)] == [1, 2, 1]


def test_a_flood_is_bounded_for_its_sender_alone() -> None:
    """Large packets without end are refused, those of others are not, and what was taken makes room."""
    inbox = Inbox()
    taken = sum(inbox.put(packet(1, number, 60_000)) for number in range(1_000))
    assert taken * 60_000 <= 8 * 2**20
    assert inbox.put(packet(2, 0, 60_000))
    assert not inbox.put(packet(1, 0, 60_000))
    inbox.take()
    assert inbox.put(packet(1, 0, 60_000))
    for port in range(3, 1_000):
        inbox.put(packet(port, 0, 60_000))
        inbox.put(packet(port, 1, 60_000))
    assert inbox._size <= 64 * 2**20


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_an_unknown_address_is_news_once() -> None:
    """To each sender, and again after a minute in which it did not come."""
    clock = Hand()
    hush = Hush(clock)
    assert [hush.is_news("a", "/track/1/vu") for _ in range(100)] == [True] + [False] * 99
    assert hush.is_news("b", "/track/1/vu")
    for _ in range(100):
        clock.now += 30
        assert not hush.is_news("a", "/track/1/vu")
    clock.now += 61
    assert hush.is_news("a", "/track/1/vu")


def test_whoever_sends_ever_new_addresses_is_told_of_some() -> None:
    """All that a mixer has, but not a hundred thousand; and the memory of it has bounds."""
    hush = Hush(Hand())
    told = sum(hush.is_news("a", f"/random/{number}") for number in range(100_000))
    assert 200 <= told <= 300
    assert len(hush._said) <= 4_096
