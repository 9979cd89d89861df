"""Beards: short locks on jaw, chin and upper lip that move with the skin they grow from."""

from __future__ import annotations

import numpy as np

from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.body.skin import skin_tone
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints
from reenactbench.datasets.synthetic.hair.hair import colours
from reenactbench.datasets.synthetic.hair.strands import Strands, no_strands, ripples, sample_roots, smooth, unit
from reenactbench.datasets.synthetic.parameters import Looks

LOCKS = {"moustache": 700, "goatee": 1000, "full": 1900}
POINTS = 3
CHEEK_LINE = ((0.0, -5.5), (2.9, -5.2), (3.6, -4.2), (5.0, -3.1), (7.0, -2.2), (8.6, -0.8), (9.6, 1.0), (12.0, 1.4))
"""Upper edge of a full beard in the chart: |s|, t in cm, from the corner of the mouth to the sideburn."""
NECK_LINE = ((0.0, -12.6), (3.0, -12.2), (6.0, -10.4), (8.5, -8.0), (10.5, -5.0), (12.0, -3.0))
BACK = 11.3  # |s| of its end in front of the ear


def beard(looks: Looks, head: Head, random: np.random.Generator) -> Strands:
    """The locks of a person's beard, at most 6,000 points; none if shaved or stubbly."""
    if looks.beard in ("none", "stubble"):
        return no_strands()
    count = LOCKS[looks.beard]
    roots = sample_roots(head, region(looks), count, random)
    out = _outwards(head)[roots.vertices]
    s, t = roots.flat.T
    upper = t > -4.2
    length = (0.35 + 1.1 * looks.beard_length) * np.exp(0.25 * random.standard_normal(count))
    length *= 1 - 0.5 * smooth(3.0, 8.0, np.abs(s))
    length = np.where(upper & (np.abs(s) < 2.9), np.minimum(length, 0.45 + 0.25 * looks.beard_length), length)
    inner = smooth(0.15, 0.95, region(looks)[roots.vertices])
    length *= 0.45 + 0.55 * inner
    aside = np.where(upper, 0.75 * np.clip(s, -1.2, 1.2), -0.05 * s)
    down = np.column_stack([aside, np.full(count, -1.0), np.full(count, 0.1)])
    down += 0.25 * ripples(roots.points, 1.6, random) + 0.16 * random.standard_normal((count, 3))
    down -= out * np.minimum((down * out).sum(axis=1, keepdims=True), 0)
    down = unit(down)
    along = np.linspace(0, 1, POINTS, dtype=np.float32)[:, None]
    stand = 0.25 + 0.2 * random.random((count, 1, 1))
    reach = length[:, None, None] * along
    points = roots.points[:, None] + reach * (down[:, None] + stand * out[:, None]) + 0.03 * out[:, None]
    points[..., 1] -= 0.12 * (reach[..., 0] ** 2)
    width = (0.1 + 0.05 * looks.beard_length) * (0.75 + 0.5 * random.random((count, 1)))
    width *= (0.5 + 0.5 * inner)[:, None]
    clump = np.arange(count, dtype=np.int32) // 3
    bare = (0.04 + 0.45 * (1 - inner))[:, None]
    colour = colours(looks, clump, random) * (1 - bare) + skin_tone(looks) * bare
    return Strands(
        points.astype(np.float32),
        (width * (1 - 0.6 * along[:, 0] ** 1.5)).astype(np.float32),
        colour.astype(np.float32),
        np.repeat(unit(out + 0.35 * random.standard_normal((count, 3)).astype(np.float32))[:, None], POINTS, axis=1),
        ((0.6 + 0.3 * along.T) * (0.85 + 0.15 * random.random((count, 1)))).astype(np.float32),
        roots.vertices,
    )


def stubble_cover(looks: Looks, head: Head) -> Floats:
    """[V] 0..1: how densely the skin at each vertex is covered by stubble, to be painted below a beard."""
    density = {"none": 0.0, "stubble": 0.35 + 0.35 * looks.beard_length}.get(looks.beard, 0.95)
    return np.asarray(density * region(looks), np.float32)


def region(looks: Looks) -> Floats:
    """[V] 0..1: where the beard grows."""
    s, t = chart().points.T
    across = np.abs(s)
    lips = _lips(across, t)
    top = np.interp(across, (0, 0.4, 1.6, 2.6, 3.3), (-2.95, -2.75, -2.75, -3.4, -4.6))
    moustache = (1 - smooth(-0.15, 0.2, t - top)) * smooth(-6.2, -5.2, t) * (1 - smooth(2.9, 3.5, across))
    moustache *= 0.55 + 0.45 * smooth(0.05, 0.5, across)
    line, neck = np.array(CHEEK_LINE), np.array(NECK_LINE)
    low = 1 - smooth(-0.5, 0.35, t - np.interp(across, line[:, 0], line[:, 1]))
    low = low * smooth(-0.6, 0.8, t - np.interp(across, neck[:, 0], neck[:, 1]))
    full = low * (1 - smooth(BACK - 0.6, BACK + 0.3, across))
    chin = low * (1 - smooth(2.5, 3.5, across + 0.25 * np.maximum(-8.5 - t, 0)))
    sides = (1 - smooth(0.25, 0.75, np.abs(across - 2.95))) * smooth(-7.5, -6.5, t) * (1 - smooth(-4.4, -3.6, t))
    grows = {
        "moustache": moustache * (t > -5.0),
        "goatee": np.maximum.reduce([moustache, chin, sides]),
        "none": np.zeros_like(t),
    }.get(looks.beard, np.maximum(full, moustache))
    return np.asarray(grows * (1 - lips), np.float32)


def _lips(across: Floats, t: Floats) -> Floats:
    """[N] 1 on the lips (their chart has the jaw let down) and just below them, 0 beside them."""
    high = np.interp(across, (0, 0.6, 1.6, 2.6), (-3.65, -3.45, -3.9, -4.95))
    low = np.interp(across, (0, 0.7, 1.6, 2.6), (-7.1, -7.05, -6.65, -5.2))
    inside = np.minimum(high - t, t - low)
    return np.asarray(smooth(-0.15, 0.1, inside) * (1 - smooth(2.3, 2.65, across)), np.float32)


def _outwards(head: Head) -> Floats:
    """[V,3] unit normals of the skin."""
    faces: Ints = chart().faces
    corners = head.neutral[faces]
    normals = np.zeros_like(head.neutral)
    each = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    for corner in range(3):
        np.add.at(normals, faces[:, corner], each)
    return unit(normals)
