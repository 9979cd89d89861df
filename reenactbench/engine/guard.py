"""A plugin at work in the harness's process: what it changes of the process is undone, and said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reenactbench.ending import outlived
from reenactbench.progress import say
from reenactbench.registry import Entry


class Guard:
    """Stands around every call of what one entry registered."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self.changed: list[str] = []
        """What the plugin has changed of the process, in words as `torch's default dtype to torch.float64`."""

    def load(self) -> Any:
        """What is registered, imported; raises ReenactbenchError as `Entry.load` does."""
        with self.watch():
            return self._entry.load()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Whatever happens in the block, the process is afterwards as it was before."""
        from reenactbench.process_state import changes, put_back, readings  # imports torch

        before = readings()
        try:
            with outlived(self._entry.title):
                yield
        finally:
            now = readings()
            if now != before:
                self._note(changes(before, now))
                put_back(before)

    def _note(self, found: list[str]) -> None:
        for change in found:
            if change not in self.changed:
                self.changed.append(change)
                say(f"{self._entry.title} changed {change}; it is put back after every call")
