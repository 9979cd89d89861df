"""The report as one HTML page that opens anywhere: nothing is fetched, and only our own style and script run."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reenactbench.report import as_json, latex, long_csv, markdown, wording
from reenactbench.report.contents import GroupTables, contents
from reenactbench.report.matrix import Matrix, matrices
from reenactbench.report.provenance import failures, known_licence, reasons
from reenactbench.report.tables import Cell, Table, glossary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from reenactbench.report.assets import Assets
    from reenactbench.results import Run

EXPORTS = {"csv": long_csv.table_text, "md": markdown.table_text, "tex": latex.table_text, "json": as_json.table_text}
"""File ending -> the table alone in that format."""


@dataclass(frozen=True, slots=True)
class Part:
    """All that the page shows of runs whose numbers may be compared."""

    number: int
    tables: GroupTables
    matrices: list[Matrix]


@dataclass(frozen=True, slots=True)
class Section:
    """What a plugin adds at the end of the page."""

    title: str
    body: Markup


def render(runs: Sequence[Run], sections: Mapping[str, Callable[[list[Run]], str]], assets: Assets) -> str:
    """The whole page. sections: title -> callable that returns trusted HTML; one that raises becomes a note."""
    parts = [
        Part(number, tables, list(matrices(tables.builder))) for number, tables in enumerate(contents(runs), start=1)
    ]
    style, script = _static("report.css"), _static("report.js")
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            parts=parts,
            runs=runs,
            style=Markup(style),
            script=Markup(script),
            policy=_policy(style, script, assets),
            metrics=glossary([part.tables.group for part in parts]),
            sections=[_section(title, make, list(runs)) for title, make in sections.items()],
        )
    )


def _static(name: str) -> str:
    return files("reenactbench.report").joinpath(f"static/{name}").read_text(encoding="utf-8")


def _policy(style: str, script: str, assets: Assets) -> str:
    """The content security policy: our own style and script by their hashes, pictures, videos, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"img-src data: {assets.policy}" if assets.policy != "data:" else "img-src data:",
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
        "order": _order,
        "exports": _exports,
    }
    environment.globals |= {
        "notices": wording.notices_together,
        "failures": failures,
        "reasons": reasons,
        "summary": wording.summary,
        "words": wording,
        "known_licence": known_licence,
    }
    return environment


def _breakable(text: str) -> Markup:
    """The text with a place to break a line after each slash, so that a variant folds at its parts."""
    return escape(wording.shorten(text, wording.CODE_LENGTH)).replace("/", Markup("/<wbr>"))


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
