"""A pair's values frame by frame, for the line under its film."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from reenactbench.report.album import pair_title
from reenactbench.report.plots.svg import QUIET, colour, dashes, drawing, inline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup
    from matplotlib.axes import Axes

    from reenactbench.report.frame_values import FrameValues
    from reenactbench.report.groups import Entrant
    from reenactbench.report.strips import Pair
    from reenactbench.report.tables import Column

WIDTH, HEIGHT = 4.4, 2.1
PLACE = (0.13, 0.12, 0.85, 0.73)
"""Left, bottom, width and height of the axes in the picture: to find them anew takes as long as drawing."""
TICKS = 5


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric."""

    heading: str
    digits: int
    svg: Markup
    first: float
    """Where the first frame and the last one lie, in parts of the picture's width."""
    last: float
    values: dict[int, list[float | None]]
    """Entrant's number -> its value at each frame; None where it could not be measured."""


def curves(
    entrants: Sequence[Entrant], pair: Pair, columns: Sequence[Column], known: FrameValues, name: str
) -> list[Curve]:
    """One for each column that has values of this pair. name: begins the ids of the pictures."""
    found = []
    for place, column in enumerate(columns):
        every = {entrant.number: known.of(entrant, pair, column) for entrant in entrants}
        values = {number: [own.get(frame) for frame in pair["frames"]] for number, own in every.items() if own}
        if values:
            found.append(_curve(entrants, pair, column, values, f"{name}-{place}"))
    return found


def _curve(
    entrants: Sequence[Entrant], pair: Pair, column: Column, values: dict[int, list[float | None]], name: str
) -> Curve:
    frames = list(pair["frames"])
    cuts = [at for at, (one, other) in enumerate(pairwise(frames), start=1) if other != one + 1]
    labels = {entrant.number: entrant.label for entrant in entrants}
    with drawing(WIDTH, HEIGHT, layout=None) as figure:
        axes = figure.add_axes(PLACE)
        for number, own in values.items():
            heights = np.array([np.nan if value is None else value for value in own])
            places = np.arange(len(frames), dtype=float)
            for part in np.split(np.arange(len(frames)), cuts):
                axes.plot(
                    places[part],
                    heights[part],
                    color=colour(number),
                    linestyle=dashes(number),
                    linewidth=1.3,
                    marker="o" if len(part) == 1 else None,
                    markersize=2.5,
                )
        for cut in cuts:
            axes.axvline(cut - 0.5, color=QUIET, linewidth=0.6, linestyle=":")
        ticks = sorted(set(np.linspace(0, len(frames) - 1, TICKS).round().astype(int).tolist()))
        axes.set_xticks(ticks, [str(frames[at]) for at in ticks])
        axes.set_xlim(-0.5, len(frames) - 0.5)
        axes.set_title(f"{column.heading} {column.arrow}", loc="left")
        words = f"{column.title} frame by frame, {pair_title(pair)}: {', '.join(labels[number] for number in values)}."
        svg = inline(figure, name, words)
        first, last = (_across(axes, at) for at in (0, len(frames) - 1))
    return Curve(column.heading, column.digits, svg, first, last, values)


def _across(axes: Axes, at: int) -> float:
    """The place of a frame as a part of the picture's width."""
    return float(axes.transData.transform((at, 0))[0] / axes.figure.bbox.width)
