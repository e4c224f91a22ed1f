"""The watched folder on disks that are really full, or really read-only: small ones of memory, made for the test."""

import pytest
import soundfile
from clips import a_clip, an_order
from real import Mount

from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.errors import DiskFull, FolderUnusable


@pytest.mark.real
@pytest.mark.parametrize("pages", range(1, 13))
def test_a_full_disk_leaves_nothing(mount: Mount, pages: int) -> None:
    """On disks of every size up to 48 KB, too small for a clip with its story, not a byte is left behind."""
    disk = mount(f"size={4 * pages}k")
    with pytest.raises(DiskFull) as told:
        FolderDelivery(disk).deliver(a_clip(), an_order())
    assert list(disk.iterdir()) == []
    assert str(told.value) == (
        f"no room for the clip in {disk}; free some space there, or choose another folder with --folder"
    )


@pytest.mark.real
def test_the_last_room_on_a_disk_can_be_used(mount: Mount) -> None:
    """A disk with just enough room for the clip and its story takes both: nothing is needed besides."""
    disk = mount("size=52k")
    path = FolderDelivery(disk).deliver(a_clip(), an_order())
    assert soundfile.info(path).frames == 16_000
    assert len(list(disk.iterdir())) == 2


@pytest.mark.real
def test_a_disk_without_room_for_another_name_leaves_nothing(mount: Mount) -> None:
    """Where the WAV still has a place and the sidecar has none, the WAV goes again."""
    disk = mount("nr_inodes=2")
    with pytest.raises(DiskFull):
        FolderDelivery(disk).deliver(a_clip(), an_order())
    assert list(disk.iterdir()) == []


@pytest.mark.real
def test_a_disk_that_gets_room_again_is_used_again(mount: Mount) -> None:
    """After a full disk nothing needs to be set right but the disk."""
    disk = mount("size=40k")
    (disk / "theirs").write_bytes(b"x" * 20_000)
    delivery = FolderDelivery(disk)
    with pytest.raises(DiskFull):
        delivery.deliver(a_clip(), an_order())
    (disk / "theirs").unlink()
    mount("remount,size=80k")
    assert delivery.deliver(a_clip(), an_order()).is_file()


@pytest.mark.real
def test_a_read_only_disk_is_named_with_the_remedy(mount: Mount) -> None:
    """A disk that may not be written to is refused at the start and at a delivery, in the same words."""
    disk = mount("size=1m")
    mount("remount,ro")
    delivery = FolderDelivery(disk)
    for attempt in (delivery.prepare, lambda: delivery.deliver(a_clip(), an_order())):
        with pytest.raises(FolderUnusable, match="disk is on a read-only disk; make that writable, or choose"):
            attempt()
    assert list(disk.iterdir()) == []
