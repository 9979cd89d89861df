"""What goes wrong in a worker, as the harness sees it."""

from __future__ import annotations

from collections.abc import Sequence


class WorkerFailure(Exception):
    """A method failed in its worker. The text is the reason as people read it."""

    def __init__(self, reason: str, kinds: Sequence[str] = (), calls: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.kinds = frozenset(kinds)
        """Names of the exception's class and its bases in the worker; empty where the worker died."""
        self.calls = list(calls)
        """The end of the worker's traceback, or of what it wrote to standard error."""


class WorkerDied(WorkerFailure):
    """The worker is gone, by itself or because it had to be ended; the next cell gets a new one."""
