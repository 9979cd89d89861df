"""Prepares clips of any data set on all cores, with a progress bar."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from reenactbench.interfaces import Dataset
from reenactbench.progress import progress_bar, say


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def prepare_clips(dataset: Dataset, clip_ids: Sequence[str]) -> tuple[int, float]:
    """Prepare those that are not yet; returns the frames handled and the seconds taken."""
    todo = [clip_id for clip_id in clip_ids if dataset.prepared(clip_id) is None]
    start, handled = time.perf_counter(), 0
    with progress_bar("preparing", sum(dataset.frame_count(clip_id) for clip_id in todo)) as advance:

        def count(frames: int) -> None:
            nonlocal handled
            handled += frames
            advance(frames)

        dataset.prepare(todo, count, available_cores())
    return handled, time.perf_counter() - start


def say_findings(dataset: Dataset, clip_ids: Sequence[str]) -> None:
    """Say what was found wrong with clips that are used all the same, a line each."""
    for finding in dataset.findings(clip_ids):
        say(f"{finding.path}: {finding.reason}")
