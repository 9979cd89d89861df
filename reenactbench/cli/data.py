"""`reenactbench data`: check, prepare and describe a data set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reenactbench.cli import options as shared

if TYPE_CHECKING:
    from reenactbench.interfaces import Dataset

app = typer.Typer(help="Check, prepare and describe a data set.")
DatasetName = Annotated[str, typer.Option("--dataset", help="Data set (`list datasets`).")]


@app.command()
def verify(
    ctx: typer.Context,
    dataset: DatasetName = "300vw",
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    json: shared.Json = False,
) -> None:
    """Decode every video, read every landmark file, list all that is wrong; ends with 2 if any of it is fatal."""
    from reenactbench.datasets.tree import VideoTree
    from reenactbench.datasets.verify import verify as findings_of
    from reenactbench.engine.progress import progress_bar
    from reenactbench.engine.setup import DatasetOptions, available_cores, load_dataset
    from reenactbench.errors import ReenactbenchError

    loaded = load_dataset(ctx.obj.registry, DatasetOptions(dataset, data_root, allow_missing=True), "cpu")
    if not isinstance(loaded, VideoTree) or data_root is None:
        raise ReenactbenchError(f"data set {dataset} is not made of video files; there is nothing to verify")
    findings = []
    with progress_bar("verifying", len(loaded.raw()) + 1, "clips") as advance:
        for part in findings_of(loaded, data_root, allow_missing, available_cores()):
            findings += part
            advance(1)
    fatal = sum(finding.fatal for finding in findings)
    if json:
        shared.print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            print(f"{'FATAL' if finding.fatal else 'note '}  {finding.path}: {finding.reason}")
        print(f"{len(loaded.raw())} clips read: {fatal} fatal findings, {len(findings) - fatal} notes")
    if fatal:
        raise typer.Exit(2)


@app.command()
def prepare(
    ctx: typer.Context,
    dataset: DatasetName = "300vw",
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    crop: shared.Crop = "square@1",
    detector: shared.Detector = None,
    landmarks: shared.Landmarks = None,
) -> None:
    """Crop every clip to 128x128 into a memory-mapped cache; started again, it goes on where it stopped."""
    from reenactbench.engine.job import prepare_clips

    loaded = _load(ctx, dataset, data_root, allow_missing, crop, detector, landmarks)
    ids = [clip.id for clip in loaded.clips()]
    frames, seconds = prepare_clips(loaded, ids)
    rate = f", {frames / seconds:,.0f} frames/s" if frames else ""
    print(f"{len(ids)} clips ready; {frames} frames handled now in {seconds:.1f} s{rate}")


@app.command()
def info(
    ctx: typer.Context,
    dataset: DatasetName = "300vw",
    data_root: shared.DataRoot = None,
    allow_missing: shared.AllowMissing = False,
    crop: shared.Crop = "square@1",
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
                "fingerprint": ready.fingerprint if ready else None,
            }
        )
    described: dict[str, Any] = {"dataset": dataset, "crop": crop, "missing": list(loaded.missing()), "clips": rows}
    if json:
        shared.print_json(described)
        return
    for row in rows:
        excluded = ", ".join(f"{count} excluded ({reason})" for reason, count in row["excluded"].items())
        state = f"{row['fps']:.4g} fps" if row["prepared"] else "not prepared"
        print(f"{row['clip']}  {row['split']}  {row['frames']} frames  {state}  {excluded}".rstrip())
    frames = sum(row["frames"] for row in rows)
    print(f"{len(rows)} clips, {frames} frames; {len(described['missing'])} clips missing")


def _load(
    ctx: typer.Context,
    dataset: str,
    data_root: Path | None,
    allow_missing: bool,
    crop: str,
    detector: str | None,
    landmarks: str | None,
) -> Dataset:
    from reenactbench.engine.setup import DatasetOptions, load_dataset

    given = shared.backbones(detector=detector, landmarks=landmarks)
    return load_dataset(ctx.obj.registry, DatasetOptions(dataset, data_root, allow_missing, crop, given), "cpu")
