"""Laws of what a surface is told: what `serve` would do under the same settings, in a form that comes back exactly."""

import json
import os
import runpy
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from real import need

from daw_bridge.config import load
from daw_bridge.errors import BadSetting
from daw_bridge.surfaces.told import Told, read, text, told

PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)


def test_a_surface_is_told_what_serve_does(tmp_path: Path) -> None:
    """Host, port, a port to hear at, and the folders, all as the settings say."""
    flags = {"osc.port": 9400, "paths.state": tmp_path / "state", "folder.path": tmp_path / "clips"}
    what = told(load(None, {}, flags))
    assert what == Told("127.0.0.1", 9400, 9401, str(tmp_path / "state" / "exchange"), str(tmp_path / "clips"))


@pytest.mark.parametrize(("host", "reached"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.168.1.2", "192.168.1.2")])  # noqa: S104 - what is tested
def test_a_daemon_that_listens_everywhere_is_reached_here(host: str, reached: str) -> None:
    """No program can send to an address that stands for all."""
    assert told(load(None, {}, {"osc.host": host, "osc.allow": ["192.168.1.3"]})).host == reached


def test_a_port_that_nobody_knows_before_is_refused() -> None:
    """With what to do instead."""
    with pytest.raises(BadSetting, match=r"osc\.port is 0.*give one, such as 9310"):
        told(load(None, {}, {"osc.port": 0}))
    assert told(load(None, {}, {"osc.port": 65_535})).reply_port == 65_534


@given(clips=PATHS, exchange=st.binary(min_size=1).filter(lambda raw: b"\0" not in raw).map(os.fsdecode))
def test_any_path_comes_back(clips: str, exchange: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Through Python and JSON, whatever is in it: quotes, ends of lines, bytes that are no text; all of it is ASCII."""
    what = Told("127.0.0.1", 9310, 9311, exchange, clips)
    lua, python, page = (text(what, f"told.{kind}") for kind in ("lua", "py", "json"))
    assert max(*lua, *python, *page) < 128
    file = tmp_path_factory.mktemp("told") / "told.py"
    file.write_bytes(python)
    module = runpy.run_path(str(file))
    assert (module["CLIPS"], module["EXCHANGE"], module["PORT"], module["HOST"]) == (clips, exchange, 9310, "127.0.0.1")
    said = json.loads(page)
    assert (said["clips"], said["exchange"], said["reply_port"]) == (clips, exchange, 9311)
    for content, name in ((lua, "told.lua"), (python, "told.py"), (page, "told.json")):
        assert asdict(what).items() <= read(content, name).items()


@pytest.mark.parametrize("kind", ["lua", "py", "json"])
def test_what_somebody_has_edited_is_read_as_far_as_it_goes(kind: str) -> None:
    """Nothing of it is run, and nothing breaks."""
    for content in (b"", b"\xff\xfe", b"[]", b"CLIPS = (", b"PORT = exit(1)", b'  clips = os.exit(1),\n  port = "'):
        assert read(content, f"told.{kind}") == {}


@pytest.mark.real
def test_lua_reads_it_back(tmp_path: Path) -> None:
    """A real Lua returns a table with every byte of a path but the NUL, which no path has, and numbers as numbers."""
    every = bytes(range(1, 256))
    file = tmp_path / "told.lua"
    file.write_bytes(text(Told("::1", 9310, 9311, os.fsdecode(every), "C:\\Clips\\012 ü"), file.name))
    script = "local t = dofile(arg[1]); io.write(t.exchange, '|', t.clips, '|', t.host, '|', t.port + t.reply_port)"
    (tmp_path / "read.lua").write_text(script)
    heard = subprocess.run([need("lua5.4"), tmp_path / "read.lua", file], capture_output=True, check=True).stdout
    assert heard == every + b"|" + "C:\\Clips\\012 ü".encode() + b"|::1|18621"
