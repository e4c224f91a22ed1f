"""Ports for those who must know theirs before they have it, or come back to it."""

import random
import socket

_HOST = "127.0.0.1"
_ANYBODYS = 32_768
"""From here on a system hands ports to whoever asks for any (Linux does; others begin higher): what is free now may be
another's in a moment, and who knocks at a closed door there may meet himself."""


def free_port() -> int:
    """Return a port that is free for UDP and TCP, and that only somebody who names it could take."""
    dice = random.SystemRandom()  # tests have equal dice, and run side by side
    while True:
        port = dice.randrange(10_000, _ANYBODYS)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind((_HOST, port))
                tcp.bind((_HOST, port))
            except OSError:
                continue
            return port
