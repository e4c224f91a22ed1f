"""A job as text and back: what the journal keeps, so that another life of the daemon can run the very same job.

It is JSON in ASCII, never a pickle: it can be read by a person, by a later version, and cannot run anything. Tempo,
meter and key stand in it as a request would say them, which is exact. What a name or a path has that is no text (half a
surrogate pair, a byte that is no UTF-8) is escaped, and comes back as it was.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from daw_bridge.errors import BridgeError, Unreadable
from daw_bridge.jobs import Job
from daw_bridge.requests import Asker, Request, Said, read_said
from plugin_host.engine import Form, Plan
from plugin_host.errors import HostError
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo


def job_text(job: Job) -> str:
    """Write down `job`. Its request's time of arrival, which means nothing to another process, is left out."""
    request = job.request
    return json.dumps(
        {
            "id": job.id,
            "engine": job.engine,
            "title": job.title,
            "deliver": job.deliver,
            "replaces": job.replaces,
            "session": dict(job.session),
            "plan": _plan(job.plan),
            "request": {
                "said": said_card(request.said),
                "asker": request.asker.name,
                "of": request.asker.of,
                "reply": request.asker.address,
                "address": request.address,
                "launch": request.launch,
            },
        }
    )


def job_of(text: str, received: float) -> Job:
    """Read what `job_text` wrote; `received` is when its request came, by this process's monotonic clock.

    Raises `Unreadable` for what it did not write.
    """
    try:
        card = json.loads(text)
        asked = card["request"]
        reply = asked["reply"]
        asker = Asker(asked["asker"], tuple(reply) if isinstance(reply, list) else reply, asked["of"])
        request = Request(read_said(asked["said"]), asker, asked["address"], received, asked["launch"])
        plan, session = _plan_of(card["plan"]), card["session"]
        return Job(card["id"], request, plan, card["engine"], card["title"], session, card["deliver"], card["replaces"])
    except (BridgeError, HostError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"its record cannot be read by this version ({type(error).__name__}: {error})") from None


def said_card(said: Said) -> dict[str, Any]:
    """Return what was said about a job in values that JSON has; `read_said` reads it."""
    return {name: _plain(value) for name, value in said.items()}


def _plain(value: Any) -> Any:
    """Return tempo, meter and key as text, no key as "none", and all else as it is."""
    if value is None:
        return "none"
    return str(value) if isinstance(value, (Tempo, Meter, Key)) else value


def _plan(plan: Plan) -> dict[str, Any]:
    """Return all fields of a plan in values that JSON has."""
    card = {each.name: getattr(plan, each.name) for each in fields(plan)}
    grid = plan.grid
    return {
        **card,
        "grid": {"tempo": str(grid.tempo), "meter": str(grid.meter), "bars": grid.bars, "rate": grid.rate},
        "form": plan.form.value,
        "key": str(plan.key) if plan.key else None,
        "weights": dict(plan.weights),
        "hints": dict(plan.hints),
    }


def _plan_of(card: Mapping[str, Any]) -> Plan:
    """Read a plan; what this version does not know of it is no plan of ours."""
    grid = card["grid"]
    special = {
        "grid": Grid(Tempo.parse(grid["tempo"]), Meter.parse(grid["meter"]), grid["bars"], grid["rate"]),
        "form": Form(card["form"]),
        "key": Key.parse(card["key"]) if card["key"] else None,
        "mix": tuple(card["mix"]) if card.get("mix") else None,
    }
    return Plan(**{**card, **special})
