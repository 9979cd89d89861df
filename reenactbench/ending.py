"""The program ends when its work is done, whatever plugins have left running."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.process import BaseProcess

from reenactbench.progress import say

GRACE = 2.0  # seconds: the threads of a pool that has nothing to do end by themselves when Python shuts down

Running = threading.Thread | BaseProcess

left_by: dict[Running, str] = {}
"""Threads and processes for which Python would wait, and who left them."""


def end_in_time(status: int) -> None:
    """To be called last: if Python is still waiting for what was left after a moment, end with this exit status."""
    if any(running.is_alive() for running in left_by):
        threading.Thread(target=_end, args=(status,), daemon=True).start()


def _end(status: int) -> None:
    time.sleep(GRACE)
    for running, who in left_by.items():
        if running.is_alive():
            kind = "thread" if isinstance(running, threading.Thread) else "process"
            say(f"{who} left the {kind} {running.name!r} running; reenactbench ends without it")
            if isinstance(running, BaseProcess):
                running.kill()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
