"""LPIPS: how different from the true frame does it look?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.files import content_key
from reenactbench.interfaces import FrameMetric, Pictures, Scene


class LPIPS(FrameMetric):
    key: ClassVar[str] = "lpips"
    recipe: ClassVar[str] = "{perceptual}"
    title: ClassVar[str] = "LPIPS"
    definition: ClassVar[str] = (
        "Learned perceptual image patch similarity to the true frame (Zhang et al., CVPR 2018): AlexNet with the "
        "authors' linear weights v0.1, at the frame's own size. A distance: 0 for equal frames."
    )
    higher_is_better: ClassVar[bool | None] = False
    needs: ClassVar[tuple[str, ...]] = ("perceptual",)
    needs_truth: ClassVar[bool] = True

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        assert scene.truth is not None
        both = np.concatenate([scene.generated.images, scene.truth.images], axis=2)
        side_by_side = Pictures(content_key([scene.generated.key, scene.truth.key]), both)
        return scene.features("perceptual", side_by_side)["distance"].astype(np.float64), ""
