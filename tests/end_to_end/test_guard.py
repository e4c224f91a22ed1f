"""What a daemon does about workers that hang or take too much: the job fails with its reason, and the next is made."""

import os
import signal
import sys
from pathlib import Path

import pytest
from daemons import daemon, follow, until

LONG = ("bars", 64, "takes", 16)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_a_job_whose_worker_hangs_fails_and_the_next_is_made(tmp_path: Path) -> None:
    """It fails with what hung and for how long, leaves nothing behind, and the daemon answers all the while."""
    with daemon(tmp_path, DAW_BRIDGE_WORKER_PATIENCE="5") as running:
        with running.client() as client:
            client.send("/bridge/generate", "everything", *LONG, "id", "stuck")
            until(client, "/bridge/progress")
            for pid in running.workers():
                os.kill(pid, signal.SIGSTOP)
            client.send("/bridge/sync", 7)
            until(client, "/bridge/synced")
            ending = follow(client, "stuck").ending
            assert ending.address == "/bridge/failed"
            assert ending.arguments[1] == "internal"
            assert "hung" in str(ending.arguments[2])
            client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
            assert follow(client).ending.address == "/bridge/done"
        assert running.leftovers == []


@pytest.mark.skipif(sys.platform != "linux", reason="how much a process holds is only read on Linux")
def test_a_job_whose_worker_takes_too_much_fails_for_memory(tmp_path: Path) -> None:
    """With a limit that no worker can keep, each job is told of it, and the daemon lives."""
    with daemon(tmp_path, DAW_BRIDGE_WORKER_MEMORY="0.000001") as running, running.client() as client:
        for _ in range(2):
            client.send("/bridge/generate", "everything", *LONG)
            ending = follow(client).ending
            assert ending.address == "/bridge/failed"
            assert ending.arguments[1] == "out_of_memory"
            assert "worker.memory" in str(ending.arguments[2])
