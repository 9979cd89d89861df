"""The picture, carried by the mesh."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench_methods.landmark_warp.mesh import IS_BACKGROUND, IS_MOUTH, TRIANGLES, TWIN
from reenactbench_methods.landmark_warp.mouth import fill_mouth
from reenactbench_methods.landmark_warp.raster import rasterise
from reenactbench_methods.landmark_warp.shape import Array

Image = npt.NDArray[np.float32]

_STEEP = 6.0
"""Where the source moves by this many pixels within 3 x 3 pixels of the output, four samples a pixel are taken."""
_WINDOW = np.ones((3, 3), dtype=np.uint8)
_QUARTERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with the mesh in it."""

    image: Image
    """[S,S,3], RGB, 0..1."""
    points: Array
    """[V,2]: all points of the mesh, those of the head first, in pixels."""


def warp(picture: Picture, head: Array, borrowed: Array) -> Image:
    """The picture with its head moved: [S,S,3], RGB, 0..1.

    head: [H,3], where the points of the head go: x and y in pixels, and a depth that says what hides what. borrowed:
    [H], 0..1, how far each of them shows its twin on the other half of the head instead of itself.
    """
    size = len(picture.image)
    still = picture.points[len(head) :]
    moved = np.concatenate([head[:, :2], still])
    depth = np.append(head[:, 2], np.zeros(len(still)))[TRIANGLES].sum(axis=1)
    depth[IS_BACKGROUND] = np.inf
    far_to_near = np.argsort(-depth, kind="stable")
    triangles = TRIANGLES[far_to_near]
    corners = moved[triangles]

    twins = np.concatenate([picture.points[TWIN], still])
    share = np.append(borrowed, np.zeros(len(still)))
    values = np.concatenate([picture.points, twins, share[:, None]], axis=1)[triangles]
    values[IS_BACKGROUND[far_to_near], :, 4] = 0
    maps = _affine_maps(corners, values)

    covered = rasterise(corners, size)
    y, x = np.mgrid[:size, :size]
    out, source = _sample(picture.image, maps[covered], x, y)
    reach = cv2.dilate(source, _WINDOW) - cv2.erode(source, _WINDOW)
    steep = np.maximum(reach[..., 0], reach[..., 1]) > _STEEP
    if steep.any():
        row, column = np.moveaxis(2 * np.argwhere(steep)[:, None] + _QUARTERS, -1, 0)
        finely = rasterise(2 * corners + 0.5, 2 * size)[row, column]
        out[steep] = _sample(picture.image, maps[finely], column / 2 - 0.25, row / 2 - 0.25)[0].mean(axis=1)

    inside = np.append(IS_MOUTH[far_to_near], False)[covered]
    return fill_mouth(out, inside, picture.image, picture.points[:68], moved[:68]).clip(0, 1)


def _affine_maps(corners: Array, values: Array) -> Array:
    """The affine functions of (x, y, 1) that take the values [N,3,5] at the corners [N,3,2]: [N+1,5,3].

    The values are a point in the source, another in its twin, and the twin's share. The last map, number -1, is for
    pixels that no triangle covers: they stay where they are.
    """
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.stack([by, -bx, -ay, ax], axis=1).reshape(-1, 2, 2) / (ax * by - ay * bx)[:, None, None]
        linear = (values[:, 1:] - values[:, :1]).transpose(0, 2, 1) @ inverse
        offset = values[:, 0, :, None] - linear @ corners[:, 0, :, None]
    stay = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 0]])
    return np.concatenate([np.concatenate([linear, offset], axis=2), stay[None]])


def _sample(image: Image, maps: Array, x: Array, y: Array) -> tuple[Image, Image]:
    """Colours [A,B,3] at the points x, y [A,B] under their maps [A,B,5,3], and where they come from [A,B,2]."""
    values = (maps[..., 0] * x[..., None] + maps[..., 1] * y[..., None] + maps[..., 2]).astype(np.float32)
    own, twin, share = values[..., :2], values[..., 2:4], values[..., 4:].clip(0, 1)
    colours = _look_up(image, own)
    if not share.any():
        return colours, own
    return colours + share * (_look_up(image, twin) - colours), own + share * (twin - own)


def _look_up(image: Image, at: Image) -> Image:
    x, y = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
    return np.asarray(cv2.remap(image, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)
