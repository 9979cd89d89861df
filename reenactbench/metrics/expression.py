"""Expression: does the inner face take the driver's shape?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene
from reenactbench.metrics.akd import outer_eye_distance

INNER = slice(17, 68)
"""Brows, nose, eyes and mouth."""


class Expression(FrameMetric):
    key: ClassVar[str] = "expression"
    recipe: ClassVar[str] = "{landmarks}/inner51-procrustes{via}"
    title: ClassVar[str] = "Expression"
    definition: ClassVar[str] = (
        "Mean Euclidean distance of the 51 inner landmarks (all but the jaw line) found in the generated frame to "
        "those found in the driving frame, after the translation, rotation and scale that fit them best, over the "
        "driver's outer-eye distance in that frame. The shape of each face, which belongs to the identity, and turns "
        "out of the picture are in it, so its floor across identities is not 0."
    )
    higher_is_better: ClassVar[bool | None] = False
    needs: ClassVar[tuple[str, ...]] = ("detector", "landmarks")

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        generated = scene.features("landmarks", scene.generated)["landmarks"].astype(np.float64)
        driving = scene.features("landmarks", scene.driving)["landmarks"].astype(np.float64)
        distances = shape_distance(generated[:, INNER], driving[:, INNER])
        return distances / outer_eye_distance(driving), "no face found in the generated or the driving frame"


def shape_distance(moved: npt.NDArray[np.float64], fixed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean distance [T] of points [T,N,2] to fixed ones, after the best similarity without reflection; NaN for NaN.

    Least squares, Umeyama, IEEE TPAMI 1991. In the plane a rotation with scale is one complex factor.
    """
    first, second = (points[..., 0] + 1j * points[..., 1] for points in (moved, fixed))
    first, second = (points - points.mean(axis=1, keepdims=True) for points in (first, second))
    with np.errstate(invalid="ignore"):
        factor = (first.conj() * second).sum(axis=1) / (np.abs(first) ** 2).sum(axis=1)
    return np.asarray(np.abs(factor[:, None] * first - second).mean(axis=1))
