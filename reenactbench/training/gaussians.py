"""Gaussians at points of a picture, as the products of the two factors that they are."""

from __future__ import annotations

import torch
from torch import Tensor


def gaussians(points: Tensor, size: int, deviation: float = 1.0) -> tuple[Tensor, Tensor]:
    """The two factors of a Gaussian of peak 1 at each point, across and down: points [N,K,2] (x, y in 0-based pixels)
    to [N,K,size] each; deviation in pixels."""
    pixels = torch.arange(size, device=points.device, dtype=points.dtype)
    across, down = torch.exp(-0.5 * ((pixels - points[..., None]) / deviation) ** 2).unbind(2)
    return across, down
