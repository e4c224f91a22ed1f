"""What is written down while a model learns: whole, or as it was before."""

from pathlib import Path

import pytest

from plugin_host.training.files import written


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """What lay there before stays until then, and nothing lies beside it afterwards."""
    path = tmp_path / "state.pt"
    path.write_bytes(b"before")
    with written(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_bytes() == b"before"
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("state.pt", b"after")]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_half_a_file_is_removed(tmp_path: Path, error: BaseException) -> None:
    """Whatever broke it off, a full disk or a person; what lay there before is untouched."""
    path = tmp_path / "state.pt"
    path.write_bytes(b"before")
    with pytest.raises(type(error)):
        break_off(path, error)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("state.pt", b"before")]


def break_off(path: Path, error: BaseException) -> None:
    """Write half a file."""
    with written(path) as file:
        file.write(b"half")
        raise error
