"""AKD: does the face move as the driver's does?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene

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
        generated = scene.features("landmarks", scene.generated)["landmarks"].astype(np.float64)
        driving = scene.features("landmarks", scene.driving)["landmarks"].astype(np.float64)
        distances = np.linalg.norm(generated - driving, axis=2).mean(axis=1)
        outer_eye = np.linalg.norm(driving[:, OUTER_EYES[0]] - driving[:, OUTER_EYES[1]], axis=1)
        return distances / outer_eye, "no face found in the generated or the driving frame"
