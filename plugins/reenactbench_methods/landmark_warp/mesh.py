"""The mesh that carries the picture: the 68 points, skin and skull points without a landmark, and a still frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, Delaunay

from reenactbench_methods.landmark_warp.shape import EXPRESSION_MODES, MEAN, MIRROR, Array

Index = npt.NDArray[np.intp]

_SKIN_HALF = np.array([
    # cheek: below the eye, on the cheekbone, beside the nose, above the jaw, beside the mouth, beside the chin
    (0.33, 0.20, -0.06), (0.58, 0.24, 0.13), (0.28, 0.58, -0.12), (0.50, 0.55, 0.06), (0.42, 0.80, 0.04),
    (0.30, 1.02, -0.01),
    # temple, forehead above the brow, hairline
    (0.71, -0.22, 0.33), (0.26, -0.52, -0.14), (0.55, -0.50, 0.06), (0.30, -0.85, 0.02), (0.60, -0.72, 0.24),
])  # fmt: skip
_SKIN_MIDDLE = np.array([(0.0, 0.65, -0.27), (0.0, 1.08, -0.15), (0.0, -0.52, -0.17), (0.0, -0.88, -0.01)])
SKIN: Array = np.concatenate([_SKIN_HALF * (-1, 1, 1), _SKIN_HALF, _SKIN_MIDDLE])
"""[N,3]: points of the skin at rest, in head coordinates."""

# The skull with its hair is an ellipsoid.
_SKULL_CENTRE = np.array([0.0, -0.32, 0.80])
_SKULL_RADII = np.array([0.94, 1.14, 1.05])
_ANGLES = np.radians(np.arange(12, -193, -17.0))
OUTLINE_DIRECTIONS: Array = np.stack([np.cos(_ANGLES), np.sin(_ANGLES), np.zeros_like(_ANGLES)], axis=1)
"""[O,3]: where the skull's outline is followed, from the right ear over the top of the head to the left ear."""

_FOLLOW_WIDTH, _FOLLOW_FLOOR = 0.22, 0.3
_CLEARANCE = 1.2
"""The still frame stays at least this many times as far from the middle of the head as the head's own edge."""

_SIZE = 68 + len(SKIN) + len(OUTLINE_DIRECTIONS)
OUTLINE = slice(_SIZE - len(OUTLINE_DIRECTIONS), _SIZE)
"""The points of the skull's outline among the H points of `head`."""
_PAIRS = len(_SKIN_HALF)
TWIN: Index = np.concatenate(
    [
        MIRROR,
        68 + np.r_[_PAIRS : 2 * _PAIRS, :_PAIRS, 2 * _PAIRS : len(SKIN)],
        np.arange(_SIZE)[OUTLINE][::-1],
    ]
)
"""[H]: the number of each head point's mirror image."""


def _follow() -> Array:
    """How much each skin point moves with each landmark: [N,68], fading out away from the landmarks."""
    squared = np.square(SKIN[:, None, :2] - MEAN[None, :, :2]).sum(axis=2)
    near = np.exp(-0.5 * squared / _FOLLOW_WIDTH**2)
    share: Array = near / (near.sum(axis=1, keepdims=True) + _FOLLOW_FLOOR)
    return share


_FOLLOW = _follow()


def head(face: Array, rotation: Array) -> Array:
    """All points of the head [T,H,3] in head coordinates: the 68 of `face` [T,68,3], the skin, the skull's outline.

    Skin points follow their neighbours among the 68. The outline is where the skull, seen under `rotation` [T,3,3],
    ends: for each direction the support point of the ellipsoid, so that hair stays at the edge of a turning head.
    """
    skin = SKIN + _FOLLOW @ (face - MEAN)
    view = rotation[:, None, 2]
    across = OUTLINE_DIRECTIONS - (view @ OUTLINE_DIRECTIONS.T).transpose(0, 2, 1) * view
    reach = np.linalg.norm(across * _SKULL_RADII, axis=2, keepdims=True)
    outline = _SKULL_CENTRE + across * _SKULL_RADII**2 / reach
    return np.concatenate([face, skin, outline], axis=1)


def still_frame(edge: Array, size: int) -> Array:
    """Where the background stops to move: [E,2] pixels, on the rays from the head's middle through its edge [E,2].

    These points lie on the border of the picture of `size` pixels, or outside where the head comes too close to it.
    """
    middle = edge.mean(axis=0)
    ray = edge - middle
    to_border = np.where(ray > 0, size - 0.5 - middle, middle + 0.5) / np.abs(ray).clip(1e-6)
    still: Array = middle + ray * to_border.min(axis=1, keepdims=True).clip(_CLEARANCE)
    return still


def _head_triangles() -> tuple[Index, Index]:
    """Triangles [N,3] and edge [E] of the head, laid out on the mean face with its mouth ajar."""
    layout = head((MEAN + EXPRESSION_MODES["jaw opens"])[None], np.eye(3)[None])[0, :, :2]
    return Delaunay(layout).simplices.astype(np.intp), ConvexHull(layout).vertices.astype(np.intp)


def _background_triangles(edge: Index) -> Index:
    """The strip between the edge of the head and the still frame, whose points come after the head's."""
    frame = _SIZE + np.arange(len(edge))
    next_edge, next_frame = np.roll(edge, -1), np.roll(frame, -1)
    inner, outer = (edge, next_edge, frame), (next_edge, next_frame, frame)
    return np.concatenate([np.stack(inner, axis=1), np.stack(outer, axis=1)])


_HEAD, EDGE = _head_triangles()
"""EDGE: [E], the numbers of the points on the head's edge, in order."""
_BACKGROUND = _background_triangles(EDGE)
TRIANGLES: Index = np.concatenate([_BACKGROUND, _HEAD])
"""[N,3]: numbers into the H points of `head` followed by the E points of `still_frame`."""
IS_BACKGROUND = np.arange(len(TRIANGLES)) < len(_BACKGROUND)
"""[N]: triangles of the strip around the head."""
IS_MOUTH: npt.NDArray[np.bool_] = np.all((TRIANGLES >= 60) & (TRIANGLES < 68), axis=1)
"""[N]: triangles between the inner edges of the lips."""
