"""The report as CSV: the summary rows as they are, unrounded, one after the other."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

from reenactbench.foreign import one_line
from reenactbench.summary import summary_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reenactbench.report.tables import Table
    from reenactbench.results import Run

ROW = (
    "method", "protocol", "split", "metric", "variant", "mean", "ci_low", "ci_high", "n_pairs", "n_frames",
    "n_planned", "coverage", "higher_is_better", "status", "reason", "against",
)  # fmt: skip
COLUMNS = ("run", "dataset", "partial", *ROW)
FORMULA = tuple("=+-@＝＋－＠")
"""How text begins that a spreadsheet would compute."""
CELL = ("table", "method", "run", "training", "column", "variant", "printed", "best", "not_distinguishable_from_best")


def render(runs: Sequence[Run]) -> str:
    """One line for each summary row of each run; an empty field is a number that there is not."""
    return _text(
        COLUMNS,
        (
            {"run": run.name, "dataset": run.info["dataset"]["name"], "partial": run.info["dataset"]["partial"], **row}
            for run in runs
            for row in summary_rows(run)
        ),
    )


def table_text(table: Table) -> str:
    """One table alone, a line a cell: what is printed, and the unrounded numbers behind it."""
    numbers = [name for name in ROW if name not in CELL]
    return _text(
        (*CELL, *numbers),
        (
            {
                "table": table.title,
                "method": row.method,
                "run": row.run,
                "training": row.trained,
                "column": column.title,
                "variant": column.variant,
                "printed": cell.value or cell.status,
                "best": cell.best,
                "not_distinguishable_from_best": cell.near,
                **{name: (cell.raw or {}).get(name) for name in numbers},
            }
            for row in table.rows
            for column, cell in zip(table.columns, row.cells, strict=True)
        ),
    )


def _text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _field(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _field(value: Any) -> Any:
    """Text on one line, with an apostrophe before what a spreadsheet would compute; numbers as they are."""
    if not isinstance(value, str):
        return value
    line = one_line(value)
    return f"'{line}" if line.startswith(FORMULA) else line
