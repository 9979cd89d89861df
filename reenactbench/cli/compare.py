"""`reenactbench compare`: is the difference real?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from reenactbench.cli import options as shared

Side = Annotated[str, typer.Argument(help="METHOD of the newest run, RUN with one method, or RUN/METHOD.")]


def compare(
    a: Side,
    b: Side,
    run: Annotated[str | None, typer.Option("--run", help="Run that holds both methods; default: the newest.")] = None,
    out: shared.Out = shared.DEFAULT_OUT,
    json: shared.Json = False,
) -> None:
    """Compare two methods, pair by pair, with intervals and corrected p-values."""
    from reenactbench.cli.printing import comparison_table
    from reenactbench.compare import compare as compare_sides
    from reenactbench.compare import resolve_sides

    sides = resolve_sides(out, a, b, run)
    rows = compare_sides(*sides)
    if json:
        shared.print_json([asdict(row) for row in rows])
    else:
        print(comparison_table(rows, sides[0].method, sides[1].method))
