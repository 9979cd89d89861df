"""Pose: does the head turn as the driver's does?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene
from reenactbench.metrics.mean_face import MEAN_FACE

Array = npt.NDArray[np.float64]

RIGID = [0, 1, 2, 14, 15, 16, *range(17, 48)]
"""Brows, nose, eyes, and the ends of the jaw line beside the ears: what speech moves little."""


class Pose(FrameMetric):
    key: ClassVar[str] = "pose"
    recipe: ClassVar[str] = "{landmarks}/scaled-orthographic-mean{via}"
    title: ClassVar[str] = "Pose"
    definition: ClassVar[str] = (
        "Angle in degrees of the rotation between the head in the generated frame and in the driving frame. Each "
        "head's rotation is that of a mean 3-D face seen by the scaled orthographic camera that fits the landmarks "
        "found in the frame best (brows, eyes, nose and the ends of the jaw line). A face is not the mean face, so the "
        "floor across identities is not 0."
    )
    higher_is_better: ClassVar[bool | None] = False
    unit: ClassVar[str] = "°"
    digits: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("detector", "landmarks")

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        generated = head_rotations(scene.features("landmarks", scene.generated)["landmarks"])
        driving = head_rotations(scene.features("landmarks", scene.driving)["landmarks"])
        return angles(generated, driving), "no face found in the generated or the driving frame"


def head_rotations(landmarks: npt.NDArray[np.floating]) -> Array:
    """Rotations [T,3,3] from the mean face's axes to the camera's, of landmarks [T,68,2] in pixels; NaN for NaN.

    Axes: x to the right of the picture, y up, z to the camera.
    """
    rotations = np.full((len(landmarks), 3, 3), np.nan)
    found = np.isfinite(landmarks).all(axis=(1, 2))
    rotations[found] = scaled_orthographic(MEAN_FACE[RIGID], landmarks[found][:, RIGID] * np.array([1.0, -1.0]))
    return rotations


def scaled_orthographic(shape: Array, points: Array) -> Array:
    """The rotations [T,3,3] under which a scaled orthographic camera sees a shape [N,3] as points [T,N,2].

    The affine camera that fits best (Tomasi and Kanade, IJCV 1992), and the two orthonormal rows nearest to it.
    """
    shape = shape - shape.mean(axis=0)
    points = points - points.mean(axis=1, keepdims=True)
    affine = points.swapaxes(1, 2) @ np.linalg.pinv(shape).T
    left, _, right = np.linalg.svd(affine, full_matrices=False)
    rows = left @ right
    return np.asarray(np.concatenate([rows, np.cross(rows[:, 0], rows[:, 1])[:, None]], axis=1))


def angles(first: Array, second: Array) -> Array:
    """Degrees [T] between rotations [T,3,3]; NaN for NaN.

    From the chord, which is exact near 0 where the arc cosine is not.
    """
    chord = np.linalg.norm(first - second, axis=(1, 2))
    return np.asarray(np.degrees(2 * np.arcsin(np.minimum(chord / np.sqrt(8), 1))))
