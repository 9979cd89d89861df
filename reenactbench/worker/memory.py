"""How much memory a process has allocated, as Linux counts it."""

from __future__ import annotations

import re
from pathlib import Path

from reenactbench.errors import ReenactbenchError

GB = 10**9


def allocated(pid: int) -> int:
    """Bytes of main memory that the process holds and no file backs (`RssAnon`); 0 where it is gone."""
    try:
        found = re.search(r"^RssAnon:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return 1024 * int(found.group(1)) if found else 0


def can_be_limited() -> None:
    """Raises ReenactbenchError where this system does not tell."""
    if not Path("/proc/self/status").is_file():
        raise ReenactbenchError(
            "a memory limit needs Linux, which tells how much a process holds in /proc; leave it away here"
        )
