"""A checkpoint as it lies on disk: which files it has, whether they are whole, what they weigh and who may use them.

A checkpoint is a folder as `save_pretrained` writes it, named by its path, or by its hub id when it lies in the hub's
cache, or by its name when it came along with the project. Everything here is looked at before a heavy library is
imported, and nothing here touches the network: a larger model gets onto this machine by ``daw-bridge model fetch`` and
by no other way.

Weights are read from safetensors. Where a part has only a ``.bin``, it must be the zip archive that torch has written
since 1.6, which is then loaded as weights only; the bare pickles of before can hold any program, and are refused.
"""

import json
import operator
import os
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_host.errors import BadValue, EngineUnavailable
from plugin_host.musictime import RATE_RANGE, Tempo

DEFAULT = "ucsd-reach/musicldm"
"""The published checkpoint."""

MINI = "musicldm-mini"
"""The small one that comes along, a demonstration: it plays where the published one is asked for and was not fetched."""

SHIPPED: Mapping[str, Path] = {MINI: Path(__file__).parents[2] / "checkpoints" / MINI}
"""What comes along, by its name, and the folder that it lies in."""

STANDS_IN = (
    f"{DEFAULT} is not on this machine, and {MINI} plays in its place: a small demonstration that was trained on synthetic "
    "loops and knows few words; get the real one with: daw-bridge model fetch"
)
"""What everybody is told where the small one plays and another was asked for."""

INDEX = "model_index.json"

CAPTION = "_caption"
"""The key of the index under which a checkpoint tells how it likes to be asked: "{prompt}, {tempo} BPM".

Keys with an underscore are passed over by the stock pipeline. The published checkpoint has none.
"""

BEAT = "_beat"
"""The key of the index under which a checkpoint tells how many latent frames a quarter note is, at any tempo.

One that has learnt sound as it passes, as the published one, has none. The stock pipeline passes this key over, too: it
plays one that has it at one tempo, whatever is asked for.
"""

STEPS = "_steps"
"""The key under which one tells in how many steps it is best sampled, where nobody says otherwise."""

GUIDANCE = "_guidance"
"""The key under which one tells how strongly it is best led by its prompt."""

PULSE = "_pulse"
"""The key under which one tells how much of what repeats is best made to do so every beat.

Noise that repeats every beat holds a model to the tempo that keeps none by itself. One that counts time in beats needs no
such help, and only plays all beats alike for it.
"""

_SPANS: Mapping[str, tuple[int, int]] = {BEAT: (1, 64), STEPS: (1, 1000), GUIDANCE: (0, 30), PULSE: (0, 1)}
"""From where to where a number of the index may go."""

WORDS = "_words"
"""The key under which one that was trained on few words lists them, those that describe it best first."""

WEIGHTS: Mapping[str, tuple[str, str]] = {
    "unet": ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
    "vae": ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"),
    "vocoder": ("model.safetensors", "pytorch_model.bin"),
    "text_encoder": ("model.safetensors", "pytorch_model.bin"),
}
"""The parts with weights, and where these may stand, best first."""

CONFIGS: Mapping[str, str] = {
    **dict.fromkeys(WEIGHTS, "config.json"),
    "tokenizer": "tokenizer_config.json",
    "feature_extractor": "preprocessor_config.json",
    "scheduler": "scheduler_config.json",
}
"""Every part, and the file that says how it is built."""

LICENCES: Mapping[str, str] = {DEFAULT: "CC BY-NC-SA 4.0 (non-commercial)", MINI: "MIT, as daw-bridge"}
"""What we know where a checkpoint itself says nothing."""

_TELLS_TEMPO = re.compile(r"\d\s*bpm\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENCE_LINE = re.compile(r"^license:\s*[\"']?([\w.+-]+)", re.MULTILINE)
_LONGEST_HEADER = 16 * 2**20  # bytes; that of the published UNet has a hundredth of it
_LARGEST_JSON = 16 * 2**20  # bytes; a tokenizer's words are the largest, with two
_ZIP = b"PK\x03\x04"
_FEW = 8  # words of those that are known, as an example


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder that has been looked at and has all it needs. `source` is what the user called it.

    `revision` is the commit it was fetched at, None for a plain folder. `licence` is in words for people.
    """

    source: str
    folder: Path
    revision: str | None
    licence: str

    def weights(self, part: str) -> Path:
        """Return the file that holds the weights of `part`."""
        return next(path for name in WEIGHTS[part] if (path := self.folder / part / name).is_file())

    @property
    def size(self) -> int:
        """What all weights weigh, in bytes."""
        return sum(self.weights(part).stat().st_size for part in WEIGHTS)

    def config(self, part: str) -> Mapping[str, Any]:
        """Return how `part` is built. Raises `EngineUnavailable` when its file is no JSON."""
        return _json(self.folder / part / CONFIGS[part])

    def asked(self, prompt: str, tempo: Tempo) -> str:
        """Return `prompt` as this checkpoint likes to be asked: with the tempo, where its captions had one.

        A prompt that tells a tempo, or nothing, is left as it is. Raises `EngineUnavailable` for an index that is no JSON.
        """
        caption = _json(self.folder / INDEX).get(CAPTION)
        if not isinstance(caption, str) or not prompt.strip() or _TELLS_TEMPO.search(prompt):
            return prompt
        return caption.replace("{tempo}", str(round(float(tempo)))).replace("{prompt}", prompt)

    def unheard(self, prompt: str) -> str:
        """Return what to tell of a prompt of which this checkpoint was taught no word; "" where it was, or may have been.

        What has no part in any word that it knows moves it nowhere in particular, and it does not notice by itself.
        """
        known = _json(self.folder / INDEX).get(WORDS)
        said = set(_WORD.findall(prompt.lower()))
        if not isinstance(known, list) or not said or said.intersection(_WORD.findall(" ".join(map(str, known)))):
            return ""
        return f"{self.source} has learnt none of these words; it knows such as {', '.join(map(str, known[:_FEW]))}"

    @property
    def beat(self) -> int | None:
        """How many latent frames a quarter note is, None where none is told. Raises `EngineUnavailable` for nonsense."""
        beat = self._number(BEAT, int)
        return None if beat is None else int(beat)

    @property
    def steps(self) -> int | None:
        """In how many steps it is best sampled, None where it does not say. Raises `EngineUnavailable` for nonsense."""
        steps = self._number(STEPS, int)
        return None if steps is None else int(steps)

    @property
    def guidance(self) -> float | None:
        """How strongly it is best led, None where it does not say. Raises `EngineUnavailable` for nonsense."""
        return self._number(GUIDANCE, int, float)

    @property
    def pulse(self) -> float | None:
        """How much is best repeated every beat, None where it does not say. Raises `EngineUnavailable` for nonsense."""
        return self._number(PULSE, int, float)

    def _number(self, key: str, *kinds: type) -> float | None:
        """Return a number of the index, None where there is none of that name."""
        number = _json(self.folder / INDEX).get(key)
        low, high = _SPANS[key]
        if number is None or (type(number) in kinds and low <= number <= high):
            return number
        raise EngineUnavailable(
            f"{key} in {self.folder / INDEX} is {str(number)[:40]}; it is a number from {low} to {high}: "
            "fetch or copy the checkpoint again"
        )

    @property
    def rate(self) -> int:
        """The sample rate of what it makes, in Hz. Raises `EngineUnavailable` where none is told."""
        rate = self.config("vocoder").get("sampling_rate")
        if not isinstance(rate, int) or rate not in range(RATE_RANGE[0], RATE_RANGE[1] + 1):
            raise EngineUnavailable(
                f"the vocoder of {self.source} has no sample rate; fetch or copy the checkpoint again"
            )
        return rate


def is_hub_id(source: str) -> bool:
    """Whether `source` is the name of a repository on the hub rather than a path."""
    return _HUB_ID.fullmatch(source) is not None and not Path(source).expanduser().exists()


def hub_cache(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder in which everything that uses the hub on this machine keeps its files."""
    home = Path(environment.get("HF_HOME") or Path(environment.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    return Path(environment.get("HF_HUB_CACHE") or home / "hub").expanduser()


def hub_home(source: str) -> Path:
    """Return the folder in the hub's cache that is kept for the repository called `source`."""
    return hub_cache() / f"models--{source.replace('/', '--')}"


def installed() -> list[Checkpoint]:
    """Return what came along, and every whole checkpoint of MusicLDM in the hub's cache, by name and commit."""
    there: list[tuple[str, Path, str | None]] = [(name, folder, None) for name, folder in SHIPPED.items()]
    for index in sorted(hub_cache().glob(f"models--*/snapshots/*/{INDEX}")):
        source = index.parents[2].name.removeprefix("models--").replace("--", "/", 1)
        there.append((source, index.parent, index.parent.name))
    found = []
    for each in there:
        with suppress(EngineUnavailable):  # another pipeline's, or not whole: `locate` says which
            found.append(check(*each))
    return found


def locate(source: str, revision: str | None = None) -> Checkpoint:
    """Find and check the checkpoint called `source`, a folder, a hub id or what came along, without the network.

    Without a `revision` it is the one that was fetched last. Raises `EngineUnavailable`, saying what is wrong and how
    to put it right, and `BadValue` for what is neither a path nor an id.
    """
    if not source.strip() or "\0" in source:
        raise BadValue(f"{source!r} is no checkpoint; give a folder, or a hub id such as {DEFAULT}")
    if source in SHIPPED:
        return check(source, SHIPPED[source], None)
    if is_hub_id(source):
        return check(source, *_cached(source, revision))
    return check(source, Path(source).expanduser(), None)


def at_hand(source: str, revision: str | None = None) -> tuple[Checkpoint, str]:
    """Return the checkpoint that plays where `source` is asked for, and what to tell where it only stands in, else "".

    The small one stands in for the published one where that was never fetched. Whoever asks for another, or for a
    certain `revision`, means it; and one that is here and damaged must be put right. Raises as `locate` does.
    """
    any_will_do = source == DEFAULT and not revision and is_hub_id(source)
    if any_will_do and _snapshot(source, None) is None and (SHIPPED[MINI] / INDEX).is_file():
        return locate(MINI), STANDS_IN
    return locate(source, revision), ""


def check(source: str, folder: Path, revision: str | None) -> Checkpoint:
    """Look at every file of `folder`. Raises `EngineUnavailable` for the first that is missing, broken or unsafe."""
    if not folder.is_dir():
        raise EngineUnavailable(
            f"there is no folder {folder}; give one that holds {INDEX}, or a hub id such as {DEFAULT}"
        )
    if not (folder / INDEX).is_file():
        raise EngineUnavailable(f"{folder} is no checkpoint: it has no {INDEX}; give the folder that holds one")
    kind = _json(folder / INDEX).get("_class_name")
    if kind != "MusicLDMPipeline":
        raise EngineUnavailable(f"{folder} holds a {kind}, not a MusicLDMPipeline; give a checkpoint of MusicLDM")
    for part, name in CONFIGS.items():
        _json(folder / part / name)
    for part in WEIGHTS:
        _check_weights(folder / part, WEIGHTS[part])
    return Checkpoint(source, folder, revision, _licence(source, folder))


def _cached(source: str, revision: str | None) -> tuple[Path, str]:
    """Return where the hub's cache holds `source`, and at which commit. Raises `EngineUnavailable` where it does not."""
    found = _snapshot(source, revision)
    if found is None:
        at = f" at revision {revision}" if revision else ""
        pin = f" --revision {revision}" if revision else ""
        raise EngineUnavailable(
            f"{source}{at} is not on this machine; get it with: daw-bridge model fetch {source}{pin}",
        )
    return found


def _snapshot(source: str, revision: str | None) -> tuple[Path, str] | None:
    """Return the folder of `source` in the hub's cache and its commit; None where it was not fetched, or never whole."""
    home = hub_home(source)
    wanted = revision or "main"
    name = home / "refs" / wanted
    commit = name.read_text().strip() if name.is_file() else wanted
    folder = home / "snapshots" / commit
    return (folder, commit) if _COMMIT.fullmatch(commit) and folder.is_dir() else None


def _json(path: Path) -> Mapping[str, Any]:
    """Read an object from a JSON file, of whatever kind what lies there may be."""
    if not path.is_file():
        raise EngineUnavailable(f"the checkpoint lacks {path}; fetch or copy it again, whole")
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST_JSON + 1)
        value = json.loads(raw) if len(raw) <= _LARGEST_JSON else None
    except RecursionError:
        raise EngineUnavailable(f"{path} cannot be read (brackets lie too deep); fetch it again") from None
    except (OSError, ValueError) as error:
        raise EngineUnavailable(f"{path} cannot be read ({error}); fetch or copy the checkpoint again") from None
    if not isinstance(value, dict):
        raise EngineUnavailable(f"{path} holds no settings; fetch or copy the checkpoint again")
    return value


def _check_weights(folder: Path, names: tuple[str, str]) -> None:
    """Check that one of the files `names` is there, whole, and of a kind that cannot run code."""
    safe, archive = (folder / name for name in names)
    if safe.is_file():
        check_safetensors(safe)
    elif archive.is_file():
        with archive.open("rb") as stream:
            if stream.read(len(_ZIP)) != _ZIP:
                raise EngineUnavailable(
                    f"{archive} is a bare pickle, which could run any program, and is refused; "
                    "use a checkpoint with safetensors",
                )
    else:
        raise EngineUnavailable(f"the checkpoint lacks {safe}; fetch or copy it again, whole")


def check_safetensors(path: Path, remedy: str = "fetch or copy the checkpoint again") -> None:
    """Raise `EngineUnavailable`, with a `remedy`, unless a safetensors file is there, as long as its own header says."""
    try:
        length = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(8)
            size = struct.unpack("<Q", head)[0] if len(head) == 8 else _LONGEST_HEADER + 1
            header = stream.read(size) if size <= min(_LONGEST_HEADER, length) else b""
    except FileNotFoundError:
        raise EngineUnavailable(f"there is no {path}; {remedy}") from None
    except OSError as error:
        raise EngineUnavailable(f"{path} cannot be read ({error.strerror}); {remedy}") from None
    try:
        tensors = json.loads(header)
        ends = [each["data_offsets"][1] for key, each in tensors.items() if key != "__metadata__"]
        end = 8 + size + max(map(operator.index, ends), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise EngineUnavailable(f"{path} is no safetensors file; {remedy}") from None
    if length != end:
        raise EngineUnavailable(f"{path} has {length} bytes and should have {end}: it is damaged; {remedy}")


def _licence(source: str, folder: Path) -> str:
    """Return the licence in words: what we know of the source, or what its card says."""
    if source in LICENCES:
        return LICENCES[source]
    card = folder / "README.md"
    found = _LICENCE_LINE.search(card.read_text(encoding="utf-8", errors="replace")) if card.is_file() else None
    return found.group(1) if found else "not stated; ask whoever made these weights"
