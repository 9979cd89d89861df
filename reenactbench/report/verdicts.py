"""Every method against every other, pair by pair: `reenactbench compare` for a whole group."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from reenactbench.compare import DIFFERS, IDENTICAL, INDISTINGUISHABLE, ComparisonRow, compare
from reenactbench.errors import ReenactbenchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenactbench.report.groups import Entrant

Subject = tuple[str, str, str]
"""Protocol, split and variant."""

BETTER, WORSE, SAME = "better", "worse", "same"


class Verdicts:
    """What may be said of any two entrants of a group."""

    def __init__(self, entrants: Sequence[Entrant]) -> None:
        self._rows: dict[tuple[int, int], dict[Subject, ComparisonRow]] = {}
        for one, other in combinations(entrants, 2):
            try:
                rows = compare(one.side, other.side)
            except ReenactbenchError:  # nothing was measured on both sides
                rows = []
            self._rows[one.number, other.number] = {(row.protocol, row.split, row.variant): row for row in rows}

    def between(self, one: int, other: int, subject: Subject) -> tuple[ComparisonRow, int] | None:
        """The comparison, and 1 where its difference is one minus other, -1 where it is the other way round."""
        first, second = sorted((one, other))
        row = self._rows.get((first, second), {}).get(subject)
        return None if row is None else (row, 1 if first == one else -1)

    def verdict(self, one: int, other: int, subject: Subject) -> str:
        """`better`, `worse` or `differs` beyond doubt, `same` where not distinguishable; empty without a test."""
        found = self.between(one, other, subject)
        if found is None:
            return ""
        row, sign = found
        if row.verdict in (INDISTINGUISHABLE, IDENTICAL):
            return SAME
        if row.verdict == DIFFERS:
            return DIFFERS
        if row.p_corrected is None or row.difference is None:
            return ""
        return BETTER if (row.difference * sign > 0) == row.higher_is_better else WORSE
