"""Strands of hair as ribbons of triangles that face the camera, and their shine."""

from __future__ import annotations

from functools import cache

import numpy as np

from reenactbench.datasets.synthetic.drawing import light
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints
from reenactbench.datasets.synthetic.parameters import Setting

SHEEN = 20  # exponent: how narrow the sheen along hair is


def ribbon_faces(points: int, strands: int) -> Ints:
    """[F,3] for strands of so many points, with both edges of a point side by side."""
    return _ribbon_faces(points, 1 << strands.bit_length())[: strands * 2 * (points - 1)]


@cache
def _ribbon_faces(points: int, strands: int) -> Ints:
    start = 2 * (np.arange(strands)[:, None] * points + np.arange(points - 1))[..., None]
    return np.asarray(start + np.array([0, 1, 2, 1, 3, 2]), np.int32).reshape(-1, 3)


def tangents(points: Floats) -> Floats:
    """Unit tangents [N,P,3] of polylines [N,P,3]."""
    if not len(points):
        return points
    along = np.empty_like(points)
    along[:, 1:-1] = points[:, 2:] - points[:, :-2]
    along[:, 0], along[:, -1] = points[:, 1] - points[:, 0], points[:, -1] - points[:, -2]
    return np.asarray(along / np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-6))


def ribbon_vertices(points: Floats, along: Floats, widths: Floats, towards: Floats) -> Floats:
    """[N*P*2,3]: the edges of ribbons of widths [N,P] that turn their face to a viewer in direction `towards` [3]."""
    x, y, z = towards
    aside = np.stack(
        [along[..., 1] * z - along[..., 2] * y, along[..., 2] * x - along[..., 0] * z,
         along[..., 0] * y - along[..., 1] * x], axis=-1,
    )  # fmt: skip
    length = np.sqrt(np.einsum("npk,npk->np", aside, aside))
    aside *= (0.5 * widths / np.maximum(length, 1e-3))[..., None]
    return np.stack([points - aside, points + aside], axis=2).reshape(-1, 3)


def strand_light(setting: Setting, along: Floats, normals: Floats, albedo: Floats) -> Floats:
    """The colours [N,P,3] of strands with tangents and outward normals [N,P,3] and reflectances [N,3].

    Matt by the normal of the hair's volume; the sheen by the tangent (Kajiya and Kay, SIGGRAPH 1989).
    """
    own = albedo[:, None]
    matt = light.sky(normals, setting)
    sheen = np.zeros_like(matt)
    for lamp in light.lamps(setting):
        squared_sine = 1 - (along @ lamp.half) ** 2
        facing = np.maximum(normals @ lamp.half, 0)
        matt += lamp.colour * (0.5 + 0.5 * (normals @ lamp.towards))[..., None]
        sheen += lamp.colour * (light.power(squared_sine, SHEEN) * facing * facing)[..., None]
    return np.asarray(own * matt + (0.025 + 0.4 * own) * sheen)
