"""Laws of the shelf: what is for the device alone does not pile up, and what plays stays."""

import os
from pathlib import Path

from daw_bridge.jobs import Jobs
from daw_bridge.playing.shelf import KEPT, Shelf


def test_the_oldest_files_go_but_what_plays_stays(tmp_path: Path) -> None:
    """With their sidecars; a loop is fitted anew from its file when the tempo moves."""
    paths = [tmp_path / f"{age}.wav" for age in range(KEPT + 3)]
    for age, path in enumerate(paths):
        for each in (path, path.with_suffix(".json")):
            each.touch()
            os.utime(each, (age, age))
    Shelf(Jobs(1), tmp_path).prune(frozenset({paths[1]}))
    assert {path.stem for path in tmp_path.glob("*.wav")} == {path.stem for path in paths} - {"0", "2"}
    assert {path.stem for path in tmp_path.glob("*.json")} == {path.stem for path in tmp_path.glob("*.wav")}
