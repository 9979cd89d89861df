"""`reenactbench show`: a run's summary rows."""

from __future__ import annotations

from typing import Annotated

import typer

from reenactbench.cli import options as shared

Run = Annotated[str | None, typer.Argument(metavar="[RUN]", help="Name or folder of a run; default: the newest.")]


def show(run: Run = None, out: shared.Out = shared.DEFAULT_OUT, json: shared.Json = False) -> None:
    """Print the tables of a run."""
    from reenactbench.cli.printing import terminal_tables
    from reenactbench.results import find_run, read_run
    from reenactbench.summary import summary_rows

    found = read_run(find_run(out, run))
    if json:
        shared.print_json(summary_rows(found))
    else:
        print(terminal_tables(found))
