"""Generators of music, and all that turns their takes into clips: exact bars, no seam, ranked.

This package needs no DAW, no socket and no sound card. It reads in the order in which a clip is made::

    musictime  key  audio        the values that everything below is said in
    engine  engines/             a plan goes in, takes come out
    road  stretch                a take at a tempo of its own comes to the plan's
    loops/  mixup                loops that lie in a folder, and two of them made one
    fit  rank  rankers/          a take becomes a loop of exactly the promised length, and gets a score
    resample  clip               the loop at the session's rate, with its birth certificate
    measures                     how good a set of clips is
    host                         the whole way, each stage timed
    worker  spool  foreman       the same in a process of its own, which may die without taking anyone along
    guard  footprint  processes  who sees that it hangs, or takes too much memory; how processes begin and end
    training/                    a model of its own, made from nothing
    checkpoints/                 the small one that comes along: weights, and no code

What can go wrong stands in `errors`. Importing the package starts nothing and loads no model.
"""

__version__ = "0.1.0"
