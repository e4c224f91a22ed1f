"""The two clips that a mix is made of, looked up in what was made: also what earlier lives of the daemon made."""

from daw_bridge.errors import OutOfRange, UnknownJob
from daw_bridge.history import History, PastClip, PastJob
from daw_bridge.plan import Parent
from daw_bridge.values import Whole, shown
from plugin_host.engine import Form
from plugin_host.loops import Beat
from plugin_host.musictime import Frames


def find(mix: str, history: History) -> tuple[Parent, Parent]:
    """Return the two clips that `mix` names, as `values.Pair` has read it.

    Raises `UnknownJob` for a job that is not there or has no clips, and `OutOfRange` for a rank that it does not have or
    a clip that cannot be mixed. It reads the journal, which takes a millisecond or two. Thread: any.
    """
    one, other = (_parent(each, history) for each in mix.split())
    return one, other


def clip_named(named: str, history: History) -> tuple[PastJob, PastClip]:
    """Return the clip that is `named`, a job's best or the one of a rank, and its job.

    Raises as `find` does, and `BadRequest` for a rank that is none.
    """
    job, colon, rank = named.partition(":")
    past = history.job(job)
    clip = _clip(past, Whole(1, 16)(rank) if colon else 1)
    if clip.trashed:
        raise UnknownJob(f"{clip.place.name} of job {shown(job)} is in the trash; take it out with daw-bridge keep")
    return past, clip


def _parent(named: str, history: History) -> Parent:
    """Return the clip that is `named`. Whether its file is there is not looked at: a folder may be long in answering."""
    past, clip = clip_named(named, history)
    plan = past.job.plan
    if plan.form is Form.ONE_SHOT:
        raise OutOfRange(f"job {shown(past.job.id)} made one-shots, which have no bars; name a job that made loops")
    beats = plan.grid.beats
    beat = Beat(plan.grid.tempo, plan.grid.meter, beats, plan.grid.bars, Frames(0))
    return Parent(named, str(clip.place), plan.prompt, beat, plan.key)


def _clip(past: PastJob, rank: int) -> PastClip:
    """Return the clip of a job that has that rank."""
    name = shown(past.job.id)
    if not past.clips:
        why = f"it has {past.state}" if past.ended else "it is not done"
        raise UnknownJob(f"job {name} has no clips ({why}); wait for its /bridge/done, or name another")
    found = next((each for each in past.clips if each.parcel.rank == rank), None)
    if found is None:
        raise OutOfRange(f"job {name} has no clip of rank {rank}; give a rank from 1 to {len(past.clips)}")
    return found
