"""Faces are nearly symmetric: what the target hides on one half of the head is borrowed from the other half."""

from __future__ import annotations

import numpy as np

from reenactbench_methods.landmark_warp.mesh import OUTLINE_DIRECTIONS, SKIN, TWIN
from reenactbench_methods.landmark_warp.shape import MEAN, Array


def _normals() -> Array:
    """Outward directions [H,3] at the points of the head, those of an ellipsoid that lies close to the face."""
    face = (np.concatenate([MEAN, SKIN]) - (0, 0.35, 0.75)) / np.square((0.80, 1.10, 0.85))
    normals = np.concatenate([face, OUTLINE_DIRECTIONS])
    unit: Array = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return unit


_NORMALS = _normals()


def borrowed(shown: Array, wanted: Array) -> Array:
    """How far each point of the head shows its twin instead of itself: [T,H], 0..1.

    shown: [3,3], the rotation in which the target was pictured; wanted: [T,3,3], those to be shown. A point borrows
    when it was nearly hidden, its twin was seen much better, and now it is to be seen better than before: never when
    the rotation stays as it was, and never from a face pictured from the front.
    """
    seen = -(_NORMALS @ shown[2])
    to_be_seen = -(_NORMALS @ wanted[:, 2, :, None])[..., 0]
    hidden = ((0.5 - seen) / 0.25).clip(0, 1)
    twin_better = ((seen[TWIN] - seen - 0.2) / 0.3).clip(0, 1)
    needed = ((to_be_seen - seen - 0.1) / 0.2).clip(0, 1)
    share: Array = hidden * twin_better * needed
    return share
