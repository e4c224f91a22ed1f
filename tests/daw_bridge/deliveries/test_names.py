"""Laws of file names: portable, short enough, and to be read back without doubt."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from clips import a_clip, an_order
from hypothesis import assume, given
from hypothesis import strategies as st

from daw_bridge.deliveries.names import clip_stem
from daw_bridge.deliveries.order import Order
from plugin_host.clip import ClipFacts
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo

PATTERN = re.compile(
    r"(?P<title>.+?)_(?P<bpm>[0-9]+(?:\.[0-9]+)?)bpm(?:_(?P<key>[A-G](?:sharp|b)?(?:maj|min)))?"
    r"_(?P<bars>[0-9]+)bars_(?P<job>[A-Za-z0-9_-]+)_r(?P<rank>[0-9]+)",
)
WINDOWS_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])", re.IGNORECASE)

titles = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="abcBPMbpm0123456789 ._-/\\:", max_size=200),
    st.sampled_from(
        ["con", "NUL", "...", "", "🥁", "../../etc/passwd", "C:\\x", "loop_120bpm_4bars_x_r1", "-rf", ".hidden"]
    ),
)
jobs = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
keys = st.one_of(st.none(), st.sampled_from(["C", "F# minor", "Bbm", "G# min", "Cb"]).map(Key.parse))
tempi = st.decimals(20, 999, places=4).map(Tempo.parse)


def facts(tempo: Tempo | None = None, bars: int = 1, rank: int = 1) -> ClipFacts:
    """Return the facts of a clip that has this tempo, length and rank."""
    return replace(a_clip().facts, rank=rank, grid=Grid(tempo or Tempo.parse(120), Meter(4, 4), bars, 8_000))


orders = st.builds(an_order, titles, keys, jobs)
clips = st.builds(facts, tempi, st.integers(1, 64), st.integers(1, 16))


@given(order=orders, clip=clips, copy=st.integers(1, 999))
def test_every_name_is_portable_and_reads_back(order: Order, clip: ClipFacts, copy: int) -> None:
    """Whatever the title, a name is portable, at most 120 characters long, and its parts can be read from it."""
    stem = clip_stem(order, clip, copy)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", stem)
    assert max(len(f"{stem}.wav"), len(f"{stem}.json")) <= 120
    assert not WINDOWS_DEVICES.fullmatch(stem.split(".", maxsplit=1)[0])
    parts = PATTERN.fullmatch(stem)
    assert parts is not None
    assert parts["job"] == order.job
    assert parts["key"] == (order.key.file_word if order.key else None)
    assert (int(parts["bars"]), int(parts["rank"])) == (clip.grid.bars, clip.rank)
    assert abs(Decimal(parts["bpm"]) - Decimal(str(clip.grid.tempo))) <= Decimal("0.0005")


@given(title=titles, job=jobs, key=keys)
def test_a_name_speaks_of_one_tempo(title: str, job: str, key: Key | None) -> None:
    """The only number with "bpm" before the job's id is the clip's own, whatever tempo the title names."""
    stem = clip_stem(an_order(title, key, job), facts())
    told = stem.removesuffix(f"_1bars_{job}_r1")
    assert told.lower().count("bpm") == 1
    assert "_120bpm" in told


@given(name=st.from_regex(r"[a-z0-9]+([_-][a-z0-9]+)*", fullmatch=True))
def test_a_portable_title_stays_as_it_is(name: str) -> None:
    """The name of a preset is found again to the letter, if it is not too long and names no tempo."""
    assume(len(name) <= 48 and "bpm" not in name)
    assert clip_stem(an_order(name), facts()).startswith(f"{name}_120bpm")


@given(title=titles, job=jobs, copies=st.lists(st.integers(1, 10_000), min_size=2, max_size=2, unique=True))
def test_copies_differ(title: str, job: str, copies: list[int]) -> None:
    """Two copies of one clip never have the same name."""
    one, other = (clip_stem(an_order(title, job=job), facts(), copy) for copy in copies)
    assert one != other


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("8 bars, dusty breakbeat", "8-bars-dusty-breakbeat"),
        ("dusty_break", "dusty_break"),
        ("Café Übermaß – smørrebrød", "cafe-ubermass-smorrebrod"),
        ("ｗｉｄｅ ﬁne ①", "wide-fine-1"),
        ("don't stop, it’s 90's", "dont-stop-its-90s"),
        ("techno 130 bpm dark", "techno-dark"),
        ("92.5BPM", "clip"),
        ("🥁🔥", "clip"),
        ("тёмный", "clip"),
        ("kick🥁snare", "kick-snare"),
        ("...", "clip"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\loops\\x.wav", "c-loops-x-wav"),
        ("con.x", "con-x"),
        ("a\0b", "a-b"),
        ("", "clip"),
    ],
)
def test_titles_become_what_a_person_would_write(title: str, slug: str) -> None:
    """Letters keep their sound, words stay apart, and nothing that a file system minds is left."""
    assert clip_stem(an_order(title), facts()) == f"{slug}_120bpm_1bars_job-1_r1"


@pytest.mark.parametrize(
    ("written", "told"),
    [("124", "124"), ("124.0", "124"), ("92.50", "92.5"), ("59.94", "59.94"), ("120.12345", "120.123"), ("100", "100")],
)
def test_a_tempo_is_written_as_a_person_would(written: str, told: str) -> None:
    """A tempo has no needless zeros, and at most three decimals."""
    assert f"_{told}bpm_" in clip_stem(an_order(), facts(Tempo.parse(written)))


def test_a_long_title_is_cut_between_words() -> None:
    """A prompt of many words keeps as many of them as there is room for, none of them in part."""
    prompt = "warm analogue house chords with slow filter movement and tape hiss"
    assert clip_stem(an_order(prompt), facts()).startswith("warm-analogue-house-chords-with-slow-filter_120bpm_")


def test_the_title_gives_way_to_the_job() -> None:
    """With the longest id, tempo, key and bars, what is cut is the title."""
    order = an_order("x" * 300, Key.parse("F# minor"), "j" * 64)
    stem = clip_stem(order, facts(Tempo.parse("133.333"), 64, 16), copy=12)
    assert stem.endswith(f"-12_133.333bpm_Fsharpmin_64bars_{'j' * 64}_r16")
    assert len(f"{stem}.json") <= 120
