"""The rankers: each listens to a fitted take in one way, and says what it found as parts, faults and evidence.

`signal` hears whether a take is sound, in time and seamless; it needs no model. Its senses are a module each::

    spectrum   how loud each band is, moment by moment
    onsets     when something begins, to a millisecond
    gridfit    how far that is from the lines of the plan's grid
    seam       whether the join is like the inside of the clip
    faults     silence, clipping, offset: what disqualifies
"""
