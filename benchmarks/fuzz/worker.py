"""Inputs are tried in a process of its own, of bounded time and memory; a new one takes the place of the dead."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import tempfile
import traceback
import warnings
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.fuzz.door import started
from benchmarks.fuzz.judgement import DEATH, HANG, MEMORY, REFUSED, TRACEBACK, Found, Kind
from reenactbench.errors import ReenactbenchError
from reenactbench.preparing import available_cores

BOUND = 3 << 30  # bytes that an input may take
STARTING = 300.0  # seconds for the imports and the undamaged input
NO_MEMORY = ("allocate memory", "bad_alloc", "Insufficient memory")
SAMPLED = 50  # each so many-th input is read by the real command line too
COMMAND = 90.0  # seconds for that


class Outcome(NamedTuple):
    what: str
    why: str = ""
    peak: int = 0
    """Megabytes."""


class Worker:
    """Tries inputs of one kind."""

    def __init__(self, kind: type[Kind], seed: int, base: Path) -> None:
        self._kind, self._seed, self._base = kind, seed, base
        self._process: multiprocessing.process.BaseProcess | None = None

    def attempt(self, number: int) -> Outcome:
        if self._process is None:
            self._start()
        assert self._process is not None
        self._pipe.send(number)
        crowded = max(1.0, os.getloadavg()[0] / available_cores())  # others may be at work on the machine
        seconds = crowded * (self._kind.seconds + (COMMAND if number % SAMPLED == 0 else 0))
        try:
            if self._pipe.poll(seconds):
                outcome: Outcome = self._pipe.recv()
                return outcome
            outcome = Outcome(HANG, f"no answer within {seconds:.0f} s")
        except EOFError:
            self._process.join(5)
            outcome = Outcome(DEATH, f"the process ended with status {self._process.exitcode}: {self._last_words()}")
        self.end()
        return outcome

    def end(self) -> None:
        """With all that it started."""
        if self._process is not None and self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.join()
        self._process = None

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._kind, self._seed, self._base))
        self._process.start()
        theirs.close()
        if not self._pipe.poll(STARTING):
            self.end()
            raise TimeoutError(f"the undamaged input of kind {self._kind.name} takes more than {STARTING:.0f} s")
        try:
            self._pipe.recv()
        except EOFError:
            raise RuntimeError(f"no undamaged input of kind {self._kind.name}: {self._last_words()}") from None

    def _last_words(self) -> str:
        return " ".join((self._base / "stderr").read_text(errors="replace").split())[-300:]


def _serve(pipe: Connection, kind: type[Kind], seed: int, base: Path) -> None:
    os.setpgid(0, 0)
    os.environ["REENACTBENCH_CACHE"] = str(base / "cache")
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")
    base.mkdir(exist_ok=True)
    os.dup2(os.open(base / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    made = kind(base)
    used = int(Path("/proc/self/status").read_text().partition("VmData:")[2].split()[0]) << 10
    resource.setrlimit(resource.RLIMIT_DATA, (used + BOUND, used + BOUND))
    pipe.send(None)
    while True:
        number = pipe.recv()
        folder = Path(tempfile.mkdtemp(dir=base))
        os.chdir(folder)
        os.environ["REENACTBENCH_CACHE"] = str(folder / "cache")
        what, why = tried(made, Random(f"{seed}/{kind.name}/{number}"), folder, sampled=number % SAMPLED == 0)
        os.chdir(base)
        shutil.rmtree(folder, ignore_errors=True)
        peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        pipe.send(Outcome(what, why, peak >> 10))


def tried(kind: Kind, random: Random, folder: Path, sampled: bool) -> tuple[str, str]:
    try:
        try:
            what = kind.attempt(random, folder)
        except ReenactbenchError:
            what = REFUSED
        if sampled and (words := kind.words()):
            started(words, COMMAND)
    except Found as found:
        return found.what, str(found)
    except MemoryError as error:
        return MEMORY, _cause(error)
    except Exception as error:
        memory = any(
            word in str(error) for word in ("allocate memory", "bad_alloc", "OutOfMemory", "Insufficient memory")
        )
        return MEMORY if memory else TRACEBACK, _cause(error)
    return what, ""


def _cause(error: BaseException) -> str:
    """What was raised, and where of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/reenactbench" in frame.filename or "/crossid_gan" in frame.filename]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno} in {own[-1].name}" if own else "outside of the package"
    return f"{type(error).__name__} ({where}): {' '.join(str(error).split())[:160]}"
