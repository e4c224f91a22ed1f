"""Laws of requests: key, value, key, value; each key in its range, each mistake named."""

import pytest

from daw_bridge.errors import BadRequest, BridgeError, OutOfRange, UnknownKey
from daw_bridge.requests import JOB_KEYS, read_pairs, read_prompt
from plugin_host.musictime import Meter, Tempo

EDGES: dict[str, tuple[list[object], list[object]]] = {
    "id": (["a", "Z9_-", "x" * 64, 7], ["", "x" * 65, "a b", "../x", "é"]),
    "preset": (["house"], ["", "../x", "a/b"]),
    "bars": ([1, 64, 4.0, "8"], [0, 65, -1, 1.5, float("nan"), float("inf"), "four"]),
    "bpm": ([20, 999, 92.5, "59.94"], [19.99, 999.01, 0, float("nan"), float("inf"), "fast", True]),
    "meter": (["7/8", "32/32", "1/1", "12 / 8"], ["0/4", "33/4", "4/3", "waltz", 4]),
    "key": (["A minor", "F#", "Bbm", "none"], ["H", "loud", 5]),
    "takes": ([1, 16], [0, 17, "x"]),
    "steps": ([1, 1000], [0, 1001]),
    "guidance": ([0, 30, 3.5], [-0.1, 30.1, float("nan")]),
    "negative": (["", "vocals", "x" * 2000], ["x" * 2001, "a\0b"]),
    "seed": ([0, 2**63 - 1], [-1, 2**63, 0.5, "seed"]),
    "engine": (["sketch"], ["", "a b", "os.system"]),
    "deliver": (["folder", "device", "both", "FOLDER"], ["moon", 3, ""]),
    "rate": ([8_000, 192_000, 44_100.0], [7_999, 192_001, "hi-fi"]),
    "variation": ([0, 1, 0.5], [-0.01, 1.01, float("nan")]),
    "pulse": ([0, 1], [-1, 2]),
    "guide": (["loops/a.wav", "sketch"], ["x" * 1001, "a\0b"]),
    "strength": ([0, 1], [-1, 1.5]),
    "scheduler": (["ddim"], ["", "a b"]),
    "eta": ([0, 1], [-1, 1.5, "x"]),
    "loop": ([0, 1, True, False, "1"], [2, -1, "maybe"]),
    "replace": ([0, 1, True, False, "1"], [2, -1, "maybe"]),
    "shift": ([-3, 3, 0, 1.5, "-0.25"], [-3.01, 4, float("nan"), "up"]),
    "mix": (["a b", "a:16 b:1", "a, b"], ["a", "a b c", "a b:17", "../a b", 5]),
    "balance": ([0, 1, 0.25], [-0.1, 1.1, float("nan")]),
    "blend": (["audio", "LATENTS"], ["", "both", 1]),
    "adapter": (["my-breaks", "none", "x" * 64], ["", "../x", "a b", "x" * 65]),
    "reply_port": ([1, 65_535], [0, 65_536, "x"]),
}


def test_every_key_is_tried() -> None:
    """The table of edges has every key of a job."""
    assert EDGES.keys() == JOB_KEYS.keys()


@pytest.mark.parametrize("key", EDGES)
def test_a_key_takes_both_edges_of_its_range(key: str) -> None:
    """What is allowed is taken, in any type that means it."""
    for value in EDGES[key][0]:
        assert read_pairs([key, value]).keys() == {key}


@pytest.mark.parametrize("key", EDGES)
def test_beyond_its_range_a_key_is_refused_by_name(key: str) -> None:
    """The message names the key."""
    for value in EDGES[key][1]:
        with pytest.raises((BadRequest, OutOfRange), match=f"^{key}: "):
            read_pairs([key, value])


def test_an_unknown_key_is_told_what_there_is() -> None:
    """The message lists all keys."""
    with pytest.raises(UnknownKey, match=r"'tempoo'.*bars.*bpm"):
        read_pairs(["tempoo", 120])


@pytest.mark.parametrize("pairs", [["bars"], ["bars", 4, "bpm"], [4, "bars"], [b"x", 1], [None, 1]])
def test_arguments_that_are_no_pairs(pairs: list[object]) -> None:
    """A key without a value, or a value where a key belongs, is refused with the form."""
    with pytest.raises(BadRequest, match="key, value"):
        read_pairs(pairs)


def test_values_come_out_typed() -> None:
    """A tempo is exact, a meter a meter; keys may be written large, and the last of two counts."""
    said = read_pairs(["BPM", "59.94", "meter", "7/8", "bars", 2, "bars", 8.0])
    assert said == {"bpm": Tempo.parse("59.94"), "meter": Meter(7, 8), "bars": 8}


def test_a_prompt_has_an_end() -> None:
    """Two thousand characters are taken, one more is not."""
    assert read_prompt("x" * 2_000) == "x" * 2_000
    with pytest.raises(OutOfRange, match=r"prompt: .* at most 2000"):
        read_prompt("x" * 2_001)


def test_messages_are_for_people() -> None:
    """Every refusal names a remedy: it says what to give, write or send."""
    for key, (_, wrong) in EDGES.items():
        for value in wrong:
            with pytest.raises(BridgeError, match=r"give|write|goes from|one of|is not"):
                read_pairs([key, value])
