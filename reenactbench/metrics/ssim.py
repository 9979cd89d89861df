"""SSIM (Wang et al., IEEE Transactions on Image Processing 2004) as scikit-image computes it, a batch at a time."""

from __future__ import annotations

from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reenactbench.interfaces import FrameMetric, Scene

SIGMA, RADIUS = 1.5, 5  # scikit-image truncates the Gaussian at 3.5 sigma: 11 taps
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
BATCH = 16


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
        return ssim(scene.generated.images, scene.truth.images, scene.device), ""


def ssim(first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], device: str = "cpu") -> npt.NDArray[np.float64]:
    """SSIM of each pair of images uint8 [T,H,W,3], at least 11 pixels high and wide; float64 [T]."""
    parts = [
        _ssim(_planes(first[start : start + BATCH], device), _planes(second[start : start + BATCH], device))
        for start in range(0, len(first), BATCH)
    ]
    return np.asarray(torch.cat(parts).cpu().numpy())


def _planes(images: npt.NDArray[np.uint8], device: str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).to(device).permute(0, 3, 1, 2).double()


def _ssim(x: Tensor, y: Tensor) -> Tensor:
    rows, columns = _window(x.shape[2]).to(x.device), _window(x.shape[3]).to(x.device)
    # The weighted means under the window, where it lies wholly inside the picture: one matrix product an axis.
    ux, uy, uxx, uyy, uxy = rows @ torch.stack([x, y, x * x, y * y, x * y]) @ columns.T
    vx, vy, vxy = uxx - ux * ux, uyy - uy * uy, uxy - ux * uy
    similarity = (2 * ux * uy + C1) * (2 * vxy + C2) / ((ux**2 + uy**2 + C1) * (vx + vy + C2))
    means: Tensor = similarity.mean(dim=(1, 2, 3))
    return means


@cache
def _window(size: int) -> Tensor:
    """[size-10, size]: row i holds the Gaussian centred at pixel i+5."""
    offsets = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64)
    weights = torch.exp(-0.5 * (offsets / SIGMA) ** 2)
    weights /= weights.sum()
    window = torch.zeros(size - 2 * RADIUS, size, dtype=torch.float64)
    for row in range(len(window)):
        window[row, row : row + 2 * RADIUS + 1] = weights
    return window
