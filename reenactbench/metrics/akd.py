"""AKD: does the face move as the driver's does?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Pictures, Scene

OUTER_EYES = (36, 45)


class AKD(FrameMetric):
    key: ClassVar[str] = "akd"
    recipe: ClassVar[str] = "{landmarks}/outer-eye{via}"
    title: ClassVar[str] = "AKD"
    definition: ClassVar[str] = (
        "Average keypoint distance: mean Euclidean distance of the 68 landmarks found in the generated frame to those "
        "found, by the same network, in the driving frame, over the driver's outer-eye distance in that frame. "
        "It holds the driver's face shape too, so its floor across identities is not 0."
    )
    higher_is_better: ClassVar[bool | None] = False
    needs: ClassVar[tuple[str, ...]] = ("detector", "landmarks")

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        return keypoint_distance(scene, scene.driving), "no face found in the generated or the driving frame"


class AKDTruth(FrameMetric):
    key: ClassVar[str] = "akd_truth"
    recipe: ClassVar[str] = "{landmarks}/outer-eye{via}"
    title: ClassVar[str] = "AKD to truth"
    definition: ClassVar[str] = (
        "Average keypoint distance to the true frame instead of the driving frame: mean Euclidean distance of the 68 "
        "landmarks found in both by the same network, over the true frame's outer-eye distance. 0 for the true frame. "
        "Of cross pairs only: in self the truth is the driver, and AKD says it."
    )
    higher_is_better: ClassVar[bool | None] = False
    needs: ClassVar[tuple[str, ...]] = ("detector", "landmarks")
    needs_truth: ClassVar[bool] = True
    kinds: ClassVar[tuple[str, ...]] = ("cross",)

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        assert scene.truth is not None
        return keypoint_distance(scene, scene.truth), "no face found in the generated or the true frame"


def keypoint_distance(scene: Scene, aim: Pictures) -> npt.NDArray[np.float64]:
    """Mean distance [T] of the landmarks in the generated frames to those in `aim`, over its outer-eye distance."""
    generated, wanted = (
        scene.features("landmarks", pictures)["landmarks"].astype(np.float64) for pictures in (scene.generated, aim)
    )
    return np.asarray(np.linalg.norm(generated - wanted, axis=2).mean(axis=1) / outer_eye_distance(wanted))


def outer_eye_distance(landmarks: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Pixels [T] between the outer corners of the eyes of landmarks [T,68,2]."""
    return np.asarray(np.linalg.norm(landmarks[:, OUTER_EYES[0]] - landmarks[:, OUTER_EYES[1]], axis=1))
