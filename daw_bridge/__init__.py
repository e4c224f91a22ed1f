"""The bridge between a DAW and the makers of clips: it hears requests, runs jobs and delivers WAVs.

It reads in the order in which a request travels::

    wires/             packets become calls (OSC; the table of all addresses)
    midi/              what a controller sends, what that means, and what lights up
    requests  presets  what a job may say, and recipes that say it in advance
    clocks/            what keeps the beat outside: MIDI clock, Ableton Link, the DAW's feedback
    timeline  session  what the DAW is doing now, and where in the music it is
    plan               what a job therefore means
    guides             which files a request may name
    jobs  pace         who is next, and how long it will take
    journal  records   what is written down of a job, so that a kill loses none
    ledger  shortcut   the file in which it stands, and the two ways into it
    checkpoints        that the file's log stays short
    turns  rates       that nobody has all of it, nor all at once
    pool               clips of armed presets, made before anybody asks
    runner             all that happens to a job
    landing            the last part of its way, however long the folder is away
    parents            the two clips that a mix is made of
    history  keeper    what was made, and how much of it stays
    recovery  lock     what an earlier life left behind, and that there is one life at a time
    deliveries/        where a finished clip goes
    playing/           the audio device, on which it plays from the next bar line
    certificate        what a clip tells of its job
    reports  announce  what is told back, and to whom
    chronicle  logs    what is written down of it
    heard              what was measured of a clip, in words
    bridge             the desk at which all of these meet, whichever wire a request came by
    parts  daemon      all of it put together, and started in order
    config  sections   its settings
    client  cli/       the other end of the wire, and the commands
    surfaces/          what lies in the DAW or on a tablet, and how it comes there
    child              a process of its own for what may hang, and another one when it does
    pages              how TOML is read that somebody else may have written
    values  errors     how single values are read, and what can go wrong

Importing it starts nothing and loads no model.
"""

from plugin_host import __version__

__all__ = ["__version__"]
