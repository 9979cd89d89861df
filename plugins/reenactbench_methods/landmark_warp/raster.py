"""Which triangle covers each pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reenactbench_methods.landmark_warp.shape import Array

_SLACK = 1e-6
"""Pixels; closes the seam between triangles that share an edge."""


def rasterise(corners: Array, size: int) -> npt.NDArray[np.intp]:
    """The number of the triangle on top of each pixel's centre, -1 where there is none: [size,size].

    corners: triangles [N,3,2] in pixels, x then y, painted in this order, the later over the earlier. A pixel belongs
    only to triangles that hold its centre, so that a map made of one affine piece a triangle stays continuous.
    Triangles without area cover nothing.
    """
    following = np.roll(corners, -1, axis=1)
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = ax * by - ay * bx
    # A point (x, y) lies inside where right * x + down * y + offset >= 0 for all three edges.
    turn = np.where(area < 0, -1.0, 1.0)[:, None]
    right = turn * (corners[..., 1] - following[..., 1])
    down = turn * (following[..., 0] - corners[..., 0])
    offset = -(right * corners[..., 0] + down * corners[..., 1])

    top = np.ceil(corners[..., 1].min(axis=1) - _SLACK).clip(0, size).astype(np.intp)
    bottom = np.floor(corners[..., 1].max(axis=1) + _SLACK).clip(-1, size - 1).astype(np.intp)
    triangle, y = _spans(top, np.where(np.abs(area) > 1e-9, bottom - top + 1, 0))
    slope = right[triangle]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -(down[triangle] * y[:, None] + offset[triangle]) / slope
    left_end = np.where(slope > 0, crossing, -np.inf).max(axis=1) - _SLACK
    right_end = np.where(slope < 0, crossing, np.inf).min(axis=1) + _SLACK
    first = np.ceil(left_end).clip(0, size).astype(np.intp)
    last = np.floor(right_end).clip(-1, size - 1).astype(np.intp)
    span, x = _spans(first, last - first + 1)
    covered = np.full(size * size, -1, dtype=np.intp)
    covered[y[span] * size + x] = triangle[span]  # where a pixel occurs twice, the last value stays
    return covered.reshape(size, size)


def _spans(start: npt.NDArray[np.intp], length: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.intp], ...]:
    """The runs start, start + 1, ... of the given lengths, one after the other: (number of the run, value)."""
    length = length.clip(0)
    run = np.repeat(np.arange(len(start)), length)
    return run, np.arange(len(run)) + np.repeat(start - np.cumsum(length) + length, length)
