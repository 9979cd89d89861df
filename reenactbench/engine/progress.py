"""Progress on standard error: bars with frames a second and time left, and nothing where it is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress_bar(title: str, total: int, unit: str = "frames") -> Iterator[Callable[[int], None]]:
    """Yields advance(n)."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda amount: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total, rate="")

        def advance(amount: int) -> None:
            bars.advance(task, amount)
            speed = bars.tasks[0].speed
            bars.update(task, rate=f"{speed:,.0f} {unit}/s" if speed else "")

        yield advance


def say(message: str) -> None:
    """A line for the person watching, on standard error."""
    print(message, file=sys.stderr, flush=True)
