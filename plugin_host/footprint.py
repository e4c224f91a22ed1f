"""How much memory a process holds, and how much there is: read where Linux says so, unknown (None) elsewhere.

A limit on the address space would be no good: torch and CUDA reserve many times what they use. Elsewhere than on Linux
nobody looks, and what is left is the engine's own care, Python's `MemoryError` and the system's mercy.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_HELD = re.compile(r"^(?:RssAnon|RssShmem|VmSwap):\s*(\d+) kB$", re.MULTILINE)
_GROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def held(process: int) -> int | None:
    """Return the bytes that the process of that number holds, swapped ones too; None where nobody can say.

    Files that are only mapped, such as weights, are not counted: the system takes those pages back when it needs them.
    """
    try:
        status = (_PROC / str(process) / "status").read_text()
    except OSError:
        return None
    return 1024 * sum(int(kilobytes) for kilobytes in _HELD.findall(status))


def there_is(groups: Iterable[Path] = _GROUPS) -> int | None:
    """Return the bytes of memory of this machine, or of the container that we are in; None where nobody can say."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    least = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for group in groups:
        try:
            least = min(least, int(group.read_text()))
        except (OSError, ValueError):  # no such group, or the word max
            continue
    return least
