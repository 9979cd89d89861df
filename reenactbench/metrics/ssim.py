"""SSIM (Wang et al., IEEE Transactions on Image Processing 2004) as scikit-image computes it."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene

SIGMA, RADIUS = 1.5, 5  # scikit-image truncates the Gaussian at 3.5 sigma: 11 taps
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class SSIM(FrameMetric):
    key: ClassVar[str] = "ssim"
    recipe: ClassVar[str] = "gauss11-rgb"
    title: ClassVar[str] = "SSIM"
    definition: ClassVar[str] = (
        "Structural similarity to the true frame; -1 to 1. As skimage.metrics.structural_similarity with "
        "gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, on 8-bit RGB."
    )
    higher_is_better: ClassVar[bool | None] = True
    needs_truth: ClassVar[bool] = True

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        assert scene.truth is not None
        return ssim(scene.generated.images, scene.truth.images), ""


def ssim(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """SSIM of each pair of images uint8 [T,H,W,3], at least 11 pixels high and wide; float64 [T]."""
    return np.array([_ssim(x.astype(np.float64), y.astype(np.float64)) for x, y in zip(first, second, strict=True)])


def _ssim(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    ux, uy, uxx, uyy, uxy = (_weighted(values) for values in (x, y, x * x, y * y, x * y))
    products, squares = ux * uy, ux * ux + uy * uy
    similarity = (2 * products + C1) * (2 * (uxy - products) + C2) / ((squares + C1) * (uxx + uyy - squares + C2))
    return float(similarity.mean())


def _weighted(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of [H,W,3] under a Gaussian window, where that lies wholly inside the picture: [H-10,W-10,3]."""
    means = cv2.GaussianBlur(values, (2 * RADIUS + 1, 2 * RADIUS + 1), SIGMA)
    return np.asarray(means[RADIUS:-RADIUS, RADIUS:-RADIUS])
