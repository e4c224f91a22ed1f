"""Laws of a job as text: it comes back as it was."""

from dataclasses import fields, replace
from fractions import Fraction

import pytest

from daw_bridge.errors import Unreadable
from daw_bridge.jobs import Job
from daw_bridge.records import job_of, job_text
from daw_bridge.requests import Asker, Request, read_said
from plugin_host.engine import Form, Plan
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo

TEMPO = Tempo.parse(Fraction("93.1250000001"))
PLAN = Plan(
    prompt="dub \ud800 ü 🥁",
    grid=Grid(TEMPO, Meter(7, 8), 3, 44_100),
    seed=2**63 - 1,
    takes=3,
    form=Form.ONE_SHOT,
    key=Key.parse("F# minor"),
    negative="noise",
    steps=7,
    guidance=2.5,
    scheduler="ddim",
    eta=0.1,
    variation=0.3,
    pulse=0.7,
    guide="/a/\udcff.wav",
    strength=0.2,
    weights={"beat": 2.0},
    hints={"style": "dub", "dry": True, "swing": 0.1, "none": None},
    shift=-1.5,
    mix=("/a/\udcff.wav", "/b.wav"),
    balance=0.25,
    adapter="my-breaks",
)
SAID = {
    "prompt": "dub",
    "bpm": "93.1250000001",
    "meter": "7/8",
    "key": "none",
    "seed": 5,
    "loop": 0,
    "reply_port": 9_000,
}
JOB = Job(
    "a-job",
    Request(read_said(SAID), Asker("osc 127.0.0.1:5", ("127.0.0.1", 5)), "/bridge/generate", 12.5, 1e9),
    PLAN,
    "sketch",
    "dub \ud800",
    {"tempo": "120", "rate": 48_000},
)


def test_a_job_comes_back_as_it_was() -> None:
    """Every field, to the last digit of the tempo; but the moment of arrival is the reader's."""
    assert all(getattr(PLAN, each.name) != each.default for each in fields(Plan))
    assert job_of(job_text(JOB), 12.5) == JOB
    assert job_of(job_text(JOB), 99.0).request.received == 99.0


def test_one_with_nothing_but_what_it_needs_comes_back_too() -> None:
    """A pad has no address to reply to, and a plan may leave all to its defaults."""
    plain = Job(
        "j", replace(JOB.request, asker=Asker("midi pad 1"), launch=None), Plan("x", PLAN.grid, 0), "sketch", "x"
    )
    assert job_of(job_text(plain), 12.5) == plain


def test_it_is_plain_text() -> None:
    """ASCII, and never something that could run."""
    assert job_text(JOB).isascii()
    assert job_text(JOB).startswith('{"id": "a-job"')


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null", job_text(JOB).replace('"variation"', '"future"')])
def test_what_this_version_did_not_write_is_named(text: str) -> None:
    """A later version's job, or rubbish, is one error that says so."""
    with pytest.raises(Unreadable, match="cannot be read by this version"):
        job_of(text, 0.0)
