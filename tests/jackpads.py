"""A pad controller on JACK, as a program of its own: hits on standard input, what comes back on standard output.

A line ``90 24 64`` sends these bytes; each message that arrives is written as such a line. To end it is to unplug it.
"""

import os
import sys

import rtmidi

NAME = "Test MPD"


def write(message: list[int]) -> None:
    """Write a message as one line."""
    sys.stdout.write(" ".join(f"{byte:02x}" for byte in message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    says, hears = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name=NAME), rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name=NAME)
    says.open_virtual_port("out")
    hears.open_virtual_port("in")
    hears.set_callback(lambda event, _: write(event[0]))
    for line in sys.stdin:
        says.send_message([int(word, 16) for word in line.split()])
    os._exit(0)  # as a plug is pulled: a port that is closed while its thread is busy can hang
