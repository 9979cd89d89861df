"""The direction in which hair grows, place by place."""

from __future__ import annotations

import numpy as np

from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.drawing.mesh import Floats
from reenactbench.datasets.synthetic.hair.hairline import Growth, above_hairline
from reenactbench.datasets.synthetic.hair.hairstyles import Style
from reenactbench.datasets.synthetic.hair.strands import ripples, smooth, unit
from reenactbench.datasets.synthetic.parameters import Looks

FLOWS = {"part": 0.9, "whorl": 0.55, "back": 0.25, "bun": 0.0, "out": 0.0}
"""Away from the parting, from the crown, towards the back, towards a bun, or on end; and how far gravity bends each."""
FACE = ((-20.0, 6.6), (-9.0, 7.0), (-4.0, 8.3), (1.0, 8.9), (4.0, 8.4), (6.5, 7.4), (8.0, 6.4), (8.8, 5.2), (9.4, 0.0))
"""Hair that hangs leaves the face open: t, |s| of its edge in the chart."""


class Flow:
    """The directions of the hair of one person."""

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
        flow[self.bangs, 0] = 0.05 * x[self.bangs] + 0.12 * self.side
        flow[self.bangs, 1:] = -1, 0.6
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
