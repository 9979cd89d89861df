"""The paper's Tables 2 and 3, its numbers beside ours and never in one column with them.

Huang, Yang and Wang, "Learning Identity-Invariant Motion Representations for Cross-ID Face Reenactment", CVPR 2020.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.report.tables import ABSENT, PAPER, Builder, Cell, Column, Row, Table
from reenactbench.report.wording import identities, plural, shorten
from reenactbench.types import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reenactbench.report.groups import Entrant

NAMES = {"x2face": "X2Face", "talking-head": "Talking-Head", "crossid": "CrossID-GAN"}
"""Our methods that the paper compares, and what it calls them."""

TABLE_2 = {"csim": {"X2Face": "0.646", "Talking-Head": "0.607", "CrossID-GAN": "0.655"}}
TABLE_3 = {
    "fid": {"X2Face": "15.06", "Talking-Head": "22.95", "CrossID-GAN": "9.31"},
    "ssim": {"X2Face": "0.83", "Talking-Head": "0.80", "CrossID-GAN": "0.80"},
    "csim": {"X2Face": "0.867", "Talking-Head": "0.893", "CrossID-GAN": "0.883"},
}
HIGHER_IS_BETTER = {"csim": True, "ssim": True, "fid": False}

DIFFERS = (
    "The paper's numbers stand in columns of their own: its data, crop, frames and networks differ from these and are "
    "not published, so compare the order of the methods and not the numbers."
)
WAYS = {"cross": ("cross-paper", "cross"), "self": ("self",)}
"""Kind of the pairs -> the protocols that answer the paper's table, the nearest to it first."""


def paper_tables(builder: Builder, numbers: Iterator[int]) -> list[Table]:
    """The paper's tables as far as the group has pairs of their kind: Table 2 of two people, Table 3 of one."""
    made = (
        _table(builder, numbers, "cross", "Table 2", TABLE_2, "identity kept when someone else drives"),
        _table(builder, numbers, "self", "Table 3", TABLE_3, "quality when a clip reconstructs itself"),
    )
    return [table for table in made if table]


def _table(
    builder: Builder,
    numbers: Iterator[int],
    kind: str,
    name: str,
    published: Mapping[str, Mapping[str, str]],
    about: str,
) -> Table | None:
    subject = _subject(builder, kind)
    if subject is None:
        return None
    protocol, split = subject
    marks: dict[str, str] = {}
    columns: list[Column] = []
    cells: list[list[Cell]] = []
    for metric, values in published.items():
        for column in _columns(builder, metric, protocol, split):
            columns.append(column)
            cells.append(builder.cells(column, protocol, split, "", marks))
        columns.append(_paper_column(name, metric))
        cells.append([Cell(_published(values, entrant, builder.group.main)) for entrant in builder.group.entrants])
    for column in _columns(builder, "face_rate", protocol, split):
        columns.append(column)
        cells.append(builder.cells(column, protocol, split, "", marks))
    rows = [
        builder.row(entrant, own) for entrant, own in zip(builder.group.entrants, zip(*cells, strict=True), strict=True)
    ]
    here = {NAMES.get(entrant.method) for entrant in builder.group.entrants}
    rows += [_absent(title, columns, published) for title in NAMES.values() if title not in here]
    pairs = sum(pair["protocol"] == protocol and split in (ALL, pair["split"]) for pair in builder.group.info["pairs"])
    whose = f"{shorten(builder.group.info['dataset']['name'])}, protocol {shorten(protocol)}, {identities(split)}"
    return Table(
        number=next(numbers),
        title=f"The paper's {name}, {about}: {whose}",
        counts="",
        truth="",
        columns=columns,
        rows=rows,
        notes={mark: text for text, mark in marks.items()},
        protocol=protocol,
        split=split,
        remark=f"Ours: {plural(pairs, 'pair')}. {DIFFERS}",
    )


def _subject(builder: Builder, kind: str) -> tuple[str, str] | None:
    """The protocol and split of the group that come nearest to the paper's."""
    for protocol in WAYS[kind]:
        splits = [split for name, split in builder.subjects() if name == protocol]
        if splits:
            return protocol, ALL if ALL in splits else splits[-1]
    return None


def _columns(builder: Builder, metric: str, protocol: str, split: str) -> Sequence[Column]:
    """The group's variants of a metric, each a column; one empty column where it has none."""
    present = {variant for _, variant in builder.found[protocol, split]}
    found = [column for column in builder.of_metric(metric) if column.variant in present]
    if found or metric == "face_rate":
        return found
    title = metric.upper()
    return [Column("", title, f"{title} was not measured in these runs.", "", 3, HIGHER_IS_BETTER[metric], ABSENT)]


def _paper_column(name: str, metric: str) -> Column:
    title = f"{metric.upper()} in the paper"
    definition = f"What the paper printed in its {name}. {DIFFERS}"
    return Column("", title, definition, "", 3, HIGHER_IS_BETTER[metric], PAPER)


def _published(values: Mapping[str, str], entrant: Entrant, main: Sequence[Entrant]) -> str:
    """The paper's number, of a method that several runs have beside the last: the others are its ablations."""
    return values.get(NAMES.get(entrant.method, ""), "–") if entrant in main else "–"


def _absent(title: str, columns: Sequence[Column], published: Mapping[str, Mapping[str, str]]) -> Row:
    """A method of the paper that no run here has."""
    values = iter([values[title] for values in published.values()])
    own = [Cell(next(values)) if column.kind == PAPER else Cell(status="not in this report") for column in columns]
    return Row(title, "", "", own)
