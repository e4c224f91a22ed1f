"""Laws of OSCQuery's questions: what is one, what is none, and to whom nothing is told."""

from contextlib import suppress
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.wires.osc_http import Told, Unanswered, answer, refusal, target

NAMES = ("daw-bridge.local",)
ROOT = {"FULL_PATH": "/", "CONTENTS": {"tempo": {"FULL_PATH": "/tempo", "VALUE": [120.0]}}}


def request(where: str = "/", host: str = "127.0.0.1:9310", method: str = "GET") -> bytes:
    """Return a question as a client sends it."""
    return f"{method} {where} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode()


def refused(head: bytes) -> HTTPStatus:
    """Return the status with which a question is refused."""
    with pytest.raises(Unanswered) as caught:
        target(head, NAMES)
    status: HTTPStatus = caught.value.args[0]
    return status


def told(where: str) -> Told:
    """Return what is told."""
    return answer(*target(request(where), NAMES), lambda: ROOT, lambda: {"NAME": "daw-bridge"})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:9310",
        "127.0.0.1",
        "localhost:9310",
        "LocalHost",
        "[::1]:9310",
        "192.168.1.20:9310",
        "Daw-Bridge.local",
    ],
)
def test_who_means_this_machine_is_answered(host: str) -> None:
    """By any of its addresses, as localhost, or by the name that is announced."""
    assert target(request(host=host), NAMES) == ("/", "")


@pytest.mark.parametrize(
    "host",
    ["evil.example:9310", "127.0.0.1.evil.example", "localhost.evil.example", "evil@evil.example", "", "[", "a b", "1"],
)
def test_a_page_that_had_its_own_name_lead_here_is_not(host: str) -> None:
    """DNS rebinding: the browser says whose page it is, and that is nobody of ours."""
    assert refused(request(host=host)) is HTTPStatus.MISDIRECTED_REQUEST


def test_a_question_says_once_whom_it_is_for() -> None:
    """Only HTTP/1.0 may leave it out, which no browser speaks."""
    assert refused(b"GET / HTTP/1.1\r\n\r\n") is HTTPStatus.BAD_REQUEST
    assert refused(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n") is HTTPStatus.BAD_REQUEST
    assert target(b"GET /a HTTP/1.0\r\n\r\n", NAMES) == ("/a", "")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD", "get"])
def test_nothing_but_reading_is_possible(method: str) -> None:
    """Not even asking what would be."""
    assert refused(request(method=method)) is HTTPStatus.METHOD_NOT_ALLOWED


@pytest.mark.parametrize("where", ["tempo", "/a b", "/%ff", "//[", "*"])
def test_what_is_no_path_is_a_bad_request(where: str) -> None:
    """It begins with a slash, and can be read."""
    assert refused(request(where)) is HTTPStatus.BAD_REQUEST


def test_a_header_without_end_is_refused() -> None:
    """A hundred lines are enough for anybody."""
    lines = b"".join(b"X: 1\r\n" for _ in range(200))
    assert refused(b"GET / HTTP/1.1\r\n" + lines + b"\r\n") is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


@given(
    st.binary(max_size=300)
    | st.binary(max_size=60).map(lambda some: b"GET /" + some + b" HTTP/1.1\r\nHost: ::1\r\n\r\n")
)
def test_whatever_comes_is_a_question_or_refused(head: bytes) -> None:
    """No byte of it leads anywhere else."""
    with suppress(Unanswered):
        path, _ = target(head, NAMES)
        assert path.startswith("/")


def test_a_node_is_told_whole_or_by_attribute() -> None:
    """And what there is to know of the daemon, wherever that is asked."""
    assert told("/") == Told(HTTPStatus.OK, ROOT)
    assert told("/tempo?VALUE") == Told(HTTPStatus.OK, {"VALUE": [120.0]})
    assert told("/?HOST_INFO") == told("/tempo?HOST_INFO") == Told(HTTPStatus.OK, {"NAME": "daw-bridge"})


def test_mistakes_have_the_proposals_codes() -> None:
    """404 for no node, 204 for an attribute that a node lacks, 400 for one that nothing has."""
    assert told("/nothing").status is told("/tempo/nothing?VALUE").status is HTTPStatus.NOT_FOUND
    assert told("/?VALUE") == Told(HTTPStatus.NO_CONTENT)
    assert told("/?NOTHING").status is told("/?VALUE&TYPE").status is HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("status", [HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.METHOD_NOT_ALLOWED])
def test_no_page_is_ever_allowed_to_read(status: HTTPStatus) -> None:
    """No answer invites another origin, none can be taken for a script, and each says how long it is and that it is all."""
    head, _, body = refusal(status, "why").encoded().partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert not any(line.startswith(b"access-control-") for line in lines)
    assert {b"x-content-type-options: nosniff", b"content-type: application/json", b"connection: close"} <= {*lines}
    assert (b"content-length: %d" % len(body) in lines) is (status is not HTTPStatus.NO_CONTENT)
    assert (b"allow: get" in lines) is (status is HTTPStatus.METHOD_NOT_ALLOWED)
