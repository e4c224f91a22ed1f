"""Clocks: what keeps the beat outside tells the session where in the music it is. Each speaks in the name of a source.

tracker     the ticks of a MIDI clock become a tempo and a phase
midi_clock  MIDI clock with start, stop, continue and song position
position    bar and beat as text, some time ago, become a timeline
link        Ableton Link
"""
