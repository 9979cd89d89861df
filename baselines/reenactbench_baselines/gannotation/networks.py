"""Generator and discriminator, which are StarGAN's (Choi et al., CVPR 2018) with landmarks for attributes."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from reenactbench.training.heatmaps import HeatmapConvolution

SIZE = 128
"""Side of the frames in pixels."""
LANDMARKS = [point for point in range(68) if point not in (60, 64)]
"""Of the 68 the 66 that the authors' models take: all but the inner corners of the mouth."""
SLOPE = 0.01
"""Of leaky ReLUs."""
JUDGE_LAYERS = 6
"""Each halves the sides: of 128 pixels 2 x 2 places are left."""


def normed(layer: nn.Module, channels: int) -> nn.Sequential:
    """A layer, instance norm with a learnt scale and shift a channel, ReLU."""
    return nn.Sequential(layer, instance_norm(channels), nn.ReLU())


def instance_norm(channels: int) -> nn.Module:
    return nn.GroupNorm(channels, channels)  # the same, in a faster kernel


class Residual(nn.Module):
    """Two 3x3 convolutions with instance norm and a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second = (nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(2))
        self.inner = nn.Sequential(*normed(first, channels), second, instance_norm(channels))

    def forward(self, x: Tensor) -> Tensor:
        around: Tensor = x + self.inner(x)
        return around


class Drawn(NamedTuple):
    """What the generator makes, all in 0..1."""

    image: Tensor
    """[N,3,128,128]: M * I + (1 - M) * C."""
    mask: Tensor
    """M [N,1,128,128]: how much of the input is kept."""
    colours: Tensor
    """C [N,3,128,128]."""


class Generator(nn.Module):
    """A picture and landmarks to a picture with these landmarks: a convolution of 7x7, halvings, residual blocks,
    doublings, and convolutions of 7x7 to colours and, where it is masked, a mask.

    The first convolution, of picture and heatmaps together, is the sum of two, of which that of the heatmaps is made
    from the landmarks, and that of the picture may be made once for many frames.
    """

    def __init__(self, width: int, halvings: int, blocks: int, masked: bool) -> None:
        super().__init__()
        self.of_picture = nn.Conv2d(3, width, 7, padding=3, bias=False)
        self.of_landmarks = HeatmapConvolution(width, 7, len(LANDMARKS), bias=False)
        widths = [width * 2**step for step in range(halvings + 1)]
        middle = widths[-1]
        layers: list[nn.Module] = [instance_norm(width), nn.ReLU()]
        for inputs, outputs in pairwise(widths):
            layers.append(normed(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), outputs))
        layers += [Residual(middle) for _ in range(blocks)]
        widths.reverse()
        for inputs, outputs in pairwise(widths):
            layers.append(normed(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), outputs))
        self.layers = nn.Sequential(*layers)
        self.colours = nn.Conv2d(width, 3, 7, padding=3, bias=False)
        self.mask = nn.Conv2d(width, 1, 7, padding=3, bias=False) if masked else None

    def forward(self, images: Tensor, landmarks: Tensor, unmasked: bool = False) -> Drawn:
        """Images [N,3,128,128] in 0..1 and landmarks [N,68,2] in pixels of 128; unmasked: M is 0."""
        return self.moved(images, self.seen(images), landmarks, unmasked)

    def seen(self, images: Tensor) -> Tensor:
        """What the first convolution makes of images [N,3,128,128] in 0..1: [N,width,128,128]."""
        seen: Tensor = self.of_picture(2 * images - 1)
        return seen

    def moved(self, images: Tensor, seen: Tensor, landmarks: Tensor, unmasked: bool = False) -> Drawn:
        """The same of images with what was `seen` of them."""
        x = self.layers(seen + self.of_landmarks.of_points(landmarks[:, LANDMARKS], SIZE))
        colours = (torch.tanh(self.colours(x).float()) + 1) / 2
        if self.mask is None or unmasked:
            return Drawn(colours, torch.zeros_like(colours[:, :1]), colours)
        mask = torch.sigmoid(self.mask(x).float())
        return Drawn(torch.lerp(colours, images, mask), mask, colours)


class Discriminator(nn.Module):
    """StarGAN's critic without its classes: images [N,3,128,128] in 0..1 to how real they are, [N]: the mean of what
    it says of 2 x 2 places."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for step in range(JUDGE_LAYERS):
            outputs = width * 2**step
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(SLOPE)]
            inputs = outputs
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1, 3, padding=1, bias=False))

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.layers(2 * images - 1)
        return scores.float().mean((1, 2, 3))
