"""Eyeballs: white, iris and pupil as rings around the line of sight."""

from __future__ import annotations

from functools import cache

import numpy as np

from reenactbench.datasets.synthetic.body.anatomy import EYE_RADIUS
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints, Mesh, grid_faces, rotation
from reenactbench.datasets.synthetic.parameters import Colour

SECTORS = 36
PUPIL, LIMBUS = 9.0, 29.0  # degrees off the line of sight
RINGS = (0.0, 5.0, PUPIL - 0.8, PUPIL + 0.8, 13.5, 19.0, 24.0, LIMBUS - 1.4, LIMBUS + 1.6, 36.0, 44.0, 58.0, 75.0, 95.0)
WHITE, VEIN = np.array([0.50, 0.47, 0.44]), np.array([0.60, 0.36, 0.31])


def eyeball(iris: Colour, random: np.random.Generator) -> Mesh:
    """An eyeball around the origin that looks along z; its first vertex is the middle of the pupil."""
    polar = np.radians(np.repeat(RINGS, SECTORS))
    around = np.tile(np.arange(SECTORS) * 2 * np.pi / SECTORS, len(RINGS))
    points = EYE_RADIUS * np.stack([np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)], 1)
    ring = np.repeat(np.arange(len(RINGS)), SECTORS)
    degrees = np.degrees(polar)
    inner = np.exp(-(((degrees - PUPIL) / 5.0) ** 2))
    streaks = 1 + 0.3 * np.tile(random.standard_normal(SECTORS), len(RINGS)) * np.exp(-(((degrees - 17) / 6) ** 2))
    rim = np.exp(-(((degrees - LIMBUS) / 4.0) ** 2))
    coloured = np.array(iris) * ((0.75 + 0.5 * inner) * streaks * (1 - 0.72 * rim))[:, None]
    red = np.clip((degrees - 40) / 50, 0, 0.8)[:, None]
    albedo = np.where((ring <= 7)[:, None], coloured, WHITE * (1 - red) + VEIN * red)
    albedo[ring <= 2] = 0.012
    return Mesh(
        points.astype(np.float32),
        _faces(),
        np.clip(albedo, 0, 1).astype(np.float32),
        np.ones(len(points), np.float32),
    )


@cache
def _faces() -> Ints:
    return grid_faces(len(RINGS), SECTORS, closed=True)


def turned(vertices: Floats, x: float, y: float) -> Floats:
    """Vertices [V,3] of an eyeball that looks x degrees to the right of the picture and y degrees up."""
    return np.asarray(vertices @ (rotation(x, 0, 0) @ rotation(0, y, 0)).T, np.float32)
