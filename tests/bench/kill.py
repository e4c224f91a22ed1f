"""Killed at random moments under load: daemon, worker or both, in every phase of a job's life.

Promised: accepted jobs lost 0, delivered twice 0, partial or temporary files to be seen 0, the journal whole.
"""

import tempfile
from itertools import cycle, islice, product
from pathlib import Path

from figures import record
from siege import PHASES, TARGETS, Siege


def run(moments: int = 300) -> None:
    """Strike at so many moments, each phase and each target in turn."""
    with tempfile.TemporaryDirectory() as base, Siege(Path(base)) as siege:
        for number, (target, phase) in enumerate(islice(cycle(product(TARGETS, PHASES)), moments), 1):
            siege.strike(phase, target)
            if number % 20 == 0:
                print(
                    f"{number} kills; { ({name: each[-3:] for name, each in siege.faults.items() if each}) }",
                    flush=True,
                )
        record("kill", {"moments": moments, "jobs a kill": 3, "takes": siege.takes}, siege.table())
        for name, faults in siege.faults.items():
            print(name, faults[:10])
        print(siege.seen.faults[:10])
