"""The kill test in small; ``python tests/bench kill`` is the long one."""

from itertools import product
from pathlib import Path

import pytest
from siege import PHASES, TARGETS, Siege


@pytest.mark.real
@pytest.mark.timeout(240)
def test_nothing_is_lost_twice_or_partial_whoever_is_killed_when(tmp_path: Path) -> None:
    """Daemon and worker are killed in each phase of a job: it is delivered once and whole, or told as failed.

    An end is heard once; but for one that was told in the very moment of a kill, before it was noted, which is told again:
    never hearing of it would be worse, and no order of the two is free of both.
    """
    with Siege(tmp_path, seed=7, takes=3) as siege:
        for phase, target in product(PHASES, TARGETS[:2]):
            siege.strike(phase, target)
        table = siege.table()
    assert table["kills"] == 12
    heard_twice = siege.faults.pop("end heard twice", [])
    assert len(heard_twice) <= siege.kills["report", "daemon"]
    assert {kind: faults for kind, faults in siege.faults.items() if faults} == {}
    assert siege.seen.faults == []
    assert siege.seen.read.total() > 0
    assert table["PRAGMA integrity_check"] == "ok"
