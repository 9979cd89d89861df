"""`reenactbench weights`: which networks are here, and how to get the others."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from reenactbench.cli import options as shared

app = typer.Typer(help="Networks that metrics look through: what is here, and how to get the rest.")


@app.command("list")
def list_weights(json: shared.Json = False) -> None:
    """List all known weights: present or missing, size, licence, what needs them."""
    from reenactbench.backbones.weights import KNOWN

    described: list[dict[str, Any]] = [
        {
            "name": weights.name,
            "present": weights.present,
            "size": weights.size,
            "sha256": weights.sha256,
            "licence": weights.licence,
            "source": weights.source,
            "url": weights.url,
            "used_by": weights.used_by,
            "folder": str(weights.folder),
        }
        for weights in KNOWN.values()
    ]
    if json:
        shared.print_json(described)
        return
    for weights in described:
        state = "present" if weights["present"] else f"missing (`reenactbench weights fetch {weights['name']}`)"
        print(f"{weights['name']}  {state}")
        print(f"  {weights['size'] / 1e6:.0f} MB, licence: {weights['licence']}, source: {weights['source']}")
        print(f"  needed for {weights['used_by']}; kept in {weights['folder']}")


@app.command("fetch")
def fetch_weights(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all that metrics need.")
    ] = None,
) -> None:
    """Download weights, verify their sha256, and unpack them."""
    from reenactbench.backbones.weights import KNOWN, fetch
    from reenactbench.errors import ReenactbenchError

    unknown = [name for name in names or [] if name not in KNOWN]
    if unknown:
        raise ReenactbenchError(f"there are no weights {', '.join(unknown)}; known are {', '.join(KNOWN)}")
    for name in names or [weights.name for weights in KNOWN.values() if not weights.for_training]:
        weights = KNOWN[name]
        if weights.present:
            print(f"{name} is here already")
            continue
        typer.echo(f"{name}: {weights.size / 1e6:.0f} MB, licence: {weights.licence}", err=True)
        fetch(weights, progress=sys.stderr.isatty())
        print(f"{name} is now in {weights.folder}")
