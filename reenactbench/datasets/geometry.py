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


def jumps(landmarks: Mapping[int, Landmarks]) -> tuple[int, ...]:
    """Numbers of the frames, of landmarks by ascending number, at which the face is not where it is longest.

    They are annotations of other frames or people, or lie beyond a cut. A face is somewhere else where it is farther
    from its last place than it is wide, or than so many widths as it took frames, if those between have no landmarks.
    """
    numbers, boxes = list(landmarks), [box_of(points) for points in landmarks.values()]
    longest: list[int] = []
    away = list(range(len(numbers)))
    while away:
        place, away, reach = away[:1], [], 1
        for row in range(place[0] + 1, len(numbers)):
            reach += numbers[row] - numbers[row - 1] - 1
            if distance(boxes[row], boxes[place[-1]]) > reach:
                away.append(row)
            else:
                place.append(row)
                away, reach = [], 1
        longest = max(longest, place, key=len)
    return tuple(sorted({*numbers} - {numbers[row] for row in longest}))
