"""Laws of the OSC wire that need no socket: who may ask, and that the table is whole."""

import pytest

from daw_bridge.reports import CODES
from daw_bridge.wires.osc import may_ask
from daw_bridge.wires.osc_addresses import REPORTS, REQUESTS
from daw_bridge.wires.osc_calls import CALLS


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "192.0.2.7", "::ffff:192.0.2.7"])
def test_this_machine_and_those_listed_may_ask(host: str) -> None:
    """However the system writes their address."""
    assert may_ask(host, ("192.0.2.7",))


@pytest.mark.parametrize("host", ["192.0.2.8", "::ffff:192.0.2.8", "2001:db8::1", "fe80::1%eth0"])
def test_strangers_may_not(host: str) -> None:
    """Everyone else is counted and not answered."""
    assert not may_ask(host, ("192.0.2.7",))


def test_every_address_of_the_table_is_served() -> None:
    """By a function of its own, but for the two that are the wire's."""
    assert CALLS.keys() | {"/bridge/notify", "/bridge/status"} == REQUESTS.keys()


def test_reports_have_addresses_of_their_own() -> None:
    """No two alike, none that is also a request, and every code is a word."""
    assert len(set(REPORTS.values())) == len(REPORTS)
    assert not set(REPORTS.values()) & REQUESTS.keys()
    assert all(code.replace("_", "").isalpha() for code in CODES)
