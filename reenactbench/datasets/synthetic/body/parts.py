"""What turns with the head without bending: ears, glasses, the inside of the mouth, the eyeballs."""

from __future__ import annotations

import itertools

import numpy as np

from reenactbench.datasets.synthetic.body.anatomy import jaw_rotated
from reenactbench.datasets.synthetic.body.ear import ear, mirrored
from reenactbench.datasets.synthetic.body.eyes import eyeball, turned
from reenactbench.datasets.synthetic.body.glasses import glasses
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.body.skin import skin_tone
from reenactbench.datasets.synthetic.body.teeth import follows_jaw, mouth_bag, teeth, tongue
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Mesh, Surface, merged
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX, SHAPE_INDEX, Identity, Vector

MOUTH_BACK = np.array([0, 0.12, -0.35], np.float32)  # cm: where the mouth's inside lies against the lips
TEMPLE = np.array([7.25, 2.6, -0.3], np.float32)  # cm: where glasses rest above the ear
INWARDS = 1.5  # degrees that both eyes turn to the nose, to meet at the camera


class Parts:
    """The rigid parts of a person, as one mesh: ears and glasses, then the mouth's inside, then the eyeballs."""

    def __init__(self, identity: Identity, head: Head) -> None:
        outside, inside = _outside(identity, head), _inside(head)
        random = np.random.default_rng([identity.looks.seed, 4])
        eyes = [eyeball(identity.looks.iris, random) for _ in range(2)]
        self.mesh = merged([*outside, *inside, *eyes])
        sizes = np.cumsum([_count(group) for group in (outside, inside, eyes[:1], eyes[1:])])
        self.mouth, *self.eyes = (slice(int(a), int(b)) for a, b in itertools.pairwise(sizes))
        """Which vertices are the mouth's, and each eyeball's, the left of the picture first."""
        self._centres = head.eyes
        upper, bag = len(inside[0].vertices), inside[1].vertices
        follows = np.ones(_count(inside), np.float32)
        follows[:upper] = 0
        follows[upper : upper + len(bag)] = follows_jaw(bag)
        self._follows = follows[:, None]
        self._normals = Surface(self.mesh.faces, len(self.mesh.vertices)).normals(self.mesh.vertices)

    def moved(self, motion: Vector) -> tuple[Floats, Floats]:
        """Vertices and normals [V,3] with jaw and eyes moved, in head coordinates."""
        vertices, normals = self.mesh.vertices.copy(), self._normals.copy()
        mouth = vertices[self.mouth]
        vertices[self.mouth] += self._follows * (jaw_rotated(mouth, float(motion[MOTION_INDEX["jaw"]])) - mouth)
        x, y = (float(motion[MOTION_INDEX[name]]) for name in ("gaze_x", "gaze_y"))
        for at, centre, inwards in zip(self.eyes, self._centres, (INWARDS, -INWARDS), strict=True):
            vertices[at] = turned(vertices[at], x + inwards, y) + centre
            normals[at] = turned(normals[at], x + inwards, y)
        return vertices, normals


def _outside(identity: Identity, head: Head) -> list[Mesh]:
    looks, shape = identity.looks, identity.shape
    size, angle = (float(shape[SHAPE_INDEX[name]]) for name in ("ear_size", "ear_angle"))
    moved = np.mean([head.moved(name) for name in ("ear_top", "ear_front", "ear_low")], axis=0)
    right = _shifted(ear(size, angle, skin_tone(looks)), moved)
    parts = [right, mirrored(right)]
    if looks.glasses != "none":
        rest = moved + TEMPLE
        width, bridge = 2 * float(head.control("orbit_side")[0]) + 2, head.control("28")
        anchors = np.stack([rest * [-1, 1, 1], rest])
        parts.append(glasses(looks.glasses, looks.glasses_colour, head.eyes, bridge, anchors, width))
    return parts


def _inside(head: Head) -> list[Mesh]:
    """Upper teeth, cavity, lower teeth, tongue."""
    upper, lower = teeth()
    meshes = upper, mouth_bag(), lower, tongue()
    return [_shifted(mesh, head.moved("62") + MOUTH_BACK) for mesh in meshes]


def _shifted(mesh: Mesh, by: Floats) -> Mesh:
    return mesh._replace(vertices=(mesh.vertices + by).astype(np.float32))


def _count(meshes: list[Mesh]) -> int:
    return sum(len(mesh.vertices) for mesh in meshes)
