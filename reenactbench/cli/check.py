"""`reenactbench check`: does a plugin keep what it promises?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reenactbench.cli import options as shared

if TYPE_CHECKING:
    from reenactbench.conformance.checks import Result
    from reenactbench.registry import Entry


def check(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="METHOD|FILE|DIR",
            help="A registered method, metric or data set; a plugin's .py or .toml; or the folder of a distribution.",
        ),
    ],
    checkpoint: Annotated[Path | None, typer.Option("--checkpoint", help="Checkpoint of the method.")] = None,
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    device: shared.Device = "cpu",
    json: shared.Json = False,
) -> None:
    """Check that a plugin keeps what it promises, on a tiny synthetic set.

    Each line says pass, fail or skipped, why, and how to mend it; the exit status is 1 where a check failed.
    """
    from reenactbench.conformance.checks import FAIL
    from reenactbench.conformance.finding import CheckOptions, examinations

    rows: list[tuple[Entry, Result]] = []
    with redirect_stdout(sys.stderr):  # what a plugin prints is no result
        options = CheckOptions(device, checkpoint, data_root, allow_missing)
        found = examinations(target, ctx.obj, options)
    for examination in found:
        results = []
        for name in examination.names:
            with redirect_stdout(sys.stderr):
                results.append(examination.result(name))
            if not json:
                _print_result(examination.entry, results)
        rows += [(examination.entry, result) for result in results]
    if json:
        shared.print_json([_row(entry, result) for entry, result in rows])
    else:
        _print_sum([result for _, result in rows])
    if any(result.status == FAIL for _, result in rows):
        raise typer.Exit(1)


def _row(entry: Entry, result: Result) -> dict[str, Any]:
    from dataclasses import asdict

    from reenactbench.registry import noun

    return {"kind": noun(entry.kind), "name": entry.name, "version": entry.version, **asdict(result)}


def _print_result(entry: Entry, results: Sequence[Result]) -> None:
    """The last of the results, below a heading if it is the first."""
    if len(results) == 1:
        print(entry)
    last = results[-1]
    print(f"  {last.status:7}  {last.check:14}  {last.why}", flush=True)
    if last.mend:
        print(f"  {'':7}  {'':14}  to mend it: {last.mend}")


def _print_sum(results: Sequence[Result]) -> None:
    from collections import Counter

    counts = Counter(result.status for result in results)
    print(", ".join(f"{counts[status]} {word}" for status, word in _WORDS.items()))


_WORDS = {"pass": "passed", "fail": "failed", "skipped": "skipped"}
