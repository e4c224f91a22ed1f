"""A Link peer that nobody here wrote, as a program of its own: LinkPython, told what to do on standard input.

``tempo 98.5`` sets the tempo, ``play`` and ``stop`` say so to all, ``tell`` writes the number of peers, tempo, phase (of
four beats) and the moment in seconds of `time.monotonic`.
"""

import sys
import time

import link

if __name__ == "__main__":
    peer = link.Link(float(sys.argv[1]))
    peer.startStopSyncEnabled = True
    peer.enabled = True
    for line in sys.stdin:
        verb, *rest = line.split()
        state, now = peer.captureSessionState(), peer.clock().micros()
        if verb == "tempo":
            state.setTempo(float(rest[0]), now)
            peer.commitSessionState(state)
        elif verb in {"play", "stop"}:
            state.setIsPlaying(verb == "play", now)
            peer.commitSessionState(state)
        else:
            told = peer.numPeers(), state.tempo(), state.phaseAtTime(now, 4), time.monotonic()
            sys.stdout.write(" ".join(repr(each) for each in told) + "\n")
            sys.stdout.flush()
    peer.enabled = False
