"""Laws of errors: each has a code that clients know, and its page tells the truth."""

from collections.abc import Iterator

from daw_bridge import errors
from daw_bridge.errors import BridgeError, code_of
from daw_bridge.reports import CODES
from plugin_host import errors as host_errors
from plugin_host.errors import HostError


def kinds(base: type[Exception]) -> Iterator[type[Exception]]:
    """Yield `base` and all that derive from it."""
    yield base
    for kind in base.__subclasses__():
        yield from kinds(kind)


def test_every_error_has_a_code_that_clients_know() -> None:
    """Those of both packages; what nobody foresaw is `internal`."""
    for kind in (*kinds(BridgeError), *kinds(HostError)):
        assert code_of(kind("x")) in CODES
    assert code_of(ZeroDivisionError()) == "internal"


def test_the_trees_on_the_front_pages_are_whole() -> None:
    """Every error stands in the picture at the top of its module, with its code beside it."""
    for module, base in ((errors, BridgeError), (host_errors, HostError)):
        page = (module.__doc__ or "").splitlines()
        for kind in kinds(base):
            if kind.__module__ == module.__name__ and kind is not base:
                (line,) = [each for each in page if f" {kind.__name__} " in f"{each} "]
                assert code_of(kind("x")) in line
