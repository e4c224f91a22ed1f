"""The command ``daw-bridge``: one module for each command, imported when it is called.

::

    app  models     all commands and their options
    options         the options that several of them share
    settings        the options that are settings
    screen          text, tables, JSON and progress, on a terminal or in a pipe
    daemons         the daemon that is running, or one of our own
    jobs            a job: asked for over OSC, and followed to its end
    clips           what came of it, as a table
    riff  known     what a WAV's chunks, its sidecar and its name say
    sound           what libsndfile says of it
    clipfile words  all of that together, and how it is said
    waveform        what a clip looks like in the terminal
    picture         what it looks like as a PNG
    checks          what the doctor looks at
    surfaces        what lies in the DAW, installed and removed
    bundle          what a report of a fault needs, in one file
    devices         audio and MIDI ports, asked for in a process of its own
"""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it with status 130, however early it comes.

    The commands are imported here and not above: a worker process imports the module that started the daemon once
    more, and has no use for them.
    """
    try:
        from daw_bridge.cli.app import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
