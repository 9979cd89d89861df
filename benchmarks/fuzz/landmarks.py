"""Landmark files, judged by a reader that is as strict as the format."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np

from benchmarks.fuzz import mutations
from benchmarks.fuzz.footage import FRAMES, HEIGHT, WIDTH, Points, encoded, landmarks, pictures, read_clip, write_clip
from benchmarks.fuzz.judgement import ACCEPTED, WRONG, Found, Kind, once

NUMBER = rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
FILE = re.compile(
    rb"\s*version *: *1(?:\.0)? *\n *n_points *: *68 *\n *\{ *\n((?: *N +N *\n){68}) *\}\s*".replace(b"N", NUMBER)
)
"""With blanks for tabs, and LF at the ends of lines."""
NAMES = (
    "frame_000001.pts", "000001.PTS", "1.pts", "000000.pts", "-1.pts", "100.pts", "2000000000.pts", "9" * 20 + ".pts",
    "annot.npy", "annot.json", "000001 (1).pts", "\u0663.pts", "\xb2\xb2.pts", "000001.pts.txt", ".000001.pts",
)  # fmt: skip
FIT = 0.05  # pixels of the crop


class Landmarks(Kind):
    """A clip's .pts files: their text, their bytes, their names."""

    name: ClassVar[str] = "landmarks"
    share: ClassVar[int] = 12
    seconds: ClassVar[float] = 10.0

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        once(base / "tree", self._make)

    @staticmethod
    def _make(root: Path) -> None:
        root.mkdir(parents=True)
        film = encoded(root / "film.avi", pictures(), "ffv1", "bgr0")
        write_clip(root / "a", film, {1 + frame: landmarks(frame) for frame in range(FRAMES)})
        (root / "film.avi").unlink()

    def attempt(self, random: Random, folder: Path) -> str:
        root = Path(shutil.copytree(self.base / "tree", folder / "tree"))
        files = sorted((root / "a" / "annot").iterdir())
        for file in random.sample(files, random.choice((1, 1, 2, FRAMES))):
            _disturb(random, file)
        _, clip = read_clip(root, "a")
        expected = _strictly_read(root / "a" / "annot")
        for number, shape in zip(clip.numbers.tolist(), clip.landmarks, strict=True):
            if (points := expected.get(number)) is None:
                raise Found(WRONG, f"frame {number} is used, whose landmarks are none")
            if (reason := _absurd(points)) is not None:
                raise Found(WRONG, f"frame {number} is used, whose landmarks {reason}")
            if not _misfit(points, shape) < FIT:
                raise Found(WRONG, f"frame {number} has other landmarks than its file")
        if len(clip.numbers) + sum(clip.excluded.values()) < FRAMES:
            raise Found(WRONG, f"{FRAMES} frames, {len(clip.numbers)} used, excluded {clip.excluded}")
        return ACCEPTED

    def words(self) -> list[str]:
        return ["data", "verify", "--dataset", "folder", "--data-root", "tree"]


def _disturb(random: Random, file: Path) -> None:
    match random.randrange(8):
        case 0 | 1 | 2:
            text = mutations.reworded(random, file.read_text(), mutations.NUMBERS)
            file.write_text(text.replace("\n", random.choice(("\n", "\n", "\r\n", "\n\n"))))
        case 3 | 4:
            mutations.file_damaged(random, file)
        case 5:
            file.rename(file.with_name(random.choice(NAMES)))
        case 6:
            scale, shift = random.choice(((4, 0), (0.1, 0), (1, WIDTH), (-1, 0), (0, 9), (1, 1e7), (1e6, 0)))
            points = [line.split() for line in file.read_text().splitlines()[3:-1]]
            rows = [" ".join(f"{scale * float(value) + shift:.3f}" for value in point) for point in points]
            file.write_text("\n".join(["version: 1", "n_points: 68", "{", *rows, "}"]))
        case 7:
            mutations.file_replaced(random, file)


def _strictly_read(folder: Path) -> dict[int, Points | None]:
    """Landmarks [68,2] in 0-based pixels by frame number; None where the file is not what it must be."""
    found: dict[int, Points | None] = {}
    for file in folder.iterdir():
        if re.fullmatch(r"[0-9]+\.pts", file.name):
            number = int(file.stem)
            text = file.read_bytes() if file.is_file() else b""
            match = FILE.fullmatch(re.sub(rb"\r\n?", b"\n", text).replace(b"\t", b" "))
            points = np.array(match[1].split(), np.float64).reshape(-1, 2) - 1 if match else None
            found[number] = None if number in found else points
    return found


def _absurd(points: Points) -> str | None:
    """Why these cannot be the landmarks of a face in the picture."""
    if not np.isfinite(points).all():
        return "are not finite"
    centre, side = (points.min(axis=0) + points.max(axis=0)) / 2, max(WIDTH, HEIGHT)
    if not ((centre >= 0) & (centre < [WIDTH, HEIGHT])).all():
        return "lie beside the picture"
    if np.abs(points - centre).max() > 2 * side:
        return "reach twice the picture's size out of it"
    return "are all in one place" if np.ptp(points, axis=0).max() < 1 else None


def _misfit(points: Points, shape: Points) -> float:
    """How far, in pixels, the shape [68,2] is from the points shifted and scaled."""
    one, other = points - points.mean(axis=0), shape - shape.mean(axis=0)
    return float(np.abs(other - one * (one * other).sum() / np.square(one).sum()).max())
