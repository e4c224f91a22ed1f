"""``daw-bridge devices``: the audio outputs of this machine, as `device.name` may name them."""

from dataclasses import asdict
from pathlib import Path

from rich.table import Column

from daw_bridge.cli import devices, screen
from daw_bridge.cli.settings import read
from daw_bridge.errors import DeviceUnavailable
from daw_bridge.playing.choice import Output, choose
from daw_bridge.sections import DeviceConfig


def run(config_file: Path | None, *, as_json: bool) -> None:
    """List the outputs and mark the one that is set. Raises `DeviceUnavailable` where none can be listed."""
    wanted = read(config_file).device
    found, trouble = devices.outputs()
    if trouble:
        raise DeviceUnavailable(trouble)
    chosen, reason = _chosen(found, wanted)
    if as_json:
        rows = [{**asdict(each), "default": each.default == 2, "chosen": each == chosen} for each in found]
        screen.write_json({"outputs": rows, "trouble": reason})
        return
    sheet = screen.table(Column("", no_wrap=True), "name", "host API", "channels", "rate in Hz", "")
    for each in found:
        mark = "plays" if each == chosen else "default" if each.default == 2 else ""
        sheet.add_row(
            str(each.index), screen.plain(each.name), screen.plain(each.api), str(each.channels), str(each.rate), mark
        )
    paper = screen.out()
    if found:
        paper.print(sheet)
    else:
        paper.print("no audio output; a server such as JACK or PipeWire has to run for its outputs to be seen")
    if reason:
        screen.note(reason)


def _chosen(found: list[Output], wanted: DeviceConfig) -> tuple[Output | None, str]:
    """Return the output that is set, and why it is none."""
    if not wanted.name:
        return (
            None,
            "none is set: choose one with DAW_BRIDGE_DEVICE_NAME, --device, or device.name in the configuration",
        )
    try:
        return choose(found, wanted.name, wanted.api, wanted.channels), ""
    except DeviceUnavailable as error:
        return None, str(error)
