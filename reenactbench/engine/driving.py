"""How far the drivers turn their heads, frame by frame: what the report's error is plotted against."""

from __future__ import annotations

from typing import Any

import numpy as np

from reenactbench.engine.job import Job
from reenactbench.metrics.pose import head_rotations


def driving_rows(job: Job) -> list[dict[str, Any]]:
    """Rows of the table `driving`: every driving frame of the run once, from the landmarks that methods are given."""
    rows = []
    for source, numbers in dict.fromkeys((cell.pair.source, cell.pair.frames) for cell in job.cells):
        clip = job.dataset.prepared(source)
        if clip is None or not numbers:
            continue
        forward = head_rotations(clip.landmarks[clip.positions(numbers)])[:, :, 2]
        yaw = np.degrees(np.arctan2(forward[:, 0], forward[:, 2]))
        rows += [
            {"clip": source, "frame": number, "yaw": float(angle) if np.isfinite(angle) else None}
            for number, angle in zip(numbers, yaw, strict=True)
        ]
    return rows
