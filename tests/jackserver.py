"""A real JACK server for tests, without a sound card: its own name, so that several can run side by side."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from real import missing, need

PERIOD = 256
RATE = 48_000


@contextmanager
def jack_server(name: str, *options: str, period: int = PERIOD) -> Iterator[Mapping[str, str]]:
    """Run ``jackd`` on its dummy driver in blocks of `period` frames, and yield the environment that leads to it.

    With the option ``-S`` no program is ever left out of a block, so that a recording is exact; but one that is killed
    then holds up all others for two seconds.
    """
    program, wait = need("jackd"), need("jack_wait")
    environment = {"JACK_DEFAULT_SERVER": name, "JACK_NO_AUDIO_RESERVATION": "1", "JACK_NO_START_SERVER": "1"}
    command = [
        program,
        "-n",
        name,
        "-P",
        "10",
        "-t",
        "2000",
        *options,
        "-d",
        "dummy",
        "-r",
        str(RATE),
        "-p",
        str(period),
    ]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **environment})
    try:
        waited = subprocess.run([wait, "-s", name, "-w", "-t", "10"], stdout=quiet, stderr=quiet, check=False)
        if waited.returncode or server.poll() is not None:
            missing("jackd does not start here")
        yield environment
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:  # a client that was killed can keep it for ever
            server.kill()
            server.wait()
            _free(command, environment)


def _free(command: list[str], environment: Mapping[str, str]) -> None:
    """Free the place of a killed server: there are eight, and only one of the same name that ends well gives it back."""
    quiet = subprocess.DEVNULL
    again = subprocess.Popen(command, stdout=quiet, stderr=quiet, env={**os.environ, **environment})
    name = environment["JACK_DEFAULT_SERVER"]
    subprocess.run([need("jack_wait"), "-s", name, "-w", "-t", "5"], stdout=quiet, stderr=quiet, check=False)
    again.terminate()
    again.wait()
