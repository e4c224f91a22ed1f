"""The bindings that were learnt by touching a control. They lie over the maps, in a file of their own that we write."""

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from daw_bridge.errors import BadMap, UnknownJob
from daw_bridge.midi.binding import ANY_CHANNEL, Binding
from daw_bridge.midi.maps import read_map

_HEAD = "# Written by daw-bridge learn. It lies over the maps; edit it, or delete it, while the daemon rests.\n"
_NUMBERED = re.compile(r"(.+) \d+" if sys.platform == "win32" else r"(.+) \d+:\d+")


class Learned:
    """What was learnt, and what to go back to. Thread: the event loop's; the file is a page of text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bindings: tuple[Binding, ...] = ()
        self._before: list[tuple[Binding, ...]] = []

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """What was learnt, in the order in which it was."""
        return self._bindings

    def load(self, presets: Iterable[str]) -> None:
        """Read the file, if there is one. Raises `BadMap`; nothing is learnt then, and the file stays as it is."""
        if self._path.exists():
            self._bindings = read_map(self._path, presets).bindings

    def learn(self, binding: Binding) -> None:
        """Bind a control, in the place of what it was bound to here. Raises `BadMap` when the file cannot be written."""
        kept = [each for each in self._bindings if each.place != binding.place]
        self._change((*kept, binding))

    def undo(self) -> None:
        """Go back to what was before the last `learn`. Raises `UnknownJob` where there is nothing to go back to."""
        if not self._before:
            raise UnknownJob("nothing was learnt since the daemon was started; there is nothing to undo")
        before = self._before[-1]
        self._write(before)
        self._bindings = before
        self._before.pop()

    def _change(self, bindings: tuple[Binding, ...]) -> None:
        """Write `bindings` and take them over."""
        self._write(bindings)
        self._before.append(self._bindings)
        self._bindings = bindings

    def _write(self, bindings: Iterable[Binding]) -> None:
        """Write the file: whole, or not at all."""
        text = _HEAD + "".join(f"\n{_row(binding)}" for binding in bindings)
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise BadMap(f"{self._path} cannot be written ({error.strerror}); nothing was learnt") from None


def _row(binding: Binding) -> str:
    """Write one binding."""
    lines = ["[[bind]]", f"on = {json.dumps(str(binding.control))}"]
    if binding.control.channel != ANY_CHANNEL:
        lines.append(f"channel = {binding.control.channel}")
    lines += [f"do = {json.dumps(str(binding.deed))}", f"port = {json.dumps(binding.port, ensure_ascii=False)}"]
    if binding.range is not None:
        lines += [f"range = [{binding.range.low}, {binding.range.high}]", f"curve = {binding.range.curve}"]
    return "\n".join(lines) + "\n"


def on_port(binding: Binding, port: str) -> Binding:
    """Return `binding` for the controller at `port` alone; what a pattern would read otherwise is taken literally.

    The number that the system gave the port at its last plugging-in is left out: ALSA's client and port ("24:0"), or its
    place in Windows' list. The next plugging-in gives another.
    """
    numbered = _NUMBERED.fullmatch(port)
    lasting, any_number = (numbered[1], " *") if numbered else (port, "")
    literal = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in lasting)
    return replace(binding, port=literal + any_number)
