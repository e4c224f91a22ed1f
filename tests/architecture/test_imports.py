"""Where things may be imported: one way through the house, heavy libraries only in the files named for them."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MUSICLDM = "plugin_host/engines/musicldm/"
TRAINING = "plugin_host/training/"

HEAVY = {
    "torch": (
        *(f"{TRAINING}{name}.py" for name in ("__main__", "assemble", "batches", "clap", "corpus", "fit")),
        *(f"{TRAINING}{name}.py" for name in ("latents", "mixtures", "unet", "vae", "vocoder")),
        *(f"{TRAINING}{name}.py" for name in ("finetune", "material", "pupil")),
        *(
            f"{MUSICLDM}{name}.py"
            for name in (
                "asked",
                "blend",
                "clap",
                "decode",
                "device",
                "engine",
                "fast",
                "guide",
                "hear",
                "load",
                "loop",
                "lowrank",
                "mel",
                "memory",
                "model",
                "noise",
                "ring",
                "sample",
                "schedulers",
                "strip",
                "tiles",
                "windows",
                "winograd",
            )
        ),
    ),
    "diffusers": (
        *(f"{MUSICLDM}{name}.py" for name in ("fast", "load", "quiet", "ring", "schedulers")),
        *(f"{TRAINING}{name}.py" for name in ("unet", "vae")),
    ),
    "transformers": (
        *(f"{MUSICLDM}{name}.py" for name in ("load", "quiet")),
        *(f"{TRAINING}{name}.py" for name in ("clap", "corpus", "vocoder", "words")),
    ),
    "peft": ("plugin_host/training/pupil.py",),
    "huggingface_hub": ("plugin_host/engines/musicldm/hub.py",),
    "sounddevice": ("daw_bridge/cli/devices.py", "daw_bridge/playing/output.py"),
    "mido": ("daw_bridge/cli/devices.py", "daw_bridge/midi/reading.py"),
    "aalink": ("daw_bridge/clocks/link.py",),
    "rtmidi": ("daw_bridge/midi/eye.py", "daw_bridge/midi/system.py"),
    "jack": ("daw_bridge/midi/eye.py",),
    "matplotlib": ("daw_bridge/cli/picture.py",),
    "soundfile": (
        "daw_bridge/cli/sound.py",
        "daw_bridge/playing/fitter.py",
        "plugin_host/loops/sounds.py",
        "plugin_host/rankers/library.py",
        f"{MUSICLDM}guide.py",
    ),
    "librosa": (),
    "python_stretch": ("plugin_host/stretch.py",),
    "soxr": ("plugin_host/resample.py", f"{MUSICLDM}clap.py", f"{MUSICLDM}guide.py"),
    "zeroconf": ("daw_bridge/wires/discovery.py",),
    "ifaddr": ("daw_bridge/wires/discovery.py",),
    "pythonosc": ("daw_bridge/wires/osc_packet.py",),
}
"""Each library with a weight or a wire of its own, and the files that may import it."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield every module of the project with its path from the root."""
    for package in ("daw_bridge", "plugin_host"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def imported(tree: ast.AST) -> set[str]:
    """Return the top names of all that is imported anywhere in `tree`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_imports_point_one_way() -> None:
    """The contracts in pyproject.toml hold, as import-linter sees it."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("library", HEAVY)
def test_a_heavy_library_stays_in_its_files(library: str) -> None:
    """No other file imports it, not even late."""
    found = [path for path, tree in modules() if library in imported(tree)]
    assert set(found) <= set(HEAVY[library])


def test_starting_loads_nothing_heavy() -> None:
    """The daemon and the worker are imported without a model, a sound card or a plot."""
    script = "import sys, daw_bridge.daemon, daw_bridge.cli, plugin_host.worker; print(*sys.modules)"
    outcome = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in outcome.stdout.split()}
    assert not loaded & (HEAVY.keys() - {"soxr", "pythonosc"})


def test_only_the_switchboard_names_concrete_parts() -> None:
    """Wires, deliveries and the foreman are put together in one place, by the daemon, and nowhere else."""
    concrete = {"ExchangeWire", "OscWire", "FolderDelivery", "Foreman", "Runner", "Bridge", "PresetShelf"}
    for path, tree in modules():
        called = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if path != "daw_bridge/parts.py" and not path.startswith("daw_bridge/cli/"):
            assert not called & concrete, path
