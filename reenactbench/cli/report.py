"""`reenactbench report`: one page, or tables for a paper."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

LARGE = 25e6  # bytes, more than many a mail takes


class Format(StrEnum):
    html = "html"
    md = "md"
    csv = "csv"
    latex = "latex"
    json = "json"


class Assets(StrEnum):
    inline = "inline"
    folder = "folder"


def report(
    ctx: typer.Context,
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Names or folders of runs in results/; default: the newest run."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder to write into; default: the run's own folder.")
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.html,
    assets: Annotated[
        Assets,
        typer.Option("--assets", help="Pictures and films of the page: in it, or in a folder beside it."),
    ] = Assets.inline,
) -> None:
    """Write the report of one or more runs."""
    from reenactbench.cli.options import DEFAULT_OUT
    from reenactbench.progress import say
    from reenactbench.report import write_report
    from reenactbench.results import find_run, read_run

    found = [read_run(find_run(DEFAULT_OUT, name)) for name in runs or (None,)]
    folder = out or (found[0].path if len(found) == 1 else DEFAULT_OUT)
    sections = {entry.name: entry.load() for entry in ctx.obj.registry.of("report_sections")}
    path = write_report(found, folder, format.value, sections, assets.value)[0]
    print(path)
    if (size := path.stat().st_size) > LARGE:
        say(f"{path.name} has {size / 1e6:.0f} MB; with --assets folder its pictures and films lie beside it")
