"""Decoding video files, frame after frame, as RGB and the right way up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.errors import ReenactbenchError

SUFFIXES = (".avi", ".mp4", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ReenactbenchError(f"{path} cannot be read as a video")
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)  # a phone's rotation flag is part of the picture
        yield capture
    finally:
        capture.release()


def read_video(path: Path) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames uint8 [H,W,3] RGB, in order; raises ReenactbenchError where the file is not a readable video.

    A frame's number is its place in this order, from 1, as `ffmpeg -i vid.avi %06d.png` counts and .pts files are
    named.
    """
    with _opened(path) as capture:
        while True:
            read, bgr = capture.read()
            if not read:
                return
            yield cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def frame_rate(path: Path) -> float:
    """Frames a second as the container says; 25 where it says nothing usable."""
    with _opened(path) as capture:
        rate = float(capture.get(cv2.CAP_PROP_FPS))
    return rate if 1 <= rate <= 1000 else 25.0


def nominal_frame_count(path: Path) -> int:
    """Frames as the container says: quick, for progress bars; a decoder may find another number."""
    with _opened(path) as capture:
        return max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
