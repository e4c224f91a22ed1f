"""Laws of the floor on which several processes of tests run: whoever needs it alone gets it, and has it alone."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from floor import PROCESSES, Floor, dealt, processes, sendable, undisturbed

if sys.platform != "win32":
    import fcntl

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows the tests run in one process")


@pytest.fixture
def floors(tmp_path: Path) -> Callable[[], Floor]:
    """Lend a function that makes one process's way to a floor that is not that of these tests."""
    (tmp_path / "floor").touch()
    (tmp_path / "gate").touch()
    return lambda: Floor(tmp_path / "floor", tmp_path / "gate")


def gate_is_shut(folder: Path) -> bool:
    """Whether somebody waits for the floor alone, or has it."""
    with (folder / "gate").open() as gate:
        try:
            fcntl.flock(gate, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_whoever_needs_the_floor_alone_is_let_in_before_those_who_come_later(
    floors: Callable[[], Floor], tmp_path: Path
) -> None:
    """Who is there already may finish; who comes then waits until the floor is left."""
    early, alone, late = floors(), floors(), floors()
    order: list[str] = []

    def enter(way: Callable[[], None], name: str) -> None:
        way()
        order.append(name)

    early.share()
    with ThreadPoolExecutor(2) as pool:
        claiming = pool.submit(enter, alone.claim, "alone")
        while not gate_is_shut(tmp_path):
            pass
        sharing = pool.submit(enter, late.share, "late")
        order.append("early")
        early.leave()
        claiming.result()
        assert order == ["early", "alone"]
        alone.leave()
        sharing.result()
    assert order == ["early", "alone", "late"]


def test_many_share_the_floor(floors: Callable[[], Floor], tmp_path: Path) -> None:
    """Without a word to each other."""
    one, other = floors(), floors()
    one.share()
    other.share()
    assert not gate_is_shut(tmp_path)


def test_what_is_named_by_its_file_runs_in_this_process(tmp_path: Path) -> None:
    """A debugger works there; all else is shared out."""
    assert processes([f"{__file__}::test_many_share_the_floor", __file__]) == 0
    assert processes([str(tmp_path)]) == processes([__file__, str(tmp_path)]) == PROCESSES


@pytest.mark.parametrize("hands", [1, 2, 4])
def test_each_test_is_dealt_once_and_the_undisturbed_first(request: pytest.FixtureRequest, hands: int) -> None:
    """Those that run here now, dealt to so many processes."""
    order = dealt(request.session.items, hands)
    assert sorted(item.nodeid for item in order) == sorted(item.nodeid for item in request.session.items)
    alone = [undisturbed(item) for item in order]
    assert alone == sorted(alone, reverse=True)


def test_whatever_a_test_prints_can_be_sent() -> None:
    """What is no text is written out; all else is as it was."""
    report = {"sections": [("log", "no text: \udcff")], "duration": 0.5, "when": ("call", None)}
    assert sendable(report) == {**report, "sections": [("log", r"no text: \udcff")]}
