"""Where a motion puts a head: turned on the neck, then placed in front of the camera."""

from __future__ import annotations

from functools import cache

import numpy as np

from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head, topology
from reenactbench.datasets.synthetic.drawing import camera
from reenactbench.datasets.synthetic.drawing.mesh import Floats, rotation
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX, Vector

PIVOT = np.array([0, -4.0, -1.5], np.float32)  # cm: where the head turns on the neck


class Posing:
    """What the pose in a motion [19] does to points [N,3] cm."""

    def __init__(self, motion: Vector) -> None:
        self.rotation = head_rotation(motion)
        self.scale = float(np.exp(motion[MOTION_INDEX["scale"]]))
        self._shift = camera.SPAN * np.array([motion[MOTION_INDEX["x"]], -motion[MOTION_INDEX["y"]], 0], np.float32)

    def turned(self, points: Floats) -> Floats:
        return np.asarray((points - PIVOT) @ self.rotation.T + PIVOT, np.float32)

    def placed(self, points: Floats) -> Floats:
        return np.asarray(points * self.scale + self._shift, np.float32)

    def skin(self, unturned: Floats) -> Floats:
        """`Head.vertices` turned; the neck's base stays."""
        share = turning()[:, None]
        return np.asarray(share * self.turned(unturned) + (1 - share) * unturned)


def head_rotation(motion: Vector) -> Floats:
    """The rotation [3,3] of the head."""
    return rotation(*(float(motion[MOTION_INDEX[name]]) for name in ("yaw", "pitch", "roll")))


@cache
def turning() -> Floats:
    """[V] 0..1: how far each vertex of the skin turns with the head."""
    faces, _ = topology()
    height = np.zeros(int(faces.max()) + 1, np.float32)
    height[: len(chart().points)] = chart().points[:, 1]
    share = np.clip((height + 18) / 7, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def landmarks(head: Head, motion: Vector, size: int) -> Floats:
    """The landmarks [68,2] of a person making a motion [19], as `Actor.render` has them, with no picture drawn."""
    posing = Posing(motion)
    vertices = posing.placed(posing.skin(head.vertices(motion)))
    return camera.pixels(vertices[chart().landmarks], size)
