"""The embedding and the driving network: what turns pictures into offsets (paper, 3.1).

Both are pix2pix's U-Net (Isola et al., CVPR 2017), whose transposed convolutions are bilinear enlargements and
convolutions here; the driving one is without the ways across, so that all it says goes through its bottleneck.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.2
"""Of the leaky ReLUs."""
WIDEST = 8
"""Channels are doubled with each halving, up to so many times the first."""
CODE = 128
"""Numbers of the driving vector."""


class UNet(nn.Module):
    """Halvings down to one place and as many doublings: [N,3,S,S] to [N,outputs,S,S], with S = 2^levels.

    bottleneck: channels of that place. skips: whether each doubling also sees the map that was halved to its own.
    Convolutions have no biases; all maps are normalised by their batch but the first, the last and the bottleneck.
    """

    def __init__(self, width: int, levels: int, bottleneck: int, outputs: int, skips: bool) -> None:
        super().__init__()
        self.skips = skips
        widths = [*(width * min(2**level, WIDEST) for level in range(levels - 1)), bottleneck]
        ends = 0, levels - 1
        self.downs = nn.ModuleList(
            halving(*channels, norm=level not in ends) for level, channels in enumerate(pairwise([3, *widths]))
        )
        joined = [2 * channels if skips else channels for channels in widths[:-1]] + [bottleneck]
        self.ups = nn.ModuleList(
            doubling(*channels, norm=level > 0)
            for level, channels in enumerate(zip(joined, [outputs, *widths[:-1]], strict=True))
        )
        self.to(memory_format=torch.channels_last)  # a CPU takes less than half the time for it

    def seen(self, images: Tensor) -> list[Tensor]:
        """The maps that halvings make of images [N,3,S,S] in 0..1, the bottleneck [N,bottleneck,1,1] last."""
        maps = [self.downs[0](images.contiguous(memory_format=torch.channels_last))]
        for down in self.downs[1:]:
            maps.append(down(functional.leaky_relu(maps[-1], SLOPE)))
        return maps

    def drawn(self, maps: list[Tensor]) -> Tensor:
        """What doublings make of them."""
        x: Tensor = self.ups[-1](maps[-1])
        for up, across in zip(self.ups[-2::-1], maps[-2::-1], strict=True):
            x = up(torch.cat([across, x], 1) if self.skips else x)
        return x

    def forward(self, images: Tensor) -> Tensor:
        return self.drawn(self.seen(images))

    @torch.no_grad()
    def start(self, factor: float) -> None:
        """Draw the weights at random as the authors do, and take those of the last convolution times the factor."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_normal_(layer.weight)
            elif isinstance(layer, nn.BatchNorm2d):
                nn.init.uniform_(layer.weight, 0.02, 1.0)
        self.ups[0].get_parameter("2.weight").mul_(factor)


class Unwrapped(NamedTuple):
    """How to draw a face out of pictures."""

    offsets: Tensor
    """[N,2,S,S] in -1..1."""
    confidence: Tensor
    """[N,1,S,S]"""


class EmbeddingNetwork(nn.Module):
    """Pictures of a face [N,3,S,S] in 0..1 to the offsets that sample them to its one embedded face, and to how much
    each place of that counts."""

    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        self.layers = UNet(width, levels, width * min(2 ** (levels - 1), WIDEST), outputs=3, skips=True)

    def forward(self, images: Tensor) -> Unwrapped:
        made = self.layers(images).contiguous().float()
        return Unwrapped(torch.tanh(made[:, :2]), made[:, 2:])


class DrivingNetwork(nn.Module):
    """Driving frames [N,3,S,S] in 0..1 to offsets [N,2,S,S], which sample the embedded face to make it move alike.

    They are within tanh(1) = 0.76: the authors' network ends with a tanh, and another one follows it.
    """

    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        self.layers = UNet(width, levels, CODE, outputs=2, skips=False)

    def forward(self, images: Tensor) -> Tensor:
        return torch.tanh(torch.tanh(self.layers(images).contiguous().float()))

    def code(self, images: Tensor) -> Tensor:
        """The driving vectors [N,128], as the doublings see them: through a ReLU."""
        return functional.relu(self.layers.seen(images)[-1]).flatten(1)


def halving(inputs: int, outputs: int, norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False)]
    return nn.Sequential(*layers, *normalised(outputs, norm))


def doubling(inputs: int, outputs: int, norm: bool) -> nn.Sequential:
    layers = [
        nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
        nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False),
    ]
    return nn.Sequential(*layers, *normalised(outputs, norm))


def normalised(channels: int, norm: bool) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if norm else []
