"""The report as a LaTeX document of booktabs tables, to compile as it is or to copy tables from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.foreign import one_line
from reenactbench.report.contents import contents
from reenactbench.report.tables import Cell, Column, Row, Table
from reenactbench.report.wording import (
    CODE_LENGTH,
    GUIDE,
    NEAR,
    SYNTHETIC,
    notices_together,
    shorten,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reenactbench.results import Run

NEEDED = r"""\usepackage{booktabs}
\usepackage{graphicx}
\newsavebox{\reenactbox}
\newcommand{\reenactfit}{\ifdim\wd\reenactbox>\linewidth
  \resizebox{\linewidth}{!}{\usebox{\reenactbox}}\else\usebox{\reenactbox}\fi}"""
OPENING = rf"""\documentclass{{article}}
\usepackage[margin=20mm]{{geometry}}
% A paper that takes a table from here needs these lines too; \reenactfit shrinks what is wider than the page.
{NEEDED}
\begin{{document}}
\section*{{Face reenactment benchmark}}"""

SPELLING = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "`": r"\`{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\u2212": r"$-$",
    "\u00a0": "~",
    "\u202f": r"\,",
    "…": r"\ldots{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "×": r"$\times$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "–": "--",
    "±": r"$\pm$",
    "°": r"$^\circ$",
    "µ": r"$\mu$",
} | {character: f"\\{character}" for character in "{}$&#%_"}


def render(runs: Sequence[Run]) -> str:
    """A whole document; it compiles with pdflatex, xelatex and lualatex, whatever the names in it."""
    return "\n".join(_lines(runs)) + "\n"


def table_text(table: Table) -> str:
    """One table alone, to paste into a paper; its first lines say what the preamble needs."""
    needed = "\n".join(f"% {line}" for line in NEEDED.splitlines())
    return f"% This table needs in the preamble:\n{needed}\n" + "\n".join(_table(table)).lstrip("\n") + "\n"


def _lines(runs: Sequence[Run]) -> Iterator[str]:
    yield f"{OPENING}\n\n{escaped(GUIDE)}"
    for part in contents(runs):
        for run in part.group.runs:
            yield f"\n{escaped(summary(run))}"
        for notice, whose in notices_together(part.group.runs):
            title = f"{notice.title} ({whose})" if whose else notice.title
            yield f"\n\\textbf{{{escaped(title)}.}} {escaped(notice.text)}"
        for table in part.all:
            yield from _table(table)
    yield f"\n{escaped(SYNTHETIC)}\n\\end{{document}}"


def _table(table: Table) -> Iterator[str]:
    yield "\n\\begin{table}[!htbp]\n\\centering\\small"
    caption = f" {escaped(table.caption)}" if table.caption else ""
    yield f"\\caption{{{escaped(table.title)}.{caption}}}\\par\\smallskip"
    yield f"\\sbox{{\\reenactbox}}{{\\begin{{tabular}}{{@{{}}l{'r' * len(table.columns)}@{{}}}}\n\\toprule"
    yield _line(["Method", *(f"{escaped(column.heading)} {escaped(column.arrow)}" for column in table.columns)])
    yield "\\midrule"
    for row in table.rows:
        yield from _row(row)
    yield "\\bottomrule\n\\end{tabular}}\\reenactfit"
    named = [_variant(column) for column in table.columns if column.variant]
    notes = [f"{', '.join(named)}."] if named else []
    notes += [f"{_mark(mark)} {escaped(text)}." for mark, text in table.notes.items()]
    yield f"\\par\\smallskip\n\\parbox{{\\linewidth}}{{\\scriptsize\\raggedright {' '.join(notes)}}}\n\\end{{table}}"


def _row(row: Row) -> Iterator[str]:
    """The values; under them the intervals, and the counts where they differ from the caption's."""
    name = f"{row.method} ({row.beside})" if row.beside else row.method
    yield _line([f"{{{escaped(name)}}}", *map(_value, row.cells)])  # braces: `[` may not follow the line before
    intervals = [escaped(cell.interval) for cell in row.cells]
    counts = [escaped(cell.counts) + _mark(cell.note if cell.counts else "") for cell in row.cells]
    for below in (intervals, counts):
        if any(below):
            yield _line(["", *(f"{{\\scriptsize {text}}}" if text else "" for text in below)])


def _line(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _value(cell: Cell) -> str:
    if cell.status:
        return escaped(cell.status) + _mark(cell.note)
    if cell.near:
        return escaped(f"{NEAR}{cell.value}")
    return f"\\textbf{{{escaped(cell.value)}}}" if cell.best else escaped(cell.value)


def _variant(column: Column) -> str:
    return f"{escaped(column.heading)}: {_code(column.variant)}"


def _mark(note: str) -> str:
    return f"\\textsuperscript{{{note}}}" if note else ""


def _code(text: str) -> str:
    """A variant in typewriter, which may break after its slashes."""
    return f"\\texttt{{{escaped(shorten(text, CODE_LENGTH)).replace('/', '/' + chr(92) + 'allowbreak{}')}}}"


def escaped(text: str) -> str:
    """The text as itself, in characters that every LaTeX engine knows; any other is written as its code point."""
    return "".join(SPELLING.get(character) or _plain(character) for character in one_line(text))


def _plain(character: str) -> str:
    accented = "À" <= character <= "ÿ" and character not in "ÐÞðþ÷"
    return character if character.isascii() or accented else f"[U+{ord(character):04X}]"
