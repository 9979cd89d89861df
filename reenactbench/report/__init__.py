"""A report of one or more runs: a single HTML page, or Markdown, CSV or LaTeX. Never imports torch.

`tables` decides what is shown, `pictures` cuts the strips, and each format only sets what these two made.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from reenactbench.errors import ReenactbenchError
from reenactbench.files import replacing
from reenactbench.report import html_page, latex, long_csv, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reenactbench.results import Run

FORMATS = {"html": "report.html", "md": "report.md", "csv": "report.csv", "latex": "report.tex"}

NO_SECTIONS: Mapping[str, Callable[[list[Run]], str]] = MappingProxyType({})


def write_report(
    runs: list[Run],
    out: Path,
    format: str,
    sections: Mapping[str, Callable[[list[Run]], str]] = NO_SECTIONS,
) -> list[Path]:
    """Write the report of the runs into the folder `out`; returns the files written.

    format: a key of `FORMATS`. sections: title -> callable that returns trusted HTML, shown at the end of the page
    (HTML only). Runs share a table only where `tables.comparable` says that their numbers may be compared.
    """
    if format not in FORMATS:
        raise ReenactbenchError(f"there is no report format {format!r}; choose one of {', '.join(FORMATS)}")
    if not runs:
        raise ReenactbenchError("a report needs at least one run")
    match format:
        case "html":
            text = html_page.render(runs, sections)
        case "md":
            text = markdown.render(runs)
        case "csv":
            text = long_csv.render(runs)
        case _:
            text = latex.render(runs)
    path = out / FORMATS[format]
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
    return [path]
