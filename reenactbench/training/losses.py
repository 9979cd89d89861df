"""Losses that say how far pictures are from the truth; each is the mean over its batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reenactbench.training.gaussians import gaussians

FACE_DEVIATION = 8.0
"""Pixels of 128 around a landmark that count as face."""


def squared_error(images: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """The squared L2 norm of the difference, a pixel: images and truth [N,C,S,S]; weights [N,1,S,S], or 1."""
    error = (images - truth).square()
    return (error if weights is None else error * weights).mean()


def absolute_error(images: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """As `squared_error`, with the L1 norm."""
    error = (images - truth).abs()
    return (error if weights is None else error * weights).mean()


def perceptual(features: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """Over the layers, the sum of the mean absolute differences of feature maps."""
    return torch.stack([(a.float() - b.float()).abs().mean() for a, b in zip(features, truth, strict=True)]).sum()


def face_weights(landmarks: Tensor, size: int, extra: float) -> Tensor:
    """[N,1,size,size]: 1 far from all landmarks [N,68,2], in pixels of that size, and 1 + extra near them."""
    across, down = gaussians(landmarks, size, FACE_DEVIATION * size / 128)
    return 1 + extra * (down.mT @ across).clamp(max=1)[:, None]


def edge_error(images: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """The L1 norm of the difference of the edges, a pixel: of what each pixel has more than the next to the right, and
    than the next below. As `absolute_error`."""
    error, across, down = images - truth, weights[..., :-1], weights[..., :-1, :]
    return (error.diff(dim=-1).abs() * across).mean() + (error.diff(dim=-2).abs() * down).mean()
