"""`reenactbench list` and `reenactbench plugins`: what there is, without importing it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reenactbench.cli import options as shared
from reenactbench.plugins import PluginReport


class Kind(StrEnum):
    methods = "methods"
    datasets = "datasets"
    protocols = "protocols"
    metrics = "metrics"


def list_entries(
    ctx: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    json: shared.Json = False,
) -> None:
    """List the methods, data sets, protocols or metrics that plugins registered."""
    entries = list(ctx.obj.registry.of(kind.value))
    if json:
        shared.print_json(
            [
                {
                    **entry.metadata,
                    "name": entry.name,
                    "summary": entry.summary,
                    "plugin": entry.owner,
                    "distribution": entry.distribution,
                    "version": entry.version,
                }
                for entry in entries
            ]
        )
        return
    width = max((len(entry.name) for entry in entries), default=0)
    for entry in entries:
        print(f"{entry.name:{width}}  {entry.summary}")


def _registered(report: PluginReport) -> dict[str, list[str]]:
    """kind -> names, for the kinds of which the plugin registers any."""
    names: dict[str, list[str]] = {}
    for entry in report.entries:
        names.setdefault(entry.kind, []).append(entry.name)
    return names


def plugins(ctx: typer.Context, json: shared.Json = False) -> None:
    """Show every plugin: where it comes from, what it registers, and what is wrong with it."""
    described = [
        {
            "name": report.name,
            "distribution": report.distribution,
            "version": report.version,
            "registers": _registered(report),
            "errors": report.errors,
        }
        for report in ctx.obj.reports
    ]
    if json:
        shared.print_json(described)
        return
    for plugin in described:
        print(f"{plugin['name']}  ({plugin['distribution']} {plugin['version']})")
        for kind, names in plugin["registers"].items():
            print(f"  {kind.replace('_', ' ')}: {', '.join(names)}")
        for error in plugin["errors"]:
            print(f"  ERROR: {error}")
