"""Face rate: is there a face at all?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene


class FaceRate(FrameMetric):
    key: ClassVar[str] = "face_rate"
    recipe: ClassVar[str] = "{detector}"
    title: ClassVar[str] = "Face rate"
    definition: ClassVar[str] = "Share of generated frames in which the detector finds a face; 0 to 1."
    higher_is_better: ClassVar[bool | None] = True
    needs: ClassVar[tuple[str, ...]] = ("detector",)

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        found = np.isfinite(scene.features("detector", scene.generated)["score"])
        return found.astype(np.float64), ""
