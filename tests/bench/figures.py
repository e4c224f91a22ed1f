"""Figures: printed, and appended to ``figures.jsonl`` beside this file with all that one must know to believe them."""

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import psutil

_BESIDE = Path(__file__).with_name("figures.jsonl")
_LIBRARIES = ("daw-bridge", "numpy", "soxr", "python-stretch", "python-osc")


def spread(seconds: Sequence[float], unit: float = 1_000) -> dict[str, float]:
    """Return median, 95th and 99th percentile, least and most of `seconds`, in milliseconds unless `unit` differs."""
    cuts = quantiles(seconds, n=100, method="inclusive")
    found = {"median": cuts[49], "p95": cuts[94], "p99": cuts[98], "min": min(seconds), "max": max(seconds)}
    return {name: round(value * unit, 3) for name, value in found.items()}


def record(name: str, settings: Mapping[str, object], figures: Mapping[str, object]) -> None:
    """Print the figures of the benchmark `name` and append them, with machine, versions and settings."""
    print(f"{name}: {json.dumps(settings)}")
    for key, value in figures.items():
        print(f"  {key}: {json.dumps(value)}")
    row = {
        "benchmark": name,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **{each: version(each) for each in _LIBRARIES}},
        "revision": revision(),
        "settings": settings,
        "figures": figures,
    }
    with _BESIDE.open("a") as file:
        file.write(json.dumps(row) + "\n")


def machine() -> dict[str, object]:
    """Return what was measured on: system, processor, cores, memory, and how busy it was."""
    names = [line for line in _lines(Path("/proc/cpuinfo")) if line.startswith(("model name", "CPU part"))]
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": names[0].split(":")[1].strip() if names else platform.processor(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load": [round(each, 2) for each in psutil.getloadavg()],
    }


def revision() -> str:
    """Return the revision of the checkout, with a plus for changes that are not committed."""
    here = Path(__file__).parent
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=here, capture_output=True, text=True, check=False
    )
    dirty = subprocess.run(["git", "status", "--porcelain"], cwd=here, capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+" if dirty.stdout.strip() else "")


def _lines(path: Path) -> list[str]:
    """Return the lines of a file, none if it is not there."""
    return path.read_text().splitlines() if path.exists() else []
