"""The rankers: each listens to a fitted take in one way, and says what it found as parts, faults and evidence.

`tonality` hears in which key a take is. `signal` hears whether it is sound, in time and seamless; it needs no model.
Its senses are a module each::

    spectrum   how loud each band is, moment by moment
    onsets     when something begins, to a millisecond
    tempo      at which tempo it was played, and where its beats are
    material   drums, tones, or nothing that begins
    gridfit    how far that is from the lines of the plan's grid
    beat       all of that against what was asked for
    seam       whether the join is like the inside of the clip
    faults     silence, clipping, offset: what disqualifies
"""
