"""Light at the vertices: what the sky and three lamps give, and what of it other parts of the person hold off."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.drawing.camera import ONE_SIDED, TWO_SIDED
from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints
from reenactbench.datasets.synthetic.parameters import Light, Setting
from reenactbench.datasets.synthetic.settings import direction

DIRECTIONS, SHADOW_SIZE, SHADOW_SPAN, SHADOW_DISTANCE = 60, 96, 46.0, 400.0
SHADOW_VIEW = 2 * np.arctan(SHADOW_SPAN / 2 / SHADOW_DISTANCE)
BIAS = 0.45  # cm
SOFTNESS = 22.0  # sharpness of a lamp's shadow: about 17 degrees wide
SHINE = 20  # exponent: how sharp reflections are (Blinn, 1977)
WRAP = np.array([0.32, 0.17, 0.12], np.float32)  # how far light creeps around, more in red: a hint of scattering


@cache
def directions() -> Floats:
    """[60,3] unit vectors spread evenly over the sphere (a Fibonacci lattice), without those from steeply below."""
    count = np.arange(DIRECTIONS)
    y = 1 - (count + 0.5) * 1.7 / DIRECTIONS
    around = count * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - y**2)
    return np.stack([radius * np.sin(around), y, radius * np.cos(around)], 1).astype(np.float32)


@cache
def frames() -> Floats:
    """[60,3,3]: a rotation towards each of `directions()`, whose rows are right, up and that direction."""
    return np.stack([_frame_towards(forward) for forward in directions()])


def _frame_towards(forward: Floats) -> Floats:
    up = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < 0.9 else np.array([0.0, 0.0, -1.0])
    right = np.cross(up, forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward]).astype(np.float32)


class Shadows:
    """What holds light off from every one of `directions()`: a map of depths for each."""

    def __init__(self, solid: tuple[Floats, Ints], sheets: tuple[Floats, Ints]) -> None:
        """solid: the vertices and faces of opaque meshes. sheets: of those seen from both sides, such as hair."""
        self._maps = []
        for frame in frames():
            depth = np.full((SHADOW_SIZE, SHADOW_SIZE), 2 * SHADOW_DISTANCE, np.float32)
            matrix = np.eye(4, dtype=np.float32)
            matrix[:3, :3], matrix[2, 3] = frame, -SHADOW_DISTANCE
            for (points, faces), settings in ((solid, ONE_SIDED), (sheets, TWO_SIDED)):
                if len(faces):
                    cv2.triangleRasterizeDepth(
                        points, faces, depth, matrix, SHADOW_VIEW, 300.0, 2 * SHADOW_DISTANCE, settings
                    )
            self._maps.append(depth)

    def reached(self, vertices: Floats, normals: Floats) -> Floats:
        """[V,60] 0..1: from which directions light reaches vertices with these normals."""
        reached = np.zeros((len(vertices), DIRECTIONS), np.float32)
        for index, (frame, depth) in enumerate(zip(frames(), self._maps, strict=True)):
            seen = vertices @ frame.T
            away = SHADOW_DISTANCE - seen[:, 2]
            scale = SHADOW_SIZE * SHADOW_DISTANCE / SHADOW_SPAN / away
            x = _taps(SHADOW_SIZE / 2 - 0.5 + seen[:, 0] * scale)
            y = _taps(SHADOW_SIZE / 2 - 0.5 - seen[:, 1] * scale)
            lit = (away[:, None, None] - BIAS < depth[y[:, :, None], x[:, None, :]]).mean(axis=(1, 2))
            reached[:, index] = lit * (normals @ frame[2] > -0.35)
        return reached


def _taps(at: npt.NDArray[np.floating]) -> Ints:
    """The pixels [V,2] on both sides of positions [V]."""
    low = np.clip(np.floor(at).astype(np.int32), 0, SHADOW_SIZE - 2)
    return np.stack([low, low + 1], axis=1)


def ambient_opening(reached: Floats, normals: Floats) -> Floats:
    """[V] 0..1: the share of diffuse light from all around that reaches the vertices (ambient occlusion)."""
    facing = np.maximum(normals @ directions().T + 0.15, 0)
    return np.asarray((reached * facing).sum(axis=1) / facing.sum(axis=1), np.float32)


class Lamp(NamedTuple):
    towards: Floats  # [3] unit vector from the face to the lamp, in camera space
    colour: Floats  # [3]
    soft: bool  # a large soft source, which throws no shadow of its own
    half: Floats  # [3] unit vector between the lamp and the camera


def lamps(setting: Setting) -> tuple[Lamp, Lamp, Lamp]:
    return _lamp(setting.key, False), _lamp(setting.fill, True), _lamp(setting.rim, False)


def _lamp(light: Light, soft: bool) -> Lamp:
    towards = direction(light).astype(np.float32)
    half = towards + np.array([0, 0, 1], np.float32)
    half /= max(float(np.linalg.norm(half)), 1e-6)
    return Lamp(towards, np.array(light.colour, np.float32), soft, half)


def shadow_weights(towards: Floats) -> Floats:
    """[60] weights of the directions that a lamp's light comes from; `towards` in the space of `directions()`."""
    weights = np.exp(SOFTNESS * (directions() @ towards - 1))
    return np.asarray(weights / weights.sum(), np.float32)


def sky(normals: Floats, setting: Setting) -> Floats:
    """[...,3]: the light from all around, between the ground's and the sky's colour."""
    up = 0.5 + 0.5 * normals[..., 1:2]
    return np.asarray(np.array(setting.ground, np.float32) * (1 - up) + np.array(setting.sky, np.float32) * up)


def vertex_light(setting: Setting, normals: Floats, arrives: Floats, opening: Floats) -> tuple[Floats, Floats]:
    """The light [V,3] that matt white vertices would send back, and the shine [V] of smooth ones.

    arrives: [V,3] 0..1, the share of each lamp's light that is not held off. opening: [V], of light from all around.
    """
    given = sky(normals, setting) * opening[:, None] ** 1.3
    shine = np.zeros(len(normals), np.float32)
    for index, lamp in enumerate(lamps(setting)):
        share = opening if lamp.soft else arrives[:, index]
        facing = (normals @ lamp.towards)[:, None]
        given += lamp.colour * np.maximum((facing + WRAP) / (1 + WRAP), 0) * share[:, None]
        shine += float(np.mean(lamp.colour)) * share * power(np.maximum(normals @ lamp.half, 0), SHINE)
    return given, shine


def power(base: Floats, exponent: int) -> Floats:
    """base ** exponent by squaring; NumPy's own power is many times slower."""
    result = None
    while exponent:
        if exponent & 1:
            result = base if result is None else result * base
        base, exponent = base * base, exponent >> 1
    return np.ones_like(base) if result is None else np.asarray(result)
