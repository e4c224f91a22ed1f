"""What a job may say: one table of keys, read alike from OSC arguments, presets and the command line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from daw_bridge.errors import BadRequest, BridgeError, UnknownKey
from daw_bridge.values import Choice, Number, Pair, Parsed, Reader, Switch, Text, Whole, Word, shown
from plugin_host.engine import SEEDS
from plugin_host.key import Key
from plugin_host.musictime import RATE_RANGE, TEMPO_RANGE, Meter, Tempo


class Said(TypedDict, total=False):
    """What was said about a job, typed; a key that was not said is not there.

    Layers of it are laid over each other: configuration, session, preset, request.
    """

    prompt: str
    id: str
    preset: str
    bars: int
    bpm: Tempo
    meter: Meter
    key: Key | None
    takes: int
    steps: int
    guidance: float
    negative: str
    seed: int
    engine: str
    deliver: str
    rate: int
    variation: float
    pulse: float
    guide: str
    strength: float
    scheduler: str
    eta: float
    loop: bool
    shift: float
    mix: str
    balance: float
    blend: str
    adapter: str
    replace: bool
    reply_port: int


@dataclass(frozen=True, slots=True)
class JobKey:
    """One key of a job: its name, how its value is read, and what it means (for the README and help)."""

    name: str
    read: Reader[Any]
    means: str


PROMPT = Text(2_000)

JOB_KEYS: Mapping[str, JobKey] = {
    key.name: key
    for key in (
        JobKey("id", Word(reserved=("all",)), "the job's name in all its reports; made up if not given"),
        JobKey("preset", Word(), "the preset that fills in what the request does not say"),
        JobKey("bars", Whole(1, 64), "length of the clip"),
        JobKey(
            "bpm",
            Parsed(Tempo.parse, "a tempo from 20 to 999", "number", TEMPO_RANGE),
            "tempo in quarter notes a minute",
        ),
        JobKey("meter", Parsed(Meter.parse, "a meter like 7/8"), "time signature"),
        JobKey("key", Parsed(Key.parse, "a key like A minor, F#, Bbm or none"), "key"),
        JobKey("takes", Whole(1, 16), "how many candidates are made and ranked"),
        JobKey("steps", Whole(1, 1000), "diffusion steps"),
        JobKey("guidance", Number(0, 30), "how strictly the prompt is followed"),
        JobKey("negative", PROMPT, "what to keep away from"),
        JobKey("seed", Whole(SEEDS.start, SEEDS.stop - 1), "the same seed and settings give the same clip"),
        JobKey("engine", Word(), "the generator"),
        JobKey("deliver", Choice(("folder", "device", "both")), "where the clip goes"),
        JobKey("rate", Whole(*RATE_RANGE), "sample rate of the files in Hz"),
        JobKey("variation", Number(0, 1), "0: every bar alike; 1: every bar fresh"),
        JobKey("pulse", Number(0, 1), "how much repeats every beat"),
        JobKey("guide", Text(1_000), "the word sketch, or a WAV inside an allowed folder, to start from"),
        JobKey("strength", Number(0, 1), "how far to go from the guide: 0 gives it back, 1 forgets it"),
        JobKey("scheduler", Word(), "the diffusion sampler"),
        JobKey("eta", Number(0, 1), "noise added by the DDIM sampler"),
        JobKey("loop", Switch(), "1: a loop; 0: a one-shot that ends"),
        JobKey("shift", Number(-3, 3), "semitones by which each finished clip is moved up, or down if below 0"),
        JobKey("mix", Pair(), "make a mix of two clips that were delivered, beat on beat, in place of something new"),
        JobKey("balance", Number(0, 1), "how much of the mix is the first clip; drawn for each take if left out"),
        JobKey("blend", Choice(("audio", "latents")), "mix the sounds, or what MusicLDM makes of them"),
        JobKey("adapter", Word(), "what MusicLDM has learnt by daw-bridge train, by its name; none for nothing of it"),
        JobKey(
            "replace", Switch(), "1: it takes the place of your last job of this preset or prompt, if that still waits"
        ),
        JobKey("reply_port", Whole(1, 65_535), "a further port of the asker's host that hears the reports"),
    )
}
"""Every key of a job. DESIGN section 5; later parts add rows, none is renamed or removed."""


def read_value(name: str, value: object) -> Any:
    """Read the value of key `name`. Raises `UnknownKey`, `BadRequest` or `OutOfRange`, naming key and remedy."""
    try:
        key = JOB_KEYS[name]
    except KeyError:
        raise UnknownKey(f"{shown(name)} is no key of a job; there is {', '.join(JOB_KEYS)}") from None
    try:
        return key.read(value)
    except BridgeError as error:
        raise type(error)(f"{name}: {error}") from None


def read_prompt(value: object) -> str:
    """Read a prompt: text of at most 2 000 characters."""
    try:
        return PROMPT(value)
    except BridgeError as error:
        raise type(error)(f"prompt: {error}") from None


def read_pairs(arguments: Sequence[object]) -> Said:
    """Read ``key, value, key, value …`` as they come off a wire. A key said twice counts as said last.

    Raises `BadRequest` when a value is missing or a key is no text.
    """
    if len(arguments) % 2:
        raise BadRequest(
            f"{shown(arguments[-1])} has no value; after the first argument write key, value, key, value …"
        )
    pairs: Iterable[tuple[object, object]] = zip(arguments[::2], arguments[1::2], strict=True)
    return read_said({_key_text(name): value for name, value in pairs})


def read_said(values: Mapping[str, object]) -> Said:
    """Read a mapping of keys to raw values, `prompt` among them where it stands."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        said[name] = read_prompt(value) if name == "prompt" else read_value(name, value)
    return cast("Said", said)


def _key_text(name: object) -> str:
    """Return `name` if it can be a key at all."""
    if not isinstance(name, str):
        raise BadRequest(f"{shown(name)} stands where a key belongs; write key, value, key, value …")
    return name.strip().lower()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked, on which wire: opaque to everyone but that wire, which sends the reports back there.

    `name` is what a person would call it in a log ("osc 127.0.0.1:52011"). `of` is the sender that it is a part of, as a
    pad is of its controller.
    """

    name: str
    address: Any = None
    of: str = ""

    @property
    def sender(self) -> str:
        """Whom fairness is about: senders take turns."""
        return self.of or self.name


@dataclass(frozen=True, slots=True)
class Request:
    """A wish for a job as it came in: what was said, by whom, at which address, and when.

    `received` is in seconds of `time.monotonic`. `launch` is when the first beat should sound, in Unix seconds, from
    the time tag of a bundle; None for as soon as it is there.
    """

    said: Said
    asker: Asker
    address: str
    received: float
    launch: float | None = None
