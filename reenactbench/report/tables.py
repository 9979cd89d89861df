"""Summary rows become tables. What is best, how it is rounded and what is noted is decided here, for every format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import count
from typing import TYPE_CHECKING, Any

from reenactbench.files import content_key
from reenactbench.report.wording import REASON_LENGTH, number, plural, rendered_truth, shorten, table_title, trained
from reenactbench.summary import ANY, FRAME, METHOD, SET, is_against_rendered, summary_rows

if TYPE_CHECKING:
    from reenactbench.results import Run

SummaryRow = Mapping[str, Any]
Rows = dict[tuple[int, str, str], SummaryRow]
"""Summary rows of several runs by the run's position, method and variant."""


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
    """`frame`, `set` or `method`."""

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
    status: str = ""
    """Why there is no value, in two words; empty where there is one."""
    note: str = ""
    """The mark of the table's note with the reason why the value, or a part of the pairs, is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    method: str
    trained: str
    """Which training of it ran; empty where there was none."""
    run: str
    """The run's name; empty where all rows of the report are of one run."""
    cells: list[Cell]

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


@dataclass(frozen=True, slots=True)
class Group:
    """Runs whose numbers may be compared, and their tables."""

    runs: list[Run]
    tables: list[Table]


def comparable(one: Run, other: Run) -> bool:
    """Whether the numbers of two runs may share a table: the same data, pairs, frames and backbone files."""

    def subject(run: Run) -> tuple[str, str, str]:
        return run.info["dataset"]["fingerprint"], run.info["protocol"]["sha256"], content_key(run.info["pairs"])

    def backbones(run: Run) -> dict[str, str]:
        return {
            entry["variant"]: entry["backbone_sha256"] for entry in run.info["variants"] if entry["backbone_sha256"]
        }

    mine, theirs = backbones(one), backbones(other)
    return subject(one) == subject(other) and all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())


def groups(runs: Sequence[Run]) -> list[Group]:
    """The runs, those together that may be compared, with their tables numbered through."""
    together: list[list[Run]] = []
    for run in runs:
        for members in together:
            if all(comparable(run, member) for member in members):
                members.append(run)
                break
        else:
            together.append([run])
    numbers = count(1)
    return [Group(members, _tables(members, numbers, named=len(runs) > 1)) for members in together]


def variants(runs: Sequence[Run]) -> list[Mapping[str, Any]]:
    """What a glossary explains: run.json's entry of each variant, once for each backbone file it was computed with."""
    entries = (entry for run in runs for entry in run.info["variants"])
    return list({(entry["variant"], entry["backbone_sha256"]): entry for entry in entries}.values())


def _tables(runs: list[Run], numbers: Iterator[int], named: bool) -> list[Table]:
    names = [field.name for field in fields(Column)]
    columns = [
        Column(**{name: entry[name] for name in names})
        for entry in {entry["variant"]: entry for run in runs for entry in run.info["variants"]}.values()
    ]
    found: dict[tuple[str, str], Rows] = {}
    for index, run in enumerate(runs):
        for row in summary_rows(run):
            found.setdefault((row["protocol"], row["split"]), {})[index, row["method"], row["variant"]] = row
    ordered = sorted(found, key=lambda key: key[0] == ANY)
    return [_table(next(numbers), table_title(runs, *key), runs, columns, found[key], named) for key in ordered]


def _table(place: int, title: str, runs: list[Run], columns: list[Column], found: Rows, named: bool) -> Table:
    present = {variant for _, _, variant in found}
    columns = [column for column in columns if column.variant in present]
    by_column = {c.variant: [row for (_, _, variant), row in found.items() if variant == c.variant] for c in columns}
    frame_rows = [row for column in columns if column.kind == FRAME for row in by_column[column.variant]]
    usual = _most_common(_counts(row) for row in frame_rows if _is_complete(row))
    best = {column.variant: _best(column, by_column[column.variant]) for column in columns}
    marks: dict[str, str] = {}
    rows = []
    for index, run in enumerate(runs):
        for info in run.info["methods"]:
            method = info["name"]
            mine = [found.get((index, method, column.variant)) for column in columns]
            if any(mine):
                cells = [_cell(c, row, usual, best[c.variant], marks) for c, row in zip(columns, mine, strict=True)]
                rows.append(Row(shorten(method), trained(info), shorten(run.name) if named else "", cells))
    rendered = [c.title for c in columns if any(map(is_against_rendered, by_column[c.variant]))]
    truth = rendered_truth(rendered) if rendered else ""
    return Table(place, title, usual, truth, columns, rows, {mark: text for text, mark in marks.items()})


def _most_common(texts: Iterator[str]) -> str:
    common = Counter(texts).most_common(1)
    return common[0][0] if common else ""


def _is_complete(row: SummaryRow) -> bool:
    """Whether every planned pair is in the mean."""
    return bool(row["n_pairs"] == row["n_planned"])


def _counts(row: SummaryRow) -> str:
    return f"{_coverage(row)}, {plural(row['n_frames'], 'frame')}"


def _coverage(row: SummaryRow) -> str:
    return f"{row['n_pairs']}/{row['n_planned']} pairs"


def _best(column: Column, rows: Sequence[SummaryRow]) -> str | None:
    """The best mean as it is printed, so that what reads the same is marked the same; None where nothing is best."""
    means = [row["mean"] for row in rows if row["mean"] is not None]
    if column.higher_is_better is None or len(means) < 2:
        return None
    return number(max(means) if column.higher_is_better else min(means), column.digits)


def _cell(column: Column, row: SummaryRow | None, usual: str, best: str | None, marks: dict[str, str]) -> Cell:
    if row is None:
        return Cell(status="not measured")
    reason = shorten(row["reason"] or "no reason was recorded", REASON_LENGTH)
    if row["mean"] is None:
        return Cell(status=row["status"], note=_note(f"{row['status']}: {reason}", marks))
    value = number(row["mean"], column.digits)
    interval = ""
    if row["ci_low"] is not None:
        interval = f"[{number(row['ci_low'], column.digits)}, {number(row['ci_high'], column.digits)}]"
    counts, incomplete = _shown_counts(column, row, usual)
    return Cell(value, interval, counts, incomplete, value == best, note=_note(reason, marks) if incomplete else "")


def _shown_counts(column: Column, row: SummaryRow, usual: str) -> tuple[str, bool]:
    """What a cell says about its numbers of pairs and frames, and whether pairs are missing from it."""
    if column.kind == METHOD:
        return "", False
    incomplete, counts = not _is_complete(row), _counts(row)
    if column.kind == SET:
        size = f"N = {plural(row['n_frames'], 'frame')}"
        return (f"{size}, {_coverage(row)}" if incomplete else size), incomplete
    return ("" if counts == usual else counts), incomplete


def _note(text: str, marks: dict[str, str]) -> str:
    """The mark of the note with that text: a, b, ... z, aa, bb, ...; the same text keeps its mark."""
    position = len(marks)
    return marks.setdefault(text, chr(ord("a") + position % 26) * (1 + position // 26))
