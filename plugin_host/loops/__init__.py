"""Loops that lie in a folder: what each is, by whoever tells it, and by listening where nobody does.

::

    riff      what a WAV says beside its sound
    known     what a name, chunks and a sidecar of ours say, in one vocabulary
    sounds    the sound of a file, within bounds
    words     what a name and a file of captions say of how it sounds
    heard     tempo and first downbeat, found by the tracker
    loop      one file as a value: `Loop`, with the source of each fact
    folder    all files of a folder, and why which of them could not be read

Each fact has the source that is to be believed most: a sidecar of ours, then the chunks, then the name, then the ear.
"""

from plugin_host.loops.folder import Folder, Refused, read_folder
from plugin_host.loops.loop import Beat, Loop, read_loop

__all__ = ["Beat", "Folder", "Loop", "Refused", "read_folder", "read_loop"]
