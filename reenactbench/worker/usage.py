"""What a process takes, as Linux counts it."""

from __future__ import annotations

import os
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


def computing(pid: int) -> float:
    """Seconds for which the process has computed, in all its threads; 0 where it is gone."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    user, system = map(int, after_name[11:13])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def can_be_limited() -> None:
    """Raises ReenactbenchError where this system does not tell."""
    if not Path("/proc/self/status").is_file():
        raise ReenactbenchError(
            "a memory limit needs Linux, which tells how much a process holds in /proc; leave it away here"
        )
