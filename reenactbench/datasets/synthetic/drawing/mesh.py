"""Triangle meshes in head coordinates: centimetres, x to the right of the picture, y up, z towards the camera.

The origin lies between the ear canals of the mean head.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


class Mesh(NamedTuple):
    """Triangles that face outwards counter-clockwise."""

    vertices: Floats
    """[V,3] cm."""
    faces: Ints
    """[F,3]."""
    albedo: Floats
    """[V,3] linear RGB reflectance, 0..1."""
    gloss: Floats
    """[V] 0 (matt) .. 1 (wet)."""


def merged(meshes: Sequence[Mesh]) -> Mesh:
    """The meshes as one; vertices and faces keep their order."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + np.int32(start) for mesh, start in zip(meshes, starts, strict=True)]),
        np.concatenate([mesh.albedo for mesh in meshes]),
        np.concatenate([mesh.gloss for mesh in meshes]),
    )


def grid_faces(rows: int, columns: int, closed: bool = False) -> Ints:
    """The triangles [F,3] of a grid of rows x columns vertices in row-major order.

    Rows run down and columns to the right as seen from outside; `closed` joins the last column to the first.
    """
    index: npt.NDArray[Any] = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], axis=1)
    a, b, c, d = index[:-1, :-1].ravel(), index[:-1, 1:].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel()
    return np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)]).astype(np.int32)


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """The rotation [3,3] of a head: yaw about y, then pitch about x, then roll in the picture; degrees.

    Positive: the nose to the right of the picture, the face up, the top of the head to the right of the picture.
    """
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), np.sin(c), 0], [-np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y, np.float32)


class Surface:
    """Faces [F,3] over so many vertices: what depends on which face and vertex lies beside which."""

    def __init__(self, faces: Ints, count: int) -> None:
        self.faces = faces
        corners = np.tile(np.arange(len(faces)), 3)
        ones = np.ones(len(corners), np.float32)
        self._around = sparse.csr_matrix((ones, (faces.T.ravel(), corners)), (count, len(faces)))

    def normals(self, vertices: Floats) -> Floats:
        """Unit normals [V,3]: the mean of the faces around, by area."""
        a, b, c = vertices[self.faces[:, 0]], vertices[self.faces[:, 1]], vertices[self.faces[:, 2]]
        u, v = b - a, c - a
        across = np.stack(
            [
                u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
                u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
                u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
            ],
            axis=1,
        )
        normals = np.asarray(self._around @ across)
        length = np.sqrt(np.einsum("vk,vk->v", normals, normals))
        return np.asarray(normals / np.maximum(length, 1e-9)[:, None], np.float32)

    def smoothed(self, values: Floats, times: int) -> Floats:
        """Values [V,N] at the vertices, each the mean over it and those it shares an edge with, so many times over."""
        count = len(values)
        pairs = np.concatenate([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        both = np.concatenate([pairs, pairs[:, ::-1], np.repeat(np.arange(count), 2).reshape(-1, 2)])
        beside = sparse.csr_matrix((np.ones(len(both), np.float32), both.T), (count, count))
        beside.data[:] = 1
        share = (1 / np.asarray(beside.sum(axis=1))).astype(np.float32)
        for _ in range(times):
            values = share * (beside @ values)
        return values
