"""Hair of the head: its locks from the root to where they are cut, and their colour."""

from __future__ import annotations

import numpy as np

from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints
from reenactbench.datasets.synthetic.hair.hairflow import Flow
from reenactbench.datasets.synthetic.hair.hairline import Growth, cover, grow, wreath
from reenactbench.datasets.synthetic.hair.hairstyles import STYLES, Style
from reenactbench.datasets.synthetic.hair.strands import (
    Hull,
    Strands,
    joined,
    march,
    no_strands,
    resampled,
    smooth,
    unit,
    visible,
)
from reenactbench.datasets.synthetic.parameters import Looks

GREY = np.array([0.52, 0.52, 0.50], np.float32)
STEPS = 28
HANGING = 12  # points of a lock that hangs, before what is hidden of it is cut off


def hair(looks: Looks, head: Head, random: np.random.Generator) -> Strands:
    """The locks of a person's head, at most 16,000 points; none if bald."""
    if looks.hair == "bald" and not wreath(looks):
        return no_strands()
    style = STYLES["buzz" if looks.hair == "bald" else looks.hair]
    flow = Flow(looks, style, head, random)
    hull = Hull(head, style.end is not None and not flow.tucked)
    growth = grow(looks, style, head, flow.tucked, random)
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


def _between(ends: tuple[float, float], part: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * part


def _mixed(side: tuple[float, float], top: tuple[float, float], part: float, share: Floats) -> Floats:
    """[N]: from the value of the sides to that of the top by a share [N]."""
    low, high = _between(side, part), _between(top, part)
    return np.asarray(low + (high - low) * share, np.float32)
