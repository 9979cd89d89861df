"""The program ends when its work is done, neither before nor later, whatever plugins do."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any

from reenactbench.progress import say

GRACE = 2.0  # seconds: the threads of a pool that has nothing to do end by themselves when Python shuts down

Running = threading.Thread | BaseProcess

_left_by: dict[Running, str] = {}
"""Threads and processes for which Python would wait, and who left them."""


@contextmanager
def outlived(who: str) -> Iterator[None]:
    """What `who` does in the block ends no more than the block, unless it is a crash, and what it leaves running is
    known. An exception that is none of `Exception`, as a panic in Rust, becomes one."""
    running, leave = _awaited(), os._exit
    os._exit = partial(_refuse, os.getpid(), leave)  # type: ignore[assignment]
    try:
        yield
    except (Exception, SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from error
    finally:
        os._exit = leave
        _left_by.update(dict.fromkeys(_awaited() - running, who))


def _awaited() -> set[Running]:
    """The threads and processes for which Python waits before it ends."""
    running: list[Running] = [*threading.enumerate(), *multiprocessing.active_children()]
    return {one for one in running if not one.daemon}


def _refuse(process: int, leave: Any, status: int) -> None:
    """In place of `os._exit`, which only a child of this process may call."""
    if os.getpid() != process:
        leave(status)
    raise SystemExit(f"os._exit({status}), which would have ended the whole run")


def end_in_time(status: int) -> None:
    """To be called last: if Python still waits for what was left running after a moment, end with this exit status."""
    if any(running.is_alive() for running in _left_by):
        threading.Thread(target=_end, args=(status,), daemon=True).start()


def _end(status: int) -> None:
    time.sleep(GRACE)
    for running, who in _left_by.items():
        if running.is_alive():
            kind = "thread" if isinstance(running, threading.Thread) else "process"
            say(f"{who} left the {kind} {running.name!r} running; reenactbench ends without it")
            if isinstance(running, BaseProcess):
                running.kill()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
