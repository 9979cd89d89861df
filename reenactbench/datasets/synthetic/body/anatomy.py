"""The mean head as control points in centimetres, and how shape and jaw displace them.

`chart.py` spreads the controls over the mesh with a thin-plate spline, so that a vertex is linear in them. Measures
follow adult anthropometry (Farkas, Anthropometry of the Head and Face, 1994), rounded.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from reenactbench.datasets.synthetic.body.modes import POINT_SHAPE, SHAPE_MODES, Moves, bumps
from reenactbench.datasets.synthetic.drawing.mesh import Floats
from reenactbench.datasets.synthetic.parameters import SHAPE_INDEX

CHART_RADIUS = 8.0  # cm of chart a radian of longitude
EYE_CENTRE, EYE_RADIUS = (3.1, 2.77, 6.98), 1.27
JAW_HINGE, JAW_ANGLE = (-1.5, 0.5), 19.0  # y and z in cm; degrees at full opening

# The landmarks on the middle line and on the right of the picture, iBUG numbers.
_LANDMARKS = {
    8: (0, -9.3, 9.55),
    9: (1.75, -9.1, 8.75),
    10: (3.4, -8.3, 6.75),
    11: (4.75, -7.0, 4.75),
    12: (5.72, -5.35, 3.15),
    13: (6.32, -3.45, 2.35),
    14: (6.78, -1.4, 1.6),
    15: (7.0, 0.6, 1.1),
    16: (7.12, 2.6, 0.8),
    22: (1.2, 4.38, 9.3),
    23: (2.3, 4.76, 9.2),
    24: (3.6, 4.88, 8.65),
    25: (4.68, 4.66, 7.85),
    26: (5.55, 4.08, 6.7),
    27: (0, 2.85, 9.3),
    28: (0, 1.58, 10.2),
    29: (0, 0.35, 11.15),
    30: (0, -0.9, 12.0),
    33: (0, -2.3, 10.95),
    34: (0.7, -2.2, 10.75),
    35: (1.4, -1.95, 10.25),
    42: (1.76, 2.55, 7.9),
    43: (2.62, 3.18, 8.12),
    44: (3.52, 3.19, 8.1),
    45: (4.36, 2.75, 7.2),
    46: (3.55, 2.36, 8.05),
    47: (2.62, 2.3, 8.12),
    51: (0, -3.8, 10.8),
    52: (0.55, -3.64, 10.75),
    53: (1.5, -4.0, 10.35),
    54: (2.6, -4.55, 9.45),
    55: (1.6, -5.05, 10.15),
    56: (0.65, -5.45, 10.38),
    57: (0, -5.54, 10.42),
    62: (0, -4.48, 10.85),
    63: (0.75, -4.44, 10.75),
    64: (2.38, -4.55, 9.58),
    65: (0.75, -4.48, 10.7),
    66: (0, -4.52, 10.78),
}
_MIRROR = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65,
]  # fmt: skip
"""The landmark that each becomes in a mirror."""

WIDER = 0.8  # of the mode `face_width`: the tables' head is a little narrow to face detectors
CHART_OPENING = 1.2  # cm that the jaw is let down in the chart, so that both lips move freely

_LIP_CHART = {"62": -4.4, "63": -4.4, "61": -4.4, "65": -4.64, "66": -4.66, "67": -4.64}
"""Heights of the inner lips in the chart with the jaw up."""

# Further points of the face and neck: name, x, y, z, and the height in the chart where it is not y.
_POINTS: tuple[tuple[str, float, float, float, float | None], ...] = (
    ("glabella", 0, 4.15, 9.5, None),
    ("forehead", 0, 6.4, 9.15, None),
    ("forehead_1", 2.7, 6.5, 8.6, None),
    ("forehead_2", 4.9, 6.3, 6.9, None),
    ("temple", 6.35, 5.7, 4.3, None),
    ("temple_low", 6.55, 3.6, 3.7, None),
    ("orbit_side", 5.75, 2.7, 5.75, None),
    ("rim_top", 3.2, 4.15, 8.75, None),
    ("rim_inner", 1.45, 3.6, 8.75, None),
    ("rim_outer", 5.25, 3.55, 7.0, None),
    ("crease_inner", 2.15, 3.42, 8.12, None),
    ("crease", 3.15, 3.62, 8.25, None),
    ("crease_outer", 4.3, 3.4, 7.6, None),
    ("bag_inner", 2.0, 1.55, 8.2, None),
    ("bag", 3.15, 1.5, 8.3, None),
    ("bag_outer", 4.4, 1.65, 7.6, None),
    ("bridge_side", 0.62, 2.75, 8.95, None),
    ("orbit_inner", 1.15, 2.3, 8.4, None),
    ("dorsum_1", 0.5, 1.6, 9.75, None),
    ("dorsum_2", 0.6, 0.45, 10.6, None),
    ("nose_side_1", 1.2, 1.2, 9.05, None),
    ("nose_side_2", 1.15, 0.3, 9.85, None),
    ("nose_side_3", 1.75, 0.1, 9.2, None),
    ("tip_side", 0.62, -0.9, 11.6, None),
    ("wing_top", 1.28, -0.72, 10.5, None),
    ("wing", 1.74, -1.42, 10.2, None),
    ("wing_groove", 2.02, -1.35, 9.3, None),
    ("infratip", 0, -1.62, 11.8, None),
    ("columella", 0, -1.95, 11.35, None),
    ("soft_triangle", 0.62, -1.5, 11.35, None),
    ("cheek_front", 3.2, 0.2, 8.85, None),
    ("malar", 4.7, 0.7, 7.75, None),
    ("zygoma", 5.85, 1.2, 6.0, None),
    ("arch", 6.6, 0.9, 3.6, None),
    ("cheek_mid", 3.2, -1.5, 9.0, None),
    ("cheek_out", 4.8, -1.4, 7.55, None),
    ("cheek_side", 6.05, -1.3, 5.1, None),
    ("buccal", 4.55, -4.0, 7.3, None),
    ("buccal_side", 5.75, -4.0, 4.6, None),
    ("fold_top", 2.35, -2.3, 9.55, None),
    ("fold", 3.0, -3.4, 9.25, None),
    ("corner_out", 3.35, -4.7, 8.8, None),
    ("marionette", 3.0, -6.3, 8.85, None),
    ("jaw_front", 4.1, -6.2, 6.8, None),
    ("philtrum", 0, -3.0, 10.72, None),
    ("philtrum_ridge", 0.45, -3.0, 10.85, None),
    ("lip_skin", 1.5, -3.0, 10.25, None),
    ("vermilion_top", 0, -4.12, 11.02, -4.06),
    ("vermilion_top_1", 1.0, -4.15, 10.82, -4.05),
    ("vermilion_low", 0, -5.02, 10.95, -5.12),
    ("vermilion_low_1", 1.0, -4.92, 10.72, -5.04),
    ("lip_seam_top", 1.55, -4.48, 10.3, -4.42),
    ("lip_seam_low", 1.55, -4.51, 10.28, -4.62),
    ("under_lip", 0, -6.65, 10.0, None),
    ("under_lip_1", 1.5, -6.5, 9.75, None),
    ("chin", 0, -8.2, 10.3, None),
    ("chin_1", 1.2, -8.2, 9.95, None),
    ("chin_2", 2.5, -7.8, 8.9, None),
    ("menton", 0, -9.95, 8.6, -9.95),
    ("menton_1", 1.8, -9.7, 7.8, -9.7),
    ("under_chin", 0, -10.5, 6.9, -11.4),
    ("under_chin_1", 2.2, -10.2, 6.0, -11.3),
    ("under_jaw", 4.3, -8.6, 3.6, -9.8),
    ("under_angle", 5.5, -6.9, 1.4, -7.8),
    ("throat", 0, -11.4, 4.4, -13.4),
    ("throat_1", 2.6, -11.2, 3.4, -12.9),
    ("throat_2", 4.6, -10.4, 1.4, -11.8),
    ("neck_1", 0, -13.8, 3.6, -16.0),
    ("neck_2", 2.7, -13.8, 2.7, -16.0),
    ("neck_3", 4.6, -13.4, 0.6, -15.6),
    ("neck_4", 5.1, -13.2, -2.0, -15.2),
    ("neck_5", 4.4, -13.2, -5.2, -15.2),
    ("neck_base_1", 0, -18.0, 3.0, -20.0),
    ("neck_base_2", 3.2, -18.0, 2.0, -20.0),
    ("neck_base_3", 5.6, -18.0, 0.0, -20.0),
    ("neck_base_4", 6.8, -18.0, -2.6, -20.0),
    ("neck_base_5", 5.0, -18.0, -7.0, -20.0),
    ("ear_top", 7.2, 3.6, 0.0, None),
    ("ear_front", 7.0, 1.2, 0.3, None),
    ("ear_low", 6.75, -1.6, 0.1, None),
    ("ramus", 6.35, -4.2, 0.9, None),
    ("mastoid", 6.2, -3.0, -2.0, None),
    ("behind_ear", 6.9, 1.0, -2.4, None),
    ("neck_side", 5.2, -8.0, -0.9, -9.0),
    ("nape_side", 4.6, -6.0, -5.0, -6.6),
    ("back_low", 4.4, -1.0, -7.4, None),
)
_BACK = (("nape", -5.5, -6.6, -6.5), ("back_base", -1.5, -8.9, -1.5), ("back", 3.0, -9.7, 3.0))  # name, y, z, chart
_BACK_NECK = (("neck_back", -13.2, -6.6, -15.2), ("neck_base_back", -18.0, -8.6, -20.0))
_SKULL_CENTRE, _SKULL_RADII = (0.0, 5.0, -0.45), (7.5, 8.1, 9.35)

_JAW = {
    "55": 1.0, "56": 1.0, "57": 1.0, "65": 1.0, "66": 1.0, "54": 0.42, "64": 0.42, "53": 0.06, "8": 1.0, "9": 1.0,
    "10": 1.0, "11": 0.85, "12": 0.55, "13": 0.25, "14": 0.08, "lip_seam_low": 0.8, "lip_seam_top": 0.1,
    "vermilion_low": 1.0, "vermilion_low_1": 1.0, "under_lip": 1.0, "under_lip_1": 1.0, "chin": 1.0, "chin_1": 1.0,
    "chin_2": 1.0, "marionette": 0.85, "corner_out": 0.45, "jaw_front": 0.75, "buccal": 0.38, "buccal_side": 0.3,
    "fold": 0.12, "menton": 1.0, "menton_1": 1.0,
    "under_chin": 0.9, "under_chin_1": 0.85, "under_jaw": 0.65, "under_angle": 0.35, "throat": 0.4,
    "throat_1": 0.35, "throat_2": 0.15, "ramus": 0.15, "cheek_side": 0.08, "cheek_out": 0.06,
}  # fmt: skip
"""How far controls follow the jaw; the other side mirrors them."""


class Controls(NamedTuple):
    """C control points, the 68 landmarks first."""

    names: list[str]
    modelled: Floats
    """[C,3] cm: the head as the tables above have it, which ears, teeth and so on were modelled for."""
    points: Floats
    """[C,3] cm: the mean head."""
    chart: Floats
    """[C,2]: where they lie in the flat chart of the head, its jaw let down."""
    jaw: Floats
    """[C] 0..1: how far each follows the jaw."""

    def at(self, name: str) -> int:
        return self.names.index(name)


@cache
def controls() -> Controls:
    """The mean head's control points."""
    names, points, chart = [], [], []

    def add(name: str, x: float, y: float, z: float, height: float | None, longitude: float | None = None) -> None:
        angle = np.arctan2(x, z) if longitude is None else longitude
        names.append(name)
        points.append((x, y, z))
        chart.append((CHART_RADIUS * angle, y if height is None else height))

    for landmark in range(68):
        mirrored = landmark not in _LANDMARKS
        x, y, z = _LANDMARKS[_MIRROR[landmark] if mirrored else landmark]
        add(f"{landmark}", -x if mirrored else x, y, z, _LIP_CHART.get(f"{landmark}"))
    for name, x, y, z, height in _POINTS:
        add(name, x, y, z, height)
        if x:
            add(f"{name}-", -x, y, z, height)
    for name, y, z, height in _BACK + _BACK_NECK:
        for side in (-1, 1):
            add(f"{name}{side}", 0, y, z, height, side * np.pi)
    for elevation in (26, 45, 66, 90):
        for longitude in range(-180, 181, 30):
            up, around = np.radians(elevation), np.radians(longitude)
            x, y, z = np.array(_SKULL_CENTRE) + np.array(_SKULL_RADII) * (
                np.cos(up) * np.sin(around),
                np.sin(up),
                np.cos(up) * np.cos(around),
            )
            add(f"skull{elevation}/{longitude}", x, y, z, _SKULL_CENTRE[1] + CHART_RADIUS * up, around)
    for longitude in (-150, -120, -90, 90, 120, 150):
        around = np.radians(longitude)
        x, z = _SKULL_RADII[0] * np.sin(around), _SKULL_CENTRE[2] + _SKULL_RADII[2] * np.cos(around)
        add(f"skull0/{longitude}", x, 5.6, z, 5.6, around)
    jaw = np.zeros(len(names))
    for name, weight in _JAW.items():
        for side_name in _sides(name):
            jaw[names.index(side_name)] = weight
    flat = np.array(chart) - np.column_stack([np.zeros(len(names)), CHART_OPENING * jaw])
    modelled = np.array(points, np.float32)
    mean = modelled + WIDER * bumps(modelled, SHAPE_MODES["face_width"])
    return Controls(names, modelled, mean, flat.astype(np.float32), jaw.astype(np.float32))


def _sides(name: str) -> tuple[str, ...]:
    """The names of a control on the right of the picture or the middle line, and of its mirror image."""
    if name.isdigit():
        return tuple(dict.fromkeys((name, f"{_MIRROR[int(name)]}")))
    return (name, f"{name}-") if any(point[0] == name and point[1] for point in _POINTS) else (name,)


def point_moves(mean: Controls, moves: Moves) -> Floats:
    """Displacements [C,3] of single controls, on both sides."""
    moved = np.zeros((len(mean.names), 3), np.float32)
    for name, (x, y, z) in moves.items():
        for mirrored in _sides(name):
            moved[mean.at(mirrored)] = x if mirrored == name else -x, y, z
    return moved


def shape_modes(mean: Controls) -> Floats:
    """[40,C,3] cm: the displacement of the controls by one standard deviation of each parameter of SHAPE."""
    modes = np.zeros((len(SHAPE_INDEX), len(mean.names), 3), np.float32)
    for name, index in SHAPE_INDEX.items():
        modes[index] = bumps(mean.modelled, SHAPE_MODES[name])
        modes[index] += point_moves(mean, POINT_SHAPE.get(name, {}))
    return modes


def jaw_rotated(points: Floats, opening: float) -> Floats:
    """Points [N,3] turned about the jaw's hinge; opening 0..1."""
    angle = np.radians(JAW_ANGLE * opening)
    y, z = points[:, 1] - JAW_HINGE[0], points[:, 2] - JAW_HINGE[1]
    turned = points.copy()
    turned[:, 1] = JAW_HINGE[0] + np.cos(angle) * y - np.sin(angle) * z
    turned[:, 2] = JAW_HINGE[1] + np.sin(angle) * y + np.cos(angle) * z
    return turned
