"""Laws of the exchange's wire: what comes in files holds nobody up."""

import asyncio
from pathlib import Path
from time import monotonic

import pytest

from daw_bridge.config import load
from daw_bridge.parts import built
from daw_bridge.wires.exchange_box import LARGEST


@pytest.mark.undisturbed
def test_a_million_lines_do_not_hold_up_the_loop(tmp_path: Path) -> None:
    """They lie there when the wire is started; everyone else has a turn between them."""
    requests = tmp_path / "exchange" / "requests"
    requests.mkdir(parents=True)
    for number in range(40):
        (requests / f"flood-{number}.req").write_bytes(b"a\n" * (LARGEST // 2))

    async def law() -> float:
        wire = built(load(None, {}, {"paths.state": tmp_path})).exchange
        assert wire is not None
        await wire.start()
        longest, begun = 0.0, monotonic()
        while monotonic() - begun < 0.5:
            before = monotonic()
            await asyncio.sleep(0)
            longest = max(longest, monotonic() - before)
        await wire.stop()
        assert wire.counts()["exchange_letters"]
        return longest

    assert asyncio.run(law()) < 1.0
