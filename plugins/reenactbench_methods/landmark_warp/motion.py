"""The motion of a face: pose, expression and apertures. Nothing else passes from the driver to the output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reenactbench_methods.landmark_warp.fit import Fit, spread
from reenactbench_methods.landmark_warp.shape import Array

# Upper and lower points of each aperture: two places in each eye, three between the lips.
_UPPER = (37, 38, 43, 44, 61, 62, 63)
_LOWER = (41, 40, 47, 46, 67, 66, 65)


def _opening() -> Array:
    """How each of the 68 points moves, in shares, as each aperture opens by one: [68,7]; the lips move as a whole."""
    moves = np.zeros((68, len(_UPPER)))
    moves[_UPPER, range(7)] = -0.5
    moves[_LOWER, range(7)] = 0.5
    moves[(49, 50, 51, 52, 53), (4, 4, 5, 6, 6)] = -0.35, -0.5, -0.5, -0.5, -0.35
    moves[(59, 58, 57, 56, 55), (4, 4, 5, 6, 6)] = 0.35, 0.5, 0.5, 0.5, 0.35
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
    """[T,7]: heights of the eyes and of the mouth, in spreads."""

    @classmethod
    def of(cls, landmarks: Array, fitted: Fit) -> Motion:
        """The motion in landmarks [T,68,2] (pixels) and the faces fitted to them."""
        size = spread(landmarks)
        apertures = _apertures(landmarks, fitted.rotation) / size[:, None]
        return cls(fitted.rotation, landmarks.mean(axis=1), size, fitted.expression, apertures)

    def place(self, head: Array) -> Array:
        """Points [T,H,3] in head coordinates, the first 68 the landmarks, put into the picture.

        Returns [T,H,3]: x and y in pixels, and a depth. The landmarks get the centre, the spread and the apertures of
        this motion. A closed eye is closed and an open mouth is open for everybody, so apertures are taken as they are.
        """
        turned = head @ self.rotation.transpose(0, 2, 1)
        placed = turned * (self.spread / spread(turned[:, :68, :2]))[:, None, None]
        placed[..., :2] += (self.centre - placed[:, :68, :2].mean(axis=1))[:, None]
        missing = self.apertures * self.spread[:, None] - _apertures(placed[:, :68, :2], self.rotation)
        placed[:, :68, :2] += (_OPENING @ missing[..., None]) * _down(self.rotation)[:, None]
        return placed

    def code(self, size: int) -> Array:
        """All of it as numbers of order one, for pictures of `size` pixels: [T,D].

        The first two rows of the rotation, centre and spread in sides of the picture, expression, apertures.
        """
        rows = self.rotation[:, :2].reshape(-1, 6)
        place = np.concatenate([self.centre, self.spread[:, None]], axis=1) / size
        return np.concatenate([rows, place, self.expression, self.apertures], axis=1)


def _down(rotation: Array) -> Array:
    """The face's downward direction in the picture, [T,2], of length 1."""
    down = rotation[:, :2, 1]
    unit: Array = down / np.linalg.norm(down, axis=1, keepdims=True).clip(1e-6)
    return unit


def _apertures(landmarks: Array, rotation: Array) -> Array:
    """Signed heights [T,7] of eyes and mouth along the face's downward direction."""
    between = landmarks[:, _LOWER] - landmarks[:, _UPPER]
    return np.asarray(between @ _down(rotation)[..., None])[..., 0]
