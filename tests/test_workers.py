"""The worker processes: whatever ends the pool's block, none of them is left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from reenactbench.datasets.workers import workers
from reenactbench.errors import ReenactbenchError

SCRIPT = """
import os, time
from reenactbench.datasets.workers import workers
with workers(1) as pool:
    pool.submit(os.getpid).result()
    print("begun", flush=True)
    pool.submit(time.sleep, 60).result()
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_the_parent_alone_ends_its_workers_at_once(how: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "begun\n"
    time.sleep(0.2)  # until the worker sleeps
    os.kill(parent.pid, how)
    parent.communicate(timeout=10)  # the worker has the same standard output: this waits for both


def test_an_exception_in_the_block_ends_tasks_that_run() -> None:
    with suppress(KeyError), workers(1) as pool:
        worker = pool.submit(os.getpid).result()
        pool.submit(time.sleep, 60)
        time.sleep(0.2)  # until it sleeps
        raise KeyError
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with workers(1) as pool:
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def refused(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_no_shared_memory_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every container has a /dev/shm that can be written, and no semaphore can be made there."""
    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refused)
    with workers(2) as pool:
        assert list(pool.map(divmod, [7, 8], [2, 3])) == [(3, 1), (2, 2)]


class Unpicklable(Exception):
    def __init__(self) -> None:
        super().__init__("two", lambda: None)


def fail() -> None:
    raise Unpicklable


def test_what_a_task_raises_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    with workers(1) as pool:
        with pytest.raises(ZeroDivisionError) as caught:
            pool.submit(divmod, 1, 0).result()
        assert "Traceback" in caught.value.__notes__[0]  # of the worker, for --debug
        with pytest.raises(RuntimeError, match="Unpicklable"):
            pool.submit(fail).result()
        assert pool.submit(divmod, 1, 1).result() == (1, 0)


def test_a_worker_that_is_killed_is_one_sentence() -> None:
    with pytest.raises(ReenactbenchError, match="a worker process was ended from outside"), workers(1) as pool:
        pool.submit(os._exit, 1).result()
