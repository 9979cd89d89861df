"""The report as JSON: every table with its numbers unrounded, for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reenactbench.report.contents import contents
from reenactbench.report.tables import Cell, Column, Table
from reenactbench.report.wording import SYNTHETIC

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenactbench.results import Run

NUMBERS = ("mean", "ci_low", "ci_high", "n_pairs", "n_frames", "n_planned", "coverage", "status", "reason", "against")


def render(runs: Sequence[Run]) -> str:
    """Groups of runs that may be compared, each with its tables."""
    groups = [
        {
            "runs": [run.name for run in part.group.runs],
            "dataset": part.group.info["dataset"],
            "protocol": part.group.info["protocol"],
            "tables": [table_object(table) for table in part.all],
        }
        for part in contents(runs)
    ]
    return _text({"notice": SYNTHETIC, "groups": groups})


def table_text(table: Table) -> str:
    """One table alone."""
    return _text(table_object(table))


def table_object(table: Table) -> dict[str, Any]:
    """A table as plain values: columns, and rows with a list of cells in their order."""
    return {
        "number": table.number,
        "title": table.title,
        "caption": table.caption,
        "protocol": table.protocol,
        "split": table.split,
        "columns": [_column(column) for column in table.columns],
        "rows": [
            {
                "method": row.method,
                "training": row.trained,
                "run": row.run,
                "cells": [_cell(cell) for cell in row.cells],
            }
            for row in table.rows
        ],
        "notes": table.notes,
    }


def _column(column: Column) -> dict[str, Any]:
    return {name: getattr(column, name) for name in ("title", "variant", "definition", "unit", "higher_is_better")}


def _cell(cell: Cell) -> dict[str, Any]:
    """What is printed, and the numbers behind it where a run has measured them."""
    printed = {"printed": cell.value or cell.status, "best": cell.best, "not_distinguishable_from_best": cell.near}
    return printed | ({name: cell.raw[name] for name in NUMBERS} if cell.raw else {})


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
