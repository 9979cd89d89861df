"""Quality against speed: who is good, who is fast, and who is beaten in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import LogLocator, NullLocator

from reenactbench.report.plots.svg import QUIET, Plot, colour, drawing, inline, legend, marker
from reenactbench.report.wording import device, number, table_title
from reenactbench.summary import ANY
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reenactbench.report.tables import Builder, Column, SummaryRow

METRICS = ("csim", "akd", "ssim")
SPEED = "speed/fps"


def pareto_plots(builder: Builder, name: str) -> Iterator[Plot]:
    """One for each protocol; none where no run measured speed."""
    speeds = {
        at: row["mean"]
        for (at, variant), row in builder.found.get((ANY, ALL), {}).items()
        if variant.startswith(SPEED) and row["mean"]
    }
    if not speeds:
        return
    for place, protocol in enumerate(dict.fromkeys(pair["protocol"] for pair in builder.group.info["pairs"])):
        found = builder.found.get((protocol, ALL)) or next(
            (rows for (known, _), rows in builder.found.items() if known == protocol), {}
        )
        columns = [
            column
            for metric in METRICS
            for column in builder.of_metric(metric)
            if any(column.variant == variant and row["mean"] is not None for (_, variant), row in found.items())
        ]
        if columns:
            yield _plot(builder, columns, found, speeds, protocol, f"{name}-pareto-{place}")


def _plot(
    builder: Builder,
    columns: Sequence[Column],
    found: dict[tuple[int, str], SummaryRow],
    speeds: dict[int, float],
    protocol: str,
    name: str,
) -> Plot:
    title = table_title(builder.group.runs, protocol, ALL)
    tips: dict[str, str] = {}
    with drawing(3.2 * len(columns) + 0.6, 3.5) as figure:
        for place, (axes, column) in enumerate(
            zip(figure.subplots(1, len(columns), squeeze=False).flat, columns, strict=True)
        ):
            points: list[tuple[float, float]] = []
            for entrant in builder.group.entrants:
                row, speed = found.get((entrant.number, column.variant)), speeds.get(entrant.number)
                if row is None or row["mean"] is None or speed is None:
                    continue
                points.append((speed, row["mean"]))
                if row["ci_low"] is not None:
                    axes.vlines(speed, row["ci_low"], row["ci_high"], color=colour(entrant.number), linewidth=1)
                (point,) = axes.plot(
                    speed,
                    row["mean"],
                    color=colour(entrant.number),
                    marker=marker(entrant.number),
                    linestyle="none",
                    label=entrant.label,
                )
                gid = f"tip-{place}-{entrant.number}"
                point.set_gid(gid)
                mean = number(row["mean"], column.digits)
                tips[gid] = f"{entrant.label}: {column.title} {mean} at {number(speed, 1)} frames a second."
            if points:
                front = zip(*_front(points, bool(column.higher_is_better)), strict=True)
                axes.step(*front, where="pre", color=QUIET, linewidth=0.8, linestyle=":", zorder=1)
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(numticks=4))
            axes.xaxis.set_major_formatter(lambda value, _: number(value))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_title(f"{column.heading} {column.arrow}", loc="left")
            axes.set_xlabel("frames a second →")
        legend(figure)
        svg = inline(figure, name, f"Quality against speed. {title}. " + " ".join(tips.values()), tips)
    devices = " and ".join(dict.fromkeys(device(run) for run in builder.group.runs))
    caption = (
        f"Speed on {devices}, on a logarithmic axis. The dotted line joins the methods that no other beats in both: "
        "beyond it nothing was measured."
    )
    return Plot(f"Quality against speed: {title}", caption, svg)


def _front(points: Sequence[tuple[float, float]], higher_is_better: bool) -> list[tuple[float, float]]:
    """The points that no other beats in both, the slowest first."""
    sign = 1 if higher_is_better else -1
    front = [
        (speed, value)
        for speed, value in points
        if not any(
            other >= speed and sign * quality >= sign * value and (other, quality) != (speed, value)
            for other, quality in points
        )
    ]
    return sorted(front)
