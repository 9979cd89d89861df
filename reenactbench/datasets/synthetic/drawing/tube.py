"""Tubes along a path."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.drawing.mesh import Mesh, grid_faces

Array = npt.NDArray[np.float64]


def tube(path: Array, radius: Array, up: Array, colour: npt.NDArray[Any], gloss: float, closed: bool = False) -> Mesh:
    """A tube along points [N,3], `closed` to a ring or open at both ends.

    `radius` [N,K] are distances at K angles from the direction `up` [3], which must not run along the path; `colour` is
    [3] or [N,K,3].
    """
    along = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0) if closed else np.gradient(path, axis=0)
    aside = np.cross(up, along)
    top = np.cross(along, aside)
    top, aside = (vector / np.linalg.norm(vector, axis=1, keepdims=True) for vector in (top, aside))
    count, sides = radius.shape
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)[:, None]
    points = path[:, None] + radius[..., None] * (np.cos(angle) * top[:, None] + np.sin(angle) * aside[:, None])
    albedo = np.broadcast_to(colour, points.shape).reshape(-1, 3)
    return Mesh(
        points.reshape(-1, 3).astype(np.float32),
        grid_faces(count + closed, sides, closed=True) % np.int32(count * sides),
        albedo.astype(np.float32),
        np.full(len(albedo), gloss, np.float32),
    )
