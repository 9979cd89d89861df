"""Who is ahead, over all runs of a group: places that only a difference beyond doubt can move."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

from reenactbench.report.tables import ABSENT, Builder, Cell, Column, Row, Table, coverage
from reenactbench.report.verdicts import WORSE
from reenactbench.report.wording import number, table_title
from reenactbench.summary import ANY, FRAME
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

REMARK = (
    "A place is 1 + the number of methods that are better beyond doubt (paired test, Holm's correction over the "
    "metrics), so methods that cannot be told apart share a place; controls have none. The mean place weighs every "
    "column alike, which is nobody's goal."
)
MEAN = Column("", "Mean place", "The mean of the places in this row, each column alike.", "", 1, False, ABSENT)


def leaderboards(builder: Builder, numbers: Iterator[int]) -> list[Table]:
    """For each protocol a table of places over all its pairs, the first on top; none for a single method.

    Controls have no place.
    """
    if len(builder.group.contenders) < 2:
        return []
    protocols = dict.fromkeys(protocol for protocol, _ in builder.subjects() if protocol != ANY)
    made = (_leaderboard(builder, numbers, protocol) for protocol in protocols)
    return [table for table in made if table]


def _leaderboard(builder: Builder, numbers: Iterator[int], protocol: str) -> Table | None:
    splits = [split for name, split in builder.subjects() if name == protocol]
    split = ALL if ALL in splits else splits[0]
    contenders = {entrant.number for entrant in builder.group.contenders}
    found = {key: row for key, row in builder.found[protocol, split].items() if key[0] in contenders}
    columns = [
        column
        for column in builder.columns
        if column.kind == FRAME
        and column.higher_is_better is not None
        and sum(variant == column.variant and row["mean"] is not None for (_, variant), row in found.items()) > 1
    ]
    if not columns:
        return None
    rows: list[tuple[float, Row]] = []
    for entrant in builder.group.contenders:
        places, cells = [], []
        for column in columns:
            row = found.get((entrant.number, column.variant))
            if row is None or row["mean"] is None:
                cells.append(Cell(status="no value" if row else "not measured"))
                continue
            subject = protocol, split, column.variant
            place = 1 + sum(
                builder.verdicts.verdict(entrant.number, other.number, subject) == WORSE
                for other in builder.group.contenders
                if other is not entrant
            )
            places.append(place)
            incomplete = row["n_pairs"] != row["n_planned"]
            counts = coverage(row) if incomplete else ""
            cells.append(Cell(str(place), number(row["mean"], column.digits), counts, incomplete, best=place == 1))
        if places:
            mean = fmean(places)
            rows.append((mean, builder.row(entrant, [Cell(number(mean, 1)), *cells])))
    rows.sort(key=lambda item: item[0])
    return Table(
        number=next(numbers),
        title=f"Places on {table_title(builder.group.runs, protocol, split)}",
        counts="",
        truth="",
        columns=[MEAN, *columns],
        rows=[row for _, row in rows],
        notes={},
        protocol=protocol,
        split=split,
        remark=REMARK,
    )
