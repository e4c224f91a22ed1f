"""Laws of address patterns, as OSC 1.0 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.errors import BadRequest
from daw_bridge.wires.osc_pattern import is_pattern, matches, parse


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        ("/bridge/tempo", "/bridge/tempo", "/bridge/temp"),
        ("/bridge/t*o", "/bridge/tempo", "/bridge/tempos"),
        ("/bridge/?op", "/bridge/top", "/bridge/stop"),
        ("/*/tempo", "/bridge/tempo", "/bridge/x/tempo"),
        ("/bridge/{stop,next}", "/bridge/next", "/bridge/prev"),
        ("/bridge/{s,st}op", "/bridge/stop", "/bridge/op"),
        ("/[a-c]ridge", "/bridge", "/fridge"),
        ("/[!a-c]ridge", "/fridge", "/bridge"),
        ("/[-x]y", "/-y", "/zy"),
        ("/a**b", "/ab", "/a/b"),
        ("/x.y*", "/x.yz", "/xxyz"),
    ],
)
def test_patterns_match_what_the_specification_says(pattern: str, fitting: str, other: str) -> None:
    """Each kind of part, with an address that fits and one that does not."""
    assert matches(parse(pattern), fitting)
    assert not matches(parse(pattern), other)


@pytest.mark.parametrize("pattern", ["/x[", "/x]", "/x{a", "/x}", "/x[]", "/x{a{b}}"])
def test_brackets_that_do_not_close_are_refused(pattern: str) -> None:
    """The message shows the pattern."""
    with pytest.raises(BadRequest, match="close its brackets"):
        parse(pattern)


@given(st.text("abc/", max_size=30))
def test_plain_text_matches_itself_alone(text: str) -> None:
    """Without special characters a pattern is an address."""
    assert not is_pattern(text)
    assert matches(parse(text), text)
    assert not matches(parse(text), f"{text}a")


@pytest.mark.timeout(30)  # a regular expression would be at it for longer than the universe is old
def test_no_pattern_goes_on_for_ever() -> None:
    """A pattern made to choke a matcher is answered like any other."""
    assert not matches(parse("/" + "*a" * 2_000), "/" + "a" * 60 + "b")
