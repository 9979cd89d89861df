"""A small symmetric 3-D model of the 68 iBUG points, authored by hand from common facial proportions.

Head coordinates: x to the image's right, y down, z away from the viewer; the origin lies between the outer eye corners
and the unit is the distance between them (about 90 mm). A face is MEAN plus IDENTITY and EXPRESSION modes times their
coefficients, of which 1 is one standard deviation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Move = tuple[float, float, float]

# The points on the image's left half and on the midline: distance from the midline, y, z.
_HALF: dict[int, Move] = {
    # jaw, from beside the ear to the chin
    0: (0.80, -0.02, 0.70), 1: (0.79, 0.20, 0.68), 2: (0.765, 0.42, 0.64), 3: (0.72, 0.63, 0.56),
    4: (0.645, 0.82, 0.44), 5: (0.53, 0.99, 0.29), 6: (0.385, 1.14, 0.13), 7: (0.20, 1.25, 0.01), 8: (0.0, 1.29, -0.04),
    # brow, from the temple inwards
    17: (0.62, -0.15, 0.10), 18: (0.53, -0.25, 0.00), 19: (0.405, -0.285, -0.08), 20: (0.27, -0.265, -0.14),
    21: (0.135, -0.21, -0.18),
    # nose: bridge down to the tip, then nostril to the base
    27: (0.0, -0.05, -0.19), 28: (0.0, 0.10, -0.28), 29: (0.0, 0.245, -0.38), 30: (0.0, 0.39, -0.47),
    31: (0.17, 0.50, -0.20), 32: (0.09, 0.535, -0.26), 33: (0.0, 0.555, -0.29),
    # eye: outer corner, upper lid, inner corner, lower lid
    36: (0.50, 0.0, 0.0), 37: (0.42, -0.065, -0.06), 38: (0.30, -0.065, -0.08), 39: (0.205, 0.015, -0.05),
    40: (0.30, 0.045, -0.07), 41: (0.415, 0.045, -0.05),
    # lips: the outer edge, then the inner edge, almost closed
    48: (0.275, 0.82, -0.08), 49: (0.175, 0.765, -0.19), 50: (0.07, 0.735, -0.25), 51: (0.0, 0.75, -0.26),
    57: (0.0, 0.945, -0.22), 58: (0.09, 0.935, -0.21), 59: (0.19, 0.895, -0.16),
    60: (0.235, 0.82, -0.09), 61: (0.08, 0.81, -0.20), 62: (0.0, 0.815, -0.22), 66: (0.0, 0.83, -0.20),
    67: (0.08, 0.825, -0.19),
}  # fmt: skip

_LEFT = (*range(8), *range(17, 22), 31, 32, *range(36, 42), 48, 49, 50, 58, 59, 60, 61, 67)
_RIGHT = (*range(16, 8, -1), *range(26, 21, -1), 35, 34, 45, 44, 43, 42, 47, 46, 54, 53, 52, 56, 55, 64, 63, 65)
MIRROR: npt.NDArray[np.intp] = np.arange(68)
"""[68]: the number of each point's mirror image."""
MIRROR[[*_LEFT, *_RIGHT]] = [*_RIGHT, *_LEFT]

_UPPER_LIP, _LOWER_LIP, _CORNER = (49, 50, 51, 61, 62), (57, 58, 59, 66, 67), (48, 60)
_MOUTH = (*_UPPER_LIP, *_LOWER_LIP, *_CORNER)


def _even(moves: Mapping[int, Move], left: float = 1, right: float = 1) -> Array:
    """A mode [68,3] from the moves of the left half, x counted outwards, with a weight for each half of the face."""
    mode = np.zeros((68, 3))
    for point, (outwards, down, away) in moves.items():
        twin = MIRROR[point]
        share = 0.5 if twin == point else 1.0
        mode[point] += share * left * np.array([-outwards, down, away])
        mode[twin] += share * right * np.array([outwards, down, away])
    return mode


def _odd(moves: Mapping[int, Move]) -> Array:
    """A motion to one side: its mirror image is its opposite."""
    return _even(moves, right=-1)


def _moved(points: Iterable[int], outwards: float = 0, down: float = 0, away: float = 0) -> dict[int, Move]:
    return dict.fromkeys(points, (outwards, down, away))


MEAN: Array = _even(_HALF)
"""[68,3]: the mean face at rest."""

IDENTITY_MODES: dict[str, Array] = {
    "wide face": _even({p: (0.06 * _HALF[p][0], 0, 0) for p in range(8)}),
    "wide jaw": _even({3: (0.03, 0, 0), 4: (0.05, 0, 0), 5: (0.05, 0, 0), 6: (0.04, 0, 0), 7: (0.02, 0, 0)}),
    "long chin": _even({4: (0, 0.015, 0), 5: (0, 0.03, 0), 6: (0, 0.05, 0), 7: (0, 0.065, 0), 8: (0, 0.07, 0)}),
    "square chin": _even({5: (0.01, 0.01, 0), 6: (0.04, 0.02, 0), 7: (0.03, 0.01, 0), 8: (0, -0.01, 0)}),
    "forward chin": _even({5: (0, 0, -0.03), 6: (0, 0, -0.05), 7: (0, 0, -0.06), 8: (0, 0, -0.06)}),
    "deep jaw": _even(_moved(range(5), away=0.10) | {5: (0, 0, 0.06), 6: (0, 0, 0.03)}),
    "first jaw points lower": _even(_moved(range(3), down=0.06) | {3: (-0.01, 0.04, 0), 4: (-0.02, 0.02, 0)}),
    "long from eyes to nose": _even(
        _moved((30, 31, 32, 33), down=0.05) | {28: (0, 0.015, 0), 29: (0, 0.035, 0)}
        | _moved(_MOUTH, down=0.05) | {p: (0, 0.04 * _HALF[p][1], 0) for p in range(2, 9)}
    ),
    "long from nose to mouth": _even(_moved(_MOUTH, down=0.04)),
    "long from mouth to chin": _even(
        {p: (0, 0.05 * max(_HALF[p][1] - 0.8, 0) / 0.5, 0) for p in range(9)} | _moved(_LOWER_LIP, down=0.01)
    ),
    "long nose": _even(_moved((30, 31, 32, 33), down=0.025) | {29: (0, 0.015, 0)}),
    "forward nose": _even(
        {27: (0, 0, -0.01), 28: (0, 0, -0.03), 29: (0, 0, -0.05), 30: (0, 0, -0.06), 33: (0, 0, -0.02)}
    ),
    "wide nose": _even({31: (0.025, 0, 0), 32: (0.012, 0, 0)}),
    "eyes apart": _even({39: (0.025, 0, 0), 38: (0.015, 0, 0), 40: (0.015, 0, 0)}),
    "tilted eyes": _even(
        {36: (0, -0.02, 0), 37: (0, -0.01, 0), 39: (0, 0.02, 0), 40: (0, 0.008, 0), 41: (0, -0.008, 0)}
    ),
    "wide mouth": _even(_moved((48, 60), 0.03) | _moved((49, 59), 0.02) | _moved((50, 58, 61, 67), 0.01)),
    "forward mouth": _even(_moved(_MOUTH, away=-0.04)),
    "full lips": _even(_moved((49, 50, 51), down=-0.015) | _moved((57, 58, 59), down=0.015)),
    "high brows": _even(_moved(range(17, 22), down=-0.03)),
    "tilted brows": _even({17: (0, 0.03, 0), 18: (0, 0.015, 0), 20: (0, -0.01, 0), 21: (0, -0.02, 0)}),
    "arched brows": _even({18: (0, -0.02, 0), 19: (0, -0.02, 0), 21: (0, 0.01, 0)}),
    "brows apart": _even(
        {17: (0.02, 0, 0), 18: (0.015, 0, 0), 19: (0.015, 0, 0), 20: (0.02, 0, 0), 21: (0.03, 0, 0)}
    ),
}  # fmt: skip
"""Who it is: name -> [68,3]."""

_EYE_CLOSES = _moved((37, 38), down=0.045) | _moved((40, 41), down=-0.01)
_LOWER_LID_RISES = _moved((40, 41), down=-0.015)
_BROW_RISES = _moved(range(18, 22), down=-0.05) | {17: (0, -0.04, 0)}

EXPRESSION_MODES: dict[str, Array] = {
    "jaw opens": _even(
        _moved(_LOWER_LIP, down=0.12, away=0.02) | _moved(_CORNER, -0.01, 0.04, 0.01) | {59: (-0.005, 0.10, 0.02)}
        | {3: (0, 0.02, 0), 4: (0, 0.05, 0.01), 5: (0, 0.09, 0.02), 6: (0, 0.12, 0.03)} | _moved((7, 8), 0, 0.13, 0.04)
    ),
    "lower lip drops": _even(_moved((57, 58, 66, 67), down=0.05) | {59: (0, 0.03, 0)}),
    "upper lip rises": _even(
        _moved((50, 51, 61, 62), down=-0.04) | {49: (0, -0.025, 0)} | _moved((31, 32, 33), down=-0.008)
    ),
    "lower lip and chin rise": _even(
        _moved(_LOWER_LIP, down=-0.03, away=-0.01) | _moved(_UPPER_LIP, down=-0.01) | _moved((6, 7, 8), down=-0.025)
    ),
    "smile": _even(
        _moved(_CORNER, 0.06, -0.04, 0.03) | _moved((49, 59), 0.035, -0.015, 0.01) | _moved((61, 67), 0.02, 0, 0.01)
        | _moved((50, 58), 0.015) | {31: (0.015, -0.005, 0), 3: (0.015, 0, 0), 4: (0.015, 0, 0)}
        | _moved((40, 41), down=-0.006)
    ),
    "mouth corners drop": _even(_moved(_CORNER, down=0.045) | _moved((49, 59), down=0.02)),
    "pucker": _even(
        _moved(_CORNER, -0.06, 0, -0.03) | _moved((49, 59), -0.035, 0, -0.04) | _moved((50, 58), -0.015, 0, -0.05)
        | _moved((61, 67), -0.03, 0, -0.04) | _moved((51, 57, 62, 66), away=-0.05)
    ),
    "lips press": _even(_moved((49, 50, 51), down=0.02) | _moved((57, 58, 59), down=-0.02)),
    "mouth to one side": _odd(_moved(_MOUTH, 0.04)),
    "mouth tilts": _odd(_moved(_CORNER, down=0.03) | _moved((49, 59), down=0.015)),
    "lower lip tilts": _odd(_moved((58, 59, 67), down=0.02)),
    "jaw to one side": _odd(
        _moved(_LOWER_LIP, 0.03) | {5: (0.03, 0, 0), 6: (0.05, 0, 0), 7: (0.06, 0, 0), 8: (0.06, 0, 0)}
    ),
    "left eye closes": _even(_EYE_CLOSES, right=0),
    "right eye closes": _even(_EYE_CLOSES, left=0),
    "left lower lid rises": _even(_LOWER_LID_RISES, right=0),
    "right lower lid rises": _even(_LOWER_LID_RISES, left=0),
    "left brow rises": _even(_BROW_RISES, right=0),
    "right brow rises": _even(_BROW_RISES, left=0),
    "inner brows rise": _even({19: (0, -0.01, 0), 20: (0, -0.025, 0), 21: (0, -0.04, 0)}),
    "frown": _even({19: (-0.01, 0, 0), 20: (-0.02, 0.01, 0), 21: (-0.025, 0.02, 0)}),
    "nose wrinkles": _even(
        _moved((31, 32, 33), down=-0.02) | {30: (0, -0.01, 0)} | _moved((50, 51, 61, 62), down=-0.01)
    ),
}  # fmt: skip
"""What it does: name -> [68,3]; left and right are those of the picture."""

IDENTITY: Array = np.stack(list(IDENTITY_MODES.values()))
"""[I,68,3]"""
EXPRESSION: Array = np.stack(list(EXPRESSION_MODES.values()))
"""[E,68,3]"""
