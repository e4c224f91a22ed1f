"""Laws of the exchange's lines: what is written is read back, and what is no line is said to be none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.errors import BadRequest
from daw_bridge.wires.exchange_text import line_of, read, split
from daw_bridge.wires.osc_packet import Argument

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
ARGUMENTS = st.lists(
    st.one_of(TEXT, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.booleans(), st.none())
)


@given(ARGUMENTS)
def test_what_is_written_is_read_back(arguments: list[Argument]) -> None:
    """Values and types alike, on one line, whatever tabs and line ends are in a text."""
    line = line_of("/bridge/generate", arguments)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    address, fields = split(line)
    found = read(fields)
    assert (address, found) == ("/bridge/generate", arguments)
    assert [type(each) for each in found] == [type(each) for each in arguments]


@given(st.text(st.characters(exclude_characters="\n")))
def test_any_line_is_read_or_refused(line: str) -> None:
    """Nothing that stands in a line can break the reader."""
    _, fields = split(line)
    found: list[Argument] = []
    with suppress(BadRequest):
        found = read(fields)
    assert len(found) in {0, len(fields)}


@pytest.mark.parametrize(
    "field", ["", "x", "4", "ifour", "i4.5", "i" + "9" * 20, "f", "fone", "Tx", "s\\", "s\\n\\q", "b00"]
)
def test_what_is_no_argument_is_refused(field: str) -> None:
    """With the field, and how one is written."""
    with pytest.raises(BadRequest, match="write s and text, i and a whole number"):
        read([field])


def test_the_line_ends_of_windows_are_read() -> None:
    """A carriage return at the end of a line is no part of its last argument."""
    assert split("/bridge/tempo\ti120\r\n") == ("/bridge/tempo", ["i120"])
