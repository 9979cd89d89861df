"""`reenactbench run`: generate and score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reenactbench.cli import options as shared

if TYPE_CHECKING:
    from reenactbench.engine.job import Job


def run(
    ctx: typer.Context,
    method: Annotated[list[str], typer.Option("--method", help="Method to run; may be given several times.")],
    dataset: shared.DatasetName = shared.DEFAULT_DATASET,
    data_root: shared.DataRoot = None,
    protocol: Annotated[
        list[str] | None, typer.Option("--protocol", help="Protocol (`list protocols`); default: self and cross.")
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option("--split", help="seen, unseen, or SOURCE-TARGET as seen-unseen; default: all."),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", help="Metric (`list metrics`); default: all that suit the data set.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Take the first N pairs of each protocol's fixed order.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of methods and of the report's choice of pairs.")] = 0,
    device: shared.Device = "auto",
    out: shared.Out = shared.DEFAULT_OUT,
    name: Annotated[str | None, typer.Option("--name", help="Name of the run; default: made from its content.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")] = False,
    allow_missing: shared.AllowMissing = False,
    identity: shared.Identity = None,
    detector: shared.Detector = None,
    landmarks: shared.Landmarks = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="Checkpoint: FILE, or METHOD=FILE with several methods.")
    ] = None,
    crop: shared.Crop = None,
    finetune_steps: Annotated[
        int, typer.Option("--finetune-steps", min=0, help="Steps of fine-tuning to each target, where a method can.")
    ] = 0,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="Run each method in a process of its own, which may crash, hang or leak.")
    ] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.001, help="Seconds for one call of a method in its own process.")
    ] = None,
    memory_limit: Annotated[
        float | None, typer.Option("--memory-limit", min=0.001, help="GB that a method's own process may allocate.")
    ] = None,
) -> None:
    """Run methods over a protocol, score them, and print the tables. Started again, it goes on where it stopped."""
    from reenactbench.engine.job import load_job
    from reenactbench.engine.run import run as carry_out
    from reenactbench.engine.setup import RunOptions

    asked = RunOptions(
        methods=method,
        dataset=dataset,
        data_root=data_root,
        protocols=protocol or ["self", "cross"],
        splits=split or [],
        metrics=metric or [],
        limit=limit,
        seed=seed,
        device=device,
        out=out,
        name=name,
        allow_missing=allow_missing,
        crop=crop,
        backbones=shared.backbones(identity=identity, detector=detector, landmarks=landmarks),
        checkpoints=checkpoint or [],
        finetune_steps=finetune_steps,
        isolate=isolate,
        timeout=timeout,
        memory_limit=memory_limit,
    )
    if dry_run:
        _print_plan(load_job(asked, ctx.obj.registry, prepare=False))
        return
    outcome = carry_out(asked, ctx.obj)
    if outcome.interrupted:
        typer.echo(f"interrupted; the same command goes on with {out / outcome.path.name}", err=True)
        raise typer.Exit(130)
    _print_outcome(out / outcome.path.name)
    for variant, reason in outcome.failed_metrics.items():
        typer.echo(f"{variant} has no value of any method: {reason}", err=True)
    if outcome.failed_cells or outcome.failed_metrics:
        raise typer.Exit(1)


def _print_plan(job: Job) -> None:
    from reenactbench.engine.plan import describe

    for row in describe(job.cells):
        states = ", ".join(
            f"{state['cells']} {state['state']}" + (f" ({state['reason']})" if state["reason"] else "")
            for state in row["states"]
        )
        print(f"{row['method']}  {row['protocol']}  {row['split']}  {row['cells']} cells: {states}")
    for spec in job.metrics:
        print(f"{spec.variant}  {'not computed: ' + spec.missing if spec.missing else 'will be computed'}")


def _print_outcome(path: Path) -> None:
    from reenactbench.cli.printing import terminal_tables
    from reenactbench.results import read_run

    found = read_run(path)
    print(terminal_tables(found))
    print(f"results: {path}")
    _print_failures(found.info["failures"])


def _print_failures(failures: Sequence[dict[str, Any]]) -> None:
    from reenactbench.progress import say

    counts = Counter((item["method"], item["reason"]) for item in failures)
    for (method, reason), count in counts.items():
        say(f"{count} cell{'s' if count > 1 else ''} of {method} failed: {reason}")
