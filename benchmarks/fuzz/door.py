"""The command line as the door: in this process, or in one of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple
from unittest import mock

from benchmarks.fuzz.judgement import ACCEPTED, HANG, REFUSED, TRACEBACK, Found
from reenactbench.cli import BAD_INPUT, INTERRUPTED, main
from reenactbench.datasets import tree

FAILED = 1
TREE = ("--dataset", "300vw", "--data-root", "tree", "--allow-missing")


class Said(NamedTuple):
    status: int
    out: str
    err: str


def here(*words: str) -> Said:
    """`reenactbench WORDS` in this process; whatever passes its door is raised."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main(words)
    return checked(Said(status, out.getvalue(), err.getvalue()))


def started(words: Sequence[str], seconds: float) -> Said:
    """The same in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "reenactbench", *words], capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise Found(HANG, f"reenactbench {' '.join(words)}") from None
    return checked(Said(done.returncode, *(text.decode(errors="replace") for text in (done.stdout, done.stderr))))


def checked(said: Said) -> Said:
    """What was said, if it is what a command may say; else raises Found."""
    if "Traceback" in said.out + said.err or said.status not in (0, FAILED, BAD_INPUT, INTERRUPTED):
        raise Found(TRACEBACK, f"status {said.status}: {' '.join(said.err.split())[-300:]}")
    return said


def verdict(said: Said) -> str:
    return REFUSED if said.status == BAD_INPUT else ACCEPTED


def serial() -> Any:
    """A context in which clips are verified and prepared in this process: a pool for each would take seconds."""

    def one(count: int) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1)

    return mock.patch.object(tree, "workers", one)
