"""Laws of choosing an output: one is meant, or it is said what there is."""

import pytest

from daw_bridge.errors import DeviceUnavailable
from daw_bridge.playing.choice import Output, choose

OUTPUTS = [
    Output(0, "HDA Intel PCH: ALC257", "ALSA", 2, 48_000, 1),
    Output(2, "default", "ALSA", 32, 44_100),
    Output(3, "Scarlett 18i20 USB", "ALSA", 16, 48_000),
    Output(5, "system", "JACK Audio Connection Kit", 2, 48_000, 2),
    Output(6, "Scarlett 18i20 USB", "JACK Audio Connection Kit", 16, 96_000),
    Output(7, "7", "JACK Audio Connection Kit", 2, 48_000),
]


@pytest.mark.parametrize(
    ("name", "api", "index"),
    [
        ("system", "", 5),
        ("SYSTEM", "", 5),
        ("intel", "", 0),
        ("3", "", 3),
        ("7", "", 7),
        ("Scarlett", "alsa", 3),
        ("Scarlett 18i20 USB (ALSA)", "", 3),
        ("scarlett", "JACK Audio Connection Kit", 6),
        ("default", "JACK Audio Connection Kit", 5),
    ],
)
def test_one_is_meant(name: str, api: str, index: int) -> None:
    """By its whole name, its number, a part of its name; by the host API where that is said. Case does not matter."""
    assert choose(OUTPUTS, name, api, (1, 2)).index == index


def test_default_is_the_systems_own() -> None:
    """Without a host API, whatever the system plays on."""
    assert choose(OUTPUTS, "default", "", (1, 2)).index == 5


@pytest.mark.parametrize(
    ("name", "api", "channels", "reason"),
    [
        ("Scarlett", "", (1, 2), r"fits 3: Scarlett.*6: Scarlett.*device\.api"),
        ("moon", "", (1, 2), "no audio output 'moon'; there is 0: HDA"),
        ("system", "ASIO", (1, 2), "no audio output of 'ASIO'; there is 0: HDA"),
        ("system", "", (3, 4), r"has 2 output channels.*3, 4; take some from 1 to 2"),
    ],
)
def test_what_is_not_clear_is_said_with_what_there_is(
    name: str, api: str, channels: tuple[int, ...], reason: str
) -> None:
    """Two that fit, none that fits, and channels that are not there."""
    with pytest.raises(DeviceUnavailable, match=reason):
        choose(OUTPUTS, name, api, channels)


def test_a_machine_without_outputs_says_so() -> None:
    """There is nothing to choose from."""
    with pytest.raises(DeviceUnavailable, match="no audio output, or its audio server"):
        choose([], "default", "", (1, 2))
