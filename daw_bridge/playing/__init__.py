"""The audio device: the best take plays from the next line of the session, loop after loop, until another takes over.

It reads from the sound card up::

    loop       what the callback does: copy, fill with silence, count
    choice     which of the machine's outputs is meant
    output     PortAudio: the outputs there are, and a stream to one
    words      what the daemon and the device's process tell each other
    driver     the device's process
    fitter     another process: it brings a file to the device's rate and the session's tempo
    clock      which frame of the device is heard at which moment
    drift      whether what plays is still with the session, and what to do if not
    shelf      what can be played: the files of each job
    ready      files fitted, and read into the device's memory
    entry      on which beat a clip comes in, and which frame that is
    voice      a clip that plays, and the version of it that the session wants
    deck       all of it together: play, stop, next, previous, follow
"""
