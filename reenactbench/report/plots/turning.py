"""Error against the driver's yaw: where a method stops following a turning head."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from reenactbench.report.plots.svg import Plot, colour, dashes, drawing, inline, legend, marker
from reenactbench.report.wording import table_title
from reenactbench.results import OK
from reenactbench.stats import mean_interval
from reenactbench.summary import people
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reenactbench.report.groups import Entrant
    from reenactbench.report.tables import Builder, Column
    from reenactbench.results import Run

    Point = tuple[float, float, float, float]
    """Mean yaw, mean value, and the ends of its interval."""
    Subject = tuple[str, str, str]
    """Method, variant and protocol."""
    Panel = tuple[Column, list[tuple[Entrant, list[Point]]]]

SUBJECT = ("method", "variant", "protocol")
METRICS = ("csim", "akd", "pose", "ssim")
EDGES = (0, 5, 10, 15, 20, 30, 45, 90)
FEWEST = 5
"""Pairs in a bin, under which its mean says little."""
SPREAD = 0.5  # degrees between methods, so that their intervals do not cover each other


def turning_plots(builder: Builder, name: str) -> Iterator[Plot]:
    """One for each protocol, of the frames whose driver's yaw the runs recorded; none where no run did."""
    driving = next((run.driving for run in builder.group.runs if run.driving is not None), None)
    if driving is None:
        return
    members = {pair["id"]: people(pair) for pair in builder.group.info["pairs"]}
    variants = [column.variant for metric in METRICS for column in builder.of_metric(metric)]
    points = {id(run): _points(run, driving, variants, members) for run in builder.group.runs}
    for place, protocol in enumerate(dict.fromkeys(pair["protocol"] for pair in builder.group.info["pairs"])):
        panels: list[Panel] = []
        for metric in METRICS:
            for column in builder.of_metric(metric):
                lines = [
                    (entrant, own)
                    for entrant in builder.group.entrants
                    if (own := points[id(entrant.run)].get((entrant.method, column.variant, protocol)))
                ]
                if lines:
                    panels.append((column, lines))
        if panels:
            yield _plot(builder, panels, table_title(builder.group.runs, protocol, ALL), f"{name}-turning-{place}")


def _plot(builder: Builder, panels: Sequence[Panel], title: str, name: str) -> Plot:
    middle = (len(builder.group.entrants) - 1) / 2
    across, rows = min(2, len(panels)), -(-len(panels) // 2)
    with drawing(4.6 * across, 3.1 * rows + 0.35) as figure:
        grid = figure.subplots(rows, across, squeeze=False)
        for axes, (column, lines) in zip(grid.flat, panels, strict=False):
            for entrant, points in lines:
                x, mean, low, high = zip(*points, strict=True)
                shifted = [at + SPREAD * (entrant.number - middle) for at in x]
                axes.plot(
                    shifted,
                    mean,
                    color=colour(entrant.number),
                    linestyle=dashes(entrant.number),
                    marker=marker(entrant.number),
                    label=entrant.label,
                )
                axes.vlines(shifted, low, high, color=colour(entrant.number), linewidth=0.9)
            axes.set_title(f"{column.heading} {column.arrow}", loc="left")
            axes.set_xlabel("driver's yaw, left or right (°)")
        for axes in list(grid.flat)[len(panels) :]:
            axes.remove()
        legend(figure)
        words = f"Mean of {', '.join(column.title for column, _ in panels)} against the driver's yaw. {title}."
        svg = inline(figure, name, words)
    bins = ", ".join(f"{low} to {high}" for low, high in pairwise(EDGES))
    caption = (
        f"Frames in bins of the angle by which the driver's head is turned ({bins} degrees), each point at the mean "
        f"angle of its frames: the mean over pairs and its 95 % interval, where at least {FEWEST} pairs have such "
        "frames. Points of a bin stand side by side to be seen."
    )
    return Plot(f"Error against the driver's yaw: {title}", caption, svg)


def _points(
    run: Run, driving: pd.DataFrame, variants: Sequence[str], members: Mapping[str, tuple[str, str]]
) -> dict[Subject, list[Point]]:
    """The points of each line, a bin each; the unit is the pair, as everywhere."""
    frames = run.frames[run.frames["variant"].isin(variants) & (run.frames["status"] == OK)]
    known = driving.dropna(subset=["yaw"]).drop_duplicates(["clip", "frame"])  # a row for each pair that it drives
    frames = frames.merge(known, left_on=["source", "frame"], right_on=["clip", "frame"])
    turned = frames["yaw"].abs().astype(float)
    frames = frames.assign(turned=turned, bin=pd.cut(turned, EDGES, right=False))
    binned = frames.groupby([*SUBJECT, "bin"], observed=True)
    angles = binned["turned"].mean()
    means = frames.groupby([*SUBJECT, "bin", "pair_id"], observed=True)["value"].mean().astype(float)
    points: dict[Subject, list[Point]] = {}
    for index, own in means.groupby(level=[*SUBJECT, "bin"], observed=True):
        if len(own) < FEWEST:
            continue
        key = cast("tuple[Any, ...]", index)
        found = mean_interval(own.tolist(), [members[pair] for pair in own.index.get_level_values("pair_id")])
        if found.mean is not None:
            low, high = (found.mean if end is None else end for end in (found.low, found.high))
            points.setdefault(cast("Subject", key[:3]), []).append((float(angles[key]), found.mean, low, high))
    return points
