"""A report of one or more runs: a single HTML page, or Markdown, CSV, LaTeX or JSON. Never imports torch.

Each part of the page is a small model (`tables`, `pictures`, `motion`, `plots`, `matrix`, ...) and a template of the
same name; `contents` makes the tables that all formats share.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from reenactbench.errors import ReenactbenchError
from reenactbench.files import replacing
from reenactbench.report.assets import Assets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reenactbench.results import Run

FORMATS = {"html": "report.html", "md": "report.md", "csv": "report.csv", "latex": "report.tex", "json": "report.json"}
INLINE, FOLDER = "inline", "folder"
"""Where the pictures and videos of the page go: into it, or into a folder beside it."""

NO_SECTIONS: Mapping[str, Callable[[list[Run]], str]] = MappingProxyType({})


def write_report(
    runs: list[Run],
    out: Path,
    format: str,
    sections: Mapping[str, Callable[[list[Run]], str]] = NO_SECTIONS,
    assets: str = INLINE,
) -> list[Path]:
    """Write the report of the runs into the folder `out`; returns the files written, the report first.

    format: a key of `FORMATS`. sections: title -> callable that returns trusted HTML, shown at the end of the page
    (HTML only). assets: INLINE or FOLDER (HTML only). Runs share a table only where `groups.comparable` says that
    their numbers may be compared.
    """
    if format not in FORMATS:
        raise ReenactbenchError(f"there is no report format {format!r}; choose one of {', '.join(FORMATS)}")
    if not runs:
        raise ReenactbenchError("a report needs at least one run")
    path = out / FORMATS[format]
    kept = Assets(path.with_name(f"{path.stem}_files") if assets == FOLDER else None)
    match format:
        case "html":
            from reenactbench.report import html_page

            text = html_page.render(runs, sections, kept)
        case "md":
            from reenactbench.report import markdown

            text = markdown.render(runs)
        case "csv":
            from reenactbench.report import long_csv

            text = long_csv.render(runs)
        case "json":
            from reenactbench.report import as_json

            text = as_json.render(runs)
        case _:
            from reenactbench.report import latex

            text = latex.render(runs)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
    if format == "html":
        kept.remove_others()
    return [path, *kept.files]
