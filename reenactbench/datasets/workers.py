"""Worker processes for what takes long: one thread in each, and none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any

from reenactbench.errors import ReenactbenchError

_BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def workers(count: int) -> Iterator[Executor]:
    """A pool of at most `count` fresh processes; Ctrl-C and any other exception end them, whatever they are at."""
    theirs, ours = _SPAWN.Pipe(duplex=False)  # closed here, or by the end of this process, it ends the workers
    pool = _Pool(max(1, count), theirs)
    before = {name: os.environ.get(name) for name in _BLAS}
    os.environ.update(dict.fromkeys(_BLAS, "1"))  # there is a worker for every core; they inherit this
    try:
        yield pool
    except BaseException:
        ours.close()
        pool.shutdown(cancel_futures=True)
        raise
    else:
        pool.shutdown()
    finally:
        ours.close()
        theirs.close()
        pool.join()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Pool(ThreadPoolExecutor):
    """Threads that hand their tasks to a process each, over a pipe. The pools of the standard library need semaphores,
    and so a /dev/shm that can be written, which not every container has."""

    def __init__(self, count: int, life: Connection) -> None:
        super().__init__(count)
        self._life = life
        self._own = threading.local()
        self._processes: list[Any] = []

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **options: Any) -> Future[Any]:
        return super().submit(self._ask, task, arguments, options)

    def _ask(self, task: Callable[..., Any], arguments: Any, options: Any) -> Any:
        if not hasattr(self._own, "pipe"):
            self._own.pipe = self._started()
        try:
            self._own.pipe.send((task, arguments, options))
            value, error = self._own.pipe.recv()
        except (EOFError, ConnectionError) as lost:
            raise ReenactbenchError(
                "a worker process was ended from outside, as where memory is short; give the same command again"
            ) from lost
        if error is not None:
            raise error
        return value

    def _started(self) -> Connection:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_serve, args=(theirs, self._life), daemon=True)
        process.start()
        theirs.close()  # so that its end is noticed here
        self._processes.append(process)
        return ours

    def join(self) -> None:
        for process in self._processes:
            process.join()


def _serve(pipe: Connection, life: Connection) -> None:
    """Carry out what comes over the pipe, until `life` ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker at once and without a traceback

    def end_with_life() -> None:
        wait([life])
        os._exit(1)

    threading.Thread(target=end_with_life, daemon=True).start()
    while True:
        value, error = None, None
        try:
            task, arguments, options = pipe.recv()  # imports what the task needs
            import cv2

            cv2.setNumThreads(1)
            value = task(*arguments, **options)
        except EOFError:
            return
        except Exception as raised:
            raised.add_note(traceback.format_exc())
            error = raised
        try:
            pipe.send((value, error))
        except Exception:  # it cannot be pickled
            pipe.send((None, RuntimeError(repr(error))))
