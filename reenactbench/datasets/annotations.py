"""The landmarks that lie beside a video: which frames have them, what they are, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reenactbench.datasets.following import JUMPS
from reenactbench.datasets.geometry import Landmarks, jumps, mirrored, outside
from reenactbench.datasets.problem import Problem, spans
from reenactbench.datasets.pts import BadLandmarks, read_pts
from reenactbench.datasets.table import read_json, read_npy
from reenactbench.errors import ReenactbenchError

FOLDER = "annot"
TABLES: dict[str, Callable[[Path], dict[int, Landmarks]]] = {"annot.npy": read_npy, "annot.json": read_json}
NO_EXTENT, OUTSIDE = "all landmarks in one place", "landmarks outside the picture"
UNREADABLE = "unreadable landmarks"
SMALLEST = 3
"""Pixels. A face is larger; all coordinates from 0 to 1 or from -1 to 1 are not."""


@dataclass(frozen=True)
class Annotations:
    """The landmarks beside a video: a folder `annot` of .pts files, `annot.npy` or `annot.json`; false where there is
    nothing that looks like any."""

    files: tuple[Path, ...] = field(default=(), repr=False)
    """All that decides the landmarks: what a digest is made of. Of .pts files sorted by frame number."""
    problems: tuple[Problem, ...] = ()
    """What the names alone tell."""

    def __bool__(self) -> bool:
        return bool(self.files or self.problems)

    @property
    def where(self) -> str:
        """The file or folder that holds them, relative to the clip's folder."""
        return self.files[0].name if self._table else FOLDER

    @property
    def numbers(self) -> tuple[int, ...]:
        """1-based numbers of the frames that have landmarks, ascending; none of a table that cannot be read."""
        if self._table:
            return tuple(sorted(self.read()[0]))
        return tuple(int(file.stem) for file in self.files)

    def read(self) -> tuple[dict[int, Landmarks], list[Problem]]:
        """Landmarks [68,2] in 0-based pixels of the video by frame number, and what is wrong with those not there."""
        if self._table:
            try:
                return self._table(self.files[0]), []
            except BadLandmarks as error:
                return {}, [Problem(self.files[0].name, str(error), True)]
        landmarks: dict[int, Landmarks] = {}
        problems = []
        for number, file in zip(self.numbers, self.files, strict=True):
            try:
                landmarks[number] = read_pts(file)
            except BadLandmarks as error:
                problems.append(Problem(f"{FOLDER}/{file.name}", str(error), True, UNREADABLE, (number,)))
        return landmarks, problems

    @property
    def _table(self) -> Callable[[Path], dict[int, Landmarks]] | None:
        return TABLES.get(self.files[0].name) if self.files else None


def annotations_of(clip: Path) -> Annotations:
    """What the folder of a clip holds beside its video. Files of other names are never taken for landmarks, and where
    they may have been meant as such, nothing else is.

    Raises ReenactbenchError for a frame 0, which would shift all others by one, and for two files of one frame.
    """
    names = sorted(os.listdir(clip)) if clip.is_dir() else []
    numbered, others = _numbered(clip / FOLDER)
    tables = [name for name in TABLES if (clip / name).is_file()]
    found = [*([FOLDER] if numbered or others else []), *tables]
    foreign = [name for name in names if name.lower().startswith(FOLDER) or name.lower().endswith(".pts")]
    problems = [
        Problem(name, f"is no file {FOLDER}/NNNNNN.pts, {' or '.join(TABLES)}, and is not read", not found)
        for name in foreign
        if name not in tables and not (name == FOLDER and (clip / name).is_dir())
    ]
    if len(found) > 1:
        problems.append(Problem(found[0], f"{' and '.join(found)} both hold landmarks; keep one of them", True))
    elif others and not numbered:
        of_pts = sum(name.lower().endswith(".pts") for name in others)
        kind = f"{of_pts} .pts files" if of_pts else f"{len(others)} files"
        problems.append(Problem(FOLDER, f"holds {kind}, none is called NNNNNN.pts", True))
    elif others:
        reason = f"{len(others)} entries are no NNNNNN.pts and are not read: {others[0]}"
        problems.append(Problem(FOLDER, reason + (", ..." if len(others) > 1 else ""), False))
    return Annotations(tuple(numbered.values()) or tuple(clip / name for name in tables), tuple(problems))


def _numbered(folder: Path) -> tuple[dict[int, Path], list[str]]:
    """The .pts files of a folder by ascending frame number, and the names of all else that is not hidden."""
    found: dict[int, Path] = {}
    others = []
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        stem, suffix = os.path.splitext(name)
        if suffix != ".pts" or not (stem.isascii() and stem.isdigit()) or not (folder / name).is_file():
            others += [] if name.startswith(".") else [name]
            continue
        number = int(stem)
        if number == 0 or number in found:
            taken = f"{found[number].name} is that frame already" if number else "frames are numbered from 1"
            raise ReenactbenchError(f"{folder / name} cannot be used: {taken}")
        found[number] = folder / name
    return dict(sorted(found.items())), others


def landmark_problems(where: str, landmarks: Mapping[int, Landmarks], width: int, height: int) -> list[Problem]:
    """What is wrong with the landmarks of a clip by frame number, whoever found them, in a picture of that size.

    where: what they were read from or found in, relative to the clip's folder.
    """
    picture = f"the {width}x{height} picture"
    flat = tuple(number for number, points in landmarks.items() if np.ptp(points, axis=0).min() < SMALLEST)
    faces = {number: landmarks[number] for number in sorted({*landmarks} - {*flat})}
    out = tuple(number for number, points in faces.items() if outside(points, width, height))
    left = {number: points for number, points in faces.items() if number not in {*out}}
    flipped = sum(mirrored(points) for points in left.values())
    away = jumps(left)
    problems = []
    if out:
        reason = f"the landmarks of {len(out)} frames lie outside {picture}: {spans(out)}"
        problems.append(Problem(where, reason, True, OUTSIDE, out))
    if flat and len(flat) == len(landmarks):
        reason = f"the landmarks of every frame lie within {SMALLEST} pixels; they have to be pixels of {picture}"
        problems.append(Problem(where, reason, True))
    elif flat:
        problems.append(Problem(where, f"{len(flat)} frames have all landmarks in one place", False, NO_EXTENT, flat))
    if 2 * flipped > len(left):
        reason = (
            f"the landmarks of {flipped} frames are mirrored: x and y, left and right, or up and down are exchanged"
        )
        problems.append(Problem(where, reason, True))
    if away:
        reason = f"the face jumps; {len(away)} frames are left out, in which it is elsewhere: {spans(away)}"
        problems.append(Problem(where, reason, False, JUMPS, away))
    return problems
