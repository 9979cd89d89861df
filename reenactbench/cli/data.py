"""`reenactbench data`: check, prepare, describe and export a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reenactbench.cli import options as shared

if TYPE_CHECKING:
    from reenactbench.interfaces import Dataset
    from reenactbench.types import Finding

app = typer.Typer(help="Check, prepare, describe and export a data set.")


class Layout(StrEnum):
    w300vw = "300vw"


@app.command()
def verify(
    ctx: typer.Context,
    dataset: shared.DatasetName = shared.DEFAULT_DATASET,
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    json: shared.Json = False,
) -> None:
    """Decode every video, read every landmark file (synthetic: read every rendered clip and true frame, and render a
    frame of each film again), list all that is wrong; ends with 2 if any of it is fatal."""
    from reenactbench.engine.setup import DatasetOptions, load_dataset
    from reenactbench.preparing import available_cores
    from reenactbench.progress import progress_bar

    loaded = load_dataset(ctx.obj.registry, DatasetOptions(dataset, data_root, allow_missing=True), "cpu")
    parts: list[Sequence[Finding]] = []
    with progress_bar("verifying", len(loaded.clips()) + 1, "clips") as advance:
        for part in loaded.verify(allow_missing, available_cores()):
            parts.append(part)
            advance(1)
    findings = [finding for part in parts for finding in part]
    fatal = sum(finding.fatal for finding in findings)
    if json:
        shared.print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            print(f"{'FATAL' if finding.fatal else 'note '}  {finding.path}: {finding.reason}")
        print(f"{len(parts) - 1} clips read: {fatal} fatal findings, {len(findings) - fatal} notes")
    if fatal:
        raise typer.Exit(2)


@app.command()
def prepare(
    ctx: typer.Context,
    dataset: shared.DatasetName = shared.DEFAULT_DATASET,
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    crop: shared.Crop = None,
    detector: shared.Detector = None,
    landmarks: shared.Landmarks = None,
) -> None:
    """Crop every clip to 128x128 (synthetic: render it) into a memory-mapped cache; started again, it goes on where it
    stopped."""
    from reenactbench.preparing import prepare_clips, say_findings

    loaded = _load(ctx, dataset, data_root, allow_missing, crop, detector, landmarks)
    frames, seconds = prepare_clips(loaded, [clip.id for clip in loaded.clips()])
    ids = [clip.id for clip in loaded.clips()]
    say_findings(loaded, ids)
    rate = f", {frames / seconds:,.0f} frames/s" if frames else ""
    print(f"{len(ids)} clips ready; {frames} frames handled now in {seconds:.1f} s{rate}")


@app.command()
def info(
    ctx: typer.Context,
    dataset: shared.DatasetName = shared.DEFAULT_DATASET,
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    crop: shared.Crop = None,
    detector: shared.Detector = None,
    landmarks: shared.Landmarks = None,
    json: shared.Json = False,
) -> None:
    """Describe a data set: clips, splits, frames, what is excluded and why."""
    loaded = _load(ctx, dataset, data_root, allow_missing, crop, detector, landmarks)
    rows: list[dict[str, Any]] = []
    for clip in loaded.clips():
        ready = loaded.prepared(clip.id)
        rows.append(
            {
                "clip": clip.id,
                "identity": clip.identity,
                "split": clip.split,
                "prepared": ready is not None,
                "frames": len(ready.numbers) if ready else loaded.frame_count(clip.id),
                "fps": ready.fps if ready else None,
                "excluded": ready.excluded if ready else {},
                "landmarks": ready.landmarks_from if ready else None,
                "fingerprint": ready.fingerprint if ready else None,
            }
        )
    described: dict[str, Any] = {
        "dataset": dataset,
        "crop": loaded.crop,
        "missing": list(loaded.missing()),
        "clips": rows,
        "findings": [asdict(finding) for finding in loaded.findings([row["clip"] for row in rows])],
    }
    if json:
        shared.print_json(described)
        return
    for row in rows:
        excluded = ", ".join(f"{count} excluded ({reason})" for reason, count in row["excluded"].items())
        state = f"{row['fps']:.4g} fps  landmarks: {row['landmarks']}" if row["prepared"] else "not prepared"
        print(f"{row['clip']}  {row['split']}  {row['frames']} frames  {state}  {excluded}".rstrip())
    for finding in described["findings"]:
        print(f"note  {finding['path']}: {finding['reason']}")
    frames = sum(row["frames"] for row in rows)
    print(f"{len(rows)} clips, {frames} frames; {len(described['missing'])} clips missing")


@app.command()
def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="New folder, or one that an export did not finish.")],
    dataset: shared.DatasetName = shared.DEFAULT_DATASET,
    layout: Annotated[Layout, typer.Option("--layout", help="NNN/vid.avi and NNN/annot/000001.pts.")] = Layout.w300vw,
    clip: Annotated[list[str] | None, typer.Option("--clip", help="Clip; may be given several times.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="The first N clips only.")] = None,
) -> None:
    """Write the synthetic clips as the tree of 300VW, for any program that reads it: lossless FFV1 video of 256x256
    pixels, exact landmarks. Seen people get folder names of the seen, unseen of the unseen; mapping.json says which."""
    from reenactbench.datasets.synthetic.dataset import Synthetic
    from reenactbench.datasets.synthetic.export import chosen
    from reenactbench.datasets.synthetic.export import export as write
    from reenactbench.datasets.synthetic.world import FRAMES
    from reenactbench.errors import ReenactbenchError
    from reenactbench.preparing import available_cores
    from reenactbench.progress import progress_bar

    factory = ctx.obj.registry.find("datasets", dataset).load()
    if not (isinstance(factory, type) and issubclass(factory, Synthetic)):
        raise ReenactbenchError(f"data set {dataset} cannot be exported; only synthetic can, others are files already")
    ids = chosen(clip or [], limit)
    try:
        with progress_bar("exporting", FRAMES * len(ids)) as advance:
            write(ids, folder, advance, available_cores())
    except KeyboardInterrupt:
        typer.echo(f"interrupted; the same command goes on with {folder}", err=True)
        raise typer.Exit(130) from None
    print(f"{len(ids)} clip{'s' if len(ids) > 1 else ''} in {folder}")


def _load(
    ctx: typer.Context,
    dataset: str,
    data_root: Path | None,
    allow_missing: bool,
    crop: str | None,
    detector: str | None,
    landmarks: str | None,
) -> Dataset:
    from reenactbench.engine.setup import DatasetOptions, load_dataset

    given = shared.backbones(detector=detector, landmarks=landmarks)
    return load_dataset(ctx.obj.registry, DatasetOptions(dataset, data_root, allow_missing, crop, given), "cpu")
