"""Where faces lie: in the picture, and from frame to frame. Boxes are left, top, right, bottom in pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Boxes = npt.NDArray[np.floating]
Landmarks = npt.NDArray[np.float32]


def box_of(landmarks: Landmarks) -> Boxes:
    """The box [4] of landmarks [68,2]."""
    return np.concatenate([landmarks.min(axis=0), landmarks.max(axis=0)])


def distance(boxes: Boxes, other: Boxes) -> Boxes:
    """Between the centres of boxes [...,4] and of another [4], in widths of the narrower one."""
    apart = np.linalg.norm(boxes[..., :2] + boxes[..., 2:] - other[:2] - other[2:], axis=-1) / 2
    return np.asarray(apart / np.minimum(boxes[..., 2] - boxes[..., 0], other[2] - other[0]))


def outside(points: Landmarks, width: int, height: int) -> bool:
    """Whether landmarks [68,2] are not those of a face in a picture of that size: their centre is not in it, or one of
    them lies farther outside than the picture is large. A face that the border cuts is inside."""
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.array([width, height])
    centre = (low + high) / 2 + 0.5
    return bool(((centre < 0) | (centre > size) | (low < -size.max()) | (high > size + size.max())).any())


def mirrored(points: Landmarks) -> bool:
    """Whether the eyes and the mouth of landmarks [68,2] lie as they do in a mirror, however the head is tilted."""
    right, left, mouth = (points[part].mean(axis=0) for part in (slice(36, 42), slice(42, 48), slice(48, 68)))
    across, down = left - right, mouth - (left + right) / 2
    return bool(across[0] * down[1] - across[1] * down[0] < 0)


def jumps(landmarks: Mapping[int, Landmarks]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Numbers of the frames at which the face is somewhere else, of landmarks by ascending frame number: of those from
    which it comes back to where it was, and the first ones after it went elsewhere for good.

    Somewhere else is farther away than the face is wide; in as many widths as frames lie between, where frames in
    between have no landmarks.
    """
    numbers, boxes = list(landmarks), [box_of(points) for points in landmarks.values()]
    away: list[int] = []
    left: list[int] = []
    start = 0
    while start < len(numbers):
        last, pending, reach = boxes[start], [], 1
        for row in range(start + 1, len(numbers)):
            reach += numbers[row] - numbers[row - 1] - 1
            if distance(boxes[row], last) > reach:
                pending.append(row)
                continue
            away += [numbers[at] for at in pending]
            last, pending, reach = boxes[row], [], 1
        if not pending:
            break
        start = pending[0]
        left.append(numbers[start])
    return tuple(away), tuple(left)
