"""A thousand jobs in a row: memory of daemon and worker stays flat, no file handle leaks.

Promised: the last hundred jobs within 5 % of the second hundred.
"""

import tempfile
from pathlib import Path
from statistics import mean

import psutil
from daemons import Running, daemon
from figures import record
from trigger import trigger

from daw_bridge.client import Client

_JOBS = 1_000
_PROMPTS = ("house", "dusty breakbeat", "dub techno", "funk", "trap", "ambient pad", "synthwave", "drum and bass")


def run(jobs: int = _JOBS) -> None:
    """Run short jobs one after the other, deleting their files, and look at memory and handles after each."""
    with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running, running.client() as client:
        seen = [_job(running, client, number) for number in range(jobs)]
    figures: dict[str, object] = {}
    for index, name in enumerate(("daemon_mb", "workers_mb", "daemon_handles", "workers_handles")):
        rows = [each[index] for each in seen]
        second, last = mean(rows[jobs // 10 : jobs // 5]), mean(rows[-jobs // 10 :])
        figures[name] = {
            "second_tenth": round(second, 2),
            "last_tenth": round(last, 2),
            "ratio": round(last / second, 4),
        }
    record("soak", {"jobs": jobs, "bars": 2, "takes": 2}, figures)


def _job(running: Running, client: Client, number: int) -> tuple[float, float, int, int]:
    """Run one job; return megabytes and open handles of daemon and worker."""
    trigger(client, _PROMPTS[number % len(_PROMPTS)], bars=2, takes=2)
    for path in running.folder.iterdir():
        path.unlink()
    itself = psutil.Process(running.process.pid)
    workers = [psutil.Process(pid) for pid in running.workers()]
    memory = sum(each.memory_info().rss for each in workers) / 1e6
    return itself.memory_info().rss / 1e6, memory, itself.num_fds(), sum(each.num_fds() for each in workers)
