"""Finds everything that is wrong with a tree of videos and landmarks, before hours are spent on it."""

from __future__ import annotations

from collections import deque

from reenactbench.datasets.problem import Problem
from reenactbench.datasets.reading import RawClip, Reading
from reenactbench.types import Finding


def verify_clip(raw: RawClip) -> list[Finding]:
    """Decode the whole video and read every landmark file of one clip."""
    reading = Reading(raw)
    deque(reading.frames(), maxlen=0)
    problems = reading.problems
    if not raw.annotations:
        note = "has no landmarks beside it; --landmarks and --detector find them"
        problems.append(Problem(raw.video.name, note, False))
    return [problem.finding(raw.info.id) for problem in problems]
