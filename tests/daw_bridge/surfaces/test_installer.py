"""Laws of the installer: our files come, are renewed and go; nobody else's file or folder is ever touched."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from homes import BASES, furnished, tree
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shipments import INSTALLED, ship

from daw_bridge.deliveries import atomic
from daw_bridge.errors import SurfaceUnusable
from daw_bridge.surfaces import installer
from daw_bridge.surfaces.catalogue import factory_surfaces, read_surface
from daw_bridge.surfaces.installer import Outcome
from daw_bridge.surfaces.places import Machine
from daw_bridge.surfaces.receipts import ReceiptShelf
from daw_bridge.surfaces.sites import FileState, Site, SiteState, sites
from daw_bridge.surfaces.told import Told, text

TOLD = Told("127.0.0.1", 9310, 9311, "/exchange", "/clips")


@dataclass
class Desk:
    """An installer at work on one machine: what is shipped, what is told, and what it says of REAPER's surface."""

    home: Machine
    shipped: Path
    shelf: ReceiptShelf
    told: Told = TOLD
    base: Path = field(init=False)

    def __post_init__(self) -> None:
        self.base = self.home.home / BASES[self.home.system]["REAPER"]

    @property
    def site(self) -> Site:
        """What there is now."""
        (site,) = sites(read_surface(self.shipped / "reaper"), self.home, self.shelf.all())
        return site

    def state(self) -> SiteState:
        """Return how it is with all of it."""
        return self.site.state(self.site.wanted(self.told))

    def install(self) -> Outcome:
        """Install what is shipped."""
        return installer.install(self.site, self.base, self.told, self.shelf)

    def remove(self) -> Outcome:
        """Take it away."""
        return installer.remove(self.site, self.base, self.told, self.shelf)

    def added(self, version: str = "1") -> dict[str, bytes | None]:
        """Return what an installation adds to the tree of the base folder."""
        own = {
            path: file if file is None else f"-- version {version} of {file}\n".encode()
            for path, file in INSTALLED.items()
        }
        return own | {"Scripts/daw-bridge/told.lua": text(self.told, "told.lua")}


def desk(folder: Path, system: str = "Linux") -> Desk:
    """Return an installer in a furnished home."""
    machine = furnished(system, folder / "home")
    return Desk(machine, ship(folder / "shipped"), ReceiptShelf(folder / "state"))


@pytest.mark.parametrize("system", BASES)
def test_an_installation_comes_and_goes_without_a_trace(tmp_path: Path, system: str) -> None:
    """On each system: the tree before, the tree with exactly our files more, and the tree before again."""
    at = desk(tmp_path, system)
    before, above = tree(at.base), tree(at.home.home)
    assert at.state() is SiteState.ABSENT
    assert len(at.install().written) == 5
    assert tree(at.base) == before | at.added()
    assert at.state() is SiteState.INSTALLED
    assert at.install() == Outcome()
    assert len(at.remove().removed) == 5
    assert tree(at.home.home) == above
    assert tree(tmp_path / "state") == {}
    assert at.state() is SiteState.ABSENT


def test_an_update_brings_what_is_new_and_takes_what_is_gone(tmp_path: Path) -> None:
    """Files of ours that a new version has no longer go, and so do the folders that held nothing else."""
    at = desk(tmp_path)
    at.install()
    ship(at.shipped, "2")
    (at.shipped / "reaper" / "more" / "inner" / "deep.lua").unlink()
    assert at.state() is SiteState.OUTDATED
    outcome = at.install()
    assert [path.name for path in outcome.removed] == ["deep.lua"]
    gone = {"Scripts/daw-bridge/inner", "Scripts/daw-bridge/inner/deep.lua"}
    now = {path: content for path, content in at.added("2").items() if path not in gone}
    assert {path: content for path, content in tree(at.base).items() if path in at.added()} == now
    assert at.state() is SiteState.INSTALLED


def test_a_daemon_that_moved_is_told_by_an_update(tmp_path: Path) -> None:
    """When the settings say something else than the file, it is out of date like any other."""
    at = desk(tmp_path)
    at.install()
    at.told = Told("127.0.0.1", 9400, 9401, "/exchange", "/clips")
    assert at.state() is SiteState.OUTDATED
    assert [path.name for path in at.install().written] == ["told.lua"]
    assert tree(at.base) | at.added() == tree(at.base)


def test_a_file_that_is_somebody_elses_is_never_overwritten(tmp_path: Path) -> None:
    """It stays to the last byte, is told, and stays when ours are removed."""
    at = desk(tmp_path)
    theirs = at.base / "OSC" / "tempo.ReaperOSC"
    theirs.write_text("their own pattern")
    before = tree(at.base)
    assert at.state() is SiteState.BLOCKED
    assert at.install().kept == {theirs: FileState.FOREIGN}
    assert theirs.read_text() == "their own pattern"
    at.remove()
    assert tree(at.base) == before


def test_a_file_that_was_changed_is_neither_renewed_nor_removed(tmp_path: Path) -> None:
    """It is told each time, after a removal, too, and never as somebody else's; when it is moved away ours comes."""
    at = desk(tmp_path)
    at.install()
    edited = at.base / "Scripts" / "daw-bridge" / "go.lua"
    edited.write_text("-- better")
    assert at.state() is SiteState.CHANGED
    ship(at.shipped, "2")
    assert at.install().kept == {edited: FileState.CHANGED}
    assert edited.read_text() == "-- better"
    edited.rename(edited.with_name("mine.lua"))
    assert [path.name for path in at.install().written] == ["go.lua"]
    edited.write_text("-- better")
    assert at.remove().kept == {edited: FileState.CHANGED}
    assert sorted(tree(at.base / "Scripts" / "daw-bridge")) == ["go.lua", "mine.lua"]
    assert at.state() is SiteState.ABSENT
    assert at.remove() == Outcome()
    outcome = at.install()
    assert (len(outcome.written), outcome.kept) == (4, {edited: FileState.CHANGED})
    assert at.remove().kept == {edited: FileState.CHANGED}
    edited.unlink()
    at.remove()
    assert tree(tmp_path / "state") == {}


def test_folders_that_a_changed_file_has_kept_go_with_it_in_the_end(tmp_path: Path) -> None:
    """They are ours, however often was installed and removed in between."""
    at = desk(tmp_path)
    before = tree(at.base)
    at.install()
    edited = at.base / "Scripts" / "daw-bridge" / "go.lua"
    edited.write_text("-- better")
    at.remove()
    edited.unlink()
    at.install()
    at.remove()
    assert tree(at.base) == before


def test_a_link_is_left_alone_and_never_written_through(tmp_path: Path) -> None:
    """Neither one of the user's nor one that leads to the very files that are to be copied."""
    at = desk(tmp_path)
    (tmp_path / "dotfiles.lua").write_text("kept elsewhere")
    link = at.base / "Scripts" / "daw-bridge" / "go.lua"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "dotfiles.lua")
    assert at.install().kept == {link: FileState.LINKED}
    at.remove()
    assert link.is_symlink()
    assert (tmp_path / "dotfiles.lua").read_text() == "kept elsewhere"
    ours = factory_surfaces() / "open_sound_control"
    before = tree(ours)
    (tmp_path / "linked").symlink_to(ours)
    site = Site("open_sound_control", read_surface(ours), tmp_path / "linked", None)
    assert set(installer.install(site, tmp_path / "linked", TOLD, at.shelf).kept.values()) == {FileState.LINKED}
    installer.remove(site, tmp_path / "linked", TOLD, at.shelf)
    assert tree(ours) == before


def test_a_lost_receipt_costs_nothing_that_is_still_ours(tmp_path: Path) -> None:
    """Files as we would write them are known without it, are taken over by an installation, and can be removed."""
    at = desk(tmp_path)
    at.install()
    at.shelf = ReceiptShelf(tmp_path / "new state")
    assert at.state() is SiteState.INSTALLED
    assert at.install() == Outcome()
    assert at.site.receipt is not None
    at.shelf = ReceiptShelf(tmp_path / "newer state")
    assert len(at.remove().removed) == 5
    assert {path for path in tree(at.base) if path in INSTALLED} <= {"Scripts/daw-bridge", "Scripts/daw-bridge/inner"}


def test_what_a_program_compiled_of_our_files_goes_with_them(tmp_path: Path) -> None:
    """Live leaves compiled Python beside scripts; that of other scripts stays."""
    at = desk(tmp_path)
    before = tree(at.base)
    at.install()
    compiled = at.base / "Scripts" / "daw-bridge" / "__pycache__"
    compiled.mkdir()
    (compiled / "two.cpython-311.pyc").write_bytes(b"compiled")
    at.remove()
    assert tree(at.base) == before
    at.install()
    compiled.mkdir()
    (compiled / "theirs.cpython-311.pyc").write_bytes(b"compiled")
    at.remove()
    assert list(compiled.iterdir()) == [compiled / "theirs.cpython-311.pyc"]


def test_a_receipt_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With what to do; nothing is guessed from half of it."""
    at = desk(tmp_path)
    at.install()
    (page,) = (tmp_path / "state" / "surfaces").iterdir()
    for spoiled in (b"", b"[]", b"{}", page.read_bytes()[:-9], b'{"surface": "reaper", "base": 1, "written": []}'):
        page.write_bytes(spoiled)
        with pytest.raises(SurfaceUnusable, match=r"cannot be read .*; move it away"):
            at.install()


def test_a_state_folder_that_cannot_be_written_stops_before_anything_is(tmp_path: Path) -> None:
    """What could not be noted down is not done."""
    at = desk(tmp_path)
    before = tree(at.base)
    (tmp_path / "state").write_text("no folder")
    with pytest.raises(SurfaceUnusable, match=r"nothing was installed\. Set paths\.state"):
        at.install()
    assert tree(at.base) == before


class _Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def killed_at(step: int) -> Iterator[None]:
    """Have the process end at the file that is written as number `step`, its bytes written and its name still hidden.

    Nothing is tidied up afterwards, as nothing is when a process is killed.
    """
    left = iter(range(step - 1))
    with pytest.MonkeyPatch.context() as patched:

        def fatal(_: int) -> None:
            if next(left, None) is None:
                patched.setattr(atomic, "discard", lambda _: None)
                raise _Killed

        patched.setattr(os, "fsync", fatal)
        yield


@pytest.mark.parametrize("step", range(1, 9))
def test_half_an_installation_is_finished_or_undone(tmp_path: Path, step: int) -> None:
    """Killed at any file: the next installation is whole, and the next removal leaves nothing, hidden files included."""
    at = desk(tmp_path)
    before = tree(at.base)
    for after in (at.install, at.remove):
        with killed_at(step):
            ended = step > 7
            if ended:
                at.install()
            else:
                with pytest.raises(_Killed):
                    at.install()
        assert at.state() is {1: SiteState.ABSENT, 8: SiteState.INSTALLED}.get(step, SiteState.UNFINISHED)
        after()
        assert tree(at.base) == (before | at.added() if after == at.install else before)
        at.remove()
        assert tree(at.base) == before
        assert tree(tmp_path / "state") == {}


@pytest.mark.parametrize("step", range(1, 8))
def test_half_an_update_is_finished_by_one_to_a_later_version(tmp_path: Path, step: int) -> None:
    """What the broken work wrote is ours, whatever comes to be written in its place."""
    at = desk(tmp_path)
    at.install()
    for version in ("2", "3"):
        ship(at.shipped, version)
        with killed_at(step), pytest.MonkeyPatch.context() as told:
            told.setattr(at, "told", Told("127.0.0.1", int(version), 1, "/exchange", "/clips"))
            with pytest.raises(_Killed):
                at.install()
    ship(at.shipped, "4")
    assert at.install().kept == {}
    assert {path: content for path, content in tree(at.base).items() if path in at.added()} == at.added("4")


FILES = [f"{BASES['Linux']['REAPER']}/{path}" for path, content in INSTALLED.items() if content]
NEAR = [*FILES, *(f"{path}.bak" for path in FILES[:2]), f"{BASES['Linux']['REAPER']}/Scripts/my_script.lua"]
DEEDS = st.one_of(
    st.tuples(st.sampled_from(["install", "remove"]), st.just("")),
    st.tuples(st.just("ship"), st.sampled_from(["1", "2", "3"])),
    st.tuples(st.just("kill"), st.sampled_from(["1", "2", "3", "5", "7"])),
    st.tuples(st.sampled_from(["write", "delete", "link"]), st.sampled_from(NEAR)),
)


@settings(max_examples=25)
@given(deeds=st.lists(DEEDS, max_size=12))
@example(
    deeds=[("install", ""), ("write", FILES[1]), ("ship", "2"), ("kill", "3"), ("write", FILES[2]), ("remove", "")]
)
def test_whatever_is_the_users_survives(deeds: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any row of installations, broken ones too, updates and removals leaves each file of the user's as it was.

    When ours have been removed, nothing is left but these files and the folders that they lie in.
    """
    at = desk(tmp_path_factory.mktemp("law"))
    theirs = {path: content for path, content in tree(at.home.home).items() if content is not None}
    for deed, what in deeds:
        if deed == "ship":
            ship(at.shipped, what)
        elif deed == "kill":
            with killed_at(int(what)), suppress(_Killed):
                at.install()
        elif deed in {"install", "remove"}:
            getattr(at, deed)()
        else:
            theirs |= _by_the_user(deed, at.home.home, what)
            theirs = theirs if deed != "delete" else {path: theirs[path] for path in theirs if path != what}
        assert theirs.items() <= tree(at.home.home).items()
    at.remove()
    assert {path: content for path, content in tree(at.home.home).items() if content is not None} == theirs


def _by_the_user(deed: str, home: Path, name: str) -> dict[str, bytes]:
    """Do to a file what users do; return the files that are theirs for that."""
    path, goal = home / name, home / "dotfiles" / Path(name).name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    if deed == "write":
        path.write_bytes(b"the user's own words")
        return {name: b"the user's own words"}
    if deed == "link":
        goal.parent.mkdir(exist_ok=True)
        goal.write_bytes(b"what a link leads to")
        path.symlink_to(goal)
        return {each.relative_to(home).as_posix(): b"what a link leads to" for each in (path, goal)}
    return {}
