"""Pictures sampled by offsets, and several of them merged into one (paper, 3.1 and 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEAST_WEIGHT = 0.1
"""Of a picture at any place, whatever the confidence."""


def sampled(images: Tensor, offsets: Tensor) -> Tensor:
    """Each place of the result is the picture's at that place plus its offset: [N,C,S,S] both.

    offsets: [N,2,S,S], to the right and down, where the picture's sides are from -1 to 1, at the middles of the pixels
    of its border. Bilinear; what is outside of a picture is black.
    """
    line = torch.linspace(-1, 1, images.shape[-1], device=images.device, dtype=images.dtype)
    places = torch.stack(torch.meshgrid(line, line, indexing="xy"), 2)
    return functional.grid_sample(images, places + offsets.permute(0, 2, 3, 1), "bilinear", "zeros", align_corners=True)


def followed(places: Tensor, offsets: Tensor) -> Tensor:
    """Where `sampled` with these offsets [N,2,S,S] takes places [N,L,2] from; both in -1..1, as offsets are."""
    moved = functional.grid_sample(offsets, places[:, None], "bilinear", "border", align_corners=True)
    return places + moved[:, :, 0].mT


def merged(pictures: Tensor, confidence: Tensor, shots: int) -> Tensor:
    """The mean of each face's pictures, [B*shots,C,S,S] side by side to [B,C,S,S], with weights exp(confidence) + 0.1
    at each place; confidence [B*shots,1,S,S]."""
    weights = torch.exp(confidence) + LEAST_WEIGHT
    shares = weights.view(-1, shots, *weights.shape[1:])
    shares = shares / shares.sum(1, keepdim=True)
    return (shares * pictures.view(-1, shots, *pictures.shape[1:])).sum(1)
