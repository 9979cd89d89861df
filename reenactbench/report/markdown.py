"""The report as GitHub Markdown: the tables with their notes, for a README or a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reenactbench.foreign import one_line
from reenactbench.report.contents import GroupTables, contents
from reenactbench.report.tables import Cell, Column, Table, glossary
from reenactbench.report.wording import (
    CODE_LENGTH,
    GUIDE,
    NEAR,
    NEEDS_TRUTH,
    SYNTHETIC,
    listing,
    notices_together,
    shorten,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reenactbench.results import Run


def render(runs: Sequence[Run]) -> str:
    """The whole report; the pictures and the rest of the provenance are in the HTML form."""
    found = contents(runs)
    return "\n".join([*_tables(found), *_metrics(found), *_provenance(runs), SYNTHETIC, ""])


def table_text(table: Table) -> str:
    """One table alone, with its caption and notes."""
    return "\n".join(_table(table))


def _tables(found: Sequence[GroupTables]) -> Iterator[str]:
    yield f"# Face reenactment benchmark\n\n{GUIDE}\n"
    for part in found:
        for run in part.group.runs:
            yield f"{escaped(summary(run))}\n"
        for notice, whose in notices_together(part.group.runs):
            mark = "WARNING" if notice.loud else "NOTE"
            title = f"{notice.title} ({escaped(whose)})" if whose else notice.title
            yield f"> [!{mark}]\n> **{title}.** {escaped(notice.text)}\n"
        for table in part.all:
            yield from _table(table)


def _metrics(found: Sequence[GroupTables]) -> Iterator[str]:
    yield "## Metrics\n"
    for entry in glossary([part.group for part in found]):
        networks = [f"{backbone['name']} {backbone['sha256'][:12]}" for backbone in entry["backbones"]]
        through = f" Through {listing(networks)}." if networks else ""
        needs = f" It {NEEDS_TRUTH}." if entry["needs_truth"] else ""
        text = entry["definition"] + through + needs
        yield f"- **{escaped(entry['title'])}** {code(entry['variant'])}: {escaped(text)}"
    yield ""


def _provenance(runs: Sequence[Run]) -> Iterator[str]:
    yield "## Provenance\n"
    for run in runs:
        info = run.info
        yield f"- {escaped(shorten(run.name))}: {code(info['command'])}"
        yield f"  - data {code(info['dataset']['fingerprint'])}, protocol {code(info['protocol']['sha256'])}"
        for method in info["methods"]:
            weights = f", checkpoint {code(method['checkpoint_sha256'])}" if method["checkpoint"] else ""
            yield f"  - {escaped(shorten(method['name']))} ({escaped(shorten(method['version']))}){weights}"
    yield ""


def _table(table: Table) -> Iterator[str]:
    caption = f" {escaped(table.caption)}" if table.caption else ""
    yield f"**Table {table.number}.** {escaped(table.title)}.{caption}\n"
    yield _row(["Method", *(_heading(column) for column in table.columns)])
    yield _row(["---", *("---:" for _ in table.columns)])
    for row in table.rows:
        name = f"{escaped(row.method)} ({escaped(row.beside)})" if row.beside else escaped(row.method)
        yield _row([name, *map(_cell, row.cells)])
    yield ""
    for mark, text in table.notes.items():
        yield f"<sup>{mark}</sup> {escaped(text)}\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _heading(column: Column) -> str:
    name = f"<br>{code(column.variant)}" if column.variant else ""
    return f"{escaped(column.heading)} {column.arrow}{name}"


def _cell(cell: Cell) -> str:
    note = f" <sup>{cell.note}</sup>" if cell.note else ""
    if cell.status:
        return escaped(cell.status) + note
    value = f"**{cell.value}**" if cell.best else f"{NEAR} {cell.value}" if cell.near else cell.value
    lines = [value, cell.interval, cell.counts]
    return "<br>".join(line for line in lines if line) + note


def escaped(text: str) -> str:
    """The text as itself: no character of it starts any Markdown, HTML, formula, link, mention or table cell."""
    return re.sub(r"([\\`*_{}\[\]<>|#~&@$]|:(?=//)|(?<=www)\.)", r"\\\1", one_line(text))


def code(text: str) -> str:
    """The text as a code span that fits a table's cell."""
    return f"`{shorten(text, CODE_LENGTH).replace('`', chr(39)).replace('|', chr(92) + '|')}`"
