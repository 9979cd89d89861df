"""Summary rows become tables. What is best, how it is rounded and what is noted is decided here, for every format."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from reenactbench.report.groups import Entrant, RunGroup
from reenactbench.report.verdicts import SAME, Verdicts
from reenactbench.report.wording import REASON_LENGTH, number, plural, rendered_truth, shorten, table_title
from reenactbench.summary import ANY, FRAME, METHOD, SET, is_against_rendered, summary_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SummaryRow = dict[str, Any]
PAPER, ABSENT = "paper", "absent"
"""The kinds of a column that holds numbers of the paper and none of a run, and of one that holds none at all."""


@dataclass(frozen=True, slots=True)
class Column:
    """One variant of one metric; two variants never share a column."""

    variant: str
    title: str
    definition: str
    unit: str
    digits: int
    higher_is_better: bool | None
    kind: str
    """`frame`, `set` or `method`; PAPER or ABSENT."""

    @property
    def heading(self) -> str:
        return shorten(self.title) + (f" ({shorten(self.unit)})" if self.unit else "")

    @property
    def arrow(self) -> str:
        return {True: "↑", False: "↓", None: ""}[self.higher_is_better]

    @property
    def direction(self) -> str:
        words = {True: "higher is better", False: "lower is better", None: "neither higher nor lower is better"}
        return words[self.higher_is_better]


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table shows for one method and one variant."""

    value: str = ""
    """The mean, rounded; empty where there is none."""
    interval: str = ""
    """The 95 % interval, `[0.612, 0.701]`; empty where there is none."""
    counts: str = ""
    """What the mean is over, where the caption does not say it already."""
    incomplete: bool = False
    """Whether some of the planned pairs are not in the mean."""
    best: bool = False
    near: bool = False
    """Whether the paired test cannot tell it from the best of its column."""
    status: str = ""
    """Why there is no value, in two words; empty where there is one."""
    note: str = ""
    """The mark of the table's note with the reason why the value, or a part of the pairs, is missing."""
    raw: SummaryRow | None = field(default=None, compare=False, repr=False)
    """The numbers behind it, unrounded; None where there are none."""


@dataclass(frozen=True, slots=True)
class Row:
    method: str
    trained: str
    """Which training of it ran, or that it is a control; empty where there was none."""
    run: str
    """The run's name; empty where all rows of the report are of one run."""
    cells: list[Cell]
    entrant: int | None = field(default=None, compare=False)
    """The number of the entrant it is about; None: of the paper alone."""

    @property
    def beside(self) -> str:
        """What stands beside the name, on one line."""
        return "; ".join(word for word in (self.trained, self.run) if word)


@dataclass(frozen=True, slots=True)
class Table:
    """One protocol and one split: methods as rows, variants as columns."""

    number: int
    title: str
    counts: str
    """What the means are over, where a cell does not say otherwise."""
    truth: str
    """Which columns are scored against rendered true frames, in one sentence; empty where none is."""
    columns: list[Column]
    rows: list[Row]
    notes: dict[str, str]
    """Mark -> why a value, or a part of its pairs, is missing."""
    protocol: str = ""
    split: str = ""
    remark: str = ""
    """What else a reader must know, in sentences."""

    @property
    def caption(self) -> str:
        """All sentences of it but the title."""
        over = f"Each mean is over {self.counts} unless its cell says otherwise." if self.counts else ""
        return " ".join(text for text in (over, self.truth, self.remark) if text)


class Builder:
    """Makes the cells of a group's tables."""

    def __init__(self, group: RunGroup, verdicts: Verdicts, named: bool) -> None:
        """named: whether each row says which run it is of."""
        self.group, self.verdicts, self.named = group, verdicts, named
        names = [item.name for item in fields(Column)]
        self.columns = [Column(**{name: entry[name] for name in names}) for entry in group.variants]
        self.found: dict[tuple[str, str], dict[tuple[int, str], SummaryRow]] = {}
        numbers = {(id(entrant.run), entrant.method): entrant.number for entrant in group.entrants}
        for run in group.runs:
            for row in summary_rows(run):
                place = self.found.setdefault((row["protocol"], row["split"]), {})
                place[numbers[id(run), row["method"]], row["variant"]] = row

    def of_metric(self, metric: str) -> list[Column]:
        """The group's variants of it."""
        variants = {entry["variant"] for entry in self.group.variants if entry["metric"] == metric}
        return [column for column in self.columns if column.variant in variants]

    def subjects(self) -> list[tuple[str, str]]:
        """(protocol, split) of each table; the methods themselves last."""
        return sorted(self.found, key=lambda key: key[0] == ANY)

    def cells(self, column: Column, protocol: str, split: str, usual: str, marks: dict[str, str]) -> list[Cell]:
        """The column: a cell for each entrant."""
        found = self.found.get((protocol, split), {})
        rows = [found.get((entrant.number, column.variant)) for entrant in self.group.entrants]
        cells = [_cell(column, row, usual, marks) for row in rows]
        contenders = [entrant.number for entrant in self.group.contenders]
        best = _best(column, [row for place in contenders if (row := rows[place])])
        leaders = [place for place in contenders if best and cells[place].value == best]
        subject = protocol, split, column.variant
        for place in contenders:
            near = any(self.verdicts.verdict(place, leader, subject) == SAME for leader in leaders)
            cells[place] = replace(cells[place], best=place in leaders, near=near and place not in leaders)
        return cells

    def row(self, entrant: Entrant, cells: Sequence[Cell]) -> Row:
        run = shorten(entrant.run.name) if self.named else ""
        return Row(shorten(entrant.method), entrant.trained, run, list(cells), entrant.number)


def tables(builder: Builder, numbers: Iterator[int]) -> list[Table]:
    """A table for each protocol and split of the group."""
    return [_table(builder, next(numbers), *subject) for subject in builder.subjects()]


def _table(builder: Builder, place: int, protocol: str, split: str) -> Table:
    found = builder.found[protocol, split]
    present = {variant for _, variant in found}
    columns = [column for column in builder.columns if column.variant in present]
    frame_variants = {column.variant for column in columns if column.kind == FRAME}
    frame_rows = [row for (_, variant), row in found.items() if variant in frame_variants]
    usual = _most_common(_counts(row) for row in frame_rows if _is_complete(row))
    marks: dict[str, str] = {}
    cells = [builder.cells(column, protocol, split, usual, marks) for column in columns]
    measured = {number for number, _ in found}
    rows = [
        builder.row(entrant, own)
        for entrant, own in zip(builder.group.entrants, zip(*cells, strict=True), strict=True)
        if entrant.number in measured
    ]
    rendered = [
        column.title
        for column in columns
        if any(is_against_rendered(row) for (_, variant), row in found.items() if variant == column.variant)
    ]
    return Table(
        number=place,
        title=table_title(builder.group.runs, protocol, split),
        counts=usual,
        truth=rendered_truth(rendered) if rendered else "",
        columns=columns,
        rows=rows,
        notes={mark: text for text, mark in marks.items()},
        protocol=protocol,
        split=split,
    )


def _most_common(texts: Iterator[str]) -> str:
    common = Counter(texts).most_common(1)
    return common[0][0] if common else ""


def _is_complete(row: SummaryRow) -> bool:
    """Whether every planned pair is in the mean."""
    return bool(row["n_pairs"] == row["n_planned"])


def _counts(row: SummaryRow) -> str:
    return f"{coverage(row)}, {plural(row['n_frames'], 'frame')}"


def coverage(row: SummaryRow) -> str:
    """How many of the planned pairs a mean is over, as `29/30 pairs`."""
    return f"{row['n_pairs']}/{row['n_planned']} pairs"


def _best(column: Column, rows: Sequence[SummaryRow]) -> str | None:
    """The best mean as it is printed, so that what reads the same is marked the same; None where nothing is best."""
    means = [row["mean"] for row in rows if row["mean"] is not None]
    if column.higher_is_better is None or len(means) < 2:
        return None
    return number(max(means) if column.higher_is_better else min(means), column.digits)


def _cell(column: Column, row: SummaryRow | None, usual: str, marks: dict[str, str]) -> Cell:
    if row is None:
        return Cell(status="not measured")
    reason = shorten(row["reason"] or "no reason was recorded", REASON_LENGTH)
    if row["mean"] is None:
        return Cell(status=row["status"], note=_note(f"{row['status']}: {reason}", marks), raw=row)
    value = number(row["mean"], column.digits)
    interval = ""
    if row["ci_low"] is not None:
        interval = f"[{number(row['ci_low'], column.digits)}, {number(row['ci_high'], column.digits)}]"
    counts, incomplete = _shown_counts(column, row, usual)
    note = _note(reason, marks) if incomplete else ""
    return Cell(value, interval, counts, incomplete, note=note, raw=row)


def _shown_counts(column: Column, row: SummaryRow, usual: str) -> tuple[str, bool]:
    """What a cell says about its numbers of pairs and frames, and whether pairs are missing from it."""
    if column.kind == METHOD:
        return "", False
    incomplete, counts = not _is_complete(row), _counts(row)
    if column.kind == SET:
        size = f"N = {plural(row['n_frames'], 'frame')}"
        return (f"{size}, {coverage(row)}" if incomplete else size), incomplete
    return ("" if counts == usual else counts), incomplete


def _note(text: str, marks: dict[str, str]) -> str:
    """The mark of the note with that text: a, b, ... z, aa, bb, ...; the same text keeps its mark."""
    position = len(marks)
    return marks.setdefault(text, chr(ord("a") + position % 26) * (1 + position // 26))


def glossary(groups: Sequence[RunGroup]) -> list[Mapping[str, Any]]:
    """What a glossary explains: run.json's entry of each variant, once for each backbone file it was computed with."""
    entries = (entry for group in groups for entry in group.variants)
    return list({(entry["variant"], entry["backbone_sha256"]): entry for entry in entries}.values())
