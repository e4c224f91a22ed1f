"""Packets that nobody should send, against a real daemon; ``python tests/bench fuzz`` sends a million."""

from pathlib import Path

from daemons import daemon, follow
from fuzz import SETTINGS, attack
from packets import damaged


def test_whatever_comes_the_daemon_answers_and_lives(tmp_path: Path) -> None:
    """No crash, no hang, no error of ours, no memory that grows; then a job is made as ever."""
    with daemon(tmp_path, **SETTINGS) as running:
        found = attack(running, damaged(20_000, seed=1))
        assert found.packets == 20_000
        assert found.alive
        assert found.hangs == 0
        assert found.errors == []
        assert found.memory[-1] < found.memory[1] + 20
        with running.client() as client:
            client.send("/bridge/cancel", "all")
            client.send("/bridge/generate", "pad", "bars", 1, "takes", 1, "bpm", 120, "meter", "4/4", "id", "after")
            assert follow(client, "after").ending.address == "/bridge/done"
