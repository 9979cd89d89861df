"""A mean adult face: 68 landmarks in three dimensions, symmetrical, mouth closed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_MIDDLE = {
    8: (-9.3, 9.5),
    27: (2.8, 9.3),
    28: (1.6, 10.2),
    29: (0.4, 11.1),
    30: (-0.9, 12.0),
    33: (-2.3, 10.9),
    51: (-3.8, 10.8),
    57: (-5.5, 10.4),
    62: (-4.5, 10.8),
    66: (-4.5, 10.8),
}
"""On the middle line: y, z."""

_RIGHT = {
    (7, 9): (1.9, -9.1, 8.7),
    (6, 10): (3.6, -8.3, 6.7),
    (5, 11): (5.0, -7.0, 4.7),
    (4, 12): (5.9, -5.3, 3.1),
    (3, 13): (6.6, -3.4, 2.3),
    (2, 14): (7.0, -1.4, 1.6),
    (1, 15): (7.3, 0.6, 1.1),
    (0, 16): (7.4, 2.6, 0.8),
    (21, 22): (1.3, 4.4, 9.3),
    (20, 23): (2.5, 4.8, 9.2),
    (19, 24): (3.8, 4.9, 8.6),
    (18, 25): (5.0, 4.6, 7.8),
    (17, 26): (5.8, 4.1, 6.7),
    (32, 34): (0.8, -2.2, 10.7),
    (31, 35): (1.5, -1.9, 10.2),
    (39, 42): (1.9, 2.5, 7.9),
    (38, 43): (2.8, 3.2, 8.1),
    (37, 44): (3.8, 3.2, 8.1),
    (36, 45): (4.6, 2.7, 7.2),
    (41, 46): (3.8, 2.4, 8.0),
    (40, 47): (2.8, 2.3, 8.1),
    (50, 52): (0.6, -3.6, 10.7),
    (49, 53): (1.6, -4.0, 10.3),
    (48, 54): (2.8, -4.5, 9.4),
    (59, 55): (1.7, -5.0, 10.1),
    (58, 56): (0.7, -5.4, 10.4),
    (61, 63): (0.8, -4.4, 10.7),
    (60, 64): (2.6, -4.5, 9.6),
    (67, 65): (0.8, -4.5, 10.7),
}
"""(the landmark on the left of the picture, its counterpart on the right): x, y, z of the latter."""


def _table() -> npt.NDArray[np.float64]:
    points = np.zeros((68, 3))
    for number, (y, z) in _MIDDLE.items():
        points[number] = 0, y, z
    for (left, right), (x, y, z) in _RIGHT.items():
        points[left], points[right] = (-x, y, z), (x, y, z)
    return points


MEAN_FACE = _table()
"""[68,3] cm: x to the right of the picture, y up, z to the camera; the origin lies between the ear canals.

iBUG order. The mean of 300 people drawn from the population of the synthetic world (reenactbench.datasets.synthetic),
made symmetrical and written with one decimal. Every point lies within 1.5 mm of the same point of the head that the
population varies about; that head follows adult anthropometry (Farkas, Anthropometry of the Head and Face, 1994).
"""
