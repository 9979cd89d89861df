"""Tables for a terminal: a row a variant, a column a method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from reenactbench.foreign import one_line
from reenactbench.report.wording import remarks
from reenactbench.results import COMPUTED, NOT_COMPUTED
from reenactbench.summary import ANY, is_against_rendered, summary_rows

if TYPE_CHECKING:
    from reenactbench.compare import ComparisonRow
    from reenactbench.results import Run

REASON = 80  # characters; what failed is listed in full below the tables, and in the report
ARROWS = {True: "↑", False: "↓", None: " "}


def terminal_tables(run: Run) -> str:
    """Every protocol and split of a run: means with 95 % intervals, coverage, and what was not computed."""
    variants = {variant["variant"]: variant for variant in run.info["variants"]}
    rows = summary_rows(run)
    parts = [_heading(run)]
    computed = [row for row in rows if row["status"] != NOT_COMPUTED or row["protocol"] == ANY]
    for protocol, split in dict.fromkeys((row["protocol"], row["split"]) for row in computed):
        group = [row for row in rows if (row["protocol"], row["split"]) == (protocol, split)]
        parts.append("\n" + one_line(f"{protocol}, {split}" if protocol != ANY else "method"))
        rendered = dict.fromkeys(row["metric"] for row in group if is_against_rendered(row))
        if rendered:
            names = one_line(", ".join(rendered))
            parts.append(f"{names}: against the true frames, rendered; only this data set has them")
        parts.append(_grid(group, run.info["methods"], variants))
    missing: dict[str, list[str]] = {}
    for variant in variants.values():
        if variant["status"] == NOT_COMPUTED:
            missing.setdefault(variant["reason"], []).append(variant["metric"])
    for reason, keys in missing.items():
        parts.append("\n" + one_line(f"not computed: {', '.join(dict.fromkeys(keys))}: {reason}"))
    return "\n".join(parts)


def _heading(run: Run) -> str:
    data = run.info["dataset"]
    part = f", PARTIAL: {len(data['missing'])} clips missing" if data["partial"] else ""
    return one_line(f"{run.name} ({run.info['status']}): {data['name']}, {data['n_clips']} clips{part}")


def _grid(rows: Sequence[Mapping[str, Any]], infos: Sequence[Mapping[str, Any]], variants: Mapping[str, Any]) -> str:
    cells = {(row["variant"], row["method"]): _cell(row, variants[row["variant"]]) for row in rows}
    shown = [name for name in dict.fromkeys(row["variant"] for row in rows) if variants[name]["status"] == COMPUTED]
    methods, trainings = [info["name"] for info in infos], [remarks(info) for info in infos]
    lines = [["", *methods], *([["", *trainings]] if any(trainings) else [])]
    for name in shown:
        label = f"{name} {ARROWS[variants[name]['higher_is_better']]}"
        lines.append([label, *(cells.get((name, method), "") for method in methods)])
    return aligned(lines)


def _cell(row: Mapping[str, Any], variant: Mapping[str, Any]) -> str:
    if row["mean"] is None:
        return shorten(row["reason"] or "none", REASON, placeholder=" …")
    digits = variant["digits"]
    text = f"{row['mean']:z.{digits}f}"
    if row["ci_low"] is not None:
        text += f" [{row['ci_low']:z.{digits}f}, {row['ci_high']:z.{digits}f}]"
    return text if row["coverage"] == 1 else f"{text} ({row['coverage']:.0%} of pairs)"


def comparison_table(rows: Sequence[ComparisonRow], a: str, b: str) -> str:
    """What `compare` found, a line a variant."""
    lines = [["protocol", "split", "variant", a, b, "difference", "p (corrected)", "verdict"]]
    for row in rows:
        interval = f" [{row.ci_low:+.4g}, {row.ci_high:+.4g}]" if row.ci_low is not None else ""
        lines.append(
            [
                row.protocol,
                row.split,
                row.variant,
                _number(row.mean_a),
                _number(row.mean_b),
                _number(row.difference, "+.4g") + interval,
                _number(row.p_corrected, ".2g"),
                row.verdict,
            ]
        )
    return aligned(lines)


def _number(value: float | None, form: str = ".4g") -> str:
    return "" if value is None else format(value, form)


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as columns, two spaces apart, each cell on one line."""
    lines = [[one_line(cell) for cell in line] for line in lines]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
