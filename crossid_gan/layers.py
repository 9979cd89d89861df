"""The few layers that all networks here are made of."""

from __future__ import annotations

from torch import Tensor, nn

SLOPE = 0.2
"""Of leaky ReLUs."""
GROUP = 8
"""Channels that are normalised together."""


def norm(channels: int) -> nn.Module:
    """Group normalisation (Wu and He, ECCV 2018) in groups of 8 channels.

    The paper names no normalisation. This one leaves frames independent of each other, as a batch's statistics do not,
    and keeps what the channels of a group say of each other, such as the colour of a skin, as instance norm does not.
    """
    return nn.GroupNorm(channels // GROUP, channels)


def signed(images: Tensor) -> Tensor:
    """Images in 0..1 as -1..1, which networks learn better from."""
    return 2 * images - 1


def convolution(inputs: int, outputs: int, side: int, stride: int = 1) -> nn.Sequential:
    """Convolution, group norm, ReLU."""
    layer = nn.Conv2d(inputs, outputs, side, stride, (side - 1) // 2)
    return nn.Sequential(layer, norm(outputs), nn.ReLU())


def transposed(inputs: int, outputs: int) -> nn.Sequential:
    """Transposed convolution that doubles the sides, group norm, ReLU."""
    layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)
    return nn.Sequential(layer, norm(outputs), nn.ReLU())


class Residual(nn.Module):
    """Two 3x3 convolutions with group norm and a way around them (He et al., CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            convolution(channels, channels, 3), nn.Conv2d(channels, channels, 3, 1, 1), norm(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        around: Tensor = x + self.inner(x)
        return around


def patch_layers(inputs: int, width: int) -> nn.Sequential:
    """The five convolutions of the patch discriminator of pix2pix and CycleGAN: [N,inputs,128,128] to [N,1,14,14], each
    of a patch of 70 x 70 pixels."""
    layers: list[nn.Module] = [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(SLOPE)]
    for before, after, stride in ((1, 2, 2), (2, 4, 2), (4, 8, 1)):
        layers += [nn.Conv2d(before * width, after * width, 4, stride, 1), norm(after * width), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))
