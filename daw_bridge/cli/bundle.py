"""``daw-bridge doctor --bundle``: all that a report of a fault needs, in one file, without secrets.

What is in it: the settings, the doctor's findings, versions, the status of the daemon that runs, and its last log. What
is not: the environment but for our own variables, the name of the home folder, anything that looks like a key, and
prompts, if they are kept out of the log.
"""

import json
import os
import platform
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import Any

from daw_bridge import __version__
from daw_bridge.cli.checks import Finding
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.client import Client
from daw_bridge.config import Config, settings
from daw_bridge.logs import FILE, FOLDER, discreet
from daw_bridge.wires.osc_addresses import REPLY

_AT_ONCE = 1.0  # seconds in which a daemon on this machine has long answered, however busy the machine
_LOGS = 2  # the last files of the log
_LARGEST = 20_000_000  # bytes of a log that are taken, from its end
_SECRET_NAMES = re.compile(r"TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|CREDENTIAL", re.IGNORECASE)
_SECRETS = re.compile(r"\b(hf_|sk-|ghp_|github_pat_|xox[bp]-)[A-Za-z0-9_-]{8,}|(?<=://)[^/\s:@\"]+:[^/\s@\"]+(?=@)")


def write(file: Path, config: Config, findings: Iterable[Finding]) -> None:
    """Write the bundle. Raises `CommandFailed` where it cannot be, and never overwrites a file."""
    pages = {
        "settings.json": _json(
            {f"{section}.{each.name}": _said(config, section, each.name) for section, each in settings()}
        ),
        "environment.json": _json({name: text for name, text in os.environ.items() if name.startswith("DAW_BRIDGE_")}),
        "versions.json": _json(_versions()),
        "doctor.json": _json([{**asdict(each), "state": each.state.value} for each in findings]),
        "status.json": _json(_status(config)),
        **dict(_logs(config)),
    }
    try:
        with zipfile.ZipFile(file, "x", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in pages.items():
                bundle.writestr(name, _clean(text))
    except FileExistsError:
        raise CommandFailed(f"there is a file {file} already; give the bundle another name") from None
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written ({error.strerror}); choose another place") from None


def _json(value: object) -> str:
    """Write a page."""
    return json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n"


def _said(config: Config, section: str, key: str) -> Any:
    """Return the value of a setting as JSON can have it."""
    value = getattr(getattr(config, section), key)
    return (
        value
        if isinstance(value, (int, float, bool, type(None)))
        else [*map(str, value)]
        if isinstance(value, tuple)
        else str(value)
    )


def _versions() -> Mapping[str, object]:
    """Say which versions of what all of this runs on."""
    named = {re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in requires("daw-bridge") or ()}
    packages: dict[str, str] = {}
    for name in sorted(named - {"daw-bridge"}):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    return {
        "daw-bridge": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": packages,
        "installed": len(list(distributions())),
    }


def _status(config: Config) -> Mapping[str, object]:
    """Ask the daemon that is set how it is; nothing, if none answers."""
    if config.osc.port == 0:
        return {}
    with Client(config.osc.host, config.osc.port) as client:
        heard = client.ask("/bridge/status", f"/bridge/status{REPLY}", _AT_ONCE)
    return dict(zip(map(str, heard.arguments[::2]), heard.arguments[1::2], strict=False)) if heard else {}


def _logs(config: Config) -> Iterator[tuple[str, str]]:
    """Yield the last files of the log, without prompts if they are to be kept out of it."""
    for number in range(_LOGS):
        name = FILE if number == 0 else f"{FILE}.{number}"
        path = config.paths.state / FOLDER / name
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _LARGEST))
                text = file.read(_LARGEST).decode("utf-8", "replace")
        except OSError:
            continue
        yield f"{FOLDER}/{name}", text if config.logs.prompts else "".join(map(_without_prompt, text.splitlines()))


def _without_prompt(line: str) -> str:
    """Return a line of the log without its asker's words: it may be older than the wish to keep them out."""
    try:
        return json.dumps(discreet(json.loads(line))) + "\n"
    except (ValueError, AttributeError, RecursionError):
        return ""


def _clean(text: str) -> str:
    """Return `text` without what is nobody's business: the name of the home folder, and secrets."""
    for name, value in os.environ.items():
        if _SECRET_NAMES.search(name) and len(value) >= 8:
            text = text.replace(value, "***")
    home = str(Path.home())
    for way in (home, json.dumps(home)[1:-1], home.replace("\\", "/")):
        if len(way) > 1:
            text = re.sub(rf"{re.escape(way)}(?![\w-])", "~", text)
    return _SECRETS.sub("***", text)
