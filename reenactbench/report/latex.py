"""The report as a LaTeX document of booktabs tables, to compile as it is or to copy tables from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.report.tables import Cell, Row, Table, groups
from reenactbench.report.wording import CODE_LENGTH, GUIDE, SYNTHETIC, notices, one_line, shorten, summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reenactbench.results import Run

OPENING = r"""\documentclass{article}
\usepackage[margin=20mm]{geometry}
% A paper that takes a table from here needs these four lines too; \reenactfit shrinks what is wider than the page.
\usepackage{booktabs}
\usepackage{graphicx}
\newsavebox{\reenactbox}
\newcommand{\reenactfit}{\ifdim\wd\reenactbox>\linewidth
  \resizebox{\linewidth}{!}{\usebox{\reenactbox}}\else\usebox{\reenactbox}\fi}
\begin{document}
\section*{Face reenactment benchmark}"""

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
    "±": r"$\pm$",
    "°": r"$^\circ$",
    "µ": r"$\mu$",
} | {character: f"\\{character}" for character in "{}$&#%_"}


def render(runs: Sequence[Run]) -> str:
    """A whole document; it compiles with pdflatex, xelatex and lualatex, whatever the names in it."""
    return "\n".join(_lines(runs)) + "\n"


def _lines(runs: Sequence[Run]) -> Iterator[str]:
    yield f"{OPENING}\n\n{escaped(GUIDE)}"
    for group in groups(runs):
        for run in group.runs:
            yield f"\n{escaped(summary(run))}"
            for notice in notices(run):
                yield f"\n\\textbf{{{escaped(notice.title)}.}} {escaped(notice.text)}"
        for table in group.tables:
            yield from _table(table)
    yield f"\n{escaped(SYNTHETIC)}\n\\end{{document}}"


def _table(table: Table) -> Iterator[str]:
    over = f" Each mean is over {escaped(table.counts)} unless its cell says otherwise." if table.counts else ""
    yield "\n\\begin{table}[!htbp]\n\\centering\\small"
    truth = f" {escaped(table.truth)}" if table.truth else ""
    yield f"\\caption{{{escaped(table.title)}.{over}{truth}}}\\par\\smallskip"
    yield f"\\sbox{{\\reenactbox}}{{\\begin{{tabular}}{{@{{}}l{'r' * len(table.columns)}@{{}}}}\n\\toprule"
    yield _line(["Method", *(f"{escaped(column.heading)} {escaped(column.arrow)}" for column in table.columns)])
    yield "\\midrule"
    for row in table.rows:
        yield from _row(row)
    yield "\\bottomrule\n\\end{tabular}}\\reenactfit"
    variants = ", ".join(_code(column.variant) for column in table.columns)
    notes = [f"Columns from left to right: {variants}."]
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
    return f"\\textbf{{{escaped(cell.value)}}}" if cell.best else escaped(cell.value)


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
