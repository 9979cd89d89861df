"""The report as one HTML page that opens anywhere: nothing is fetched, and only our own style and script run."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reenactbench.report import as_json, film, latex, long_csv, markdown, wording
from reenactbench.report.album import Album
from reenactbench.report.contents import GroupTables, contents
from reenactbench.report.frame_values import FrameValues
from reenactbench.report.matrix import Matrix, matrices
from reenactbench.report.motion import Moving, moving_pictures
from reenactbench.report.pictures import Comparison, Grid, comparisons, grids
from reenactbench.report.plots import Plot, plots
from reenactbench.report.provenance import failures, known_licence, reasons
from reenactbench.report.tables import Cell, Table, glossary
from reenactbench.report.telling import Examples, examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reenactbench.report.assets import Assets
    from reenactbench.results import Run

EXPORTS = {"csv": long_csv.table_text, "md": markdown.table_text, "tex": latex.table_text, "json": as_json.table_text}
"""File ending -> the table alone in that format."""
OUTLINE = {
    "pictures": ("Pictures", "has_pictures", wording.PICTURES),
    "motion": ("Moving pictures", "moving", wording.MOTION),
    "plots": ("Plots", "plots", ""),
    "comparisons": ("Comparisons", "matrices", ""),
}
"""Sections between the tables and the glossary: id -> title, the field of `Part` that it shows, what stands above."""


@dataclass(frozen=True, slots=True)
class Part:
    """All that the page shows of runs whose numbers may be compared."""

    number: int
    tables: GroupTables
    comparisons: list[Comparison]
    grids: list[Grid]
    examples: list[Examples]
    moving: list[Moving]
    plots: list[tuple[int, Plot]]
    """With the numbers of their figures."""
    matrices: list[Matrix]

    @property
    def has_pictures(self) -> bool:
        return bool(self.comparisons or self.grids or self.examples)


@dataclass(frozen=True, slots=True)
class Section:
    """What a plugin adds at the end of the page."""

    title: str
    body: Markup


def render(runs: Sequence[Run], sections: Mapping[str, Callable[[list[Run]], str]], assets: Assets) -> str:
    """The whole page. sections: title -> callable that returns trusted HTML; one that raises becomes a note."""
    figures = count(1)
    parts = [_part(number, tables, assets, figures) for number, tables in enumerate(contents(runs), start=1)]
    style, script = _static("report.css"), _static("report.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            parts=parts,
            outline=OUTLINE,
            runs=runs,
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script, assets),
            metrics=glossary([part.tables.group for part in parts]),
            sections=[_section(title, make, list(runs)) for title, make in sections.items()],
        )
    )


def _part(number: int, tables: GroupTables, assets: Assets, figures: Iterator[int]) -> Part:
    group, builder, name = tables.group, tables.builder, f"part-{number}"
    album, values = Album(group, assets), FrameValues(group.runs)
    return Part(
        number=number,
        tables=tables,
        comparisons=list(comparisons(group, album, figures)),
        grids=list(grids(group, album, figures)),
        examples=list(examples(builder, album, values)),
        moving=list(moving_pictures(builder, album, values, assets, figures, name)),
        plots=[(next(figures), plot) for plot in plots(builder, name)],
        matrices=list(matrices(builder)),
    )


def _static(name: str) -> str:
    return files("reenactbench.report").joinpath(f"static/{name}").read_text(encoding="utf-8")


def _policy(style: str, script: str, assets: Assets) -> str:
    """The content security policy: our own style and script by their hashes, pictures, videos, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"img-src {assets.policy}",
            f"media-src blob: {assets.policy}",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reenactbench.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shorten": wording.shorten,
        "number": wording.number,
        "plural": wording.plural,
        "duration": wording.duration,
        "breakable": _breakable,
        "with_code": _with_code,
        "order": _order,
        "exports": _exports,
    }
    environment.globals |= {
        "notices": wording.notices_together,
        "failures": failures,
        "reasons": reasons,
        "summary": wording.summary,
        "words": wording,
        "film": film,
        "known_licence": known_licence,
    }
    return environment


def _breakable(text: str) -> Markup:
    """The text with a place to break a line after each slash, so that a variant folds at its parts."""
    return escape(wording.shorten(text, wording.CODE_LENGTH)).replace("/", Markup("/<wbr>"))


def _with_code(text: str) -> Markup:
    """The text with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _order(cell: Cell) -> str:
    """The number that a column is sorted by; empty where there is none."""
    if cell.raw is not None:
        return "" if cell.raw["mean"] is None else repr(float(cell.raw["mean"]))
    try:
        return repr(float(cell.value))
    except ValueError:
        return ""


def _exports(table: Table) -> dict[str, Any]:
    return {ending: text(table) for ending, text in EXPORTS.items()}


def _section(title: str, make: Callable[[list[Run]], str], runs: list[Run]) -> Section:
    try:
        return Section(title, Markup(make(runs)))
    except Exception as error:  # a plugin's mistake must not cost the page
        text = wording.shorten(f"{type(error).__name__}: {error}", wording.REASON_LENGTH)
        return Section(title, Markup('<p class="notice">This section could not be made: {}</p>').format(text))
