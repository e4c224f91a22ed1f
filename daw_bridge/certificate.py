"""The part of a clip's birth certificate that all clips of a job share: what was asked, and what was made of it.

Tempo, meter and key stand in it as they are; the sidecar writes them as a request would say them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from daw_bridge import __version__
from daw_bridge.jobs import Job
from daw_bridge.session import SessionState
from plugin_host.engine import Plan


def session_card(state: SessionState) -> Mapping[str, Any]:
    """Write down the session as it was when a job was accepted."""
    return {"tempo": str(state.tempo), "meter": str(state.meter), "key": str(state.key or "none"), "rate": state.rate}


def session_moved(job: Job, state: SessionState) -> str | None:
    """Say what the session has become since `job` took it over, if that is something else; a job keeps its plan."""
    now = session_card(state)
    planned = {"tempo": str(job.plan.grid.tempo), "meter": str(job.plan.grid.meter)}
    moved = [f"{name} {value}" for name, value in planned.items() if job.session[name] == value != now[name]]
    if not moved:
        return None
    became = " and ".join(f"{name} {now[name]}" for name in planned if planned[name] != now[name])
    return f"made for {' and '.join(moved)}, as the session was when the job was accepted; now it is at {became}"


def job_card(job: Job) -> Mapping[str, Any]:
    """Write down request, session and plan of `job`, and which version made it."""
    return {
        "version": __version__,
        "job": job.id,
        "made": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request": {"address": job.request.address, "said": job.request.said, "launch": job.request.launch},
        "session": job.session,
        "plan": plan_card(job.plan, job.engine),
    }


def plan_card(plan: Plan, engine: str) -> Mapping[str, Any]:
    """Write down `plan` in the words of a request, and beside them what only a preset can say: `weights` and `hints`."""
    return {
        "engine": engine,
        "prompt": plan.prompt,
        "negative": plan.negative,
        "bars": plan.grid.bars,
        "bpm": str(plan.grid.tempo),
        "meter": str(plan.grid.meter),
        "key": str(plan.key or "none"),
        "rate": plan.grid.rate,
        "frames": plan.grid.frames,
        "takes": plan.takes,
        "seed": plan.seed,
        "loop": plan.form.value == "loop",
        "steps": plan.steps,
        "guidance": plan.guidance,
        "scheduler": plan.scheduler,
        "eta": plan.eta,
        "variation": plan.variation,
        "pulse": plan.pulse,
        "guide": plan.guide,
        "strength": plan.strength,
        "shift": plan.shift,
        "mix": plan.mix,
        "balance": plan.balance,
        "adapter": plan.adapter,
        "weights": plan.weights,
        "hints": plan.hints,
    }
