"""Shoulders and chest in their clothes, for the neutral pose of the head.

Points of the body are told by a level (0 inside the neck .. 1 the chest) and a turn (0 the front, pi/2 the right of the
picture); clothes lie at a distance over it. Arrays of vertices are [R,C]: R rows from the neck down, C round the body.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline, PchipInterpolator

from reenactbench.datasets.synthetic.drawing.mesh import Floats, Mesh, grid_faces, merged
from reenactbench.datasets.synthetic.drawing.tube import tube

Array = npt.NDArray[np.float64]
Points = tuple[tuple[float, float, float], ...]

MIDDLE = -2.5  # z of the axis of the neck, cm
TURNS = np.linspace(0, 2 * np.pi, 72, endpoint=False)
RINGS = (
    (0.00, 3.4, -13.2, 1.6, -15.7, -4.8, -12.6),
    (0.12, 5.4, -13.7, 3.3, -16.5, -7.1, -13.2),
    (0.24, 6.9, -14.9, 3.6, -17.7, -8.8, -14.3),
    (0.36, 9.6, -16.2, 4.2, -19.0, -10.0, -15.5),
    (0.52, 13.2, -17.2, 5.6, -21.4, -11.6, -17.6),
    (0.75, 18.0, -18.7, 7.4, -24.5, -12.8, -21.0),
    (0.90, 21.2, -21.6, 8.0, -28.0, -13.0, -26.0),
    (1.00, 22.0, -30.0, 8.2, -32.0, -13.0, -31.0),
)
"""The body: level; x and y of the side, z and y of the front, z and y of the back, cm."""

# The neck of a turtleneck, folded over outwards: y at the front, side and back, distance from the neck, cm.
TUBE = (
    (-14.0, -12.6, -11.8, 0.20),
    (-12.6, -10.9, -10.1, 0.35),
    (-12.3, -10.5, -9.7, 0.62),
    (-12.4, -10.6, -9.8, 0.95),
    (-12.9, -11.1, -10.3, 1.15),
    (-13.9, -12.1, -11.3, 1.30),
    (-15.1, -13.3, -12.4, 1.50),
    (-15.9, -14.1, -13.1, 1.65),
    (-16.2, -14.4, -13.4, 1.50),
    (-16.5, -14.7, -13.7, 0.00),
)
# The other curves run from the breast on the right of the picture to the middle of the back; the rest mirrors them.
# Collars go from the inside over the fold to the outer edge; corresponding points lie below each other.
SHIRT_COLLAR: tuple[Points, ...] = (
    ((1.7, -18.0, 4.3), (2.9, -16.9, 3.9), (4.7, -15.2, 1.5), (5.6, -13.8, -2.8), (4.4, -12.6, -6.0), (0, -12.2, -7.2)),
    ((1.7, -17.4, 4.6), (2.9, -15.9, 4.2), (4.9, -13.9, 1.6), (5.6, -12.2, -2.8), (4.5, -11.0, -6.0), (0, -10.6, -7.2)),
    ((1.8, -17.3, 4.9), (3.1, -15.6, 4.6), (5.2, -13.5, 1.8), (5.9, -11.8, -2.8), (4.7, -10.6, -6.3), (0, -10.2, -7.6)),
    ((2.0, -17.5, 5.2), (3.4, -15.8, 5.0), (5.6, -13.7, 2.0), (6.3, -12.0, -2.9), (5.0, -10.8, -6.7), (0, -10.4, -8.1)),
    ((2.8, -18.6, 5.6), (4.4, -16.8, 5.2), (6.7, -15.0, 2.2), (7.3, -13.4, -3.0), (5.6, -12.4, -7.5), (0, -12.1, -9.0)),
    ((4.2, -20.8, 6.0), (5.9, -18.0, 5.0), (7.7, -16.1, 2.3), (8.2, -14.6, -3.1), (6.2, -13.8, -8.2), (0, -13.6, -9.7)),
    ((4.1, -20.8, 5.7), (5.8, -18.1, 4.7), (7.4, -16.2, 2.2), (7.9, -14.8, -3.1), (6.0, -14.0, -8.0), (0, -13.8, -9.4)),
)
LAPELS: tuple[Points, ...] = (
    ((1.8, -28.5, 8.6), (3.1, -23.0, 6.6), (4.6, -20.0, 4.6),
     (5.8, -17.6, 2.0), (6.6, -16.0, -2.8), (5.0, -15.2, -7.6), (0, -14.8, -9.2)),
    ((1.7, -28.3, 9.6), (3.0, -22.6, 7.7), (4.6, -18.3, 5.6),
     (6.2, -15.4, 2.2), (6.8, -13.2, -2.8), (5.2, -12.0, -7.4), (0, -11.6, -8.8)),
    ((2.0, -28.2, 9.8), (3.5, -22.5, 7.9), (5.1, -18.3, 5.8),
     (6.7, -15.5, 2.3), (7.2, -13.3, -2.9), (5.5, -12.1, -7.8), (0, -11.7, -9.3)),
    ((3.2, -28.0, 9.6), (5.6, -21.2, 7.6), (6.2, -18.3, 5.6),
     (7.7, -16.3, 2.7), (8.2, -14.8, -3.0), (6.2, -13.7, -8.4), (0, -13.3, -10.2)),
    ((3.6, -27.9, 9.2), (8.6, -20.2, 6.7), (7.0, -18.3, 5.4),
     (9.2, -16.8, 2.7), (9.1, -15.6, -3.0), (6.8, -14.8, -9.0), (0, -14.5, -10.9)),
    ((3.6, -27.9, 8.8), (8.5, -20.3, 6.3), (6.9, -18.4, 5.0),
     (9.1, -17.0, 2.4), (8.9, -15.9, -3.0), (6.7, -15.0, -8.8), (0, -14.7, -10.6)),
)  # fmt: skip
HOOD: Points = (
    *((-0.3, -21.4, 4.2), (1.7, -18.9, 5.2), (4.8, -16.3, 3.2), (6.9, -14.4, -1.0), (6.9, -13.0, -5.4)),
    *((4.4, -12.2, -8.6), (0.0, -12.0, -10.0)),
)
CORD: Points = ((1.5, -18.4, 6.4), (1.7, -19.2, 7.0), (1.8, -21.0, 7.6), (1.9, -23.0, 8.3), (1.9, -25.5, 8.9))


def torso(clothes: str, colour: npt.NDArray[Any], skin: npt.NDArray[Any], neck_width: float) -> Mesh:
    """Shoulders and chest down to y = -30.

    `clothes` is one of parameters.CLOTHES, `colour` and `skin` [3] are linear RGB, `neck_width` standard deviations.
    """
    whole = merged(STYLES[clothes](np.asarray(colour, float), np.asarray(skin, float)))
    x, y, z = whole.vertices.T.astype(float)
    wider = 0.08 * neck_width / (1 + (x / 9) ** 4)
    points = np.column_stack([x * (1 + wider), y, MIDDLE + (z - MIDDLE) * (1 + 0.4 * wider)])
    return whole._replace(vertices=points.astype(np.float32))


def follows(vertices: Floats) -> Floats:
    """[V] 0..1: how far vertices of a torso [V,3] turn with the head, so that collars stay around the neck."""
    x, y, z = vertices.T
    height = np.clip((y + 15.9) / 7, 0, 1)
    near = np.clip((10 - np.hypot(x, z - MIDDLE)) / 3, 0, 1)
    return np.asarray(near * height * height * (3 - 2 * height), np.float32)


def tee(colour: Array, skin: Array, rows: int = 13) -> list[Mesh]:
    """A round collar."""
    neck = around_neck(0.32, 0.26, 0.2)
    return [chest(skin, neck + 0.02), band(neck, 0.9 * colour), garment(neck + 0.02, 0.32, colour, rows)]


def shirt(colour: Array, skin: Array) -> list[Mesh]:
    """A stiff collar with two wings; the top button is open."""
    neck = around_neck(0.26, 0.2, 0.16)
    opening = np.clip(1 - np.minimum(TURNS, 2 * np.pi - TURNS) / 0.5, 0, 1)
    return [
        chest(skin, neck + 0.07 + 0.26 * opening),
        collar(SHIRT_COLLAR, colour),
        garment(neck + 0.26 * opening, 0.3, colour),
    ]


def hoodie(colour: Array, skin: Array) -> list[Mesh]:
    """The hood lies round the neck in a thick roll; two cords hang from it."""
    neck = around_neck(0.26, 0.22, 0.18)
    path = mirrored_curve(HOOD, 57)
    section = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    thick = 1.1 + 1.1 * np.sin(np.linspace(0, np.pi, len(path)))[:, None] ** 0.8
    radius = thick * (1 + 0.13 * np.cos(3 * section + 0.8))
    up = np.array([0.0, 1.0, 0.0])
    hood = tube(path, radius, up, woven(colour, radius), 0.05)
    cords = [
        tube(np.array(CORD) * [side, 1, 1], np.full((len(CORD), 8), 0.22), up, np.full(3, 0.7), 0.05)
        for side in (-1, 1)
    ]
    return [chest(skin, neck + 0.06), hood, *cords, garment(neck, 0.35, colour)]


def turtleneck(colour: Array, skin: Array) -> list[Mesh]:
    """A thick ribbed tube up to the chin."""
    turn = np.linspace(0, 2 * np.pi, 2 * len(TURNS), endpoint=False)
    front, side, back, away = (np.array(TUBE)[:, column, None] for column in range(4))
    ridge = np.arange(len(turn)) % 2
    away = away - 0.1 * ridge
    ahead = np.cos(turn)
    deep = np.where(ahead > 0, 6.0 + 0.35 * np.clip((front + 14.5) / 2, 0, 1), 4.1)  # half of the neck
    y = side + (np.where(ahead > 0, front, back) - side) * ahead**2
    points = np.stack([(4.95 + away) * np.sin(turn), y, MIDDLE + ahead * (deep + away)], axis=-1)
    neck = mesh(points, True, colour * (1 - 0.12 * ridge[:, None]), 0.05)
    return [neck, garment(np.full(len(TURNS), 0.1), 0.3, colour)]


def jacket(colour: Array, skin: Array) -> list[Mesh]:
    """Lapels over a tee that is light where the jacket is dark."""
    level = 0.2 + 0.8 * np.linspace(0, 1, 9)[:, None] ** 1.2 + 0 * TURNS
    gap = PchipInterpolator([0.2, 0.35, 0.9, 1.0], [1.2, 0.7, 0.13, 0.13])(level)
    turn = gap + (2 * np.pi - 2 * gap) * np.linspace(0, 1, len(TURNS))
    cloth = mesh(draped(level, turn, 0.9 + folds(level, turn)), False, woven(colour, level), 0.08)
    under = np.array([0.62, 0.62, 0.6]) if colour.mean() < 0.2 else np.array([0.04, 0.045, 0.06])
    return [*tee(under, skin, rows=6), cloth, collar(LAPELS, 0.92 * colour)]


STYLES = {"tee": tee, "shirt": shirt, "hoodie": hoodie, "turtleneck": turtleneck, "jacket": jacket}


def body(level: Array, turn: Array) -> Array:
    """Points [R,C,3] of the bare body."""
    table = np.array(RINGS)
    side, side_y, front, front_y, back, back_y = np.moveaxis(PchipInterpolator(table[:, 0], table[:, 1:])(level), -1, 0)
    ahead = np.cos(turn)
    y = side_y + (np.where(ahead > 0, front_y, back_y) - side_y) * ahead**2
    z = MIDDLE + (np.where(ahead > 0, front, back) - MIDDLE) * np.abs(ahead)
    return np.stack([side * np.sin(turn), y, z], axis=-1)


def draped(level: Array, turn: Array, away: Array) -> Array:
    """Points [R,C,3] of a layer that lies `away` [R,C] cm over the body."""
    step = 1e-3
    here = body(level, turn)
    normal = np.cross(body(level + step, turn) - here, body(level, turn + step) - here)
    return np.asarray(here + away[..., None] * normal / np.linalg.norm(normal, axis=-1, keepdims=True))


def chest(skin: Array, stop: Array) -> Mesh:
    """The bare skin around the neck down to the levels [C], with the hollow of the throat and hints of collar bones."""
    level = np.linspace(0, 1, 7)[:, None] * stop
    turn = np.broadcast_to(TURNS, level.shape)
    x, y, _ = np.moveaxis(body(level, turn), -1, 0)
    front = np.clip(np.cos(turn) * 3, 0, 1)
    bones = np.exp(-(((y + 18.0 - 0.1 * np.abs(x)) / 0.5) ** 2)) * np.clip((np.abs(x) - 0.6) / 1.2, 0, 1)
    hollow = np.exp(-((x / 0.9) ** 2) - ((y + 17.5) / 0.9) ** 2)
    points = draped(level, turn, front * (0.35 * bones - 0.4 * hollow))
    return mesh(points, True, skin * (1 - 0.15 * front * hollow)[..., None], 0.25)


def around_neck(front: float, side: float, back: float) -> Array:
    """Levels [C] of the edge of a garment."""
    ahead = np.cos(TURNS)
    return np.asarray(side + (np.where(ahead > 0, front, back) - side) * ahead**2)


def garment(start: Array, away: float, colour: Array, rows: int = 13) -> Mesh:
    """Cloth over the body below the levels [C] where it starts."""
    level = start + (1 - start) * np.linspace(0, 1, rows)[:, None] ** 1.4
    turn = np.broadcast_to(TURNS, level.shape)
    tucked = 0.3 * (np.arange(rows) == 0)[:, None]
    points = draped(level, turn, away + folds(level, turn) - tucked)
    return mesh(points, True, woven(colour, level), 0.05)


def folds(level: Array, turn: Array) -> Array:
    """The height [R,C] of soft creases that run down from the neck and across the shoulders, cm."""
    down = np.sin(7 * turn + 5 * level + 0.6) * np.sin(3 * turn - 4 * level)
    across = np.sin(26 * level + 2.5 * np.cos(turn) + 1.5 * np.sin(2 * turn))
    return np.asarray((0.16 * down + 0.07 * across) * np.clip((level - 0.2) / 0.25, 0, 1))


def band(level: Array, colour: Array) -> Mesh:
    """A round seam [C] about 1 cm wide."""
    section = np.linspace(-0.3, np.pi + 0.3, 7)[:, None]
    levels = level - 0.045 * np.cos(section)
    points = draped(levels, np.broadcast_to(TURNS, levels.shape), 0.12 + 0.28 * np.sin(section) + 0 * levels)
    return mesh(points, True, woven(colour, levels), 0.05)


def mirrored_curve(points: Points, count: int) -> Array:
    """`count` points [N,3] of a smooth curve through the points and on through their mirror images."""
    half = np.array(points)
    whole = np.concatenate([half, half[-2::-1] * [-1, 1, 1]])
    return np.asarray(CubicSpline(np.linspace(0, 1, len(whole)), whole)(np.linspace(0, 1, count)))


def collar(curves: tuple[Points, ...], colour: Array) -> Mesh:
    """Cloth that runs round the neck from one breast to the other, open at the front."""
    points = np.stack([mirrored_curve(curve, 61) for curve in curves])
    return mesh(points, False, woven(colour, points[..., 0]), 0.05)


def woven(colour: Array, like: Array) -> Array:
    """Colours [R,C,3] that vary a little, for vertices `like` [R,C]."""
    noise = np.random.default_rng(like.size).normal(0, 0.03, like.shape)
    return np.asarray((colour * (1 + noise[..., None])).clip(0, 1))


def mesh(points: Array, closed: bool, colour: Array, gloss: float) -> Mesh:
    """The mesh of points [R,C,3] with one colour [3] or one each; `closed` joins the last column to the first."""
    albedo = np.broadcast_to(colour, points.shape).reshape(-1, 3)
    return Mesh(
        points.reshape(-1, 3).astype(np.float32),
        grid_faces(points.shape[0], points.shape[1], closed),
        albedo.astype(np.float32),
        np.full(len(albedo), gloss, np.float32),
    )
