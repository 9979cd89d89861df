"""The landmarks that lie beside a video: which frames have them, what they are, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.problem import Problem
from reenactbench.datasets.pts import read_pts
from reenactbench.errors import ReenactbenchError

FOLDER = "annot"
NO_EXTENT = "all landmarks in one place"
UNREADABLE = "unreadable landmarks"

Landmarks = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Annotations:
    """What lies in a clip's `annot` folder; false where the clip has no landmarks."""

    files: tuple[Path, ...] = field(default=(), repr=False)
    """All that decides the landmarks, sorted: what a digest is made of."""
    numbers: tuple[int, ...] = field(default=(), repr=False)
    """1-based numbers of the frames that have landmarks, ascending."""
    problems: tuple[Problem, ...] = ()
    """What the names alone tell."""

    def __bool__(self) -> bool:
        return bool(self.numbers)

    def read(self) -> tuple[dict[int, Landmarks], list[Problem]]:
        """Landmarks [68,2] in 0-based pixels of the video by frame number, and what is wrong with those not there."""
        landmarks: dict[int, Landmarks] = {}
        problems = []
        for number, file in zip(self.numbers, self.files, strict=True):
            try:
                landmarks[number] = read_pts(file)
            except ReenactbenchError as error:
                reason = str(error).partition(", ")[2] or "cannot be read"
                problems.append(Problem(f"{FOLDER}/{file.name}", reason, True, UNREADABLE, (number,)))
        return landmarks, problems


def annotations_of(folder: Path) -> Annotations:
    """What a clip's `annot` folder holds: `NNNNNN.pts`, named by the 1-based number of the frame.

    Raises ReenactbenchError for a frame 0, which would shift all others by one, and for two files of one frame.
    """
    found: dict[int, Path] = {}
    others = []
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        stem, suffix = os.path.splitext(name)
        if suffix != ".pts" or not (stem.isascii() and stem.isdigit()):
            others.append(name)
            continue
        if int(stem) == 0 or int(stem) in found:
            taken = f"{found[int(stem)].name} is that frame already" if int(stem) else "frames are numbered from 1"
            raise ReenactbenchError(f"{folder / name} cannot be used: {taken}")
        found[int(stem)] = folder / name
    problems = [Problem(f"{FOLDER}/{name}", "is no landmark file NNNNNN.pts and is not read", False) for name in others]
    misnamed = sum(name.endswith(".pts") for name in others)
    if misnamed and not found:
        problems = [Problem(FOLDER, f"holds {misnamed} .pts files, none is called NNNNNN.pts", True)]
    numbers = tuple(sorted(found))
    return Annotations(tuple(found[number] for number in numbers), numbers, tuple(problems))


def landmark_problems(where: str, landmarks: Mapping[int, Landmarks], width: int, height: int) -> list[Problem]:
    """What is wrong with the landmarks of a clip by frame number, whoever found them, in a picture of that size.

    where: what they were read from or found in, relative to the clip's folder.
    """
    flat = tuple(number for number, points in landmarks.items() if np.ptp(points, axis=0).min() < 1)
    if not flat:
        return []
    return [Problem(where, f"{len(flat)} frames have all landmarks in one place", False, NO_EXTENT, flat)]
