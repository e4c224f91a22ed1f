"""Laws of the configuration: the last one that speaks counts, and a bad value is named with its place."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from daw_bridge.config import Config, load, settings
from daw_bridge.errors import BadSetting
from daw_bridge.sections import OscConfig
from plugin_host.key import Key, Mode
from plugin_host.musictime import Meter, Tempo


def written(folder: Path, text: str) -> Path:
    """Write a configuration file and return its path."""
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_flags_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    """Each layer overrides the one before it, setting by setting."""
    file = written(tmp_path, "[osc]\nport = 1001\n[jobs]\nbars = 2\ntakes = 2\n[session]\ntempo = 92.5\nkey = 'Bbm'")
    environment = {"DAW_BRIDGE_JOBS_BARS": "8", "DAW_BRIDGE_JOBS_TAKES": "8", "PATH": "/bin"}
    config = load(file, environment, {"jobs.takes": 16, "jobs.engine": None})
    assert (config.osc.port, config.jobs.bars, config.jobs.takes, config.jobs.engine) == (1001, 8, 16, "auto")
    assert (config.session.tempo, config.session.key) == (Tempo.parse("92.5"), Key("B", "b", Mode.MINOR))
    assert config.session.meter == Meter(4, 4)


def test_every_setting_says_what_it_means() -> None:
    """Each has words for people, and a default that its own reader takes."""
    for section, each in settings():
        assert each.metadata["means"], f"{section}.{each.name}"
        default = each.default
        if default is not None:
            text = default if isinstance(default, (int, float, tuple)) else str(default)
            assert each.metadata["read"](text) == default


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[osc]\nport = 'x'", r"osc\.port in .*config\.toml: 'x' is not a number; give a whole number from 0 to 65535"),
        ("[osc]\nhost = 'example'", r"osc\.host in .*give an IP address"),
        ("[osc]\nprot = 1", r"osc\.prot in .* is no setting; \[osc\] has host, port, allow"),
        ("[ocs]\nport = 1", r"ocs in .* is no section; there is \[osc\]"),
        ("port = 1", r"port in .* is no section"),
        ("[session]\ntempo = 1000", r"session\.tempo in .*20 to 999"),
        ("[session]\nmeter = '4/3'", r"session\.meter in .*1 to 32"),
        ("[session]\nrate = nan", r"session\.rate in .*8000 to 192000"),
        ("[folder]\ndepth = 32", r"folder\.depth in .*one of 16, 24, float"),
        ("[folder]\npath = 3", r"folder\.path in .*the path of a folder"),
        ("[osc]\nallow = 3", r"osc\.allow in .*a list of IP addresses"),
        ("[jobs]\nqueue = 0", r"jobs\.queue in .*1 to 10000"),
        ("[osc", "is no TOML"),
        ("[jobs]\nengine = 'nonsense'", r"jobs\.engine in .*'nonsense' is unknown; give one of auto, musicldm, sketch"),
        ("[jobs]\nlongest = " + "9" * 400, r"jobs\.longest in .*\(400 characters\) is not allowed; .* 1 to 3600"),
        ("[jobs]\nbars = " + "9" * 5_000, r"the configuration file .*config\.toml is no TOML that can be read"),
        (
            "[osc]\nallow = " + "[" * 20_000,
            r"the configuration file .*config\.toml is no TOML that is read .*deeper than 32",
        ),
        ("[osc]\nhost = 0x" + "f" * 9_000, r"osc\.host in .*too large to be shown is no address"),
        ("[folder]\npath = '~nosuch-user/x'", r"folder\.path in .*'~nosuch-user/x' begins with nobody's home; give"),
        ("[paths]\nguides = ['~nosuch-user/x']", r"paths\.guides in .*begins with nobody's home"),
    ],
)
def test_a_bad_value_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """The message has the key, the file, and what was expected."""
    with pytest.raises(BadSetting, match=reason):
        load(written(tmp_path, text), {}, {})


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"DAW_BRIDGE_OSC_PORT": "70000"}, r"osc\.port in the environment variable DAW_BRIDGE_OSC_PORT: .*65535"),
        ({"DAW_BRIDGE_OSC_PROT": "1"}, r"DAW_BRIDGE_OSC_PROT is no setting; there is .*DAW_BRIDGE_OSC_PORT"),
        ({"DAW_BRIDGE_OSC_ALLOW": "10.0.0.1,there"}, r"osc\.allow in .*'there' is no address"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, environment: Mapping[str, str], reason: str) -> None:
    """The message has the variable's name."""
    with pytest.raises(BadSetting, match=reason):
        load(written(tmp_path, ""), environment, {})


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    """No silent defaults for a file that somebody asked for."""
    with pytest.raises(BadSetting, match=r"missing\.toml cannot be read"):
        load(tmp_path / "missing.toml", {}, {})


def test_a_network_address_needs_an_allow_list() -> None:
    """Opening the daemon to other machines takes two explicit settings."""
    with pytest.raises(BadSetting, match=r"osc\.allow"):
        Config(osc=OscConfig(host="192.0.2.1"))
    assert Config(osc=OscConfig(host="192.0.2.1", allow=("10.0.0.7",))).osc.allow == ("10.0.0.7",)


def test_lists_are_read_from_the_environment(tmp_path: Path) -> None:
    """Addresses are separated by commas, folders as PATH is; ~ is home."""
    environment = {"DAW_BRIDGE_OSC_ALLOW": "10.0.0.1, ::1", "DAW_BRIDGE_PATHS_GUIDES": f"~/loops{os.pathsep}/loops"}
    config = load(written(tmp_path, ""), environment, {})
    assert config.osc.allow == ("10.0.0.1", "::1")
    assert config.paths.guides == (Path.home() / "loops", Path("/loops"))
