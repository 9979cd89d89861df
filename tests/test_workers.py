"""The worker processes: whatever ends the pool's block, none of them is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from reenactbench.datasets.workers import workers

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
