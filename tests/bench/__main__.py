"""Benchmarks: ``python tests/bench`` runs all, ``python tests/bench trigger answers`` those that are named."""

import sys
from importlib import import_module
from pathlib import Path

ALL = (
    "start",
    "trigger",
    "scaling",
    "answers",
    "cancel",
    "soak",
    "clock",
    "midi",
    "play",
    "launch",
    "promises",
    "measuring",
    "truth",
    "road",
    "tonality",
    "musicldm",
    "lock",
    "stretch",
    "pulse",
)

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))  # where the tests keep what they share, before all libraries
    for name in sys.argv[1:] or ALL:
        if name not in ALL:
            sys.exit(f"there is no benchmark '{name}'; there is {', '.join(ALL)}")
        import_module(name).run()
