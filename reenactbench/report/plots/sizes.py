"""FID against N: why only values of equal N may be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reenactbench.report.plots.svg import Plot, colour, drawing, inline, legend, marker
from reenactbench.report.wording import shorten, table_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from markupsafe import Markup

    from reenactbench.report.groups import Entrant
    from reenactbench.report.tables import Builder

CAPTION = (
    "The distance of the whole set, and the mean distance of its disjoint halves, thirds and quarters. It falls as N "
    "grows although the frames are of one kind; the line through the points is straight in 1/N, and its end on the "
    "right, where 1/N is 0, estimates the distance without that bias."
)


def size_plots(builder: Builder, name: str) -> Iterator[Plot]:
    """One for each protocol and variant that the runs recorded so; none where they did not."""
    found = [(entrant, entrant.run.sizes) for entrant in builder.group.entrants if entrant.run.sizes is not None]
    subjects = dict.fromkeys(
        (str(protocol), str(split), str(variant))
        for _, sizes in found
        for protocol, split, variant in sizes[["protocol", "split", "variant"]].itertuples(index=False)
    )
    order = [protocol for protocol, _ in builder.subjects()]
    ordered = sorted(subjects, key=lambda subject: [*order, subject[0]].index(subject[0]))
    for place, (protocol, split, variant) in enumerate(ordered):
        lines = [
            (entrant, own)
            for entrant, sizes in found
            if len(
                own := sizes[
                    (sizes["method"] == entrant.method)
                    & (sizes["protocol"] == protocol)
                    & (sizes["split"] == split)
                    & (sizes["variant"] == variant)
                ]
            )
            > 1
        ]
        heading = next((column.heading for column in builder.columns if column.variant == variant), variant)
        if lines:
            title = f"{shorten(heading)} against N: {table_title(builder.group.runs, protocol, split)}"
            svg = _drawn(lines, heading, title, f"{name}-sizes-{place}")
            yield Plot(title, f"{CAPTION} Variant {shorten(variant)}.", svg)


def _drawn(lines: Sequence[tuple[Entrant, pd.DataFrame]], heading: str, title: str, name: str) -> Markup:
    with drawing(6.4, 3.6) as figure:
        axes = figure.subplots()
        for entrant, own in lines:
            inverse, values = 1 / own["n_frames"].to_numpy(float), own["value"].to_numpy(float)
            slope, intercept = np.polyfit(inverse, values, 1)
            line = np.array([inverse.max(), 0.0])
            look = colour(entrant.number)
            axes.plot(line, intercept + slope * line, color=look, linewidth=0.9)
            axes.plot(inverse, values, color=look, marker=marker(entrant.number), linestyle="none", label=entrant.label)
        ticks = sorted({int(size) for _, own in lines for size in own["n_frames"]})
        axes.set_xticks([*(1 / size for size in ticks), 0.0], [*map(str, ticks), "∞"])
        axes.invert_xaxis()
        axes.set_xlabel("frames N, evenly in 1/N")
        axes.set_title(f"{heading} ↓", loc="left")
        legend(figure)
        return inline(figure, name, f"{title}.")
