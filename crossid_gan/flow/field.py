"""The displacement field: where the target's pixels come from, as landmarks alone say it. Nothing here is learnt."""

from __future__ import annotations

import torch
from torch import Tensor

SIDE = 32
"""Of the field."""
PIXELS = 128
"""That landmarks are in."""
NEAR, COVERED = 8.0, 20.0
"""Pixels of 128: deviations of the Gaussians that spread what the affine fit leaves, and of the cover map."""
FLOOR = 0.02
"""In the denominator of the weighted mean: far from all landmarks nothing is added to the affine fit."""
RIDGE = 1e-4
"""Of the affine fit, as a share of the landmarks' number; only degenerate landmarks feel it."""
SPREAD = 32.0
"""Pixels that landmarks are divided by in the fit."""


def displacement_field(own: Tensor, driving: Tensor) -> tuple[Tensor, Tensor]:
    """What moves the target image to the driving landmarks, backwards: landmarks [N,K,2] of the target image, and where
    they shall be, in pixels of 128.

    Returns the field [N,2,32,32]: from the middle of each cell to the place in the target image, (x, y) in pixels of
    128; and the cover [N,1,32,32] in 0..1: how near a driving landmark is. The field is an affine fit of the landmarks'
    offsets, and around them what that leaves. In float32 whatever runs around it.
    """
    with torch.autocast(own.device.type, enabled=False):
        own, driving = own.float(), driving.float()
        offsets, middle = own - driving, driving.mean(1, keepdim=True)
        fit = _affine(driving - middle, offsets)
        left = offsets - _applied(fit, driving - middle)
        cells = (torch.arange(SIDE, device=own.device, dtype=torch.float32) + 0.5) * (PIXELS / SIDE) - 0.5
        places = torch.stack(torch.meshgrid(cells, cells, indexing="xy"), -1).view(1, -1, 2)
        apart = torch.cdist(places.expand(len(own), -1, -1), driving, compute_mode="donot_use_mm_for_euclid_dist")
        near = torch.exp(-0.5 * (apart / NEAR) ** 2)
        field = _applied(fit, places - middle) + (near @ left) / (near.sum(2, keepdim=True) + FLOOR)
        cover = torch.exp(-0.5 * (apart.amin(2) / COVERED) ** 2)
        return field.mT.reshape(-1, 2, SIDE, SIDE), cover.view(-1, 1, SIDE, SIDE)


def sampling_grid(field: Tensor) -> Tensor:
    """A field [N,2,S,S] in pixels of 128 as the grid [N,S,S,2] that `grid_sample` takes, corners not aligned."""
    side = field.shape[-1]
    cells = (torch.arange(side, device=field.device, dtype=torch.float32) + 0.5) * (2 / side) - 1
    identity = torch.stack(torch.meshgrid(cells, cells, indexing="xy"), -1)
    return identity + field.permute(0, 2, 3, 1) * (2 / PIXELS)


def _affine(points: Tensor, offsets: Tensor) -> Tensor:
    """[N,3,2]: what makes of points [N,K,2], with a 1, the offsets nearest to these."""
    known = _with_one(points)
    ridge = RIDGE * points.shape[1] * torch.eye(3, device=points.device)
    fit: Tensor = torch.linalg.solve(known.mT @ known + ridge, known.mT @ offsets)
    return fit


def _applied(fit: Tensor, points: Tensor) -> Tensor:
    return _with_one(points) @ fit


def _with_one(points: Tensor) -> Tensor:
    return torch.cat([points / SPREAD, torch.ones_like(points[..., :1])], -1)
