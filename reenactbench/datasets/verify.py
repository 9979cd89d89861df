"""Finds everything that is wrong with a tree of videos and landmarks, before hours are spent on it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from reenactbench.datasets.prepare import RawClip
from reenactbench.datasets.pts import read_pts
from reenactbench.datasets.video import read_video
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import Finding


def verify_clip(raw: RawClip, root: Path) -> list[Finding]:
    """Decode the whole video and read every .pts file of one clip."""
    findings: list[Finding] = []

    def found(path: Path, reason: str, fatal: bool) -> None:
        findings.append(Finding(str(path.relative_to(root)), reason, fatal))

    frames = 0
    shapes: dict[str, int] = {}
    try:
        for frames, frame in enumerate(read_video(raw.video), start=1):
            shapes.setdefault(f"{frame.shape[1]}x{frame.shape[0]}", frames)
    except ReenactbenchError:
        found(raw.video, "cannot be read as a video", True)
    else:
        if frames == 0:
            found(raw.video, "holds no frame that can be decoded", True)
    if len(shapes) > 1:
        changes = ", ".join(f"{size} from frame {first}" for size, first in shapes.items())
        found(raw.video, f"the frame size changes: {changes}", True)
    for number in sorted(raw.annotations):
        try:
            read_pts(raw.annotations[number])
        except ReenactbenchError as error:
            found(raw.annotations[number], str(error).partition(", ")[2] or "cannot be read", True)
    folder = raw.video.parent / "annot"
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        stem, suffix = os.path.splitext(name)
        if suffix != ".pts" or not stem.isdigit():
            found(folder / name, "is no landmark file NNNNNN.pts and is not read", False)
    if frames and raw.annotations:
        without = [number for number in range(1, frames + 1) if number not in raw.annotations]
        if without:
            found(raw.video, f"{len(without)} of {frames} frames have no landmarks: {spans(without)}", False)
        beyond = [number for number in raw.annotations if number > frames]
        if beyond:
            found(folder, f"{len(beyond)} landmark files have no frame (the video has {frames}): {spans(beyond)}", True)
    elif not raw.annotations:
        found(raw.video, "has no landmarks beside it; --landmarks and --detector find them", False)
    if raw.broken & set(raw.annotations):
        count = len(raw.broken & set(raw.annotations))
        found(folder, f"{count} frames are excluded as known broken annotations", False)
    return findings


def missing_clip(clip: str, root: Path, fatal: bool) -> Finding:
    """What there is to say of a clip that is not here, or not whole."""
    if (root / clip / "vid.avi").is_file():
        return Finding(f"{clip}/annot", "holds no landmarks", fatal)
    return Finding(f"{clip}/vid.avi", "is missing", fatal)


def spans(numbers: Iterable[int]) -> str:
    """Ascending numbers as ranges: `1-3, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
