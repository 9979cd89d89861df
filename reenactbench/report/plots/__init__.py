"""Plots, made by matplotlib when the report is written and set into the page as SVG that follows its colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.report.plots.codes import code_plots
from reenactbench.report.plots.forest import forest_plots
from reenactbench.report.plots.pareto import pareto_plots
from reenactbench.report.plots.sizes import size_plots
from reenactbench.report.plots.svg import Plot
from reenactbench.report.plots.turning import turning_plots

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenactbench.report.tables import Builder

__all__ = ["Plot", "plots"]


def plots(builder: Builder, name: str) -> Iterator[Plot]:
    """All plots of a group, as far as its runs recorded what they show. name: begins the ids of each."""
    for make in (forest_plots, turning_plots, pareto_plots, size_plots, code_plots):
        yield from make(builder, name)
