"""Hair of the head: where it grows, how it flows in each style, and its colour lock by lock."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from reenactbench.datasets.synthetic.chart import chart
from reenactbench.datasets.synthetic.head import Head
from reenactbench.datasets.synthetic.mesh import Floats, Ints
from reenactbench.datasets.synthetic.parameters import Looks
from reenactbench.datasets.synthetic.strands import (
    Hull,
    Roots,
    Strands,
    joined,
    march,
    no_strands,
    resampled,
    ripples,
    sample_roots,
    smooth,
    unit,
    visible,
)

GREY = np.array([0.52, 0.52, 0.50], np.float32)
STEPS = 28
HANGING = 12  # points of a lock that hangs, before what is hidden of it is cut off

HAIRLINE = (
    *((0.0, 9.1), (2.0, 9.2), (4.0, 9.3), (5.4, 9.0), (6.6, 7.9), (7.4, 6.5), (8.2, 5.5), (9.0, 4.6), (9.6, 3.0)),
    *((10.0, 1.4), (10.4, 0.3), (11.1, 0.2), (11.5, 2.2), (12.1, 3.7), (14.0, 4.0), (15.6, 3.0), (16.2, 0.5)),
    *((16.7, -2.0), (18.5, -4.3), (22.0, -5.5), (26.0, -5.9)),
)
"""The lower edge of the hair in the chart: |s|, t in cm; down the sideburn, over the ear, down to the nape."""


class Style(NamedTuple):
    """How a style grows; pairs are its values at 0 and at 1 of the look that varies them."""

    locks: int
    points: int  # a lock
    width: float  # cm
    flow: str  # of FLOWS
    top: tuple[float, float]  # length on top in cm, by hair_length
    side: tuple[float, float]  # length on the sides in cm, by hair_length
    end: tuple[float, float] | None  # for hair that hangs: the height y where it ends, by hair_length
    lift: tuple[float, float]  # cm above the skull on top, by hair_volume
    lift_side: tuple[float, float]  # cm above the skull on the sides, by hair_volume
    rise: float  # cm along a lock in which it gains its height
    sink: float  # cm a cm that it may come down again
    clump: float  # 0..1: how far the locks of a clump close up towards their tips
    clumps: int  # locks a clump
    wave: tuple[float, float]  # amplitude and length of waves, cm
    stray: float  # share of directions at random


STYLES = {
    "buzz": Style(4000, 4, 0.17, "whorl", (0.35, 0.9), (0.3, 0.7), None,
                  (0.12, 0.35), (0.1, 0.25), 0.4, 0.6, 0, 4, (0, 1), 0.5),
    "crop": Style(2200, 7, 0.2, "whorl", (2.4, 4.6), (1.2, 2.2), None,
                  (0.9, 2.2), (0.35, 0.8), 2.2, 0.6, 0.55, 7, (0, 1), 0.45),
    "side_part": Style(2000, 8, 0.2, "part", (6.0, 9.0), (2.0, 3.6), None,
                       (0.9, 2.3), (0.4, 0.9), 2.6, 0.6, 0.4, 8, (0.1, 5), 0.2),
    "swept_back": Style(2000, 8, 0.2, "back", (8.0, 12.0), (4.0, 7.0), None,
                        (0.8, 2.4), (0.35, 0.8), 2.6, 0.6, 0.45, 9, (0.1, 6), 0.15),
    "curly": Style(1600, 10, 0.24, "whorl", (4.5, 7.0), (2.6, 4.2), None,
                   (1.4, 3.2), (0.8, 1.8), 2.0, 0.6, 0.35, 4, (0.42, 2.3), 0.8),
    "afro": Style(2280, 7, 0.25, "out", (1.7, 2.4), (1.7, 2.4), None,
                  (2.2, 5.2), (1.7, 4.2), 0.3, 2.0, 0.0, 3, (0.26, 1.5), 1.4),
    "bob": Style(1050, 9, 0.29, "part", (0, 0), (0, 0), (-5.0, -9.5),
                 (0.6, 1.6), (0.7, 1.6), 3.0, 0.24, 0.4, 9, (0.1, 8), 0.08),
    "long": Style(1050, 9, 0.31, "part", (0, 0), (0, 0), (-10.0, -16.0),
                  (0.5, 1.5), (0.6, 1.5), 3.0, 0.16, 0.5, 10, (0.2, 10), 0.08),
    "wavy": Style(1050, 11, 0.31, "part", (0, 0), (0, 0), (-7.0, -16.0),
                  (0.8, 2.0), (1.0, 2.2), 3.0, 0.16, 0.6, 8, (0.6, 7.5), 0.12),
    "bun": Style(1380, 10, 0.22, "bun", (11, 11), (11, 11), None,
                 (0.35, 0.9), (0.2, 0.5), 2.0, 0.6, 0.3, 9, (0.05, 6), 0.06),
    "fringe": Style(1100, 9, 0.28, "part", (0, 0), (0, 0), (-4.5, -16.0),
                    (0.7, 1.6), (0.7, 1.5), 3.0, 0.18, 0.4, 9, (0.1, 8), 0.08),
}  # fmt: skip
FLOWS = {"part": 0.9, "whorl": 0.55, "back": 0.25, "bun": 0.0, "out": 0.0}
"""Away from the parting, from the crown, towards the back, towards a bun, or on end; and how far gravity bends each."""
RECEDING = ("bald", "buzz", "crop", "side_part", "swept_back")
FACE = ((-20.0, 6.6), (-9.0, 7.0), (-4.0, 8.3), (1.0, 8.9), (4.0, 8.4), (6.5, 7.4), (8.0, 6.4), (8.8, 5.2), (9.4, 0.0))
"""Hair that hangs leaves the face open: t, |s| of its edge in the chart."""


class Growth(NamedTuple):
    """Where N locks grow."""

    roots: Roots
    edge: Floats
    """[N] cm of chart above the hairline."""
    top: Floats
    """[N] 0 on the sides .. 1 on top."""
    layer: Floats
    """[N] 0 the lowest .. 1 the outermost."""
    clump: Ints
    """[N] its clump; `guides` [C] are the locks in their middles."""
    guides: Ints
    bangs: npt.NDArray[np.bool_]
    """[N]"""


def hair(looks: Looks, head: Head, random: np.random.Generator) -> Strands:
    """The locks of a person's head, at most 16,000 points; none if bald."""
    if looks.hair == "bald" and not wreath(looks):
        return no_strands()
    style = STYLES["buzz" if looks.hair == "bald" else looks.hair]
    flow = _Flow(looks, style, head, random)
    hull = Hull(head, style.end is not None and not flow.tucked)
    growth = _growth(looks, style, head, flow.tucked, random)
    count = len(growth.edge)
    fine = smooth(0.0, 3.0 if style.flow == "out" else 1.3, growth.edge)

    step = np.asarray(_lengths(looks, style, growth, random) / (STEPS - 1), np.float32)
    arc = np.asarray(step[:, None] * np.arange(STEPS), np.float32)
    high = _mixed(style.lift_side, style.lift, looks.hair_volume, growth.top) * (0.35 + 0.65 * fine)
    high[growth.bangs] = 0.5
    if flow.tucked:
        high *= 0.4 + 0.6 * growth.top
    rise = 1 - np.exp(-arc / style.rise)
    heights = (0.1 + 0.1 * growth.layer)[:, None] + (high * growth.layer)[:, None] * rise
    flow.start(growth, random)
    start = growth.roots.points
    if style.flow == "out":
        start = np.asarray(start + hull.at(start)[0] * (0.7 * high * growth.layer)[:, None], np.float32)
    paths = march(hull, start, flow, step, heights.astype(np.float32), style.sink)
    ends = _ends(looks, style, head, growth, paths, random)
    fineness = style.points if style.end is None else HANGING
    points = resampled(_waved(paths, arc, style, growth, random), ends, fineness)

    along = np.linspace(0, 1, fineness, dtype=np.float32)
    apart = points - points[growth.guides][growth.clump]
    close = style.clump * smooth(0.1, 1.0, along) * np.where(growth.bangs, 0.6, 1)[:, None]
    near = np.exp(-((apart**2).sum(axis=2)) / 6.0)
    points = hull.outside(np.asarray(points - (close * near)[..., None] * apart, np.float32), 0.07)

    rays, reach, surface, _ = hull.at(points.reshape(-1, 3))
    across = apart / (0.6 + np.sqrt((apart**2).sum(axis=2, keepdims=True)))
    normals = unit(rays.reshape(points.shape) + 0.45 * across)
    taper = (0.55 + 0.45 * smooth(0, 0.25, along)) * (1 - 0.72 * smooth(0.45, 1.0, along) ** 1.2)
    size = style.width * (0.75 + 0.5 * random.random(count)) * (0.5 + 0.5 * fine) * np.where(growth.bangs, 1.25, 1)
    outer = np.clip(0.15 + 0.85 * (reach - surface).reshape(count, -1) / (high[:, None] + 0.3), 0, 1)
    depth = np.maximum(outer * (0.45 + 0.55 * smooth(0, 0.3, along)), 0.75 * (1 - fine)[:, None])
    grown = Strands(
        points,
        (size[:, None] * taper).astype(np.float32),
        colours(looks, growth.clump, random),
        normals,
        depth.astype(np.float32),
        np.full(count, -1, np.int32),
    )
    if style.flow == "bun":
        grown = joined([grown, _bun(looks, flow.bun, hull, style, random)])
    return visible(grown, head, style.points)


def scalp_cover(looks: Looks, head: Head) -> Floats:
    """[V] 0..1: how far hair roots hide the skin at each vertex, to be painted in a dark colour of the hair."""
    return np.asarray((0.8 if looks.hair in ("buzz", "bald") else 1.0) * cover(looks), np.float32)


def cover(looks: Looks) -> Floats:
    """[V] 0..1: where hair grows."""
    flat = chart().points
    grows = smooth(-0.25, 0.7, above_hairline(looks, flat))
    if looks.hair == "bald":
        grows *= wreath(looks) * (1 - smooth(6.0, 8.4, flat[:, 1]))
    return grows


def wreath(looks: Looks) -> bool:
    """Whether a bald head keeps hair around its sides."""
    return looks.age > 0.4


def above_hairline(looks: Looks, flat: Floats) -> Floats:
    """How many cm [N] of chart places [N,2] lie above the edge of the hair; negative on bare skin."""
    across, up = np.abs(flat[:, 0]), flat[:, 1]
    line = np.array(HAIRLINE)
    edge = np.interp(across, line[:, 0], line[:, 1])
    slope = (np.interp(across + 0.2, line[:, 0], line[:, 1]) - np.interp(across - 0.2, line[:, 0], line[:, 1])) / 0.4
    recession = 1.4 * max(looks.age - 0.3, 0) if looks.hair in RECEDING else 0.0
    corners = (0.5 if looks.hair in RECEDING else -0.15) + 1.3 * recession
    peak = 0.3 * np.sin(looks.seed)
    edge += corners * np.exp(-(((across - 4.6) / 2.0) ** 2)) + (0.9 * recession - peak) * np.exp(-((across / 2.2) ** 2))
    return np.asarray((up - edge) / np.sqrt(1 + slope**2), np.float32)


def colours(looks: Looks, clump: Ints, random: np.random.Generator) -> Floats:
    """Linear RGB [N,3] of locks: clumps [N] differ, and locks within a clump; grey comes lock by lock."""
    count = len(clump)
    shade = 0.2 * random.standard_normal(clump.max() + 1)[clump] + 0.16 * random.standard_normal(count)
    warmth = 0.06 * random.standard_normal((count, 1)) * np.array([1, 0, -1])
    colour = np.array(looks.hair_colour) * np.exp(shade[:, None] + warmth)
    mixed = looks.grey + 1.2 * looks.grey * (1 - looks.grey) * random.standard_normal(count)
    grey = np.clip(mixed, 0, 1)[:, None]
    colour = colour * (1 - grey) + grey * GREY * np.exp(0.6 * shade[:, None])
    return np.asarray(np.clip(colour, 0.004, 0.9), np.float32)


def _growth(looks: Looks, style: Style, head: Head, tucked: bool, random: np.random.Generator) -> Growth:
    flat = chart().points
    hidden = smooth(14.5, 18.5, np.abs(flat[:, 0])) * (1 - smooth(9.0, 12.0, flat[:, 1]))
    roots = sample_roots(head, cover(looks) * (1 - 0.65 * hidden), style.locks, random)
    edge = above_hairline(looks, roots.flat) + 0.3 * ripples(roots.points, 1.6, random)[:, 0]
    kept = edge > 0.25 * random.exponential(1.0, style.locks) - 0.05
    if tucked:  # no sideburns
        kept &= (roots.flat[:, 1] > 5.2) | (np.abs(roots.flat[:, 0]) > 12.4)
    roots, edge = Roots(roots.points[kept], roots.flat[kept], roots.vertices[kept]), edge[kept]
    count = len(edge)
    guides = np.sort(random.permutation(count)[: count // style.clumps]).astype(np.int32)
    _, clump = cKDTree(roots.points[guides]).query(roots.points)
    bangs = (np.abs(roots.flat[:, 0]) < 7.0) & (roots.flat[:, 1] < 12.6) & (looks.hair == "fringe")
    top = smooth(6.5, 10.5, roots.flat[:, 1])
    layer = random.random(count).astype(np.float32) ** 0.8
    return Growth(roots, edge, top, layer, clump.astype(np.int32), guides, bangs)


def _lengths(looks: Looks, style: Style, growth: Growth, random: np.random.Generator) -> Floats:
    """[N] cm to grow; hair that hangs is cut afterwards."""
    count = len(growth.edge)
    if style.end is not None:
        return np.full(count, 22.0 - _between(style.end, looks.hair_length), np.float32)
    length = _mixed(style.side, style.top, looks.hair_length, growth.top) * np.exp(0.16 * random.standard_normal(count))
    nape = smooth(14.0, 17.0, np.abs(growth.roots.flat[:, 0])) * (1 - smooth(-3.0, 3.0, growth.roots.flat[:, 1]))
    return np.asarray(length * (0.55 + 0.45 * smooth(0.0, 1.3, growth.edge)) * (1 - 0.5 * nape), np.float32)


def _ends(looks: Looks, style: Style, head: Head, growth: Growth, paths: Floats, random: np.random.Generator) -> Floats:
    """[N] of the steps of the strands after which they are cut."""
    count = len(paths)
    if style.end is None:
        return np.full(count, STEPS - 1, np.float32)
    ragged = 0.35 if looks.hair == "bob" else 0.8
    low = _between(style.end, looks.hair_length) + ragged * random.standard_normal(count) - 0.35 * growth.layer
    if looks.hair in ("long", "wavy"):  # layers that frame the face
        front = (np.abs(growth.roots.flat[:, 0]) < 8) & (growth.roots.flat[:, 1] < 12)
        low += front * 5.0 * random.random(count) ** 2
    brows = head.neutral[chart().landmarks[17:27], 1].max()
    bangs = brows + 1.0 - 1.6 * looks.hair_volume + 0.25 * random.standard_normal(count)
    low = np.where(growth.bangs, bangs, low)
    return np.asarray((paths[:, :, 1] > low[:, None]).sum(axis=1).clip(1.5, STEPS - 1), np.float32)


def _waved(paths: Floats, arc: Floats, style: Style, growth: Growth, random: np.random.Generator) -> Floats:
    """The strands with waves across and outwards, nearly in step within a clump."""
    amplitude, length = style.wave
    clump = growth.clump
    clumps = clump.max() + 1
    phase = (random.random(clumps) * 2 * np.pi)[clump] + 0.5 * random.standard_normal(len(clump))
    number = (2 * np.pi / length * np.exp(0.15 * random.standard_normal(clumps)))[clump]
    angle = arc * number[:, None] + phase[:, None]
    out = unit(paths - np.array([0, 4, -0.5], np.float32))
    across = np.cross(unit(np.gradient(paths, axis=1)), out)
    straight = 2.0 + 5.0 * (1 - smooth(0.0, 2.0, growth.edge)) * growth.top * (style.end is not None)
    size = (amplitude * np.clip(arc / straight[:, None] - 0.1, 0, 1) ** 2)[..., None]
    waves = across * np.sin(angle)[..., None] + 0.7 * out * np.cos(angle)[..., None]
    return np.asarray(paths + size * waves, np.float32)


def _bun(looks: Looks, centre: Floats, hull: Hull, style: Style, random: np.random.Generator) -> Strands:
    """Locks wound around a knot."""
    count, points = 220, style.points
    radius = 2.0 + 1.1 * looks.hair_volume
    axis = unit(centre - np.array([0, 5, -0.5], np.float32))
    side = unit(np.cross(axis, np.array([1, 0, 0.2], np.float32)))
    other = np.cross(axis, side)
    turn = 2 * np.pi * random.random((count, 1)) + np.linspace(0, 2.2, points) * random.choice([-1, 1])
    tilt = 0.9 * random.standard_normal((count, 1)) + 0.5 * np.sin(turn + 6.28 * random.random((count, 1)))
    layer = 1 - 0.25 * random.random((count, 1)) ** 2
    around = np.cos(tilt)[..., None] * (np.cos(turn)[..., None] * side + np.sin(turn)[..., None] * other)
    out = (around + np.sin(tilt)[..., None] * axis).astype(np.float32)
    taper = np.sin(np.linspace(0.25, np.pi - 0.25, points))
    clump = (np.arange(count) // 5).astype(np.int32)
    return Strands(
        hull.outside((centre + 0.6 * radius * axis + radius * layer[..., None] * out).astype(np.float32), 0.1),
        (0.34 * taper * (0.7 + 0.6 * random.random((count, 1)))).astype(np.float32),
        colours(looks, clump, random),
        unit(out),
        np.broadcast_to((layer - 0.7) / 0.3 * (0.6 + 0.4 * taper), (count, points)).clip(0, 1).astype(np.float32),
        np.full(count, -1, np.int32),
    )


class _Flow:
    """The direction in which the hair of a style grows, place by place."""

    def __init__(self, looks: Looks, style: Style, head: Head, random: np.random.Generator) -> None:
        self.style = style
        self.looks = looks
        self.side = 1.0 if looks.parting >= 0 else -1.0
        self.parting = looks.parting
        self.part = self.side * (1.6 + 1.6 * abs(looks.parting)) if looks.hair == "side_part" else 2.8 * looks.parting
        self.tucked = bool(random.random() < 0.35) and looks.hair in ("long", "bob", "wavy")
        self.bow = random.uniform(-0.5, 1.1, 2)  # cm that the hair comes forward at the cheeks, on either side
        back = np.radians(100 + 25 * (1 - looks.hair_length))
        crown = head.control("skull90/0")
        self.bun = np.array([0, 5 + (crown[1] - 5) * np.sin(back), -0.5 + 9.0 * np.cos(back)], np.float32)

    def start(self, growth: Growth, random: np.random.Generator) -> None:
        """Draw what differs from lock to lock."""
        count = len(growth.edge)
        self.bangs = growth.bangs
        self.stray = self.style.stray * random.standard_normal((count, 3)).astype(np.float32)
        self.bend = (0.14 if self.style.end is not None else 0.35) * ripples(growth.roots.points, 7.0, random)
        each = random.standard_normal(len(growth.guides))[growth.clump]
        self.opening = 0.5 * each + 0.3 * random.standard_normal(count)
        self.fall = {"back": 0.0, "part": 0.9}.get(self.style.flow, 9.0) * np.minimum(np.abs(each), 1.6)
        if self.style.end is not None:
            self.fall = np.zeros(count)
        self.fall[growth.bangs] = 9.0

    def __call__(self, points: Floats, rays: Floats, along: Floats) -> Floats:
        x, y, z = points.T
        flow = np.zeros_like(points)
        if self.style.flow == "part":
            flow[:, 0] = x - self.part
            flow[:, 2] = np.minimum(z + 3.0, 0)
            away = np.sqrt((flow**2).sum(axis=1, keepdims=True)) + 1e-3
            flow *= np.minimum(1, 0.4 + away) / away
            flow[:, 2] -= (0.25 if self.style.end is None else 0.5) * smooth(6.0, 9.0, y) * (z > -2)
        elif self.style.flow == "whorl":
            flow[:, 0] = x - self.side + 2.0 * self.parting * smooth(0.0, 6.0, z)
            flow[:, 2] = z + 5.0
            flow = unit(flow)
        elif self.style.flow == "back":
            flow[:, 0] = 0.12 * x + 0.15 * self.side
            flow[:, 1] = 0.8 * smooth(2.0, 7.0, z)
            flow[:, 2] = -1.0
        elif self.style.flow == "bun":
            flow = unit(self.bun - points)
            flow[:, 1] += 0.8 * smooth(1.0, 6.0, z)
        else:
            flow[:, 1:] = 0.5, -0.6
        flow[:, 1] -= FLOWS[self.style.flow]
        flow += self.bend + self.stray
        if self.style.end is not None:
            self._leave_face(flow, points, rays)
        self._leave_forehead(flow, points, rays)
        flow[self.bangs] = np.column_stack([0.05 * x + 0.12 * self.side, -np.ones_like(x), np.full_like(x, 0.6)])[
            self.bangs
        ]
        return np.asarray(flow, np.float32)

    def _leave_face(self, flow: Floats, points: Floats, rays: Floats) -> None:
        turn, up = _charted(points, rays)
        line = np.array(FACE)
        limit = np.interp(up, line[:, 0], line[:, 1]) + self.opening * (1 - smooth(4.0, 8.0, up))
        limit -= self.bow[(turn > 0).astype(int)] * np.exp(-(((up + 4.5) / 4) ** 2))
        if self.tucked:
            limit += (15.6 - limit) * (1 - smooth(4.2, 8.0, up))
        push = np.clip((limit - 8 * np.abs(turn)) * 1.2, 0, 3)
        if self.tucked:
            flow[:, 1] += FLOWS["part"] * np.minimum(push, 1) * (up > 2.5)
        flow[:, 0] += np.sign(turn) * push * np.cos(turn)
        flow[:, 2] -= push * np.abs(np.sin(turn))

    def _leave_forehead(self, flow: Floats, points: Floats, rays: Floats) -> None:
        """Turn locks up that fall below the hairline over the brows further than they may."""
        turn, up = _charted(points, rays)
        below = -above_hairline(self.looks, np.column_stack([8 * turn, up])) - self.fall
        push = np.clip(below + 0.3, 0, 1) * smooth(4.0, 7.0, up) * (np.abs(turn) < 0.9)
        flow[:, 1] += 1.6 * push


def _charted(points: Floats, rays: Floats) -> tuple[Floats, Floats]:
    """Longitude [N] in radians and height [N] in cm of the chart, about, of points [N,3] with rays [N,3]."""
    up = np.minimum(points[:, 1], 5) + 8 * np.arcsin(np.clip(rays[:, 1], -1, 1))
    return np.arctan2(rays[:, 0], rays[:, 2]), up


def _between(ends: tuple[float, float], part: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * part


def _mixed(side: tuple[float, float], top: tuple[float, float], part: float, share: Floats) -> Floats:
    """[N]: from the value of the sides to that of the top by a share [N]."""
    low, high = _between(side, part), _between(top, part)
    return np.asarray(low + (high - low) * share, np.float32)
