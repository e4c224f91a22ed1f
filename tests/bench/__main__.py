"""Benchmarks: ``python tests/bench`` runs all, ``python tests/bench trigger answers`` those that are named."""

import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

ALL = (
    "start",
    "trigger",
    "scaling",
    "answers",
    "exchange",
    "cancel",
    "load",
    "fuzz",
    "guided",
    "soak",
    "mixed",
    "clock",
    "midi",
    "play",
    "launch",
    "promises",
    "exports",
    "measuring",
    "truth",
    "road",
    "tonality",
    "musicldm",
    "lock",
    "stretch",
    "pulse",
    "kill",
    "journal",
)

if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))  # where the tests keep what they share, before all libraries
    parser = ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[*ALL, []], metavar="NAME", help=", ".join(ALL))
    parser.add_argument("--moments", type=int, default=300, help="kills of the benchmark kill")
    asked = parser.parse_args()
    for name in asked.names or ALL:
        options = {"moments": asked.moments} if name == "kill" else {}
        import_module(name).run(**options)
