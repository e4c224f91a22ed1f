"""Laws of keys: as musicians write them, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.errors import BadValue
from plugin_host.key import Key, Mode

keys = st.builds(Key, st.sampled_from("ABCDEFG"), st.sampled_from(["", "#", "b"]), st.sampled_from(Mode))


@given(keys)
def test_a_key_is_read_as_it_is_written(key: Key) -> None:
    """Writing and reading are inverse."""
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A minor", Key("A", "", Mode.MINOR)),
        ("F#", Key("F", "#", Mode.MAJOR)),
        ("Bbm", Key("B", "b", Mode.MINOR)),
        ("bb minor", Key("B", "b", Mode.MINOR)),
        ("c# min", Key("C", "#", Mode.MINOR)),
        ("CM", Key("C", "", Mode.MAJOR)),
        ("Cm", Key("C", "", Mode.MINOR)),
        ("E♭ major", Key("E", "b", Mode.MAJOR)),
        ("F sharp minor", Key("F", "#", Mode.MINOR)),
        ("A MINOR", Key("A", "", Mode.MINOR)),
        ("none", None),
        ("", None),
    ],
)
def test_the_ways_in_which_keys_are_written(text: str, key: Key | None) -> None:
    """All common spellings are understood; a bare note is major."""
    assert Key.parse(text) == key


@pytest.mark.parametrize("text", ["H minor", "A blues", "minor", "C##", "x" * 10_000, "A\0minor"])
def test_what_is_no_key(text: str) -> None:
    """Anything else is refused with examples."""
    with pytest.raises(BadValue, match="A minor, F#, Bbm"):
        Key.parse(text)


@given(keys)
def test_a_key_in_a_file_name_is_portable(key: Key) -> None:
    """The file word has letters only, and tells keys of different sound apart."""
    assert key.file_word.isascii()
    assert key.file_word.isalpha()
    assert 0 <= key.pitch_class < 12
