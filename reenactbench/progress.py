"""Progress on standard error: bars with frames a second and time left, and nothing where it is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from reenactbench.foreign import one_line


class Advance(Protocol):
    def __call__(self, amount: int, note: str = "", /) -> None:
        """So much more is done; the note stands behind the bar."""


@contextmanager
def progress_bar(title: str, total: int, unit: str = "frames") -> Iterator[Advance]:
    """Yields advance(n)."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda amount, note="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total, rate="", note="")

        def advance(amount: int, note: str = "", /) -> None:
            bars.advance(task, amount)
            speed = bars.tasks[0].speed
            bars.update(task, rate=f"{speed:,.{1 if speed < 10 else 0}f} {unit}/s" if speed else "", note=note)

        yield advance


def say(message: str) -> None:
    """A line for the person watching, on standard error, harmless to the terminal whatever words it quotes."""
    print(one_line(message), file=sys.stderr, flush=True)
