"""The flags that all commands share, read into a configuration."""

import os
from pathlib import Path

from daw_bridge.config import Config, load
from daw_bridge.errors import BadSetting


def read(
    config: Path | None,
    *,
    osc: str | None = None,
    folder: Path | None = None,
    state: Path | None = None,
    engine: str | None = None,
    rate: str | None = None,
    midi: str | None = None,
    device: str | None = None,
    preload: bool | None = None,
) -> Config:
    """Read file, environment and these flags. Raises `BadSetting`, which names what is wrong."""
    host, port = _split(osc)
    flags = {
        "osc.host": host,
        "osc.port": port,
        "folder.path": folder,
        "paths.state": state,
        "jobs.engine": engine,
        "session.rate": rate,
        "midi.ports": midi,
        "device.name": device,
        "musicldm.preload": preload,
    }
    return load(config, os.environ, flags)


def _split(osc: str | None) -> tuple[str | None, str | None]:
    """Split HOST:PORT; either may be missing: "9310", ":9310", "127.0.0.1:"."""
    if osc is None:
        return None, None
    host, colon, port = osc.rpartition(":")
    if not colon and not osc.isdigit():
        raise BadSetting(f"--osc is '{osc}'; write it like 127.0.0.1:9310")
    return host.strip("[]") or None, port or None
