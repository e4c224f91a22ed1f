"""Processes: what they are to inherit when they are started, and how they are made to leave."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnProcess

_PATIENCE = 2.0  # seconds that a worker has to leave before it is killed


@contextmanager
def deaf() -> Iterator[None]:
    """Keep Ctrl-C from a process that is started inside: a terminal sends it to all, but stopping is our word.

    A child inherits what is blocked, so it is deaf from its first instruction on. On Windows the worker sees to it.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would unblock the signal when it first starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def one_thread_a_product() -> Iterator[None]:
    """Have a process that is started inside multiply its small matrices in one thread.

    OpenBLAS would use all cores for each product and spin for its threads to meet: measured, that slows products of
    a clip's size up to two hundred times when the cores have anything else to do. It reads its limit when it is loaded.
    """
    name = "OPENBLAS_NUM_THREADS"
    before = os.environ.get(name)
    os.environ[name] = before or "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def dismiss(process: SpawnProcess) -> None:
    """Wait for `process` to leave, then make it; one that a driver keeps even then is left behind."""
    process.join(_PATIENCE)
    if process.is_alive():
        process.kill()
        process.join(_PATIENCE)
