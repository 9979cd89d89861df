"""t-SNE of motion codes, coloured by who moves: the paper's Figure 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.report.plots.svg import QUIET, Plot, colour, drawing, inline, marker
from reenactbench.report.wording import number
from reenactbench.summary import ANY
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenactbench.report.groups import Entrant
    from reenactbench.report.tables import Builder

ACROSS = 3
CAPTION = (
    "Each point is a frame's motion code in a t-SNE map of that method alone, each colour and marker a person; axes "
    "have no unit, and distances between groups mean little. Codes that hold no identity are mixed up. The leak is "
    "what a linear probe makes of the codes themselves: 1 where it knows everybody. Made as the paper's Figure 5, "
    "which shows the codes without and with the unsupervised part of training."
)


def code_plots(builder: Builder, name: str) -> Iterator[Plot]:
    """One with a panel for each entrant that has motion codes; none where none has."""
    having = [
        (entrant, entrant.run.codes[entrant.run.codes["method"] == entrant.method])
        for entrant in builder.group.entrants
        if entrant.run.codes is not None and (entrant.run.codes["method"] == entrant.method).any()
    ]
    if not having:
        return
    people = list(dict.fromkeys(str(person) for _, codes in having for person in codes["identity"]))
    across, rows = min(ACROSS, len(having)), -(-len(having) // ACROSS)
    titles = [f"{entrant.label}\n{_leak(builder, entrant)}" for entrant, _ in having]
    with drawing(3.1 * across, 3.3 * rows) as figure:
        grid = figure.subplots(rows, across, squeeze=False)
        for axes, (_, codes), title in zip(grid.flat, having, titles, strict=False):
            for place, person in enumerate(people):
                own = codes[codes["identity"] == person]
                axes.plot(
                    own["x"].astype(float),
                    own["y"].astype(float),
                    color=colour(place),
                    marker=marker(place),
                    linestyle="none",
                    markersize=3.5,
                )
            axes.set_title(title, loc="left")
            axes.set(xticks=[], yticks=[])
            axes.grid(visible=False)
            for side in ("left", "bottom", "top", "right"):
                axes.spines[side].set(visible=True, color=QUIET)
        for axes in list(grid.flat)[len(having) :]:
            axes.remove()
        svg = inline(
            figure, f"{name}-codes", "t-SNE maps of motion codes. " + "; ".join(titles).replace("\n", ": ") + "."
        )
    yield Plot("Motion codes, by who moves", CAPTION, svg)


def _leak(builder: Builder, entrant: Entrant) -> str:
    """`leak 0.93, by chance 0.10`, of the first probe that the run measured."""
    found = builder.found.get((ANY, ALL), {})
    leaks = [entry for entry in builder.group.variants if entry["metric"] == "leak"]
    values = {}
    for entry in leaks:
        row = found.get((entrant.number, entry["variant"]))
        if row is not None and row["mean"] is not None:
            recipe = entry["variant"].partition("/")[2].partition("@")[0]
            values[recipe] = number(row["mean"], 2)
    probe = next((recipe for recipe in values if f"{recipe}-chance" in values), None)
    return f"leak {values[probe]}, by chance {values[f'{probe}-chance']}" if probe else "leak not measured"
