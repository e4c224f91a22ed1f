"""Laws of the exchange's folder: what is taken, what is left alone, and that it stays small."""

import os
import shutil
from pathlib import Path

import pytest

from daw_bridge.config import load
from daw_bridge.errors import CannotListen
from daw_bridge.parts import built
from daw_bridge.wires.exchange_box import LARGEST, STALE, Box, Letter


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A box that is open, in the folder ``exchange``."""
    box = Box(tmp_path / "exchange")
    box.open()
    return box


@pytest.fixture
def requests(tmp_path: Path, box: Box) -> Path:
    """The folder into which clients write."""
    assert box is not None
    return tmp_path / "exchange" / "requests"


@pytest.fixture
def replies(tmp_path: Path, box: Box) -> Path:
    """The folder from which they read."""
    assert box is not None
    return tmp_path / "exchange" / "replies"


def aged(path: Path, seconds: float) -> Path:
    """Make a file that many seconds older than it is."""
    then = path.lstat().st_mtime - seconds
    os.utime(path, (then, then), follow_symlinks=False)
    return path


def test_who_wants_no_exchange_has_none(tmp_path: Path) -> None:
    """`osc.exchange = 0`; else there is one."""
    assert built(load(None, {"DAW_BRIDGE_OSC_EXCHANGE": "0"}, {"paths.state": tmp_path})).exchange is None
    assert built(load(None, {}, {"paths.state": tmp_path})).exchange is not None


def test_requests_are_taken_once_and_in_their_order(box: Box, requests: Path) -> None:
    """By number, not by name; the files are gone."""
    for number in (10, 9, 1):
        (requests / f"me-{number}.req").write_text(f"/{number}\n")
    (requests / "me-11.tmp").write_text("half a li")
    assert [letter.data for letter in box.take()] == [b"/1\n", b"/9\n", b"/10\n"]
    assert box.take() == []
    assert [path.name for path in requests.iterdir()] == ["me-11.tmp"]


def test_the_folder_is_its_owners_alone(box: Box, requests: Path, replies: Path) -> None:
    """Also when it was open to others before."""
    requests.chmod(0o777)
    box.open()
    assert [path.stat().st_mode & 0o777 for path in (requests.parent, requests, replies)] == [0o700] * 3


def test_a_link_in_place_of_a_folder_is_not_used(tmp_path: Path) -> None:
    """Nothing is read or written where it leads."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange" / "requests").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotListen, match=r"osc\.exchange"):
        Box(tmp_path / "exchange").open()


def test_a_hostile_file_harms_nothing(box: Box, requests: Path, tmp_path: Path) -> None:
    """A huge file, a pipe and a link are not read, and a folder is left; where the link leads, nothing is touched."""
    secret = tmp_path / "secret"
    secret.write_text("mine")
    (requests / "evil-1.req").symlink_to(secret)
    os.mkfifo(requests / "evil-2.req")
    with (requests / "evil-3.req").open("wb") as huge:
        huge.truncate(10 * 2**30)
    (requests / "evil-4.req").mkdir()
    (requests / "evil-5.req").write_bytes(b"\xff" * LARGEST)
    assert box.take() == [Letter("evil", None)] * 3 + [Letter("evil", b"\xff" * LARGEST)]
    assert secret.read_text() == "mine"
    assert [path.name for path in requests.iterdir()] == ["evil-4.req"]


@pytest.mark.parametrize(
    "name", ["../me-1.req", "me.req", "-1.req", "me-.req", "a b-1.req", "é-1.req", f"{'m' * 33}-1.req"]
)
def test_only_names_as_they_should_be_are_taken(box: Box, requests: Path, name: str) -> None:
    """Letters, digits and underscores, a number; so no name can lead a reply anywhere else."""
    (requests / name).write_text("/bridge/version\n")
    assert box.take() == []


def test_a_thousand_requests_are_taken_some_at_a_time(box: Box, requests: Path) -> None:
    """And all of them at last, each once."""
    for number in range(1_000):
        (requests / f"me-{number}.req").write_text(f"{number}")
    taken: list[bytes | None] = []
    while letters := box.take():
        assert len(letters) <= 64
        taken += [letter.data for letter in letters]
    assert taken == [str(number).encode() for number in range(1_000)]


def test_much_is_taken_a_little_at_a_time_and_each_client_has_a_turn(box: Box, requests: Path) -> None:
    """As many bytes in one look as one request may have; who writes without end keeps nobody waiting."""
    for number in range(100):
        (requests / f"flood-{number}.req").write_bytes(b"a\n" * (LARGEST // 4))
    (requests / "me-1.req").write_text("/x\n")
    letters = box.take()
    assert Letter("me", b"/x\n") in letters
    assert sum(len(letter.data or b"") for letter in letters) < 2 * LARGEST


def test_what_cannot_be_taken_is_in_nobodys_way(box: Box, requests: Path) -> None:
    """Folders that are called as requests are, however many."""
    for number in range(100):
        (requests / f"a-{number}.req").mkdir()
    (requests / "me-1.req").write_text("/x\n")
    assert box.take() == [Letter("me", b"/x\n")]


def test_a_request_that_nobody_waits_for_any_more_is_not_done(box: Box, requests: Path) -> None:
    """It was asked of a daemon that did not run; whoever asked has gone on."""
    aged(requests / "me-1.req" if (requests / "me-1.req").write_text("/x\n") else requests, STALE + 1)
    assert box.take() == []
    assert list(requests.iterdir()) == []


def test_replies_are_numbered_without_a_gap_whoever_writes_them(box: Box, replies: Path) -> None:
    """Another life of the daemon counts on from the last that is there."""
    for text in ("one", "two", "three"):
        box.put("me", text)
    for number in (1, 2):
        (replies / f"me-{number}.rep").unlink()  # as a client does that has read the third
    Box(replies.parent).put("me", "four")
    assert {path.name: path.read_text() for path in replies.iterdir()} == {"me-3.rep": "three", "me-4.rep": "four"}


def test_what_nobody_fetches_is_bounded(box: Box, replies: Path) -> None:
    """A client that is gone leaves some hundred replies behind, for a day."""
    for number in range(600):
        box.put("gone", str(number))
    assert len(list(replies.iterdir())) == 512
    for path in replies.iterdir():
        aged(path, 86_401)
    box.put("here", "hello")
    box.sweep()
    assert [path.name for path in replies.iterdir()] == ["here-1.rep"]


def test_what_is_no_letter_is_cleared_away_in_time(box: Box, requests: Path, tmp_path: Path) -> None:
    """Half a request of a client that died, and a link; not where that leads, and not what was begun just now."""
    (tmp_path / "mine").write_text("mine")
    (requests / "dead-1.tmp").write_text("half")
    (requests / "link").symlink_to(tmp_path / "mine")
    for path in requests.iterdir():
        aged(path, 61)
    (requests / "new-1.tmp").write_text("half")
    box.sweep()
    assert [path.name for path in requests.iterdir()] == ["new-1.tmp"]
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_that_somebody_removed_is_made_again(box: Box, replies: Path) -> None:
    """When the box is opened anew, as it is every minute; what is said in between is lost, and the number is not."""
    box.put("me", "one")
    shutil.rmtree(replies.parent)
    assert box.take() == []
    with pytest.raises(FileNotFoundError):
        box.put("me", "two")
    box.open()
    box.put("me", "two")
    assert [path.name for path in replies.iterdir()] == ["me-2.rep"]
