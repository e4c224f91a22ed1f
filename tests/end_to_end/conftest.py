"""One daemon for all tests that leave it as they found it."""

from collections.abc import Iterator

import pytest
from daemons import Running, daemon


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon with the defaults of 48 kHz and 120 BPM; tests give their jobs all that matters to them."""
    with daemon(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon for one test alone, which may change or hurt it."""
    with daemon(tmp_path_factory.mktemp("own")) as running:
        yield running
