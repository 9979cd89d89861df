"""What is cut out is bounded before it is cut, and shows the face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reenactbench.datasets.crop import POLICIES, check, shown, square, tight
from reenactbench.errors import ReenactbenchError

FACE = np.array([[-20, -25], [20, 25], *[[0, 0]] * 66])


def track(centres: list[tuple[float, float]], scale: float = 1) -> tuple[np.ndarray, np.ndarray]:
    landmarks = scale * FACE + np.array(centres, float)[:, None]
    return landmarks, np.arange(1, len(centres) + 1, dtype=np.int32)


@pytest.mark.parametrize("name", POLICIES)
def test_a_box_that_would_take_too_much_memory_is_refused_with_its_frame(name: str) -> None:
    landmarks, numbers = track([(100, 100)] * 3, 300)
    boxes = POLICIES[name](landmarks, numbers, 25)
    message = r"vid\.avi, frame 1: the crop is [\d,]+ pixels wide; more than 8,192 are not cut out"
    with pytest.raises(ReenactbenchError, match=message):
        check(boxes, numbers, Path("vid.avi"))


def test_a_face_that_a_smoothed_track_leaves_is_not_shown() -> None:
    landmarks, numbers = track([(100, 100)] * 100 + [(1000, 100)] * 100)
    boxes = square(landmarks, numbers, 25)
    visible = shown(landmarks, boxes)
    assert visible[:20].all()
    assert visible[-20:].all()
    assert not visible[98:102].any()
    assert shown(landmarks, tight(landmarks, numbers, 25)).all()


def test_a_face_at_the_edge_of_its_box_is_shown() -> None:
    landmarks, _ = track([(99.5, 99.5)] * 4)  # the centre in units of boxes is 100, 100
    boxes = np.array([[100, 90, 20, 20], [80, 80, 20, 20], [100.1, 90, 20, 20], [79, 79, 20.9, 30]])
    assert shown(landmarks, boxes).tolist() == [True, True, False, False]
