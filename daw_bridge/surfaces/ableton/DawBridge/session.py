"""What Live does is told to the daemon: tempo, meter, key, whether it plays, and where.

Everything goes to the addresses at which a DAW speaks (`/tempo/raw` and so on), not to those of the musician's hand: where
a clock of higher rank leads, such as Link, what a DAW says is kept and not refused, and a tempo set by hand later counts
until Live's own changes again. The key alone has only the hand's address.

The values are compared ten times a second instead of being listened to. A handful of reads costs a few microseconds, a
ramp of the tempo is told ten times a second and not at each of its steps, and no listener is left behind in Live.
"""

from __future__ import annotations

_NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = frozenset(
    ("minor", "dorian", "phrygian", "locrian", "harmonic minor", "melodic minor", "minor blues", "minor pentatonic")
)
_MAJOR = frozenset(("major", "mixolydian", "lydian", "major pentatonic", "harmonic major"))


class Session:
    """Tells the daemon what has changed. Thread: Live's."""

    def __init__(self, song: object, wire: object) -> None:
        self._song = song
        self._wire = wire
        self._told = {}
        self._knows_key = False

    def forget(self) -> None:
        """Tell everything again at the next turn: the daemon is new, and knows nothing."""
        self._told = {}

    def tell(self) -> None:
        """Tell what is not as it was told last; while Live plays, its position each time."""
        song = self._song
        upper, lower = song.signature_numerator, song.signature_denominator
        self._once("/tempo/raw", float(song.tempo))
        self._once("/time/signature", f"{upper} / {lower}")
        key = key_of(song)
        self._knows_key = self._knows_key or key != "none"
        if self._knows_key:  # until then, it may have been set by hand
            self._once("/bridge/key", key)
        self._once("/play", 1 if song.is_playing else 0)
        if song.is_playing:
            self._wire.send("/beat/str", position(song.current_song_time, upper, lower))

    def _once(self, address: str, value: object) -> None:
        """Tell one value if it is another than before."""
        if self._told.get(address) != value:
            self._told[address] = value
            self._wire.send(address, value)


def position(quarters: float, upper: int, lower: int) -> str:
    """Write a position in the song as bar.beat.hundredths, from quarter notes since its beginning. It is never early."""
    beats = max(0.0, quarters) * lower / 4 + 1e-6  # so that what is a hair below a beat is that beat
    whole = int(beats)
    return f"{whole // upper + 1}.{whole % upper + 1}.{int((beats - whole) * 100):02d}"


def key_of(song: object) -> str:
    """Return the key of the set as the daemon writes it, or "none".

    Live always has a root and a scale, C Major unless somebody chose. Since Live 12 `scale_mode` says whether they are
    meant; before, C Major is taken for nobody's choice.
    """
    root, scale = getattr(song, "root_note", None), str(getattr(song, "scale_name", "")).strip().lower()
    meant = getattr(song, "scale_mode", (root, scale) != (0, "major"))
    if root is None or not meant:
        return "none"
    if scale in _MINOR:
        return _NOTES[root] + " minor"
    return _NOTES[root] + " major" if scale in _MAJOR else "none"
