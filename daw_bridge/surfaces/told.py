"""What a surface is told: where the daemon is heard, and where requests, reports and clips lie.

It is a small file beside the files of the surface, in a form that these read without a library: Lua, Python or JSON by
its suffix. What it says is what ``serve`` would do under the same configuration. A path is written so that it comes
back byte for byte, whatever is in it.
"""

import ast
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

from daw_bridge.config import Config
from daw_bridge.errors import BadSetting

_FROM = "Written by `daw-bridge surfaces`; when the daemon's settings change, say: daw-bridge surfaces --update"


@dataclass(frozen=True, slots=True)
class Told:
    """Where the daemon is heard (`host`, `port`), where a client may hear reports, and the folders."""

    host: str
    port: int
    reply_port: int
    exchange: str
    clips: str


def told(config: Config) -> Told:
    """Return what surfaces are told under `config`. Raises `BadSetting` where the daemon's port is not known before."""
    port = config.osc.port
    if port == 0:
        raise BadSetting("osc.port is 0, which is any that is free; surfaces must know it, so give one, such as 9310")
    address = ip_address(config.osc.host)
    host = ("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else str(address)
    reply = port + 1 if port < 65_535 else port - 1
    return Told(host, port, reply, str(_exchange(config)), str(config.folder.path))


def _exchange(config: Config) -> Path:
    """Return the folder by which a program without sockets speaks to the daemon."""
    return config.paths.state / "exchange"


def _lua(said: Mapping[str, object]) -> bytes:
    """Write a table that Lua returns. In its texts every byte that is no plain letter is a number: any path comes back."""
    lines = (f"  {key} = {value if isinstance(value, int) else _quoted(str(value))}," for key, value in said.items())
    return "\n".join([f"-- {_FROM}", "return {", *lines, "}", ""]).encode()


def _quoted(text: str) -> str:
    """Quote text for Lua."""
    signs = (
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03d}" for byte in os.fsencode(text)
    )
    return f'"{"".join(signs)}"'


def _python(said: Mapping[str, object]) -> bytes:
    """Write a module of constants, in ASCII."""
    return "\n".join([f"# {_FROM}", *(f"{key.upper()} = {value!a}" for key, value in said.items()), ""]).encode()


def _json(said: Mapping[str, object]) -> bytes:
    """Write an object, in ASCII."""
    return (json.dumps({"about": _FROM, **said}, indent=2) + "\n").encode()


KINDS: Mapping[str, Callable[[Mapping[str, object]], bytes]] = {".lua": _lua, ".py": _python, ".json": _json}
"""How the file is written, by its suffix."""


def text(what: Told, name: str) -> bytes:
    """Return the content of the file called `name`, which ends in one of `KINDS`."""
    return KINDS[Path(name).suffix](asdict(what))


_LUA = re.compile(r'^  (\w+) = (?:(\d+)|"(.*)"),$', re.MULTILINE)
_SIGN = re.compile(r"\\(\d{3})|(.)")
_PYTHON = re.compile(r"^([A-Z_]+) = (.*)$", re.MULTILINE)


def read(content: bytes, name: str) -> Mapping[str, object]:
    """Return what the file called `name` says, as far as it is as `text` wrote it: whoever has edited it may see less."""
    page = content.decode("ascii", "replace")
    try:
        if name.endswith(".json"):
            said = json.loads(page)
            return said if isinstance(said, dict) else {}
        if name.endswith(".py"):
            return {key.lower(): ast.literal_eval(value) for key, value in _PYTHON.findall(page)}
        return {key: int(number) if number else _unquoted(text) for key, number, text in _LUA.findall(page)}
    except (ValueError, SyntaxError):
        return {}


def _unquoted(text: str) -> str:
    """Return what was quoted for Lua."""
    signs = (int(number) if number else ord(sign) for number, sign in _SIGN.findall(text))
    return os.fsdecode(bytes(min(sign, 255) for sign in signs))
