"""Laws of words: what a name and a file of captions say of a loop, and nothing that they do not."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.errors import BadValue
from plugin_host.loops.words import CAPTIONS, key_of, read_captions, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Funky_Drummer_92bpm_Amin.wav", "funky drummer"),
        ("dusty-breakbeat_92.5bpm_Fsharpmaj_4bars_k3xq81ab_r1.wav", "dusty breakbeat"),
        ("120 BPM - warm pad (Bb).aif", "warm pad"),
        ("01 don't stop 02.wav", "don't stop"),
    ],
)
def test_a_name_says_how_it_sounds(name: str, words: str) -> None:
    """Tempo, key, numbers and the marks of our own names are no words of a caption."""
    assert words_of(Path("somewhere", name)) == words


def test_a_name_without_words_takes_those_of_its_folder() -> None:
    """Folders of sample packs are named for what is in them; where that says nothing either, nothing is made up."""
    assert words_of(Path("Dub Chords", "92bpm_01.wav")) == "dub chords"
    assert words_of(Path("01", "92bpm_01.wav")) == ""


@pytest.mark.parametrize(
    ("name", "key"),
    [("pad_Amin_92.wav", "A minor"), ("pad F#m.wav", "F# minor"), ("Bb pad.wav", "Bb major"), ("A pad.wav", "None")],
)
def test_a_key_in_a_name_is_one_that_nobody_takes_for_a_word(name: str, key: str) -> None:
    """A lone letter is a word of the language."""
    assert str(key_of(Path(name))) == key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a folder for captions that each example writes anew."""
    return tmp_path_factory.mktemp("captions")


@given(st.dictionaries(st.text("abc/ ,\"'", min_size=1, max_size=8).map(str.strip), st.text(min_size=1, max_size=40)))
def test_a_file_of_captions_is_read_back(folder: Path, captions: dict[str, str]) -> None:
    """Whatever a spreadsheet writes, commas and quotes included."""
    plain = {name: text.strip() for name, text in captions.items() if name and _plain(text)}
    with (folder / CAPTIONS).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "caption"), *plain.items()])
    assert read_captions(folder) == plain


def _plain(text: str) -> bool:
    """Whether a text is one line that UTF-8 can hold."""
    return bool(text.strip()) and len(text.splitlines()) == 1 and text.isprintable()


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("", "does not begin with the row file,caption"),
        ("a.wav,drums\n", "does not begin with the row file,caption"),
        ("file,caption\na.wav\n", "in row 2"),
        ("file,caption\na.wav,x\nb.wav, \n", "in row 3"),
        ("file,caption\na.wav,x,y\n", "in quotes where it has commas"),
        (f"file,caption\na.wav,{'x' * 2001}\n", "at most 2000 characters"),
    ],
)
def test_captions_that_cannot_be_read_are_named_with_their_row(tmp_path: Path, content: str, trouble: str) -> None:
    """None is passed over in silence."""
    (tmp_path / CAPTIONS).write_text(content)
    with pytest.raises(BadValue, match=trouble):
        read_captions(tmp_path)
