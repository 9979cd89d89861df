"""The motion of a face: pose, expression and apertures. All that passes from the driver to the output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reenactbench_methods.landmark_warp.fit import Fit, fit, spread
from reenactbench_methods.landmark_warp.shape import Array

# Upper and lower points of each aperture, with the outer lip points that go with the inner ones.
_UPPER = (37, 38, 43, 44, 61, 62, 63)
_LOWER = (41, 40, 47, 46, 67, 66, 65)


def _opening() -> Array:
    """How each of the 68 points moves, in shares, as each aperture opens by one: [68,7]."""
    moves = np.zeros((68, len(_UPPER)))
    moves[_UPPER, range(7)] = -0.5
    moves[_LOWER, range(7)] = 0.5
    moves[(50, 51, 52), (4, 5, 6)] = -0.5
    moves[(58, 57, 56), (4, 5, 6)] = 0.5
    moves[(49, 53), (4, 6)] = -0.35
    moves[(59, 55), (4, 6)] = 0.35
    return moves


_OPENING = _opening()


@dataclass(frozen=True, slots=True)
class Motion:
    """The motion of T frames."""

    rotation: Array
    """[T,3,3]: from head to camera coordinates."""
    centre: Array
    """[T,2]: mean of the landmarks, in pixels."""
    spread: Array
    """[T]: root-mean-square distance of the landmarks from it, in pixels."""
    expression: Array
    """[T,E]: coefficients of the face model."""
    apertures: Array
    """[T,7]: heights of the eyes (two places each) and of the mouth (three places), in spreads."""

    @classmethod
    def of(cls, landmarks: Array, fitted: Fit | None = None) -> Motion:
        """The motion of faces with these landmarks [T,68,2], in pixels. Raises ValueError as `fit` does."""
        fitted = fitted or fit(landmarks)
        size = spread(landmarks)
        return cls(
            fitted.rotation,
            landmarks.mean(axis=1),
            size,
            fitted.expression,
            _apertures(landmarks, fitted.rotation) / size[:, None],
        )

    def place(self, points: Array) -> Array:
        """Points [T,V,3] in camera coordinates, of which the first 68 are the landmarks, brought into the picture.

        The landmarks get the centre, the spread and the apertures of this motion: [T,V,3], x and y in pixels. An open
        mouth or a closed eye is so for everybody, therefore apertures are taken as they are.
        """
        scale = self.spread / spread(points[:, :68, :2])
        placed = points * scale[:, None, None]
        placed[..., :2] += (self.centre - placed[:, :68, :2].mean(axis=1))[:, None]
        missing = self.apertures * self.spread[:, None] - _apertures(placed[:, :68, :2], self.rotation)
        placed[:, :68, :2] += (missing @ _OPENING.T)[..., None] * _down(self.rotation)[:, None]
        return placed


def _down(rotation: Array) -> Array:
    """The face's downward direction in the picture, [T,2], of length 1."""
    down = rotation[:, :2, 1]
    return down / np.linalg.norm(down, axis=1, keepdims=True)


def _apertures(landmarks: Array, rotation: Array) -> Array:
    """Signed heights [T,7] of eyes and mouth along the face's downward direction."""
    return np.einsum("tpj,tj->tp", landmarks[:, _LOWER] - landmarks[:, _UPPER], _down(rotation))
