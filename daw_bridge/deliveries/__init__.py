"""Where finished clips go.

The watched folder reads in the order in which a file comes to be::

    order          what all clips of a job have in common
    chunks  wav    the sound, with the chunks that DAWs and samplers read tempo and loop from
    sidecar        its birth certificate, beside it
    names          what both are called
    atomic         how both come into the folder: whole, or not at all
    folder         all of that, up to a clip that lies there hidden
    parcels        its way from there to its public name, over the death of the daemon if need be
    trash          where it goes when nobody wants it
    trouble        in plain words what is wrong with the folder

A delivery needs no engine and no event loop: it runs in a thread of its own, and its array work and its waiting for
the disk release the interpreter.
"""
