"""`reenactbench doctor`: what this installation can do, and what is in its way."""

from __future__ import annotations

import typer

from reenactbench.cli import options as shared


def doctor(ctx: typer.Context, json: shared.Json = False) -> None:
    """Check the installation: packages, folders, device, weights, plugins."""
    from reenactbench import installation
    from reenactbench.backbones.weights import KNOWN
    from reenactbench.cache import cache_folder
    from reenactbench.provenance import environment

    modules = installation.imported()
    found = environment("cuda" if modules["torch"].cuda else "cpu")
    problems = [
        *installation.requirement_problems(),
        *installation.module_problems(modules),
        *installation.place_problems(),
        *([] if modules["onnxruntime"].error else installation.weights_problems()),
        *(f"plugin {report.name}: {error}" for report in ctx.obj.reports for error in report.errors),
    ]
    hints = [
        f"{weights.name} is not here: no {weights.used_by} through it (`reenactbench weights fetch {weights.name}`)"
        for weights in KNOWN.values()
        if not weights.present
    ] + installation.provider_hints(modules)
    if json:
        shared.print_json({"environment": found, "problems": problems, "hints": hints})
    else:
        print(f"Python {found['python']} on {found['platform']}, {found['cores']} cores")
        print(f"device {found['device']}: {found['device_name']}")
        print(", ".join(f"{name} {version}" for name, version in found["packages"].items()))
        print(f"cache: {cache_folder()}")
        for hint in hints:
            print(f"hint: {hint}")
        for problem in problems:
            print(f"PROBLEM: {problem}")
        if not problems:
            print("no problems found")
    if problems:
        raise typer.Exit(1)
