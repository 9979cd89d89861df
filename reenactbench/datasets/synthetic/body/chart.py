"""The mesh of the head in its flat chart: rings around eyes and mouth, a grid in between, triangles by Delaunay."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import Delaunay, cKDTree

from reenactbench.datasets.synthetic.body.anatomy import Controls, controls
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints

LID_SAMPLES, LIP_SAMPLES = 30, 44
LID_RINGS = (0.0, 0.1, 0.24, 0.42, 0.64)  # cm away from the lids' edge
LIP_RINGS = (0.25, 0.5, 0.75)  # between the inner and the outer edge of the lips
SKIN_RINGS = (0.16, 0.36, 0.6)  # cm away from the lips
EYES = ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47))
INNER_LIPS, OUTER_LIPS = tuple(range(60, 68)), tuple(range(48, 60))
GRIDS = (  # spacing and box (left, right, low, high) in chart cm, the finest first
    (0.2, -2.6, 2.6, -2.9, 3.2),
    (0.38, -9.0, 9.0, -11.5, 7.5),
    (0.66, -13.5, 13.5, -20.0, 10.5),
    (1.25, -25.2, 25.2, -20.0, 17.6),
)


COARSE = 0.85  # cm


class Chart(NamedTuple):
    """V vertices: the rings and the landmarks first."""

    points: Floats
    """[V,2] chart cm."""
    faces: Ints
    """[F,3]; no face covers the eyes' and the mouth's openings."""
    coarse: Ints
    """[G,3] few large faces over the same vertices, the openings too: enough to throw shadows."""
    landmarks: Ints
    """[68] vertices."""
    lids: Ints
    """[2,5,30] vertices: eye, ring from the edge outwards, place along it from the outer corner over the upper lid."""
    lips: Ints
    """[44] vertices of the inner edge, from the corner on the left over the upper lip."""


@cache
def chart() -> Chart:
    mean = controls()
    points = _Points()
    lids = np.stack([_lid_rings(points, mean, eye) for eye in EYES])
    lips = _lip_rings(points, mean)
    known = [points.nearest(mean.chart[landmark]) for landmark in range(68)]
    landmarks = np.array([_landmark(points, mean.chart[k], at) for k, at in enumerate(known)], np.int32)
    for spacing, left, right, low, high in GRIDS:
        points.fill(spacing, left, right, low, high)
    chart_points = points.array()
    faces = _triangles(chart_points)
    holes = [lids[0, 0], lids[1, 0], lips]
    centres = chart_points[faces].mean(axis=1)
    covered = np.any([_inside(centres, chart_points[hole]) for hole in holes], axis=0)
    few = _sparse(chart_points)
    return Chart(chart_points, faces[~covered], few[_triangles(chart_points[few])], landmarks, lids, lips)


def _triangles(points: Floats) -> Ints:
    """The Delaunay triangles [F,3] of points [N,2], counter-clockwise."""
    faces = Delaunay(points).simplices
    corners = points[faces]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    clockwise = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0
    faces[clockwise] = faces[clockwise][:, ::-1]
    return np.asarray(faces, np.int32)


def _sparse(points: Floats) -> Ints:
    """Some of the points, at least `COARSE` apart."""
    tree, kept, free = cKDTree(points), [], np.ones(len(points), bool)
    for index in range(len(points)):
        if free[index]:
            kept.append(index)
            free[tree.query_ball_point(points[index], COARSE)] = False
    return np.array(kept, np.int32)


@cache
def spread() -> Floats:
    """[V,C]: the weights by which the controls' positions give the vertices' (a thin-plate spline over the chart)."""
    return spline_weights(chart().points, controls().chart)


def spline_weights(points: Floats, centres: Floats) -> Floats:
    """[N,C] weights of a thin-plate spline through values at centres [C,2], evaluated at points [N,2].

    Duchon, 1977; kernel r^2 log r with an affine part; exact at the centres.
    """
    count = len(centres)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(centres, centres)
    system[:count, count:] = np.column_stack([np.ones(count), centres])
    system[count:, :count] = system[:count, count:].T
    at = np.column_stack([_kernel(points, centres), np.ones(len(points)), points])
    solved = np.linalg.solve(system, np.eye(count + 3)[:, :count])
    return np.ascontiguousarray(at @ solved, np.float32)


def _kernel(first: Floats, second: Floats) -> np.ndarray:
    squared = ((first[:, None].astype(np.float64) - second[None]) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-12)))


class _Points:
    """Points of the chart in the order they are added."""

    def __init__(self) -> None:
        self._points: list[np.ndarray] = []

    def add(self, points: np.ndarray) -> Ints:
        start = len(self._points)
        self._points += list(np.asarray(points, np.float64))
        return np.arange(start, len(self._points), dtype=np.int32)

    def nearest(self, point: np.ndarray) -> tuple[float, int]:
        distance, index = cKDTree(self._points).query(point)
        return float(distance), int(index)

    def fill(self, spacing: float, left: float, right: float, low: float, high: float) -> None:
        """Add a staggered grid where no point is near."""
        rows = np.arange(low, high + 1e-9, spacing * 0.87)
        columns = np.arange(left, right + 1e-9, spacing)
        x, y = np.meshgrid(columns, rows)
        x[1::2] += spacing / 2
        if right > 25:  # the seam at the back of the head
            x = np.clip(x, left, right)
        grid = np.column_stack([x.ravel(), y.ravel()])
        distance, _ = cKDTree(self._points).query(grid)
        self.add(grid[distance > 0.72 * spacing])

    def array(self) -> Floats:
        return np.array(self._points, np.float32)


def _landmark(points: _Points, place: np.ndarray, nearest: tuple[float, int]) -> int:
    distance, index = nearest
    return index if distance < 1e-4 else int(points.add(place[None])[0])


def _loop(corners: np.ndarray, samples: int) -> np.ndarray:
    """A smooth closed curve [samples,2] that visits every corner exactly, with samples shared out by length."""
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    counts = np.maximum(1, np.round(lengths / lengths.sum() * samples).astype(int))
    while counts.sum() != samples:
        step = np.sign(samples - counts.sum())
        counts[np.argmax(step * (lengths / counts))] += step
    knots = np.concatenate([[0], np.cumsum(lengths)])
    curve = CubicSpline(knots, np.vstack([corners, corners[:1]]), bc_type="periodic")
    at = np.concatenate([
        np.linspace(start, end, count, endpoint=False)
        for start, end, count in zip(knots[:-1], knots[1:], counts, strict=True)
    ])  # fmt: skip
    return np.asarray(curve(at))


def _two_arcs(corners: np.ndarray, half: int, samples: int) -> np.ndarray:
    """As `_loop`, but with sharp corners at 0 and `half`, and as many samples on one side as on the other."""
    arcs = []
    for arc in (corners[: half + 1], np.vstack([corners[half:], corners[:1]])):
        lengths = np.linalg.norm(np.diff(arc, axis=0), axis=1)
        knots = np.concatenate([[0], np.cumsum(lengths)])
        curve = CubicSpline(knots, arc)
        per_part = np.full(len(lengths), samples // 2 // len(lengths))
        per_part[: samples // 2 - per_part.sum()] += 1
        arcs += [
            curve(np.linspace(start, end, count, endpoint=False))
            for start, end, count in zip(knots[:-1], knots[1:], per_part, strict=True)
        ]
    return np.concatenate(arcs)


def _outwards(loop: np.ndarray) -> np.ndarray:
    """Unit normals [N,2] of a clockwise closed curve."""
    tangent = np.roll(loop, -1, axis=0) - np.roll(loop, 1, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))


def _lid_rings(points: _Points, mean: Controls, eye: tuple[int, ...]) -> Ints:
    loop = _two_arcs(mean.chart[list(eye)].astype(np.float64), 3, LID_SAMPLES)
    normal = _outwards(loop)
    for _ in range(2):
        normal = normal + 0.5 * (np.roll(normal, 1, axis=0) + np.roll(normal, -1, axis=0))
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    return np.stack([points.add(loop + away * normal) for away in LID_RINGS])


def _lip_rings(points: _Points, mean: Controls) -> Ints:
    inner = _two_arcs(mean.chart[list(INNER_LIPS)].astype(np.float64), 4, LIP_SAMPLES)
    outer = _two_arcs(mean.chart[list(OUTER_LIPS)].astype(np.float64), 6, LIP_SAMPLES)
    edge = points.add(inner)
    for share in LIP_RINGS:
        points.add(inner + share * (outer - inner))
    points.add(outer)
    normal = _outwards(outer)
    for away in SKIN_RINGS:
        points.add(outer + away * normal)
    return edge


def _inside(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """[N] whether points lie inside a polygon [M,2] (even-odd rule)."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    x, y = points[:, :1], points[:, 1:]
    crosses = (start[:, 1] > y) != (end[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = start[:, 0] + (y - start[:, 1]) / (end[:, 1] - start[:, 1]) * (end[:, 0] - start[:, 0])
    return np.asarray((crosses & (x < at)).sum(axis=1) % 2 == 1)
