"""F: finds landmarks in images, so that a generated frame has a motion code too (paper, 3.2 and 4.2).

It is pix2pix (Isola et al., CVPR 2017): a U-Net from the face image to 68 heatmaps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crossid_gan.layers import SLOPE, norm, patch_layers, signed
from reenactbench.training.heatmaps import LANDMARKS

DOWNS = 7
"""Halvings, down to one place: 128 = 2^7."""


class LandmarkExtractor(nn.Module):
    """Images [N,3,128,128] in 0..1 to logits of heatmaps [N,68,128,128]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [min(width * 2**step, 8 * width) for step in range(DOWNS)]
        self.downs = nn.ModuleList(
            _down(inputs, outputs, first=level == 0, last=level == DOWNS - 1)
            for level, (inputs, outputs) in enumerate(zip([3, *widths], widths, strict=False))
        )
        outputs = [LANDMARKS, *widths[:-1]]
        inputs = [2 * narrower for narrower in widths[:-1]] + [widths[-1]]
        self.ups = nn.ModuleList(
            _up(*channels, last=level == 0) for level, channels in enumerate(zip(inputs, outputs, strict=True))
        )

    def forward(self, images: Tensor) -> Tensor:
        seen = [signed(images)]
        for down in self.downs:
            seen.append(down(seen[-1]))
        x: Tensor = self.ups[-1](seen[-1])
        for level in range(DOWNS - 2, -1, -1):
            x = self.ups[level](torch.cat([x, seen[level + 1]], 1))
        return x


def _down(inputs: int, outputs: int, first: bool, last: bool) -> nn.Sequential:
    layers: list[nn.Module] = [] if first else [nn.LeakyReLU(SLOPE)]
    layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1))
    if not (first or last):
        layers.append(norm(outputs))
    return nn.Sequential(*layers)


def _up(inputs: int, outputs: int, last: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)]
    if not last:
        layers.append(norm(outputs))
    return nn.Sequential(*layers)


def expected_points(logits: Tensor) -> Tensor:
    """The mean place (x, y), in 0-based pixels, under the softmax of each map: [N,68,S,S] to [N,68,2].

    Its gradients reach the image (Sun et al., ECCV 2018).
    """
    shares = logits.float().flatten(2).softmax(2).view(logits.shape)
    pixels = torch.arange(logits.shape[-1], device=logits.device, dtype=torch.float32)
    return torch.stack([shares.sum(2) @ pixels, shares.sum(3) @ pixels], 2)


class ExtractorDiscriminator(nn.Module):
    """pix2pix's conditional patch discriminator: images [N,3,128,128] in 0..1 and heatmaps [N,68,128,128] to logits."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = patch_layers(3 + LANDMARKS, width)

    def forward(self, images: Tensor, maps: Tensor) -> Tensor:
        logits: Tensor = self.layers(torch.cat([signed(images), maps], 1))
        return logits
