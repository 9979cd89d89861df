"""All tables of a report, in the order they are read: made once, set by every format."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from reenactbench.report.groups import RunGroup, grouped
from reenactbench.report.leaderboard import leaderboards
from reenactbench.report.paper import paper_tables
from reenactbench.report.tables import Builder, Table, tables
from reenactbench.report.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenactbench.results import Run


@dataclass(frozen=True, slots=True)
class GroupTables:
    """What is said in tables of runs whose numbers may be compared."""

    group: RunGroup
    builder: Builder
    paper: list[Table]
    """The paper's own, its numbers beside ours."""
    places: list[Table]
    """Leaderboards."""
    metrics: list[Table]
    """All metrics by protocol and split."""

    @property
    def all(self) -> list[Table]:
        return [*self.paper, *self.places, *self.metrics]


def contents(runs: Sequence[Run]) -> list[GroupTables]:
    """The tables of the runs, numbered through."""
    numbers = count(1)
    return [_tables(group, numbers, named=len(runs) > 1) for group in grouped(runs)]


def _tables(group: RunGroup, numbers: count[int], named: bool) -> GroupTables:
    builder = Builder(group, Verdicts(group.entrants), named)
    return GroupTables(
        group, builder, paper_tables(builder, numbers), leaderboards(builder, numbers), tables(builder, numbers)
    )
