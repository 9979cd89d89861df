"""The harness's side of a worker: starts it, talks to it, notices whatever goes wrong with it, and ends it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from reenactbench.files import accessing
from reenactbench.provenance import without_folders
from reenactbench.worker import shim
from reenactbench.worker.failures import WorkerDied, WorkerFailure
from reenactbench.worker.usage import GB, allocated

TICK = 0.05  # seconds between two looks at a worker that is busy
START = 300.0  # seconds: imports and weights come from disks that may be slow, whatever a call takes
PIPE = 1 << 20  # bytes; the default of 64 KiB makes both sides wait for each other
STDERR_LINES = 12  # of standard error, kept with a failure
LINE = 200  # characters of such a line
NOISE = "Extension modules:"  # faulthandler lists all that are loaded


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may take before it is ended."""

    timeout: float = 300.0
    """Seconds for one call; the start may take `START` where that is more."""
    memory: float | None = None
    """Memory it allocates, in GB (10^9 bytes); None: as much as there is."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a worker is started."""

    command: tuple[str, ...]
    start: Mapping[str, Any]
    """The message that names the method, without device, checkpoint and seed."""
    folder: Path | None = None
    """Where it works; None: where the harness does."""
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    """None: that of the harness."""
    shares: bool = True
    """Whether the command runs the shim itself, so that it can share memory with the harness; a container cannot."""


class WorkerProcess:
    """A worker that runs one method. Every exception but that of the method itself ends it."""

    def __init__(self, launch: Launch, limits: Limits, log: Path | None) -> None:
        """Start it and shake hands; raises WorkerDied. What it writes to standard error is added to the log."""
        self.forget: list[int] = []
        """Numbers of the targets that nobody asks for any more; told with the next call."""
        self._limits = limits
        self._log: IO[bytes] = tempfile.TemporaryFile() if log is None else _appended(log)  # noqa: SIM115
        self._begin("at its start", max(START, limits.timeout))
        memory, self._shared = None, None
        if launch.shares and hasattr(os, "memfd_create"):
            memory = os.fdopen(os.memfd_create("reenactbench"), "r+b")
            self._shared = shim.Shared(memory.fileno())
        self._process = self._popen(launch, memory)
        self._end = weakref.finalize(self, _end, self._process, self._log, memory)
        self.pid = self._process.pid
        self._shake_hands()

    def _popen(self, launch: Launch, memory: IO[bytes] | None) -> subprocess.Popen[bytes]:
        given = [] if memory is None else [memory.fileno()]
        try:
            process = subprocess.Popen(
                [*launch.command, *map(str, given)],
                pass_fds=given,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                cwd=launch.folder,
                env=launch.environment,
                start_new_session=True,  # Ctrl-C is for the harness, and all that the worker starts ends with it
            )
        except OSError as error:
            raise WorkerDied(f"the worker cannot be started: {launch.command[0]}: {error.strerror}") from error
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            _widen(pipe.fileno())
        return process

    def _shake_hands(self) -> None:
        hello, _ = self._exchange([])
        if hello.get("protocol") != shim.PROTOCOL:
            self.end()
            raise WorkerDied(
                f"the worker speaks version {hello.get('protocol')} of the protocol, this reenactbench version "
                f"{shim.PROTOCOL}: its shim.py is of another reenactbench"
            )
        with suppress(OSError, TypeError, KeyError):  # in a container it counts processes for itself
            if os.getsid(hello["pid"]) == self._process.pid:
                self.pid = hello["pid"]

    @property
    def alive(self) -> bool:
        return self._end.alive

    def end(self) -> None:
        """End it and all it has started."""
        self._end()

    def call(self, header: Mapping[str, Any], arrays: Sequence[Any] = ()) -> tuple[dict[str, Any], list[Any]]:
        """Its answer to a message; raises WorkerFailure for what the method raised, and WorkerDied."""
        if header["call"] != "start":
            self._begin(f"in {header['call']}", self._limits.timeout)
        forgotten, self.forget[:] = self.forget[:], []
        answer, results = self._exchange(shim.encode({**header, "forget": forgotten}, arrays, self._shared))
        if "error" in answer:
            raise _raised(answer["error"])
        return answer, results

    def _begin(self, what: str, timeout: float) -> None:
        self._what, self._timeout, self._deadline, self._next_look = what, timeout, time.monotonic() + timeout, 0.0
        self._log_before = os.fstat(self._log.fileno()).st_size

    def _exchange(self, pieces: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        try:
            for piece in pieces:
                self._write(memoryview(piece))
            return shim.decode(self._fill, self._shared)
        except (shim.Garbled, ValueError, KeyError, TypeError, AttributeError) as error:
            came = self._line(error.args[0]) if isinstance(error, shim.Garbled) else f"what is no message ({error})"
            self.end()
            raise WorkerDied(f"the worker wrote {came} instead of an answer {self._what}") from error
        except BaseException:  # Ctrl-C too: the answer that is still to come would be taken for another
            self.end()
            raise

    def _line(self, start: bytes) -> str:
        """The line that begins so."""
        assert self._process.stdout is not None
        with suppress(BlockingIOError):
            start += os.read(self._process.stdout.fileno(), LINE)
        return repr(start.partition(b"\n")[0].decode(errors="replace"))

    def _write(self, view: memoryview) -> None:
        assert self._process.stdin is not None
        pipe = self._process.stdin.fileno()
        while view:
            self._wait(pipe, select.POLLOUT)
            try:
                view = view[os.write(pipe, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._death() from None

    def _fill(self, buffer: Any) -> None:
        assert self._process.stdout is not None
        pipe, view = self._process.stdout.fileno(), memoryview(buffer)
        while view:
            self._wait(pipe, select.POLLIN)
            count = os.readv(pipe, [view])
            if not count:
                raise self._death()
            view = view[count:]

    def _wait(self, pipe: int, event: int) -> None:
        """Until the pipe is ready; meanwhile looks after time, memory and whether the worker lives."""
        poll = select.poll()
        poll.register(pipe, event)
        while True:
            ready = poll.poll(1000 * TICK)
            now = time.monotonic()
            if now >= self._next_look:
                self._next_look = now + TICK
                self._look(now)
            if ready:
                return
            if self._process.poll() is not None and not poll.poll(0):  # what it has started may hold the pipe open
                raise self._death()

    def _look(self, now: float) -> None:
        if now > self._deadline:
            raise self._overrun(f"the worker gave no answer within its timeout of {self._timeout:g} s")
        if self._limits.memory is not None and allocated(self.pid) > self._limits.memory * GB:
            raise self._overrun(f"the worker went over its memory limit of {self._limits.memory:g} GB")

    def _overrun(self, reason: str) -> WorkerDied:
        """The reason, with where the worker is at: at this signal it writes that to standard error."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGUSR1)
            time.sleep(4 * TICK)
        return WorkerDied(f"{reason} {self._what}", calls=self._last_words())

    def _death(self) -> WorkerDied:
        """What it died of; it has closed its side."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        code, words = self._process.returncode, self._last_words()
        self.end()
        if code is None:
            return WorkerDied(f"the worker closed its output {self._what}", calls=words)
        if code < 0:
            return WorkerDied(f"the worker was ended by {_signal(-code)} {self._what}", calls=words)
        last = f": {words[-1]}" if code and words else ""
        return WorkerDied(f"the worker exited with status {code} {self._what}{last}", calls=words)

    def _last_words(self) -> list[str]:
        """The end of what it wrote to standard error during this call."""
        log = self._log.fileno()
        size = os.fstat(log).st_size
        start = max(self._log_before, size - STDERR_LINES * LINE)
        text = os.pread(log, size - start, start).decode(errors="replace")
        lines = [line for line in map(str.strip, text.splitlines()) if line and not line.startswith(NOISE)]
        return [without_folders(line)[:LINE] for line in lines][-STDERR_LINES:]


def _widen(pipe: int) -> None:
    with suppress(ImportError, OSError, AttributeError):  # more is better, but no need
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def _appended(log: Path) -> IO[bytes]:
    with accessing(log):
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("a+b")


def _end(process: subprocess.Popen[bytes], *files: IO[bytes] | None) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for file in (process.stdin, process.stdout, *files):
        if file is not None:
            file.close()


def _raised(error: Mapping[str, Any]) -> WorkerFailure:
    """What the method raised, in the words that it would have without a worker."""
    reason = f"{error['type']}: {error['text']}" if error["text"] else error["type"]
    return WorkerFailure(error["text"] if error["type"] == "BadOutput" else reason, error["kinds"], error["calls"])


def _signal(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} ({(signal.strsignal(number) or '').lower()})"
    except ValueError:
        return f"signal {number}"
