"""Error against the driver's yaw: where a method stops following a turning head."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pandas as pd

from reenactbench.report.plots.svg import Plot, colour, dashes, drawing, inline, marker
from reenactbench.report.wording import table_title
from reenactbench.results import OK
from reenactbench.stats import mean_interval
from reenactbench.summary import people
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenactbench.report.groups import Entrant
    from reenactbench.report.tables import Builder, Column

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
    protocols = dict.fromkeys(pair["protocol"] for pair in builder.group.info["pairs"])
    for place, protocol in enumerate(protocols):
        columns = [
            column
            for metric in METRICS
            for column, entry in zip(builder.columns, builder.group.variants, strict=True)
            if entry["metric"] == metric
            and any(protocol == known and (0, column.variant) in rows for (known, _), rows in builder.found.items())
        ]
        if columns:
            yield _plot(builder, columns, driving, protocol, f"{name}-turning-{place}")


def _plot(builder: Builder, columns: list[Column], driving: pd.DataFrame, protocol: str, name: str) -> Plot:
    entrants = builder.group.entrants
    members = {pair["id"]: people(pair) for pair in builder.group.info["pairs"]}
    title = table_title(builder.group.runs, protocol, ALL)
    across = min(2, len(columns))
    with drawing(4.6 * across, 3.1 * -(-len(columns) // 2) + 0.35) as figure:
        grid = figure.subplots(-(-len(columns) // 2), across, squeeze=False)
        for axes, column in zip(grid.flat, columns, strict=False):
            for entrant in entrants:
                points = _binned(entrant, column, protocol, driving, members)
                if not points:
                    continue
                x, mean, low, high = zip(*points, strict=True)
                shifted = [at + SPREAD * (entrant.number - (len(entrants) - 1) / 2) for at in x]
                look = {"color": colour(entrant.number), "linestyle": dashes(entrant.number)}
                axes.plot(shifted, mean, marker=marker(entrant.number), label=entrant.label, **look)  # type: ignore[arg-type]
                axes.vlines(shifted, low, high, color=look["color"], linewidth=0.9)
            axes.set_title(f"{column.heading} {column.arrow}", loc="left")
            axes.set_xlabel("driver's yaw, left or right (°)")
        for axes in list(grid.flat)[len(columns) :]:
            axes.remove()
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=min(4, max(1, len(labels))))
        words = f"Mean of {', '.join(column.title for column in columns)} against the driver's yaw. {title}."
        svg = inline(figure, name, words)
    bins = ", ".join(f"{low} to {high}" for low, high in pairwise(EDGES))
    caption = (
        f"Frames in bins of the angle by which the driver's head is turned ({bins} degrees), each point at the mean "
        f"angle of its frames: the mean over pairs and its 95 % interval, where at least {FEWEST} pairs have such frames. "
        "Points of a bin stand side by side to be seen."
    )
    return Plot(f"Error against the driver's yaw: {title}", caption, svg)


def _binned(
    entrant: Entrant, column: Column, protocol: str, driving: pd.DataFrame, members: dict[str, tuple[str, str]]
) -> list[tuple[float, float, float, float]]:
    """(mean yaw, mean, low, high) of each bin; the unit is the pair, as everywhere."""
    frames = entrant.run.frames
    own = frames[
        (frames["method"] == entrant.method)
        & (frames["variant"] == column.variant)
        & (frames["protocol"] == protocol)
        & (frames["status"] == OK)
    ].merge(driving, left_on=["source", "frame"], right_on=["clip", "frame"])
    own = own.dropna(subset=["yaw"])
    turned = own["yaw"].abs().astype(float)
    points = []
    for _, part in own.assign(turned=turned).groupby(pd.cut(turned, EDGES, right=False), observed=True):
        means = part.groupby("pair_id")["value"].mean().astype(float)
        if len(means) < FEWEST:
            continue
        found = mean_interval(list(means), [members[pair] for pair in means.index])
        if found.mean is not None:
            low, high = (found.low, found.high) if found.low is not None else (found.mean, found.mean)
            points.append((float(part["turned"].mean()), found.mean, low, high))
    return points  # type: ignore[return-value]
