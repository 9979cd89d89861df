"""PSNR to the true frames."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene

CAP = 100.0


class PSNR(FrameMetric):
    key: ClassVar[str] = "psnr"
    recipe: ClassVar[str] = "rgb-cap100"
    title: ClassVar[str] = "PSNR"
    definition: ClassVar[str] = (
        "Peak signal-to-noise ratio to the true frame in dB, peak 255, on 8-bit RGB; identical frames, whose ratio is "
        "infinite, count 100 dB."
    )
    higher_is_better: ClassVar[bool | None] = True
    unit: ClassVar[str] = "dB"
    digits: ClassVar[int] = 2
    needs_truth: ClassVar[bool] = True

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        assert scene.truth is not None
        return psnr(scene.generated.images, scene.truth.images), ""


def psnr(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """PSNR in dB of each pair of images uint8 [T,H,W,3], at most 100; float64 [T]."""
    error = ((first.astype(np.float64) - second) ** 2).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(10 * np.log10(255**2 / error), CAP))
