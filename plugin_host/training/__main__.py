"""``python -m plugin_host.training mini FOLDER``: make a model, or go on where making it was interrupted."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from time import monotonic

from plugin_host.errors import HostError
from plugin_host.training.recipe import RECIPES, STAGES


def main(arguments: list[str] | None = None) -> int:
    """Run the stages that are asked for; return 0, or 1 with a sentence where it cannot be done.

    Time that runs out is no failure: the same command goes on.
    """
    asked = _parser().parse_args(arguments)
    import torch

    from plugin_host.engines.musicldm.device import choose
    from plugin_host.training.fit import Desk, OutOfTime
    from plugin_host.training.stages import Work, run

    torch.set_num_threads(asked.threads or torch.get_num_threads())
    recipe = RECIPES[asked.recipe]
    ends = float("inf") if asked.minutes is None else monotonic() + 60 * asked.minutes
    try:
        desk = Desk(asked.folder, choose(asked.device).device, recipe.seed, _tell, ends)
        run(Work(asked.recipe, recipe, asked.folder), asked.stages or STAGES, desk)
    except OutOfTime as over:
        _tell(str(over))
    except HostError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> ArgumentParser:
    """Return what reads the command line."""
    parser = ArgumentParser(prog="python -m plugin_host.training", description=__doc__)
    parser.add_argument("recipe", choices=RECIPES, help="what to make")
    parser.add_argument("folder", type=Path, help="where the corpus, the states and at last the model are kept")
    parser.add_argument(
        "--stages", nargs="+", choices=STAGES, metavar="STAGE", help=f"only these of {', '.join(STAGES)}"
    )
    parser.add_argument(
        "--device", default="auto", help="where to compute: cpu, cuda, mps; the fastest there is otherwise"
    )
    parser.add_argument("--threads", type=int, help="of the processor; as torch likes it otherwise")
    parser.add_argument("--minutes", type=float, help="stop after so many; the same command goes on")
    return parser


def _tell(line: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
