"""Everything at once, for a while; ``python tests/bench mixed`` does it for half an hour."""

import sys
from pathlib import Path

import pytest
from daemons import daemon, follow
from mixed import play, settings
from ports import free_port


@pytest.mark.skipif(sys.platform != "linux", reason="the workers of a daemon are found through /proc")
@pytest.mark.timeout(300)
def test_every_accepted_job_ends_once_whatever_happens(tmp_path: Path) -> None:
    """All wires, cancels, workers that are killed and stopped, tempo changes, rubbish: nothing lost, nothing left."""
    midi = free_port()
    with daemon(tmp_path, **settings(midi)) as running:
        tally = play(running, midi, 120.0, seed=3)
        assert len(tally.queued) > 100
        assert tally.lost == []
        assert tally.twice == []
        assert tally.broken == []
        with running.client() as client:  # what a worker still sent of a job that was cancelled is dropped by the next
            client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
            assert follow(client).ending.address == "/bridge/done"
        assert running.leftovers == []
    assert "Traceback" not in (tmp_path / "log").read_text()
