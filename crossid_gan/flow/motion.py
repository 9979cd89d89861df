"""The motion code: what a face does, freed of whose face it is, and the target's landmarks doing the same.

Two small networks of landmarks, no pictures. They are trained on people who make the same motion, so a code need not
hold the driver's shape, and being narrow and noisy it cannot.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reenactbench.training.heatmaps import LANDMARKS

MIDDLE, SPREAD = 63.5, 32.0
"""Pixels of 128: what landmarks are centred at and divided by."""


class Motion(nn.Module):
    """Of landmarks [N,68,2] in pixels of 128; in the precision of its weights whatever runs around it, for bfloat16 is
    off by a quarter of a pixel."""

    def __init__(self, width: int, code: int, noise: float = 0.0) -> None:
        """noise: deviation of what is added to codes in training."""
        super().__init__()
        self.noise = noise
        self.encoder = nn.Sequential(
            *_perceptron(2 * LANDMARKS, width, code), nn.LayerNorm(code, elementwise_affine=False)
        )
        self.decoder = nn.Sequential(*_perceptron(2 * LANDMARKS + code, width, 2 * LANDMARKS))

    def code(self, driving: Tensor) -> Tensor:
        """[N,code] of mean 0 and deviation 1."""
        with torch.autocast(driving.device.type, enabled=False):
            code: Tensor = self.encoder(self._flat(driving))
        return code

    def forward(self, driving: Tensor, own: Tensor) -> Tensor:
        """Where the landmarks `own` of the target image would be if the target moved like `driving`: what the decoder
        says of the driver's code, against what it says of the target's own, so that the target moving like itself stays
        exactly as it is, whatever the decoder makes of a face that it has never seen."""
        with torch.autocast(driving.device.type, enabled=False):
            codes = self.code(torch.cat([driving, own]))
            if self.training:
                codes = codes + self.noise * torch.randn_like(codes)
            made = self.decoder(torch.cat([self._flat(own).repeat(2, 1), codes], 1))
            like_driving, like_own = made.view(2, *own.shape)
            moved: Tensor = own + SPREAD * (like_driving - like_own)
        return moved.float()

    def _flat(self, points: Tensor) -> Tensor:
        return (points.to(next(self.parameters()).dtype) - MIDDLE).flatten(1) / SPREAD


def _perceptron(inputs: int, width: int, outputs: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before in (inputs, width):
        layers += [nn.Linear(before, width), nn.LayerNorm(width), nn.GELU()]
    return [*layers, nn.Linear(width, outputs)]
