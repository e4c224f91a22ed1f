"""One question of OSCQuery and its answer, as HTTP has them. No socket is touched here.

A question is ``GET /bridge/tempo``, for a node and all below it, ``GET /bridge/tempo?VALUE`` for one of its attributes, or
``GET /?HOST_INFO``. As the proposal says, 404 is for what is not there, 204 for an attribute that this node has not, and 400
for what is no question at all.

Who asks may be a page in somebody's browser, from anywhere. It can change nothing here, for nothing here changes anything;
and it is not to read, either. A page from elsewhere is not let near an answer by the browser, as we never say that it may
(no ``Access-Control-Allow-Origin``). A page whose server has its own name lead to this machine once it is loaded (DNS
rebinding) is told apart by that name, in ``Host``: we answer to IP addresses, ``localhost``, and the name that we are
announced under.
"""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPMessage, parse_headers
from io import BytesIO
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from daw_bridge.wires.osc_tree import ATTRIBUTES, Node, find

LONGEST = 8_192  # bytes of a question

_HOST_INFO = "HOST_INFO"
_HEADERS = (
    "Content-Type: application/json",
    "X-Content-Type-Options: nosniff",  # or a browser may take it for a script, and run what it can of it
    "Cross-Origin-Resource-Policy: same-origin",
    "Cache-Control: no-store",
    "Connection: close",
)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: its status, and what is told as JSON, if anything; None is nothing."""

    status: HTTPStatus
    body: Any = None

    def encoded(self) -> bytes:
        """Return it as bytes for the wire."""
        body = b"" if self.body is None else json.dumps(self.body).encode()
        length = () if self.status is HTTPStatus.NO_CONTENT else (f"Content-Length: {len(body)}",)
        allow = ("Allow: GET",) if self.status is HTTPStatus.METHOD_NOT_ALLOWED else ()
        lines = (f"HTTP/1.1 {self.status.value} {self.status.phrase}", *_HEADERS, *length, *allow, "", "")
        return "\r\n".join(lines).encode() + body


class Unanswered(Exception):
    """A question that is not answered: `args` are the status and why, in words."""


def refusal(status: HTTPStatus, why: str) -> Told:
    """Return the answer that says no, and why."""
    return Told(status, {"ERROR": why})


def target(head: bytes, names: Collection[str]) -> tuple[str, str]:
    """Read the first part of a request: return the path that it is about, and the attribute, "" for all.

    `names` are what this machine is called beside its addresses. Raises `Unanswered` for whatever is no question.
    """
    line, _, rest = head.partition(b"\r\n")
    method, where, version = _words(line)
    if method != "GET":
        raise Unanswered(HTTPStatus.METHOD_NOT_ALLOWED, "this can only be read: ask with GET")
    _check_host(_headers(rest), names, version)
    try:
        parts = urlsplit(where)
        path = unquote(parts.path, errors="strict")
    except ValueError:
        raise Unanswered(HTTPStatus.BAD_REQUEST, "the path cannot be read; write it like /bridge/tempo?VALUE") from None
    if not path.startswith("/"):
        raise Unanswered(HTTPStatus.BAD_REQUEST, "a path begins with a slash, such as /bridge/tempo")
    return path, parts.query


def answer(path: str, attribute: str, root: Callable[[], Node], host: Callable[[], Mapping[str, Any]]) -> Told:
    """Return what is told of the node at `path`. `host` tells of this daemon."""
    if attribute == _HOST_INFO:
        return Told(HTTPStatus.OK, host())
    if attribute and attribute not in ATTRIBUTES:
        return refusal(HTTPStatus.BAD_REQUEST, f"there is {_HOST_INFO}, {', '.join(ATTRIBUTES)}; ask for one of them")
    node = find(root(), path)
    if node is None:
        return refusal(HTTPStatus.NOT_FOUND, "there is no such address; ask for / to see all")
    if not attribute:
        return Told(HTTPStatus.OK, node)
    if attribute not in node:
        return Told(HTTPStatus.NO_CONTENT)
    return Told(HTTPStatus.OK, {attribute: node[attribute]})


def _words(line: bytes) -> tuple[str, str, str]:
    """Return method, target and version of a request line."""
    words = line.split(b" ")
    if len(words) != 3 or not line.isascii() or words[2] not in {b"HTTP/1.0", b"HTTP/1.1"}:
        raise Unanswered(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1; ask like GET /bridge/tempo?VALUE HTTP/1.1")
    method, where, version = (word.decode("ascii") for word in words)
    return method, where, version


def _headers(rest: bytes) -> HTTPMessage:
    """Read the header."""
    try:
        return parse_headers(BytesIO(rest))
    except HTTPException:
        raise Unanswered(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the header has too many lines") from None


def _check_host(headers: HTTPMessage, names: Collection[str], version: str) -> None:
    """Raise `Unanswered` unless the question was meant for this machine."""
    hosts = headers.get_all("Host", [])
    if len(hosts) > 1 or (not hosts and version == "HTTP/1.1"):
        raise Unanswered(HTTPStatus.BAD_REQUEST, "one header says Host: and to whom this goes")
    if hosts and not _is_here(hosts[0], names):
        raise Unanswered(HTTPStatus.MISDIRECTED_REQUEST, "there is nobody of that name here; ask by IP address")


def _is_here(host: str, names: Collection[str]) -> bool:
    """Whether `host`, as a browser says it, is an address or one of `names`, and so no name of somebody else's making."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name in {"localhost", *names}:
            return True
        ip_address(name)
    except ValueError:
        return False
    return True
