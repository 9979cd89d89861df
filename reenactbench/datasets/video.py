"""Decoding video files, frame after frame, as RGB and the right way up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.problem import Problem, spans
from reenactbench.errors import ReenactbenchError

SUFFIXES = (".avi", ".mp4", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
DAMAGED = "damaged picture"

Picture = npt.NDArray[np.uint8]


class Unreadable(ReenactbenchError):
    """A file that cannot be read right as a video; the message is the reason alone."""


class Video:
    """A video file whose packets were counted; raises Unreadable where it is none, or one that we cannot show right."""

    fps: float
    count: int
    """Frames, as many as the container has."""
    width: int
    height: int
    """Of the upright picture."""
    notes: list[str]

    def __init__(self, path: Path) -> None:
        self.path = path
        raise NotImplementedError

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Number and uint8 [H,W,3] RGB of each frame that can be decoded, in order."""
        raise NotImplementedError

    def problems(self) -> list[Problem]:
        """What was found, after `frames` came to its end."""
        return []
