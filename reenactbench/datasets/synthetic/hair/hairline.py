"""Where hair grows: its lower edge, and the roots of locks above it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints
from reenactbench.datasets.synthetic.hair.hairstyles import Style
from reenactbench.datasets.synthetic.hair.strands import Roots, ripples, sample_roots, smooth
from reenactbench.datasets.synthetic.parameters import Looks

RECEDING = ("bald", "buzz", "crop", "side_part", "swept_back")
HAIRLINE = (
    *((0.0, 9.1), (2.0, 9.2), (4.0, 9.3), (5.4, 9.0), (6.6, 7.9), (7.4, 6.5), (8.2, 5.5), (9.0, 4.6), (9.6, 3.0)),
    *((10.0, 1.4), (10.4, 0.3), (11.1, 0.2), (11.5, 2.2), (12.1, 3.7), (14.0, 4.0), (15.6, 3.0), (16.2, 0.5)),
    *((16.7, -2.0), (18.5, -4.3), (22.0, -5.5), (26.0, -5.9)),
)
"""The lower edge of the hair in the chart: |s|, t in cm; down the sideburn, over the ear, down to the nape."""


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


def grow(looks: Looks, style: Style, head: Head, tucked: bool, random: np.random.Generator) -> Growth:
    """Draws where the locks of a style grow on this head; without sideburns where hair is tucked behind the ears."""
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
