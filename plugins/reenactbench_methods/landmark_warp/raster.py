"""Which triangle covers each pixel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reenactbench_methods.landmark_warp.shape import Array

Index = npt.NDArray[np.intp]
_SLACK = 1e-6
"""Pixels; closes the seam between triangles that share an edge."""


def rasterise(corners: Array, size: int) -> Index:
    """The number of the triangle on top of each pixel's centre, -1 where there is none: [size,size].

    corners: triangles [N,3,2] in pixels, x then y, painted in this order, the later over the earlier. A pixel belongs
    only to triangles that hold its centre, so that a map made of one affine piece a triangle stays continuous.
    Triangles without area cover nothing.
    """
    x, y = corners.T  # [3,N] each, one row a corner
    area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    # A point (px, py) lies inside where right * px + down * py + offset >= 0 for all three sides.
    turn = np.where(area < 0, -1.0, 1.0)
    right = turn * (y - np.roll(y, -1, axis=0))
    down = turn * (np.roll(x, -1, axis=0) - x)
    offset = -(right * x + down * y)

    top = np.ceil(y.min(axis=0) - _SLACK).clip(0, size).astype(np.intp)
    bottom = np.floor(y.max(axis=0) + _SLACK).clip(-1, size - 1).astype(np.intp)
    triangle, row = _runs(top, np.where(np.abs(area) > 1e-9, bottom - top + 1, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = -((down / right)[:, triangle] * row + (offset / right)[:, triangle])
    left_end = np.where((right > 0)[:, triangle], crossing, -np.inf).max(axis=0) - _SLACK
    right_end = np.where((right < 0)[:, triangle], crossing, np.inf).min(axis=0) + _SLACK
    first = np.ceil(left_end).clip(0, size).astype(np.intp)
    last = np.floor(right_end).clip(-1, size - 1).astype(np.intp)

    line, column = _runs(first, last - first + 1)
    covered = np.full(size * size, -1, dtype=np.intp)
    covered[row[line] * size + column] = triangle[line]  # where a pixel occurs twice, the last value stays
    return covered.reshape(size, size)


def _runs(start: Index, length: Index) -> tuple[Index, Index]:
    """The runs start, start + 1, ... of the given lengths, one after the other: (number of the run, value)."""
    length = length.clip(0)
    run = np.repeat(np.arange(len(start)), length)
    return run, np.arange(len(run)) + np.repeat(start - np.cumsum(length) + length, length)
