"""A plugin at work in the harness's process: what it does to the process is undone, and said."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from reenactbench.ending import Running, left_by
from reenactbench.progress import say
from reenactbench.registry import Entry, noun


class Guard:
    """Stands around every call of what one entry registered."""

    def __init__(self, entry: Entry) -> None:
        self._entry, self._who = entry, f"{noun(entry.kind)} {entry.name!r}"
        self.changed: list[str] = []
        """What the plugin has changed of the process, in words as `torch's default dtype to torch.float64`."""

    def load(self) -> Any:
        """What is registered, imported; raises ReenactbenchError as `Entry.load` does."""
        with self.watch():
            return self._entry.load()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Whatever happens in the block, the process is as before afterwards; it cannot end the process but by a crash.
        An exception that is none of `Exception`, as a panic in Rust, becomes one."""
        from reenactbench.process_state import changes, put_back, readings  # imports torch

        before, running, leave = readings(), _awaited(), os._exit
        os._exit = partial(_refuse_to_end, os.getpid(), leave)  # type: ignore[assignment]
        try:
            yield
        except (Exception, SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        finally:
            os._exit = leave
            now = readings()
            if now != before:
                self._note(changes(before, now))
                put_back(before)
            left_by.update(dict.fromkeys(_awaited() - running, self._who))

    def _note(self, found: list[str]) -> None:
        for change in found:
            if change not in self.changed:
                self.changed.append(change)
                say(f"{self._who} changed {change}; it is put back after every call")


def _awaited() -> set[Running]:
    """The threads and processes for which Python waits before it ends."""
    running: list[Running] = [*threading.enumerate(), *multiprocessing.active_children()]
    return {one for one in running if not one.daemon}


def _refuse_to_end(process: int, leave: Any, status: int) -> None:
    """In place of `os._exit`, which only a child of this process may call."""
    if os.getpid() != process:
        leave(status)
    raise SystemExit(f"os._exit({status}), which would have ended the whole run")
