"""Laws of values: controllers mix their types freely, nonsense is named with its remedy."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.errors import BadRequest, BridgeError, OutOfRange
from daw_bridge.values import Choice, Number, Pair, Parsed, Switch, Text, Whole, Word
from plugin_host.musictime import Meter, Tempo

huge = st.integers(0, 20_000).map(lambda digits: 10**digits)
"""Beyond what fits into a float, and beyond what Python writes down."""

HUGE = pytest.param(-(10**9_000), id="9000 digits")  # more than Python writes down

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), huge, st.floats(), st.text(max_size=80), st.binary(max_size=80)
)


@given(st.integers(1, 64))
def test_a_whole_number_may_come_in_any_type(number: int) -> None:
    """An int, a float and text of one number are that number."""
    read = Whole(1, 64)
    assert read(number) == read(float(number)) == read(str(number)) == read(f"{number}.0") == number


@pytest.mark.parametrize("value", [0, 65, 4.5, float("nan"), float("inf"), "65", "-1", 10**30, 10**400, HUGE])
def test_a_whole_number_out_of_range_is_named_with_the_range(value: object) -> None:
    """Beyond either edge, between two numbers, or no finite number at all."""
    with pytest.raises(OutOfRange, match="1 to 64"):
        Whole(1, 64)(value)


@pytest.mark.parametrize("value", [10**400, HUGE, float("inf"), float("nan"), "1e400"])
def test_a_number_too_large_for_any_float_is_out_of_range(value: object) -> None:
    """However many digits somebody wrote, it is a matter of range, and the message stays short."""
    with pytest.raises(OutOfRange, match="is not allowed; give a number from 0 to 30") as caught:
        Number(0, 30)(value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", ["four", "", None, b"4", "4,5"])
def test_text_where_a_number_belongs_is_said_to_be_none(value: object) -> None:
    """What cannot be a number is no matter of range."""
    with pytest.raises(BadRequest, match="is not a number"):
        Number(0, 1)(value)


@pytest.mark.parametrize("edge", [0.0, 1.0, 30.0])
def test_edges_are_inside(edge: float) -> None:
    """A range includes both its ends."""
    assert Number(0, 30)(edge) == edge


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("../up", BadRequest),
        ("C:\\x", BadRequest),
        ("a\0b", BadRequest),
        ("🥁", BadRequest),
        ("...", BadRequest),
        ("a b", BadRequest),
        ("a" * 65, OutOfRange),
        ("", OutOfRange),
    ],
)
def test_a_word_is_safe_in_a_file_name(value: str, error: type[BridgeError]) -> None:
    """Nothing that could mean something to a file system passes."""
    with pytest.raises(error, match="A–Z a–z 0–9"):
        Word()(value)


def test_a_word_may_be_a_number() -> None:
    """Pure Data knows floats only: its job 7.0 is job 7."""
    assert Word()(7) == Word()(7.0) == Word()("7") == "7"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), True, None, b"x", HUGE])
def test_what_nobody_would_write_is_no_word(value: object) -> None:
    """A number that is none does not become a name, though its text would be one."""
    with pytest.raises(BadRequest, match="is no name; give 1 to 64 characters"):
        Word()(value)


def test_a_reserved_word_is_no_name() -> None:
    """A word that means something else where the name is used is refused, and named among what is allowed."""
    read = Word(reserved=("all",))
    with pytest.raises(
        OutOfRange, match=r"'all' means something else here; give 1 to 64 characters .*, but not the word all"
    ):
        read("all")
    assert read("all-of-it") == "all-of-it"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_a_text_keeps_all_its_digits(number: float) -> None:
    """Where text belongs, a float becomes the shortest text that means the same, and a whole one has no point."""
    text = Text(400)(number)
    assert float(text) == number
    assert not text.endswith(".0")


@pytest.mark.parametrize(("number", "text"), [(1_234_567.0, "1234567"), (92.5, "92.5"), (-3.0, "-3"), (0.1, "0.1")])
def test_a_number_in_a_text_is_written_as_a_person_would(number: float, text: str) -> None:
    """No exponent in a prompt, and no point without need."""
    assert Text(40)(number) == text


@pytest.mark.parametrize("value", [1, 1.0, True, "1", "true", "True"])
def test_a_switch_is_on_in_every_type(value: object) -> None:
    """1, T and true are one."""
    assert Switch()(value) is True


def test_a_choice_lists_its_words() -> None:
    """Who guesses wrong is told what there is."""
    with pytest.raises(BadRequest, match="folder, device"):
        Choice(("folder", "device"))("moon")


def test_long_text_is_shown_short() -> None:
    """A message about a hundred thousand characters is itself a short one."""
    with pytest.raises(OutOfRange, match="100000 characters") as caught:
        Text(2_000)("x" * 100_000)
    assert len(str(caught.value)) < 200


TEMPO = Parsed(Tempo.parse, "a tempo from 20 to 999", "number")
METER = Parsed(Meter.parse, "a meter like 7/8")


@pytest.mark.parametrize("read", [Whole(1, 64), Number(0, 1), Text(40), Word(), Choice(("a",)), Switch(), TEMPO, METER])
@given(value=anything)
def test_anything_is_read_or_refused(read: Callable[[object], object], value: object) -> None:
    """No value whatever raises anything but our own errors."""
    try:
        outcome = read(value)
    except BridgeError as error:
        outcome = str(error)
    assert outcome is not None
    assert len(repr(outcome)) < 600


@pytest.mark.parametrize("written", ["a b", " a   b ", "a,b", "a, b"])
def test_a_pair_names_two_clips(written: str) -> None:
    """With a blank between, a comma or both: what comes back has one blank."""
    assert Pair()(written) == "a b"


def test_a_clip_of_a_pair_may_have_a_rank() -> None:
    """Behind a colon; two of one job may be meant."""
    assert Pair()("k3xq81ab:2 k3xq81ab:16") == "k3xq81ab:2 k3xq81ab:16"


@given(anything)
def test_a_pair_is_read_or_refused_in_words(value: object) -> None:
    """Whatever comes: what is read is read again as itself."""
    try:
        found = Pair()(value)
    except BridgeError:
        found = "a b"
    assert Pair()(found) == found


@pytest.mark.parametrize(
    ("value", "kind"),
    [("a", BadRequest), ("a b c", BadRequest), ("a ../b", BadRequest), ("a b:0", OutOfRange), ("a b:x", BadRequest)],
)
def test_a_pair_that_names_no_two_clips_is_refused(value: str, kind: type[BridgeError]) -> None:
    """One, three, a path, a rank that there is not."""
    with pytest.raises(kind, match="give"):
        Pair()(value)
