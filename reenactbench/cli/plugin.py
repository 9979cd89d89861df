"""`reenactbench plugin new`: start a plugin of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reenactbench.scaffold.kinds import Kind

app = typer.Typer(help="Write plugins.", no_args_is_help=True)


@app.command()
def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it will be called on the command line, as my-method.")],
    kind: Annotated[Kind, typer.Option("--kind", help="What it is.")] = Kind.method,
) -> None:
    """Write a small distribution into the folder NAME that installs, runs and passes `check` at once."""
    from reenactbench.scaffold.new import new_plugin

    files = new_plugin(name, kind, Path(), ctx.obj.registry)
    print(f"wrote {', '.join(map(str, files))}")
    print(f"next: pip install -e {name} && reenactbench check {name}")
