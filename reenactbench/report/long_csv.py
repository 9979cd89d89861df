"""The report as CSV: the summary rows as they are, unrounded, one after the other."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from reenactbench.summary import summary_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenactbench.results import Run

COLUMNS = (
    "run", "dataset", "partial", "method", "protocol", "split", "metric", "variant", "mean", "ci_low", "ci_high",
    "n_pairs", "n_frames", "n_planned", "coverage", "higher_is_better", "status", "reason", "against",
)  # fmt: skip


def render(runs: Sequence[Run]) -> str:
    """One line for each summary row of each run; an empty field is a number that there is not."""
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for run in runs:
        dataset = run.info["dataset"]
        for row in summary_rows(run):
            writer.writerow({"run": run.name, "dataset": dataset["name"], "partial": dataset["partial"], **row})
    return text.getvalue()
