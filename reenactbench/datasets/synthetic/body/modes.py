"""How heads vary and move: displacements of the control points of `anatomy.py`, in centimetres."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reenactbench.datasets.synthetic.drawing.mesh import Floats


class Bump(NamedTuple):
    """A displacement along an axis that falls off like a Gaussian around a centre; both sides, unless told."""

    axis: str  # x: away from the middle line; y: up; z: forward; X: to the right of the picture on both sides
    amount: float  # cm
    centre: tuple[float, float, float]  # cm, x >= 0
    radii: tuple[float, float, float]  # cm


Moves = dict[str, tuple[float, float, float]]

FAR = 99.0  # a radius that means "everywhere along this axis"

SHAPE_MODES: dict[str, tuple[Bump, ...]] = {
    "face_width": (
        Bump("x", 0.36, (7.0, -1, 2), (3.2, FAR, FAR)),
        Bump("x", 0.14, (3.4, 0, 8), (1.6, FAR, FAR)),
    ),
    "face_height": (
        Bump("y", -0.42, (0, -11, 6), (FAR, 4.6, 8)),
        Bump("y", -0.12, (0, -3, 10), (3, 2.2, 4)),
        Bump("y", 0.15, (0, 6, 8), (FAR, 2, 4)),
    ),
    "forehead_height": (Bump("y", 0.4, (0, 9, 6), (FAR, 3, 6)), Bump("y", 0.4, (0, 14, 0), (FAR, 4, FAR))),
    "forehead_slope": (Bump("z", -0.38, (0, 8.2, 7), (5, 2.0, 5)), Bump("z", 0.15, (0, 4.6, 9), (3, 1, 3))),
    "temple_width": (Bump("x", 0.32, (6.5, 5.5, 3), (2.5, 2.8, 4)),),
    "brow_ridge": (Bump("z", 0.26, (2.2, 4.2, 9), (2.6, 0.8, 3)), Bump("z", -0.1, (3.2, 2.9, 8), (1.6, 0.6, 2))),
    "brow_height": (Bump("y", 0.24, (3.4, 4.7, 8.5), (2.6, 0.7, 3)),),
    "brow_arch": (Bump("y", 0.2, (4.4, 4.9, 8), (1.2, 0.8, 2)), Bump("y", -0.08, (1.2, 4.3, 9.3), (0.9, 0.6, 2))),
    "brow_tilt": (Bump("y", -0.14, (1.3, 4.3, 9.3), (1, 0.6, 2)), Bump("y", 0.16, (5.6, 4.2, 6.5), (0.9, 0.7, 2))),
    "eye_spacing": (Bump("x", 0.17, (3.15, 2.8, 8), (1.9, 1.3, 3)), Bump("x", 0.1, (3.2, 4.7, 9), (2.2, 0.8, 3))),
    "eye_size": (),  # of the lids, in `lid_shape`
    "eye_opening": (),
    "eye_tilt": (Bump("y", 0.16, (4.6, 2.8, 7), (0.9, 0.7, 2)), Bump("y", -0.07, (1.7, 2.5, 8), (0.7, 0.6, 2))),
    "eye_depth": (Bump("z", -0.26, (3.15, 2.7, 8), (1.5, 0.95, 2)),),
    "lid_fold": (Bump("y", -0.2, (3.4, 3.65, 8), (1.5, 0.34, 2)), Bump("z", 0.15, (3.4, 3.65, 8), (1.5, 0.4, 2))),
    "nose_length": (Bump("y", -0.3, (0, -1.6, 11), (2.2, 1.5, 3)), Bump("y", -0.12, (0, -3, 10.6), (2, 0.6, 2))),
    "nose_width": (
        Bump("x", 0.24, (1.6, -1.5, 10.2), (0.9, 1.0, 1.5)),
        Bump("x", 0.06, (0.6, -0.8, 11.6), (0.5, 1, 1)),
    ),
    "bridge_height": (Bump("z", 0.3, (0, 2.0, 9.8), (0.9, 1.5, 2)),),
    "bridge_width": (Bump("x", 0.16, (0.8, 1.4, 9.6), (0.6, 1.6, 1.5)),),
    "nose_hump": (Bump("z", 0.2, (0, 1.1, 10.6), (0.6, 0.8, 1.5)), Bump("z", -0.06, (0, -0.6, 12), (0.6, 0.6, 1))),
    "tip_forward": (Bump("z", 0.36, (0, -1.0, 12), (1.2, 1.0, 1.5)),),
    "tip_up": (Bump("y", 0.26, (0, -0.9, 12), (0.9, 0.7, 1.2)), Bump("y", 0.1, (0, -1.8, 11.4), (0.7, 0.5, 1))),
    "cheekbone": (Bump("z", 0.24, (4.9, 0.8, 7.5), (1.6, 1.1, 2.5)), Bump("x", 0.2, (6.0, 1.0, 6), (1.5, 1.2, 2.5))),
    "cheek_fullness": (
        Bump("x", 0.36, (5.4, -3.6, 5.5), (2, 1.8, 3)),
        Bump("z", 0.26, (4.2, -2.9, 7.8), (1.5, 1.6, 2.5)),
        Bump("y", -0.25, (3.5, -10, 4.5), (3, 1.5, 3)),
    ),
    "mouth_width": (
        Bump("x", 0.24, (2.5, -4.7, 9.6), (0.9, 1.1, 1.5)),
        Bump("x", 0.08, (1.2, -4.7, 10.4), (0.6, 1, 1)),
    ),
    "upper_lip": (),  # of the lips, in `lip_shape`
    "lower_lip": (),
    "philtrum": (Bump("y", -0.22, (0, -4.8, 10.5), (3.2, 1.3, 3)), Bump("y", -0.12, (0, -7.5, 10), (3, 1.8, 3))),
    "mouth_forward": (Bump("z", 0.3, (0, -4.6, 10.5), (2.3, 1.7, 2.5)),),
    "mouth_curve": (Bump("y", 0.13, (2.5, -4.65, 9.6), (0.6, 0.6, 1.2)),),
    "jaw_width": (Bump("x", 0.48, (5.7, -6.0, 2.8), (2, 2.6, 3)),),
    "jaw_height": (Bump("y", -0.42, (5.8, -5.6, 2.5), (1.8, 2.2, 2.5)),),
    "chin_height": (Bump("y", -0.42, (0, -9.6, 8.5), (3.4, 1.6, 3.5)),),
    "chin_width": (Bump("x", 0.36, (2.3, -8.8, 8), (1.6, 1.5, 2.5)),),
    "chin_forward": (Bump("z", 0.42, (0, -8.6, 9.5), (2.5, 1.6, 2.5)),),
    "ear_size": (),  # of the ear's own mesh
    "ear_angle": (),
    "neck_width": (
        Bump("x", 0.42, (5, -14, 0), (2.5, 3.5, 6)),
        Bump("z", 0.2, (0, -14, 3.5), (3, 3, 2)),
    ),
    "asymmetry_nose": (Bump("X", 0.12, (0, -0.6, 11.5), (1.5, 1.5, 2)),),
    "asymmetry_mouth": (Bump("X", 0.12, (0, -5.5, 10.4), (2.4, 2.4, 2.5)),),
}

POINT_SHAPE: dict[str, Moves] = {
    "eye_size": {
        "42": (-0.08, 0, 0), "43": (-0.03, 0.06, 0), "44": (0.03, 0.06, 0),
        "45": (0.1, 0, -0.03), "46": (0.03, -0.05, 0), "47": (-0.03, -0.05, 0),
    },
    "eye_opening": {"43": (0, 0.085, 0), "44": (0, 0.085, 0), "46": (0, -0.045, 0), "47": (0, -0.045, 0)},
    "lid_fold": {"43": (0, -0.045, 0), "44": (0, -0.055, 0)},
    "upper_lip": {
        "51": (0, 0.11, 0.03), "52": (0, 0.12, 0.03), "53": (0, 0.1, 0.02), "62": (0, -0.02, 0.05),
        "63": (0, -0.02, 0.05),
    },
    "lower_lip": {
        "55": (0, -0.1, 0.02), "56": (0, -0.14, 0.04), "57": (0, -0.15, 0.04), "65": (0, 0, 0.05), "66": (0, 0, 0.05),
    },
}  # fmt: skip
"""Displacements of single controls, cm a standard deviation; the other side mirrors them."""

EXPRESSIONS: dict[str, tuple[Bump, ...]] = {
    "smile": (
        Bump("x", 0.78, (2.6, -4.6, 9.6), (1.1, 0.9, 1.6)),
        Bump("y", 0.58, (2.7, -4.6, 9.6), (0.9, 0.9, 1.6)),
        Bump("z", -0.45, (2.6, -4.7, 9.6), (0.9, 0.9, 1.5)),
        Bump("y", 0.3, (3.6, -1.2, 8.6), (1.4, 1.6, 2)),
        Bump("z", 0.3, (3.7, -0.9, 8.4), (1.2, 1.2, 2)),
        Bump("x", 0.22, (4.4, -3.0, 7.8), (1.2, 1.6, 2)),
        Bump("x", 0.1, (1.7, -1.5, 10), (0.5, 0.7, 1)),
        Bump("y", 0.1, (3.2, 1.6, 8.2), (1.4, 0.5, 2)),
    ),
    "pucker": (
        Bump("x", -1.0, (2.5, -4.7, 9.6), (0.9, 1.2, 1.6)),
        Bump("x", -0.35, (1.1, -4.7, 10.5), (0.7, 1.2, 1.2)),
        Bump("z", 0.6, (0, -4.7, 10.8), (1.8, 1.2, 2)),
        Bump("x", -0.3, (3.6, -4.4, 8.6), (1.2, 1.6, 2)),
        Bump("z", 0.6, (3.0, -4.7, 9.0), (1.0, 1.3, 1.8)),
    ),
    "brow": (
        Bump("y", 0.62, (3.2, 4.7, 8.7), (2.6, 0.75, 3)),
        Bump("y", 0.2, (3.2, 6.4, 8.2), (3, 1.0, 3)),
        Bump("y", 0.1, (3.2, 3.6, 8.2), (1.6, 0.4, 2)),
    ),
    "frown": (
        Bump("x", -0.26, (1.2, 4.3, 9.3), (0.9, 0.7, 2)),
        Bump("y", -0.3, (1.3, 4.3, 9.3), (1.0, 0.7, 2)),
        Bump("z", 0.1, (0.8, 4.2, 9.4), (0.7, 0.7, 2)),
    ),
}

LIP_MOVES: dict[str, Moves] = {
    "smile": {"51": (0, 0.1, -0.12), "52": (0.06, 0.12, -0.15), "53": (0.3, 0.3, -0.25), "62": (0, 0.08, -0.12),
              "63": (0.1, 0.12, -0.15), "55": (0.22, 0.12, -0.15), "56": (0.05, 0.03, -0.06)},
    "pucker": {},
    "upper_lip": {"51": (0, 0.36, 0.06), "52": (0, 0.38, 0.06), "53": (0.05, 0.3, 0), "62": (0, 0.5, 0.05),
                  "63": (0, 0.48, 0.05), "lip_seam_top": (0.05, 0.34, 0), "lip_seam_low": (0.05, -0.1, 0),
                  "56": (0, -0.12, 0), "57": (0, -0.14, 0), "65": (0, -0.16, 0), "66": (0, -0.18, 0),
                  "55": (0.05, -0.08, 0), "54": (0.12, 0.05, -0.05), "64": (0.12, 0.05, -0.05)},
    "press": {"51": (0, -0.16, -0.16), "52": (0, -0.18, -0.16), "53": (0, -0.12, -0.12), "62": (0, -0.02, -0.3),
              "63": (0, -0.02, -0.28), "lip_seam_top": (0, 0, -0.22), "lip_seam_low": (0, 0, -0.22),
              "65": (0, 0.02, -0.28), "66": (0, 0.02, -0.3), "55": (0, 0.14, -0.1),
              "56": (0, 0.2, -0.14), "57": (0, 0.22, -0.14), "54": (0.05, 0, -0.05), "64": (0.05, 0, -0.05)},
}  # fmt: skip


def bumps(points: Floats, modes: tuple[Bump, ...]) -> Floats:
    """The displacement [N,3] of points [N,3] of the mean head by the sum of the bumps."""
    moved = np.zeros_like(points)
    side = np.sign(points[:, 0])
    for axis, amount, centre, radii in modes:
        distance = (np.abs(points[:, 0]) - centre[0]) / radii[0], *((points[:, 1:] - centre[1:]) / radii[1:]).T
        weight = amount * np.exp(-0.5 * sum(part**2 for part in distance))
        if axis == "x":
            weight = weight * side
        moved[:, "xyz".index(axis.lower())] += weight
    return moved
