"""What holds where nobody says otherwise. It needs no torch, so that a daemon can show it."""

SCHEDULER = "dpm++"
"""A second-order multistep solver, done in 20 to 25 steps. The checkpoint ships with `ddim`, documented with 200."""

STEPS = 20

GUIDANCE = 2.0
"""How strongly the prompt leads: what the published checkpoint is documented with."""

PULSE = 0.5
"""How much of what repeats does so every beat: what held the tempo of a small model that had learnt no rhythm."""

STRENGTH = 0.6
"""How far a take goes from its guide: the groove stays, the sound becomes the prompt's."""

CORRECTION = 0.08
"""By how much the tempo may be corrected at most, as a part."""
