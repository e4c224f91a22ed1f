"""Fetching: from a hub that speaks the real protocol on this machine, with every way in which it can go wrong."""

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import huggingface_hub
import pytest

from plugin_host.engines.musicldm import checkpoint, hub
from plugin_host.errors import BadValue, DiskFull, EngineUnavailable

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NAME = "somebody/tiny"


@dataclass
class Shelf:
    """What the hub has, what it was asked for, and how it misbehaves."""

    folder: Path
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    breaks_off: dict[str, int] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)

    def files(self) -> dict[str, bytes]:
        """Return the files by name."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


class Hub(BaseHTTPRequestHandler):
    """A hub with one model, as far as the hub's own client asks: the list of files, their heads, their bytes."""

    shelf: ClassVar[Shelf]

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        """Answer with what there is to know of a file."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """Answer with the list of files, or with a file."""
        self._answer()

    def _answer(self, *, body: bool = True) -> None:
        path = self.path.split("?")[0]
        self.shelf.asked.append((path, self.headers.get("Range")))
        if path.startswith(f"/api/models/{NAME}"):
            self._list(path)
        elif path.startswith(f"/{NAME}/resolve/{COMMIT}/"):
            self._file(path.split(COMMIT + "/")[1], body=body)
        else:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})

    def _list(self, path: str) -> None:
        if "/revision/" in path and not path.endswith(("/main", COMMIT)):
            self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            return
        files = [
            {"rfilename": name, "size": self.shelf.claims.get(name, len(content))}
            for name, content in self.shelf.files().items()
        ]
        listing = {"id": NAME, "modelId": NAME, "sha": COMMIT, "siblings": files, "tags": [], "private": False}
        self._send(200, json.dumps(listing).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, *, body: bool) -> None:
        content = self.shelf.files().get(name)
        if content is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": COMMIT,
            "Accept-Ranges": "bytes",
        }
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        status, rest = (206 if start else 200), content[start:]
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(rest))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            most = self.shelf.breaks_off.get(name, len(rest))
            self.wfile.write(rest[:most])
            if most < len(rest):
                self.close_connection = True

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def shelf(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """Run a hub on a free port, with a cache of its own, and have the client talk to it."""
    stock = Shelf(Path(shutil.copytree(tiny, tmp_path / "shelf")))
    (stock.folder / "README.md").write_text("---\nlicense: cc-by-nc-sa-4.0\n---\n")
    (stock.folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(b"the same again, not needed")
    handler = type("ThisHub", (Hub,), {"shelf": stock})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    use(f"http://127.0.0.1:{server.server_port}", monkeypatch)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    try:
        yield stock
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def use(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the hub's client ask `endpoint`: it reads its environment only once, when it is imported."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )


def ignore(here: int, size: int) -> None:
    """Take no note of progress."""
    del here, size


@pytest.mark.usefixtures("shelf")
def test_a_fetched_model_is_found_offline_and_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a fetch, the name alone finds the very commit, with the hub gone; the licence came along."""
    told: list[tuple[int, int]] = []
    offer = hub.look(NAME)
    found = hub.fetch(offer, lambda here, size: told.append((here, size)))
    assert found.revision == COMMIT
    assert told[0] == (0, offer.size)
    assert told[-1] == (offer.size, offer.size)
    assert told == sorted(told)
    use("http://127.0.0.1:9", monkeypatch)
    again = checkpoint.locate(NAME)
    assert (again.revision, again.licence) == (COMMIT, "cc-by-nc-sa-4.0")
    assert again in checkpoint.installed()


def test_only_what_is_needed_is_fetched_and_only_once(shelf: Shelf) -> None:
    """The second kind of the same weights stays where it is; a second fetch asks for no file."""
    hub.fetch(hub.look(NAME), ignore)
    assert not [path for path, _ in shelf.asked if path.endswith(".bin")]
    shelf.asked.clear()
    hub.fetch(hub.look(NAME), ignore)
    assert not [path for path, _ in shelf.asked if "/resolve/" in path]


def test_a_download_that_broke_off_goes_on_where_it_stopped(shelf: Shelf) -> None:
    """What has come is kept: the next fetch asks for the rest alone, and the file is whole."""
    weights = "unet/diffusion_pytorch_model.safetensors"
    told: list[int] = []

    def stop_half_way(here: int, size: int) -> None:
        told.append(here)
        if here > size // 2:
            raise KeyboardInterrupt

    offer = hub.look(NAME)
    with pytest.raises(KeyboardInterrupt):
        hub.fetch(offer, stop_half_way)
    there = {name for name in offer.files if name not in hub.look(NAME).missing}
    assert there
    shelf.asked.clear()
    found = hub.fetch(hub.look(NAME), ignore)
    asked = {path.split(COMMIT + "/")[1] for path, _ in shelf.asked if "/resolve/" in path}
    assert not asked & there
    assert (found.folder / weights).read_bytes() == (shelf.folder / weights).read_bytes()


@pytest.mark.parametrize(
    ("name", "revision", "error", "message"),
    [
        ("somebody/else", None, EngineUnavailable, "the hub has no model 'somebody/else'"),
        (NAME, "v9", EngineUnavailable, "has no revision 'v9'"),
        ("no-slash", None, BadValue, "is no hub id; write it like"),
        ("a/b/c", None, BadValue, "is no hub id; write it like"),
    ],
)
def test_a_name_that_is_not_there_is_refused(
    shelf: Shelf, name: str, revision: str | None, error: type[Exception], message: str
) -> None:
    """The message says which name or revision, and what to do."""
    with pytest.raises(error, match=message):
        hub.look(name, revision)
    assert not [path for path, _ in shelf.asked if "/resolve/" in path]


@pytest.mark.parametrize(
    ("lost", "message"), [("model_index.json", "is no checkpoint"), ("vae", "no weights of the vae")]
)
def test_what_is_no_checkpoint_is_not_fetched(shelf: Shelf, lost: str, message: str) -> None:
    """Gigabytes are not spent to find that out."""
    path = shelf.folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(EngineUnavailable, match=message):
        hub.look(NAME)


def test_without_a_network_the_remedy_is_said(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers: the message says to check the network, and that what has come is kept."""
    use("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(EngineUnavailable, match=r"did not answer .*; check the network"):
        hub.look(NAME)
    assert not shelf.asked


def test_a_model_that_does_not_fit_is_refused_before_a_byte_is_fetched(shelf: Shelf) -> None:
    """Need and room are both named."""
    shelf.claims["unet/diffusion_pytorch_model.safetensors"] = 10**15
    offer = hub.look(NAME)
    with pytest.raises(DiskFull, match=r"needs 1020000\.0 GB .* are free; free some space"):
        hub.fetch(offer, ignore)
    assert not [path for path, _ in shelf.asked if "/resolve/" in path]


def test_a_disk_that_fills_up_on_the_way_is_said(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The code is disk_full; what came before stays, and a later fetch goes on."""
    real = huggingface_hub.hf_hub_download
    count = [0]

    def fill(*given: object, **named: object) -> object:
        count[0] += 1
        if count[0] > 3:
            raise OSError(28, "No space left on device")
        return real(*given, **named)

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fill)
    with pytest.raises(DiskFull, match=r"the disk is full .*; free some space and fetch again"):
        hub.fetch(hub.look(NAME), ignore)
    monkeypatch.undo()
    monkeypatch.setenv("HF_HUB_CACHE", str(shelf.folder.parent / "cache"))
    with suppress(EngineUnavailable):
        checkpoint.locate(NAME)
    assert len(list((shelf.folder.parent / "cache").rglob("snapshots/*/*"))) >= 1
