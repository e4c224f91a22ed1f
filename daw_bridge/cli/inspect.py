"""``daw-bridge inspect``: what a clip is, in words and as a picture."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from daw_bridge import heard
from daw_bridge.cli import screen, waveform
from daw_bridge.cli.clipfile import ClipFile, read
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.listen import Listened, listen
from daw_bridge.cli.sound import Outline, outline
from daw_bridge.cli.words import music
from plugin_host.clip import Score
from plugin_host.engine import Fact, Form
from plugin_host.musictime import decimal_text

_ROWS = 8  # of the drawing
_WIDEST = 120  # columns
_NO_TERMINAL = 80  # columns to draw for where nobody says how many there are


def run(file: Path, png: Path | None, *, plot: bool, as_json: bool) -> None:
    """Say what `file` is, and draw it; into the picture `png` too, if asked. Raises `CommandFailed`."""
    picture = _picture(file, png) if plot or png else None
    clip = read(file)
    listened = listen(clip)
    if picture is not None:
        from daw_bridge.cli.picture import save

        save(clip, listened, picture)
    if as_json:
        screen.write_json({**_facts(clip, outline(file, 1), picture), "measured": dict(listened.evidence)})
    else:
        _show(clip, listened, picture, screen.out())


def _picture(file: Path, png: Path | None) -> Path:
    """Return where the picture goes: where it was asked for, else beside the clip."""
    if png is None:
        return file.parent / f"{file.name.removesuffix(file.suffix)}.png"
    if png.suffix.lower() != ".png":  # whoever names two clips must not lose the second one
        raise CommandFailed(f"'{png}' is no name for a picture; let it end in .png, or leave it out")
    return png


def _facts(clip: ClipFile, shape: Outline, picture: Path | None) -> dict[str, Any]:
    """Return all that is known of `clip` as JSON has it."""
    known = {key: value for key, value in clip.known.items() if value is not None}
    if "score" in clip.known:
        known["score"] = asdict(clip.known["score"])
    if "tempo" in clip.known:
        known["tempo"] = float(clip.known["tempo"])
    return {
        "path": clip.path.absolute(),
        **known,
        **asdict(clip.sound),
        "seconds": clip.sound.seconds,
        "peak_dbfs": _decibels(shape.peak),
        "rms_dbfs": _decibels(shape.level),
        "sources": clip.sources,
        "notes": (*clip.notes, *_faults(shape)),
        "picture": None if picture is None else picture.absolute(),
    }


def _show(clip: ClipFile, listened: Listened, picture: Path | None, console: Console) -> None:
    """Write facts, drawing and notes for a person."""
    room = min(console.width if console.is_terminal else _NO_TERMINAL, _WIDEST) - 1
    grid = []
    if "tempo" in clip.known and "meter" in clip.known:
        grid = waveform.lines(clip.known["tempo"], clip.known["meter"], clip.sound.seconds)
    width = waveform.width_for(grid, room)
    shape = outline(clip.path, waveform.DOTS_WIDE * width)
    console.print(screen.plain(clip.path.name), style="bold", soft_wrap=True)
    console.print()
    console.print(screen.rows([*_rows(clip, shape), *_measured(listened.evidence)]))
    console.print()
    grid = waveform.thinned(grid, width)
    for row in waveform.draw(shape, _ROWS, grid):
        console.print(_coloured(row))
    for row in waveform.ruler(grid, width):
        console.print(row, style="dim")
    for doubt in (*filter(None, [clip.known.get("warning")]), *clip.notes, *_faults(shape)):
        console.print(f"note: {screen.plain(doubt)}", style="yellow")
    if picture is not None:
        console.print(f"picture: {screen.plain(picture)}", soft_wrap=True)


def _coloured(row: str) -> Text:
    """Return a row of the drawing, its bar lines dimmer than its wave."""
    text = Text(row, style="cyan", no_wrap=True)
    text.highlight_regex("┊", "not bold dim white")
    return text


def _rows(clip: ClipFile, shape: Outline) -> list[tuple[str, str]]:
    """Return the facts of a clip, with a label each; those that are not known are empty."""
    known, sound = clip.known, clip.sound
    return [
        ("rank", _rank(clip)),
        ("score", _score(known["score"]) if "score" in known else ""),
        *(("fault", fault) for fault in (known["score"].faults if "score" in known else ())),
        ("music", _music(clip)),
        ("length", _length(clip)),
        ("sound", f"{sound.rate} Hz, {sound.depth}, {_channels(sound.channels)}, {_level(shape)}"),
        ("loops", _loop(clip)),
        ("made by", _maker(clip)),
        ("weights", known.get("weights", "")),
        ("licence", known.get("licence", "")),
        ("prompt", known.get("prompt", "")),
        ("known from", ", ".join(clip.sources) or "the sound alone: there is no sidecar and no tempo in it"),
    ]


def _measured(evidence: Mapping[str, Fact]) -> list[tuple[str, str]]:
    """Return what was measured of the sound itself, with a label each; those that were not are empty."""
    begins = f"{evidence.get('onsets')} strong onsets" if evidence.get("onsets") else ""
    strength = evidence.get("beat_strength")
    return [
        ("beat", heard.verdict(evidence)),
        ("material", ", ".join(str(each) for each in (evidence.get("material"), begins) if each)),
        ("tempo heard", heard.tempo(evidence)),
        ("grid error", heard.grid(evidence)),
        ("beat strength", f"{strength:.2f} of 1" if isinstance(strength, float) else ""),
        ("seam", heard.seam(evidence)),
    ]


def _rank(clip: ClipFile) -> str:
    """Say which of its job the clip is."""
    if "rank" not in clip.known:
        return ""
    takes = f" of {clip.known['takes']}" if "takes" in clip.known else ""
    best = " (the best)" if clip.known["rank"] == 1 and takes else ""
    return f"{clip.known['rank']}{takes}{best}"


def _score(score: Score) -> str:
    """Say a score as the product that it is."""
    weighed = {name: score.weights.get(name, 1.0) for name in score.parts}
    factors = (
        f"{name} {part:.3f}" + (f"^{weighed[name]:g}" if weighed[name] != 1 else "")
        for name, part in score.parts.items()
    )
    return f"{score.value:.3f} = {' × '.join(factors)}" if score.parts else f"{score.value:.3f}"


def _music(clip: ClipFile) -> str:
    """Say tempo, meter, key and bars, as far as they are known."""
    quarters = [] if clip.grid is None else [f"{decimal_text(clip.grid.beats)} quarter notes"]
    return ", ".join((*music(clip), *quarters))


def _length(clip: ClipFile) -> str:
    """Say how long the clip is, and whether that is what its bars ask for."""
    exact = clip.grid is not None and clip.grid.frames == clip.sound.frames
    told = f"{clip.sound.seconds:.3f} s, {clip.sound.frames} frames"
    return f"{told}: exactly its bars" if exact else told


def _channels(count: int) -> str:
    """Say how many channels there are."""
    return {1: "mono", 2: "stereo"}.get(count, f"{count} channels")


def _decibels(amplitude: float) -> float | None:
    """Return an amplitude in dB, 1.0 being 0 dB; None for none at all."""
    return 20 * math.log10(amplitude) if amplitude > 0 else None


def _level(shape: Outline) -> str:
    """Say how loud the clip is."""
    peak, level = _decibels(shape.peak), _decibels(shape.level)
    return "silent" if peak is None or level is None else f"peak {peak:.1f} dBFS, RMS {level:.1f} dBFS"


def _loop(clip: ClipFile) -> str:
    """Say whether and how a sampler loops the clip."""
    if clip.known.get("form") is Form.ONE_SHOT:
        return "no: a one-shot"
    if "loop" not in clip.known:
        return ""
    first, last = clip.known["loop"]
    whole = (first, last) == (0, clip.sound.frames - 1)
    return "the whole file" if whole else f"frames {first} to {last}"


def _maker(clip: ClipFile) -> str:
    """Say which engine made the clip, of which seed, and when."""
    known = clip.known
    said = []
    if "engine" in known:
        said.append(f"engine {known['engine']}")
    if "take" in known:
        said.append(f"take {known['take'] + 1}")
    if "seed" in known:
        said.append(f"seed {known['seed']}")
    if "software" in known:
        said.append(known["software"])
    return ", ".join(said)


def _faults(shape: Outline) -> list[str]:
    """Return in sentences what is wrong with the sound itself."""
    return [] if shape.finite else ["some samples are no numbers (NaN or infinite); they are drawn as silence"]
