"""Worker processes for what takes long: one thread in each, and none is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait

_BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def workers(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of at most `count` fresh processes; Ctrl-C and any other exception end them, whatever they are at."""
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)  # closed here, or by the end of this process, it ends the workers
    pool = ProcessPoolExecutor(max(1, count), mp_context=context, initializer=_start, initargs=(theirs,))
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
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start(pipe: Connection) -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker at once and without a traceback
    cv2.setNumThreads(1)

    def end_with_pipe() -> None:
        wait([pipe])
        os._exit(1)

    threading.Thread(target=end_with_pipe, daemon=True).start()
