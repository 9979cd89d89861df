"""Locks of hair as polylines that flow over a hull around head, ears and neck."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from reenactbench.datasets.synthetic.body.anatomy import CHART_RADIUS
from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.drawing import camera
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints, rotation
from reenactbench.datasets.synthetic.hair.ribbons import ribbon_faces, ribbon_vertices, tangents
from reenactbench.datasets.synthetic.parameters import SHAPE_INDEX

HULL_CENTRE = (5.0, -0.45)  # y and z in cm: rays start here above, and on the axis through here below
LONGITUDES, HEIGHTS = 240, 192
LOWEST, HIGHEST = -20.0, HULL_CENTRE[0] + CHART_RADIUS * np.pi / 2
FAR = 1000.0
EAR = (1.5, 0.1, 1.75, 3.35)  # centre and radii of the ear in its plane, cm
EAR_CONTROLS = ("ear_top", "ear_front", "ear_low")  # the ear moves with them
VIEWS = ((0, 0), (-20, 0), (20, 0), (-40, -20), (-40, 20), (40, -20), (40, 20))  # yaw and pitch, degrees
VIEW_SIZE, VIEW_SCALE = 224, 0.78  # pixels; such that hair as low as -17 cm is in the picture
LEAST_SEEN = 2  # pixels
SPARE = 0.05  # of a lock's length, kept beyond what shows


class Strands(NamedTuple):
    """N locks of P points, the root first."""

    points: Floats
    """[N,P,3] cm, head coordinates."""
    widths: Floats
    """[N,P] cm."""
    albedo: Floats
    """[N,3] linear RGB."""
    normals: Floats
    """[N,P,3] unit: outwards of the volume of the hair."""
    depth: Floats
    """[N,P] 0 (deep inside, at the scalp) .. 1 (outermost)."""
    roots: Ints
    """[N] the vertex of the head that each moves with, or -1: rigid with the skull."""


def no_strands() -> Strands:
    return Strands(
        np.zeros((0, 2, 3), np.float32),
        np.zeros((0, 2), np.float32),
        np.zeros((0, 3), np.float32),
        np.zeros((0, 2, 3), np.float32),
        np.zeros((0, 2), np.float32),
        np.zeros(0, np.int32),
    )


def joined(parts: list[Strands]) -> Strands:
    return Strands(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def visible(strands: Strands, head: Head, points: int) -> Strands:
    """The locks of which something shows in one of the views, from the first to the last place that does.

    Head and other locks hide the rest. Each has so many points afterwards.
    """
    count, before = strands.widths.shape
    first = len(head.neutral)
    faces = np.concatenate([chart().faces, ribbon_faces(before, count) + np.int32(first)])
    colours = np.zeros((first + 2 * before * count, 3), np.float32)  # number and place along it of each lock
    colours[first:, 0] = np.repeat(np.arange(1, count + 1), 2 * before)
    colours[first:, 1] = np.tile(np.repeat(np.linspace(0, 1, before), 2), count)
    seen, start, end = np.zeros(count + 1, int), np.ones(count + 1), np.zeros(count + 1)
    for yaw, pitch in VIEWS:
        small = np.float32(VIEW_SCALE) * rotation(yaw, pitch, 0).T
        turned = strands.points @ small
        sheets = ribbon_vertices(turned, tangents(turned), VIEW_SCALE * strands.widths, np.array([0, 0, 1], np.float32))
        vertices = np.concatenate([head.neutral @ small, sheets]).astype(np.float32)
        picture, depth = np.zeros((VIEW_SIZE, VIEW_SIZE, 3), np.float32), camera.blank_depth(VIEW_SIZE)
        camera.draw(vertices, faces, colours, picture, depth, two_sided=True)
        number, place = np.round(picture[..., 0]).astype(int).ravel(), picture[..., 1].ravel()
        seen = np.maximum(seen, np.bincount(number, minlength=count + 1))
        np.minimum.at(start, number, place)
        np.maximum.at(end, number, place)
    kept = seen[1:] >= LEAST_SEEN
    low, high = np.clip(start[1:][kept] - SPARE, 0, 1), np.clip(end[1:][kept] + SPARE, 0, 1)
    at = (low[:, None] + (high - low)[:, None] * np.linspace(0, 1, points)) * (before - 1)
    step = np.minimum(at.astype(np.int32), before - 2)
    part = (at - step).astype(np.float32)
    each = np.arange(len(at))[:, None]

    def cut(field: Floats) -> Floats:
        field = field[kept]
        share = part.reshape(*part.shape, *(1,) * (field.ndim - 2))
        return np.asarray(field[each, step] * (1 - share) + field[each, step + 1] * share, np.float32)

    return Strands(
        cut(strands.points),
        cut(strands.widths),
        strands.albedo[kept],
        unit(cut(strands.normals)),
        cut(strands.depth),
        strands.roots[kept],
    )


class Hull:
    """How far the head reaches along rays: over the skull from its centre, below it level from an axis."""

    def __init__(self, head: Head, over_ears: bool) -> None:
        flat = chart().points
        _, turn, height, reach = cylindrical(head.neutral)
        seam = flat[:, 0] / CHART_RADIUS
        turn = np.asarray(seam + (turn - seam + np.pi) % (2 * np.pi) - np.pi, np.float32)
        up = (height - LOWEST) / (HIGHEST - LOWEST) - 0.5
        places = np.column_stack([turn / (2 * np.pi) * LONGITUDES, up * HEIGHTS])
        near = (FAR - reach) / FAR
        points = np.column_stack([places * near[:, None], reach - FAR]).astype(np.float32)
        colour = np.full((HEIGHTS, LONGITUDES, 3), 0, np.float32)
        depth = np.full((HEIGHTS, LONGITUDES), FAR, np.float32)
        cv2.triangleRasterize(
            points,
            chart().faces,
            np.repeat(reach[:, None] / 40, 3, 1).astype(np.float32),
            colour,
            depth,
            np.eye(4, dtype=np.float32),
            float(2 * np.arctan(HEIGHTS / 2 / FAR)),
            FAR / 2,
            2 * FAR,
            cv2.TriangleRasterizeSettings()
            .setShadingType(cv2.RASTERIZE_SHADING_SHADED)
            .setCullingMode(cv2.RASTERIZE_CULLING_NONE),
        )
        wide = np.pad(colour[::-1, :, 0] * 40, ((0, 0), (12, 12)), "wrap")
        filled = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((15, 11)), borderType=cv2.BORDER_REPLICATE)
        pole = HEIGHTS - 8
        filled[pole:] = filled[pole].mean()
        radius = np.asarray(cv2.GaussianBlur(filled, (5, 5), 1.2), np.float32)
        y = (np.arange(HEIGHTS)[:, None] + 0.5) / HEIGHTS * (HIGHEST - LOWEST) + LOWEST
        around = np.abs((np.arange(-12, LONGITUDES + 12)[None] + 0.5) / LONGITUDES * 2 * np.pi - np.pi)
        scale = 1 + 0.08 * float(head.shape[SHAPE_INDEX["ear_size"]])
        off = np.radians(27.5 + 5 * float(head.shape[SHAPE_INDEX["ear_angle"]]))
        moved = np.mean([head.moved(name) for name in EAR_CONTROLS], axis=0)
        back = np.linspace(-1, 4, 60)  # along the ear's plane
        out = 7.15 + moved[0] + scale * (0.6 * np.cos(off) + back * np.sin(off))
        ahead = 0.3 + moved[2] - HULL_CENTRE[1] + scale * (0.3 * np.sin(off) - back * np.cos(off))
        turns = np.arctan2(out, ahead)
        up_ear = (y - moved[1]) / scale
        a = np.interp(around, turns, back) - 0.15 * up_ear
        inside = ((a - EAR[0]) / EAR[2]) ** 2 + ((up_ear - EAR[1]) / EAR[3]) ** 2
        ears = radius + np.maximum(np.interp(around, turns, np.hypot(out, ahead)) - radius, 0) * np.clip(
            1.9 - inside, 0, 1
        )
        self.bare = radius
        self.covered = np.asarray(ears, np.float32) if over_ears else self.bare

    def at(self, points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Of points [N,3]: unit rays [N,3]; how far out [N] each is, the skin is there, and skin and ears are."""
        rays, turn, height, reach = cylindrical(points)
        column = ((turn / np.pi + 1) / 2 * LONGITUDES + 11.5).astype(np.float32)[:, None]
        row = ((height - LOWEST) / (HIGHEST - LOWEST) * HEIGHTS - 0.5).astype(np.float32)[:, None]
        bare, covered = (
            np.asarray(cv2.remap(surface, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
            for surface in (self.bare, self.covered)
        )
        return rays, reach, bare[:, 0], covered[:, 0]

    def outside(self, points: Floats, away: float) -> Floats:
        """The points [N,P,3], those nearer than `away` cm moved out along their rays."""
        flat = points.reshape(-1, 3)
        rays, reach, _, surface = self.at(flat)
        return np.asarray((flat + rays * np.maximum(surface + away - reach, 0)[:, None]).reshape(points.shape))


def cylindrical(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Rays [N,3], longitude [N], height [N] (arc length above the centre of the skull) and reach [N] of points."""
    out = points.copy()
    out[:, 1] = np.maximum(points[:, 1] - HULL_CENTRE[0], 0)
    out[:, 2] -= HULL_CENTRE[1]
    reach = np.sqrt((out**2).sum(axis=1)) + 1e-6
    rays = out / reach[:, None]
    height = np.minimum(points[:, 1], HULL_CENTRE[0]) + CHART_RADIUS * np.arcsin(np.clip(rays[:, 1], -1, 1))
    return rays, np.arctan2(out[:, 0], out[:, 2]), height, reach


Field = Callable[[Floats, Floats, Floats], Floats]
"""Directions [N,3] of growth at points [N,3] with rays [N,3], as far along [N] as they are."""


def march(hull: Hull, start: Floats, field: Field, step: Floats, heights: Floats, sink: float) -> Floats:
    """Strands [N,S,3] from start [N,3] along the field.

    step [N] cm; heights [N,S] cm that each keeps from the hull; `sink`: how fast (cm a cm) they come down to it.
    """
    points = start
    rays, reach, _, _ = hull.at(points)
    path = [points]
    along = np.zeros(len(start), np.float32)
    for index in range(1, heights.shape[1]):
        direction = field(points, rays, along)
        direction = direction - rays * (direction * rays).sum(axis=1, keepdims=True)
        direction /= np.sqrt((direction**2).sum(axis=1, keepdims=True)) + 1e-6
        along = along + step
        points = points + direction * step[:, None]
        rays, reach, bare, covered = hull.at(points)
        wanted = np.maximum(bare + heights[:, index], reach - sink * step)
        wanted = np.maximum(wanted, covered + 0.1 + 0.15 * heights[:, index])
        points = points + rays * (wanted - reach)[:, None]
        path.append(points)
    return np.stack(path, axis=1)


def resampled(paths: Floats, ends: Floats, count: int) -> Floats:
    """[N,count,3]: the strands [N,S,3] up to `ends` [N] of their steps, with more points near the root."""
    at = ends[:, None] * np.linspace(0, 1, count, dtype=np.float32) ** 1.2
    low = np.minimum(at.astype(np.int32), paths.shape[1] - 2)
    part = (at - low)[..., None]
    each = np.arange(len(paths))[:, None]
    return np.asarray(paths[each, low] * (1 - part) + paths[each, low + 1] * part, np.float32)


class Roots(NamedTuple):
    points: Floats
    """[N,3] cm."""
    flat: Floats
    """[N,2] in the chart."""
    vertices: Ints
    """[N] a vertex near each."""


def sample_roots(head: Head, weights: Floats, count: int, random: np.random.Generator) -> Roots:
    """Places on the head, as many an area as the weights [V] say."""
    faces = chart().faces
    corners = head.neutral[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    share = np.cumsum(np.sqrt((normal**2).sum(axis=1)) * weights[faces].mean(axis=1), dtype=np.float64)
    at = (np.arange(count) + random.random(count)) * (share[-1] / count)
    chosen = np.minimum(np.searchsorted(share, at), len(faces) - 1)
    inner = np.sqrt(random.random(count))
    other = random.random(count)
    mix = np.stack([1 - inner, inner * (1 - other), inner * other], axis=1)[..., None]
    mix = mix.astype(np.float32)
    return Roots(
        (corners[chosen] * mix).sum(axis=1),
        (chart().points[faces[chosen]] * mix).sum(axis=1),
        faces[chosen, mix[:, :, 0].argmax(axis=1)],
    )


def smooth(low: float, high: float, values: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between."""
    part = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def ripples(points: Floats, wavelength: float, random: np.random.Generator) -> Floats:
    """Smooth noise [N,3] of about unit size at points [N,3], with a given wavelength in cm."""
    waves = random.standard_normal((3, 6)).astype(np.float32) * (2 * np.pi / wavelength / 1.7)
    phase = random.random(6).astype(np.float32) * 6.28
    mix = random.standard_normal((6, 3)).astype(np.float32) / np.sqrt(3)
    return np.asarray(np.sin(points @ waves + phase) @ mix)


def unit(vectors: Floats) -> Floats:
    """The vectors [...,3] with length 1."""
    return np.asarray(vectors / (np.sqrt((vectors**2).sum(axis=-1, keepdims=True)) + 1e-6), np.float32)
