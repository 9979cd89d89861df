"""Forest plots: each method's mean with its interval, by metric."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from reenactbench.report.plots.svg import QUIET, Plot, colour, drawing, inline, marker
from reenactbench.report.wording import number, table_title
from reenactbench.summary import FRAME
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from reenactbench.report.tables import Builder, Column, SummaryRow

ACROSS = 3


def forest_plots(builder: Builder, name: str) -> Iterator[Plot]:
    """One for each protocol, over all its pairs. name: begins the ids of the plots."""
    for protocol, split in builder.subjects():
        splits = [other for same, other in builder.subjects() if same == protocol]
        if split != (ALL if ALL in splits else splits[0]):
            continue
        found = builder.found[protocol, split]
        columns = [
            column
            for column in builder.columns
            if column.kind == FRAME
            and any(variant == column.variant and row["mean"] is not None for (_, variant), row in found.items())
        ]
        if columns:
            title = table_title(builder.group.runs, protocol, split)
            yield _plot(builder, columns, found, title, f"{name}-forest-{protocol_number(builder, protocol)}")


def protocol_number(builder: Builder, protocol: str) -> int:
    return list(dict.fromkeys(name for name, _ in builder.subjects())).index(protocol)


def _plot(
    builder: Builder, columns: list[Column], found: dict[tuple[int, str], SummaryRow], title: str, name: str
) -> Plot:
    entrants = builder.group.entrants
    rows = ceil(len(columns) / ACROSS)
    across = min(ACROSS, len(columns))
    tips: dict[str, str] = {}
    with drawing(1.6 + 2.6 * across, rows * (0.75 + 0.25 * len(entrants))) as figure:
        grid = figure.subplots(rows, across, squeeze=False, sharey=True)
        for place, axes in enumerate(grid.flat):
            if place >= len(columns):
                axes.remove()
                continue
            _panel(axes, columns[place], found, tips, place, {entrant.number for entrant in builder.group.contenders})
        for line in grid:
            line[0].set_yticks(range(len(entrants)), [entrant.label for entrant in entrants])
            line[0].set_ylim(len(entrants) - 0.5, -0.5)
        words = f"Forest plot. {title}. " + " ".join(tips.values())
        svg = inline(figure, name, words, tips)
    caption = (
        "Mean over pairs and its 95 % interval. The dotted line marks the best mean of the metric, controls aside."
    )
    return Plot(f"Intervals: {title}", caption, svg)


def _panel(
    axes: Axes,
    column: Column,
    found: dict[tuple[int, str], SummaryRow],
    tips: dict[str, str],
    place: int,
    contenders: set[int],
) -> None:
    rows = {at: row for (at, variant), row in found.items() if variant == column.variant and row["mean"] is not None}
    means = [row["mean"] for at, row in rows.items() if at in contenders]
    if column.higher_is_better is not None and len(means) > 1:
        axes.axvline(max(means) if column.higher_is_better else min(means), color=QUIET, linewidth=0.8, linestyle=":")
    for at, row in rows.items():
        low, high = row["ci_low"], row["ci_high"]
        if low is not None:
            axes.plot([low, high], [at, at], color=colour(at), solid_capstyle="butt")
        (point,) = axes.plot(row["mean"], at, color=colour(at), marker=marker(at))
        gid = f"tip-{place}-{at}"
        point.set_gid(gid)
        interval = f" [{number(low, column.digits)}, {number(high, column.digits)}]" if low is not None else ""
        tips[gid] = f"{row['method']}: {column.title} {number(row['mean'], column.digits)}{interval}."
    axes.set_title(f"{column.heading} {column.arrow}", loc="left")
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4)
