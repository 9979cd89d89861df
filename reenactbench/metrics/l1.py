"""L1 distance to the true frames."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene


class L1(FrameMetric):
    key: ClassVar[str] = "l1"
    recipe: ClassVar[str] = "rgb"
    title: ClassVar[str] = "L1"
    definition: ClassVar[str] = "Mean absolute difference to the true frame over pixels and RGB channels, in 0 to 1."
    higher_is_better: ClassVar[bool | None] = False
    digits: ClassVar[int] = 4
    needs_truth: ClassVar[bool] = True

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        assert scene.truth is not None
        return l1(scene.generated.images, scene.truth.images), ""


def l1(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Mean absolute difference of each pair of images uint8 [T,H,W,3], of full scale; float64 [T] in 0..1."""
    return np.asarray(np.abs(first.astype(np.int16) - second).mean(axis=(1, 2, 3), dtype=np.float64) / 255)
