"""One person's head: its vertices under any motion, before it is turned and placed."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from reenactbench.datasets.synthetic.body.anatomy import (
    EYE_CENTRE,
    EYE_RADIUS,
    controls,
    jaw_rotated,
    point_moves,
    shape_modes,
)
from reenactbench.datasets.synthetic.body.chart import LID_SAMPLES, LIP_SAMPLES, chart, spread
from reenactbench.datasets.synthetic.body.modes import EXPRESSIONS, LIP_MOVES, bumps
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX, Vector

LINEAR = ("jaw", "smile_left", "smile_right", "pucker", "upper_lip", "press", "brow_left", "brow_right", "frown")
"""The motions that displace vertices linearly; lids slide over the eyeballs."""
LID_FOLLOWS = np.array([1.0, 0.93, 0.7, 0.36, 0.08], np.float32)
"""How far the rings around the lids' edge follow it."""
LID_THICKNESS = 0.06  # cm over the eyeball
LIP_DEPTH = 0.75  # cm that the inside of the lips reaches back


class Fold(NamedTuple):
    """A strip of skin that turns inwards at the edge of a hole."""

    edge: Ints
    """Vertices of the edge, in order."""
    start: int
    """The first of as many new vertices behind it."""


@cache
def topology() -> tuple[Ints, tuple[Fold, Fold, Fold]]:
    """The faces of the head with the folds of lids and lips, and the folds."""
    faces, folds, start = [chart().faces], [], len(chart().points)
    for edge in (chart().lids[0, 0], chart().lids[1, 0], chart().lips):
        behind = np.arange(start, start + len(edge), dtype=np.int32)
        following, behind_following = np.roll(edge, -1), np.roll(behind, -1)
        faces += [np.stack([edge, behind, following], 1), np.stack([following, behind, behind_following], 1)]
        folds.append(Fold(edge, start))
        start += len(edge)
    left, right, mouth = folds
    return np.concatenate(faces), (left, right, mouth)


@cache
def expression_fields() -> Floats:
    """[9,V,3] cm: what each motion of LINEAR does to the vertices at 1."""
    mean = controls()
    fields = []
    for motion in LINEAR:
        name, _, side = motion.partition("_") if motion != "upper_lip" else (motion, "", "")
        if name == "jaw":
            moved = (jaw_rotated(mean.points, 1) - mean.points) * mean.jaw[:, None]
        else:
            moved = bumps(mean.modelled, EXPRESSIONS.get(name, ()))
            moved += point_moves(mean, LIP_MOVES.get(name, {}))
        if side:
            x = mean.points[:, 0] * (1 if side == "right" else -1)
            moved *= (0.5 + 0.5 * np.tanh(x / 0.7))[:, None]
        fields.append(spread() @ moved.astype(np.float32))
    return np.stack(fields)


class Head:
    """The head of a person with a shape [40] in standard deviations."""

    def __init__(self, shape: Vector) -> None:
        self.shape = shape
        mean = controls()
        moved = np.tensordot(shape, shape_modes(mean), axes=1).astype(np.float32)
        self.controls = mean.points + moved
        self.neutral = spread() @ self.controls
        centre = np.array([EYE_CENTRE, EYE_CENTRE], np.float32) * [[-1, 1, 1], [1, 1, 1]]
        lids = (self.controls - mean.modelled)[36:48].reshape(2, 6, 3)
        self.eyes = (centre + lids.mean(axis=1)).astype(np.float32)
        """[2,3] cm: centres of the eyeballs, the left of the picture first."""

    def control(self, name: str) -> Floats:
        """Where a control point lies, [3] cm."""
        return np.asarray(self.controls[controls().at(name)])

    def moved(self, name: str) -> Floats:
        """How far a control point lies from where it was modelled, [3] cm."""
        return np.asarray(self.control(name) - controls().modelled[controls().at(name)])

    def vertices(self, motion: Vector) -> Floats:
        """[V,3] cm under a motion [19], lids and lips with their folds; turned and placed later."""
        weights = motion[[MOTION_INDEX[name] for name in LINEAR]]
        skin = self.neutral + np.tensordot(weights, expression_fields(), axes=1)
        parts = [skin]
        for eye, side in enumerate(("left", "right")):
            closing = float(motion[MOTION_INDEX[f"blink_{side}"]])
            gaze = float(motion[MOTION_INDEX["gaze_y"]]) * min(1 - closing, 1)  # open lids follow it
            parts.append(self._lids(skin, eye, closing, gaze))
        edge = skin[chart().lips]
        inside = edge - np.array([0, 0, LIP_DEPTH], np.float32)
        half = LIP_SAMPLES // 2
        inside[1:half, 1] += 0.22
        inside[half + 1 :, 1] -= 0.22
        parts.append(inside)
        return np.concatenate(parts).astype(np.float32)

    def _lids(self, skin: Floats, eye: int, closing: float, gaze: float) -> Floats:
        """Move the lids of one eye in place; returns the inner edge of their margins [30,3].

        closing: -0.25 (wide) .. 1 (closed). gaze: degrees up, which the lids follow.
        """
        rings, half = chart().lids[eye], LID_SAMPLES // 2
        upper = np.arange(1, half)
        lower = LID_SAMPLES - upper
        gap = skin[rings[0, upper]] - skin[rings[0, lower]]
        follows = LID_FOLLOWS[:, None, None]
        skin[rings[:, upper]] -= follows * ((0.88 * closing - 0.0106 * gaze) * gap)
        skin[rings[:, lower]] += follows * ((0.12 * closing + 0.0026 * gaze) * gap)
        around = skin[rings] - self.eyes[eye]
        distance = np.linalg.norm(around, axis=2, keepdims=True)
        skin[rings] += around * np.maximum((EYE_RADIUS + LID_THICKNESS) / distance - 1, 0)
        edge = skin[rings[0]] - self.eyes[eye]
        return np.asarray(self.eyes[eye] + edge * (0.985 * EYE_RADIUS / np.linalg.norm(edge, axis=1, keepdims=True)))
