"""The auricle: a relief over an ear-shaped outline, with a back side that leads into the head."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from reenactbench.datasets.synthetic.drawing.mesh import Ints, Mesh, grid_faces

Array = npt.NDArray[np.float64]
Points = tuple[tuple[float, ...], ...]

# The plane of the ear, cm: a backwards, b up, c away from the head; the canal at about (0.5, -0.4).
FRONT: Points = (
    *((1.45, 3.12), (0.80, 2.95), (0.28, 2.40), (0.02, 1.70), (-0.05, 0.95), (-0.15, 0.20), (-0.28, -0.40)),
    *((-0.28, -1.05), (-0.12, -1.65), (0.05, -2.25), (0.38, -2.80), (0.88, -3.02)),
)
"""The edge from the top of the helix down the front to the end of the lobe."""
BACK: Points = (
    *((1.45, 3.12), (2.15, 2.95), (2.78, 2.45), (3.10, 1.65), (3.10, 0.80), (2.88, 0.00), (2.52, -0.75)),
    *((2.15, -1.45), (1.92, -2.05), (1.72, -2.55), (1.38, -2.92), (0.88, -3.02)),
)
"""The edge from the top of the helix down the back to the end of the lobe."""
SPINE: Points = ((1.55, 2.10), (1.45, 1.00), (1.25, 0.00), (1.00, -1.00), (0.90, -2.35))
"""The line that the rings of vertices close in on."""
HALF = 27  # columns of vertices on either side
RINGS = (0.0, 0.14, 0.28, 0.41, 0.53, 0.64, 0.74, 0.83, 0.91, 0.965, 1.0)  # from the spine to the edge
BEHIND = ((0.99, 0.4, -0.10), (0.93, 0.1, -0.20), (0.60, 0.0, -0.45), (0.3, 0.0, -1.0), (0.25, 0.0, -1.9))
"""The back side as rings: of the way to the edge, share of the edge's height, height in cm."""

# Ridges: (a, b, height, half width) along their crests.
HELIX: Points = (
    *((1.35, 0.00, -0.10, 0.24), (0.95, 0.10, 0.15, 0.26), (0.48, 0.42, 0.36, 0.28), (0.24, 1.05, 0.42, 0.28)),
    *((0.31, 1.75, 0.45, 0.28), (0.60, 2.40, 0.50, 0.29), (1.05, 2.74, 0.55, 0.30), (1.60, 2.84, 0.58, 0.31)),
    *((2.18, 2.63, 0.58, 0.31), (2.60, 2.18, 0.55, 0.30), (2.83, 1.55, 0.50, 0.28), (2.82, 0.80, 0.46, 0.27)),
    *((2.60, 0.02, 0.42, 0.27), (2.24, -0.70, 0.34, 0.27), (1.95, -1.30, 0.20, 0.28), (1.75, -1.80, 0.05, 0.30)),
)
ANTIHELIX: Points = (
    *((1.42, -1.18, 0.38, 0.28), (1.72, -0.85, 0.46, 0.30), (1.94, -0.35, 0.56, 0.32), (2.05, 0.30, 0.58, 0.34)),
    *((2.02, 0.95, 0.55, 0.34), (1.88, 1.55, 0.46, 0.32), (1.72, 2.10, 0.32, 0.32)),
)
LOWER_CRUS: Points = (
    (2.00, 0.85, 0.5, 0.32),
    (1.62, 1.14, 0.5, 0.25),
    (1.15, 1.32, 0.42, 0.22),
    (0.65, 1.40, 0.28, 0.22),
)
TRAGUS: Points = (
    (0.05, 0.05, 0.15, 0.32),
    (0.26, -0.25, 0.52, 0.34),
    (0.30, -0.60, 0.52, 0.34),
    (0.12, -1.0, 0.12, 0.34),
)
ANTITRAGUS: Points = ((0.70, -1.45, 0.20, 0.28), (1.00, -1.42, 0.38, 0.32), (1.42, -1.18, 0.38, 0.28))
LOBE: Points = ((0.55, -2.00, 0.20, 0.55), (0.90, -2.30, 0.30, 0.65), (1.25, -2.15, 0.20, 0.55))
RIDGES = (HELIX, ANTIHELIX, LOWER_CRUS, TRAGUS, ANTITRAGUS, LOBE)

# Hollows: (a, b, half width, half height).
CAVUM = (1.00, -0.55, 0.72, 0.72)
CYMBA = (1.25, 0.62, 0.70, 0.40)
CANAL = (0.62, -0.40, 0.30, 0.36)


def curve(points: Points, at: Array) -> Array:
    """The places [N,K] at 0..1 of the way along a smooth curve through the points."""
    knots = np.array(points)
    way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(knots[:, :2], axis=0).T))])
    return np.asarray(CubicSpline(way / way[-1], knots)(at))


def around(front: Array, back: Array) -> Array:
    """A ring of points from two lines [N,2] that share their ends."""
    return np.concatenate([front, back[-2:0:-1]])


def ridge(places: Array, crest: Points) -> Array:
    """The height [N] of a rounded ridge at places [N,2]."""
    line = curve(crest, np.linspace(0, 1, 60))
    square = ((places[:, None] - line[:, :2]) ** 2).sum(2) / line[:, 3] ** 2
    return np.asarray((line[:, 2] * np.exp(-square)).max(1))


def inside(places: Array, hollow: tuple[float, ...]) -> Array:
    """How far [N] (0 .. 1) places [N,2] lie inside a hollow with a flat floor."""
    a, b, width, height = hollow
    square = ((places[:, 0] - a) / width) ** 2 + ((places[:, 1] - b) / height) ** 2
    return np.asarray(np.exp(-(square**1.5)))


def relief(places: Array) -> Array:
    """The height [N] above the plane of the ear at places [N,2]."""
    ridges = np.stack([np.maximum(ridge(places, crest), 0) for crest in RIDGES])
    cheek = 1 / (1 + np.exp((places[:, 0] + 0.15) / 0.08))  # the front edge sinks into the cheek
    hollows = 0.4 * inside(places, CAVUM) + 0.3 * inside(places, CYMBA)
    return np.asarray((ridges**4).sum(0) ** 0.25 - hollows - 0.6 * cheek)


def creases(places: Array) -> Array:
    """How much darker than the ridges the hollows are, a factor [N] about 1, at places [N,2]."""
    turn = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    beside = 0.35 * np.column_stack([np.cos(turn), np.sin(turn)])
    around = relief((places[:, None] + beside).reshape(-1, 2)).reshape(len(places), -1).mean(1)
    return np.asarray((1 - 2.6 * (around - relief(places))).clip(0.42, 1.1) * (1 - 0.6 * inside(places, CANAL)))


class Form(NamedTuple):
    """What all ears share: V vertices."""

    places: Array
    """[V,2] in the plane of the ear."""
    height: Array
    """[V] above it."""
    tint: Array
    """[V,3] what the colour of the skin is multiplied with."""
    faces: Ints


@cache
def form() -> Form:
    half = np.linspace(0, 1, HALF + 1)
    edge = around(curve(FRONT, half), curve(BACK, half))
    middle = curve(SPINE, (1 - np.cos(np.pi * half)) / 2)
    spine = around(middle, middle)
    rings = [spine + level * (edge - spine) for level in RINGS]
    rings += [0.6 * spine + level * (edge - 0.6 * spine) for level, _, _ in BEHIND]
    places, seen = np.concatenate(rings), len(RINGS) * len(edge)
    front = relief(places[:seen])
    height = np.concatenate([front, *(share * front[-len(edge) :] + low for _, share, low in BEHIND)])
    dark = np.ones(len(places))
    dark[:seen] = creases(places[:seen])
    level = np.repeat([*RINGS, *(level for level, _, _ in BEHIND)], len(edge))
    rim = np.clip((level - 0.75) / 0.25, 0, 1) * (places[:, 0] > 0.2)
    red = 0.6 * rim + 0.5 * np.clip((-1.3 - places[:, 1]) / 1.2, 0, 1)
    tint = dark[:, None] * (1 + red[:, None] * np.array([0.06, -0.14, -0.16]))
    index = np.arange(len(places))
    index[HALF + 1 : len(edge)] = index[HALF - 1 : 0 : -1]  # the spine is met from both sides
    kept, faces = np.unique(index[grid_faces(len(rings), len(edge), closed=True)], return_inverse=True)
    faces = faces.reshape(-1, 3).astype(np.int32)
    proper = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    return Form(places[kept], height[kept], tint[kept], faces[proper])


def ear(size: float, angle: float, skin: npt.NDArray[Any]) -> Mesh:
    """The ear on the right of the picture, 6.1 cm high and standing off the head by 27.5 degrees at 0, 0.

    `size` and `angle` are standard deviations; `skin` [3] is linear RGB.
    """
    (a, b), height = form().places.T, form().height
    off = np.radians(27.5 + 5 * angle)
    away = height * np.cos(off) + a * np.sin(off) + 0.14 * np.minimum(b + 0.3, 0)  # the lobe follows the head inwards
    forward = height * np.sin(off) - a * np.cos(off) - 0.15 * b  # the whole leans back
    vertices = np.array([7.15, 0, 0.3]) + (1 + 0.08 * size) * np.column_stack([away, b, forward])
    return Mesh(
        vertices.astype(np.float32),
        form().faces.copy(),
        (skin * form().tint).clip(0, 1).astype(np.float32),
        np.full(len(vertices), 0.3, np.float32),
    )


def mirrored(mesh: Mesh) -> Mesh:
    """The mesh on the other side of the face."""
    flip = np.array([-1, 1, 1], np.float32)
    return mesh._replace(vertices=mesh.vertices * flip, faces=np.ascontiguousarray(mesh.faces[:, ::-1]))
