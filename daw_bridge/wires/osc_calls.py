"""What each OSC address does: its arguments are read and the bridge is asked. One short function for each address."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from daw_bridge import __version__
from daw_bridge.bridge import Bridge
from daw_bridge.errors import BadRequest, BridgeError
from daw_bridge.midi.binding import Deed
from daw_bridge.requests import JOB_KEYS, Asker, Request, Said, read_pairs, read_prompt, read_value
from daw_bridge.session import Word
from daw_bridge.values import Number, Reader, Switch, Text, Whole, a_number
from daw_bridge.values import Word as Name
from daw_bridge.wires.osc_addresses import PRESET, REPLY, SYNC_NUMBER, SYNCED
from daw_bridge.wires.osc_packet import Argument
from plugin_host.musictime import Meter

T = TypeVar("T")

_PRESSED = 0.5  # a button sends 1 when it is pressed and 0 when it is let go; pads send anything between


@dataclass(frozen=True, slots=True)
class Call:
    """One message on its way to the bridge: where it was sent, with what, by whom and when (see `Request`)."""

    address: str
    arguments: tuple[Argument, ...]
    asker: Asker
    received: float
    launch: float | None = None

    def request(self, said: Said) -> Request:
        """Return the request that says `said`."""
        return Request(said, self.asker, self.address, self.received, self.launch)

    def only(self, read: Reader[T], means: str) -> T:
        """Read the one argument that there must be."""
        if len(self.arguments) != 1:
            raise BadRequest(f"{self.address} has {len(self.arguments)} arguments; send one: {means}")
        return read(self.arguments[0])


Answer = tuple[str, tuple[Argument, ...]]
"""What goes back to the asker alone: an address and arguments."""

Function = Callable[[Bridge, Call], Answer | None]


def button(arguments: tuple[Argument, ...]) -> bool | None:
    """Whether these are the arguments of a button that is pressed (True) or let go (False); None if of no button.

    Nothing, nil and one number of a half or more press it, a number below lets it go; numbers may come as text.
    """
    if not arguments or arguments == (None,):
        return True
    if len(arguments) > 1:
        return None
    try:
        return a_number(arguments[0]) >= _PRESSED
    except BadRequest:
        return None


def _generate(bridge: Bridge, call: Call) -> None:
    """Start a job."""
    if not call.arguments:
        raise BadRequest('the prompt is missing; send it as first argument, such as "dusty breakbeat"')
    prompt, *pairs = call.arguments
    bridge.submit(call.request({**read_pairs(pairs), "prompt": read_prompt(prompt)}))


def _preset(bridge: Bridge, call: Call) -> None:
    """Start a job from the preset in the address."""
    pressed = button(call.arguments)
    if pressed is not False:
        said = Said() if pressed else read_pairs(call.arguments)
        bridge.submit(call.request({**said, "preset": call.address.removeprefix(PRESET)}))


def _again(bridge: Bridge, call: Call) -> None:
    """Start a job from the recipe of an earlier one. A lone 0 or 1 is a button, unless a job has that name."""
    named = len(call.arguments) % 2 == 1
    pressed = button(call.arguments) if named else None
    if pressed is None or bridge.jobs.knows(_name(call.arguments[0])):
        name = read_value("id", call.arguments[0]) if named else None
        bridge.again(name, call.request(read_pairs(call.arguments[named:])))
    elif pressed:
        bridge.again(None, call.request(Said()))


def _name(value: Argument) -> str:
    """Return what `value` would be as a job's name; nothing if it cannot be one."""
    try:
        return Name()(value)
    except BridgeError:
        return ""


def _cancel(bridge: Bridge, call: Call) -> None:
    """Cancel one job or all."""
    name = call.only(Name(), "a job's id, or all")
    if name == "all":
        bridge.cancel_all()
    else:
        bridge.cancel(name)


def _tempo(bridge: Bridge, call: Call) -> None:
    """Set the session's tempo by hand."""
    bridge.session.set(Word(tempo=call.only(JOB_KEYS["bpm"].read, "the tempo in BPM")))


def _daw_tempo(bridge: Bridge, call: Call) -> None:
    """Take note of the DAW's tempo."""
    bridge.daw.tempo(call.only(JOB_KEYS["bpm"].read, "the tempo in BPM"))


def _meter(bridge: Bridge, call: Call) -> None:
    """Set the session's meter by hand."""
    bridge.session.set(Word(meter=_read_meter(call)))


def _daw_meter(bridge: Bridge, call: Call) -> None:
    """Take note of the DAW's meter."""
    bridge.daw.meter(_read_meter(call))


def _read_meter(call: Call) -> Meter:
    """Read a meter from two numbers, or from text."""
    if len(call.arguments) == 2:
        upper, lower = (Whole(1, 32)(each) for each in call.arguments)
        meter: Meter = JOB_KEYS["meter"].read(f"{upper}/{lower}")
    else:
        meter = call.only(JOB_KEYS["meter"].read, "n and d, or text like 7/8")
    return meter


def _daw_play(bridge: Bridge, call: Call) -> None:
    """Take note that the DAW plays, or stands."""
    (bridge.daw.plays if _is_lit(call) else bridge.daw.stands)()


def _daw_stop(bridge: Bridge, call: Call) -> None:
    """Take note that the DAW stands. A light that is off says nothing: a paused DAW has neither lit."""
    if _is_lit(call):
        bridge.daw.stands()


def _is_lit(call: Call) -> bool:
    """Read the state of a light in the DAW: 1 or nothing is on, 0 is off."""
    pressed = button(call.arguments)
    if pressed is None:
        raise BadRequest(f"{call.address} has arguments that are no state; send 1 or 0")
    return pressed


def _daw_position(bridge: Bridge, call: Call) -> None:
    """Take note of where in the song the DAW is."""
    bridge.daw.position(call.only(Text(64), "bar.beat.hundredths"))


def _key(bridge: Bridge, call: Call) -> None:
    """Set the session's key."""
    bridge.session.set(Word(key=call.only(JOB_KEYS["key"].read, "a key like A minor, or none")))


def _samplerate(bridge: Bridge, call: Call) -> None:
    """Set the session's sample rate."""
    bridge.session.set(Word(rate=call.only(JOB_KEYS["rate"].read, "the sample rate in Hz")))


def _play(bridge: Bridge, call: Call) -> None:
    """Play a clip: the best of the last job, the best of a job, or one of its ranks."""
    if len(call.arguments) > 2:
        raise BadRequest(f"{call.address} has {len(call.arguments)} arguments; send a job's id, and a rank, or nothing")
    pressed = button(call.arguments)
    rank = JOB_KEYS["takes"].read(call.arguments[1]) if len(call.arguments) == 2 else 1
    if pressed is not False:
        bridge.deck.play(None if pressed else read_value("id", call.arguments[0]), rank, call.request(Said()))


def _stop(bridge: Bridge, call: Call) -> None:
    """Stop what plays."""
    if button(call.arguments) is not False:
        bridge.deck.stop_playing()


def _next(bridge: Bridge, call: Call) -> None:
    """Play the next take in rank order."""
    if button(call.arguments) is not False:
        bridge.deck.step(1, call.request(Said()))


def _prev(bridge: Bridge, call: Call) -> None:
    """Play the previous take in rank order."""
    if button(call.arguments) is not False:
        bridge.deck.step(-1, call.request(Said()))


def _gain(bridge: Bridge, call: Call) -> None:
    """Set the level of what plays."""
    bridge.deck.level(call.only(Number(-120, 24), "the level in dB"))


def _learn(bridge: Bridge, call: Call) -> None:
    """Begin a lesson, or end it."""
    words = [Text(100)(each) for each in call.arguments if each is not None]
    if words:
        bridge.lessons.begin(Deed.parse(" ".join(words)), call.request(Said()))
    else:
        bridge.lessons.end()


def _learn_replace(bridge: Bridge, call: Call) -> None:
    """Let the control in question do the new thing."""
    if button(call.arguments) is not False:
        bridge.lessons.replace()


def _learn_undo(bridge: Bridge, call: Call) -> None:
    """Forget what was learnt last."""
    if button(call.arguments) is not False:
        bridge.lessons.undo(call.request(Said()))


def _presets(bridge: Bridge, call: Call) -> Answer:
    """Answer the names of all presets."""
    return call.address + REPLY, tuple(bridge.presets.names())


def _status(bridge: Bridge, call: Call) -> Answer:
    """Answer what goes on, as name, value, name, value."""
    return call.address + REPLY, tuple(each for pair in bridge.status().items() for each in pair)


def _version(_bridge: Bridge, call: Call) -> Answer:
    """Answer the version."""
    return call.address + REPLY, (__version__,)


def _sync(_bridge: Bridge, call: Call) -> Answer:
    """Answer the number that was sent. All that came before is handled: calls are worked off one after the other."""
    number = call.only(SYNC_NUMBER, "a whole number")
    return SYNCED, (number,)


def wants_notes(call: Call) -> bool:
    """Read the argument of `/bridge/notify`."""
    return call.only(Switch(), "1 to hear of all jobs, 0 to stop")


CALLS: Mapping[str, Function] = {
    "/bridge/generate": _generate,
    f"{PRESET}<name>": _preset,
    "/bridge/again": _again,
    "/bridge/cancel": _cancel,
    "/bridge/tempo": _tempo,
    "/tempo/raw": _daw_tempo,
    "/bridge/meter": _meter,
    "/time/signature": _daw_meter,
    "/play": _daw_play,
    "/stop": _daw_stop,
    "/beat/str": _daw_position,
    "/bridge/key": _key,
    "/bridge/samplerate": _samplerate,
    "/bridge/play": _play,
    "/bridge/stop": _stop,
    "/bridge/next": _next,
    "/bridge/prev": _prev,
    "/bridge/gain": _gain,
    "/bridge/learn": _learn,
    "/bridge/learn/replace": _learn_replace,
    "/bridge/learn/undo": _learn_undo,
    "/bridge/status": _status,
    "/bridge/presets": _presets,
    "/bridge/version": _version,
    "/bridge/sync": _sync,
}
"""The function of each address but `/bridge/notify`, which is the wire's own."""
