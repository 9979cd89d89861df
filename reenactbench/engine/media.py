"""Strips of pictures that go with a run, for the report's grid."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from reenactbench.engine import plan
from reenactbench.engine.job import Job
from reenactbench.engine.score import Scorer
from reenactbench.engine.store import write_strip
from reenactbench.files import replacing


def write_media(job: Job, shown: Sequence[str], path: Path) -> None:
    """Strips of target, driver, truth and every method for the pairs of the report's grid."""
    scorer = Scorer(job.dataset, (), job.device, job.store)
    for cell in job.cells:
        if cell.pair.id not in shown or not cell.pair.frames:
            continue
        folder = path / "media" / cell.pair.id
        if cell.method is job.methods[0]:
            write_strip(folder / "target.png", scorer.pictures(cell.pair.target, cell.pair.target_frames).images)
            write_strip(folder / "driver.png", scorer.pictures(cell.pair.source, cell.pair.frames).images)
            truth = scorer.truth(cell.pair)
            if truth is not None and cell.pair.kind != "self":
                write_strip(folder / "truth.png", truth.images)
        strip = folder / f"{cell.method.name}.png"
        stored = job.store.path("generated", cell.key or "", ".png")
        if cell.state == plan.CACHED and stored.is_file():
            with replacing(strip) as temporary:
                shutil.copyfile(stored, temporary)
        else:
            strip.unlink(missing_ok=True)
