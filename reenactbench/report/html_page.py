"""The report as one self-contained HTML page: style and pictures inside, no script, nothing fetched."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reenactbench.report import wording
from reenactbench.report.pictures import figures
from reenactbench.report.tables import groups, variants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reenactbench.results import Run


@dataclass(frozen=True, slots=True)
class Section:
    """What a plugin adds at the end of the page."""

    title: str
    body: Markup


def render(runs: list[Run], sections: Mapping[str, Callable[[list[Run]], str]]) -> str:
    """The whole page. sections: title -> callable that returns trusted HTML; one that raises becomes a note."""
    found, numbers = groups(runs), count(1)
    environment = _environment()
    return environment.get_template("report.html.j2").render(
        groups=[(group, list(figures(group.runs, numbers))) for group in found],
        runs=runs,
        style=Markup(files("reenactbench.report").joinpath("static/report.css").read_text(encoding="utf-8")),
        variants=variants(runs),
        sections=[_section(title, make, runs) for title, make in sections.items()],
    )


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
    }
    environment.globals |= {"notices": wording.notices, "summary": wording.summary, "words": wording}
    return environment


def _breakable(text: str) -> Markup:
    """The text with a place to break a line after each slash, so that a variant folds at its parts."""
    return escape(wording.shorten(text, wording.CODE_LENGTH)).replace("/", Markup("/<wbr>"))


def _section(title: str, make: Callable[[list[Run]], str], runs: list[Run]) -> Section:
    try:
        return Section(title, Markup(make(runs)))
    except Exception as error:  # a plugin's mistake must not cost the page
        text = wording.shorten(f"{type(error).__name__}: {error}", wording.REASON_LENGTH)
        return Section(title, Markup('<p class="notice">This section could not be made: {}</p>').format(text))
