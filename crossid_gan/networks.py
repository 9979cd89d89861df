"""E_L, E_C and G: what turns a target image and driving landmarks into a frame (paper, 3.1 and 4.2)."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn

from crossid_gan.layers import Residual, convolution, norm, signed, transposed
from reenactbench.training.heatmaps import HeatmapConvolution

SIZE = 128
"""Side of the frames in pixels."""
CODE_SIDE = 8
"""Side of the codes: four halvings of 128."""
FIRST_SIDE = 7
"""Side of the first kernel of an encoder."""


def encoder_widths(width: int, code: int) -> tuple[int, ...]:
    """Channels after each of the five convolutions: doubling from the first, no more than the code has."""
    return *(min(width * 2**step, code) for step in range(4)), code


class Encoder(nn.Module):
    """Five convolutions, of which four halve the sides, and four residual blocks: [N,inputs,128,128] to [N,code,8,8].

    The paper gives the layers and the size of the code; kernels (7, then 4), widths and normalisation are ours, after
    the CycleGAN family that the paper builds on.
    """

    def __init__(self, first: nn.Conv2d, code: int) -> None:
        super().__init__()
        widths = encoder_widths(first.out_channels, code)
        self.first = first
        self.norm = nn.Sequential(norm(widths[0]), nn.ReLU())
        self.down = nn.Sequential(*(convolution(inputs, outputs, 4, 2) for inputs, outputs in pairwise(widths)))
        self.blocks = nn.Sequential(*(Residual(code) for _ in range(4)))

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(self.first(x))

    def rest(self, x: Tensor) -> Tensor:
        """What comes after the first convolution."""
        code: Tensor = self.blocks(self.down(self.norm(x)))
        return code


class LandmarkEncoder(Encoder):
    """E_L: landmarks [N,68,2] in pixels of 128, or heatmaps [N,68,128,128], to motion codes z_l [N,code,8,8]."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__(HeatmapConvolution(width, FIRST_SIDE), code)

    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 3:
            assert isinstance(self.first, HeatmapConvolution)
            return self.rest(self.first.of_points(x, SIZE))
        return super().forward(x)


class ContentEncoder(Encoder):
    """E_C: target images [N,3,128,128] in 0..1 to identity codes z_c [N,code,8,8]."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__(nn.Conv2d(3, width, FIRST_SIDE, padding=FIRST_SIDE // 2), code)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(signed(x))


class Drawn(NamedTuple):
    """What G makes, all in 0..1."""

    image: Tensor
    """[N,3,128,128]: (1 - M) * I + M * O."""
    mask: Tensor
    """M [N,1,128,128]."""
    hallucination: Tensor
    """O [N,3,128,128]."""


class Generator(nn.Module):
    """G: five residual blocks on the two codes together, four transposed convolutions to M and O."""

    def __init__(self, width: int, code: int, mask_bias: float = 0.0) -> None:
        super().__init__()
        widths = (2 * code, *reversed(encoder_widths(width, code)[1:4]))
        self.blocks = nn.Sequential(*(Residual(2 * code) for _ in range(5)))
        self.up = nn.Sequential(*(transposed(inputs, outputs) for inputs, outputs in pairwise(widths)))
        self.last = nn.ConvTranspose2d(widths[-1], 4, 4, 2, 1)
        with torch.no_grad():
            assert self.last.bias is not None
            self.last.bias[3] = mask_bias

    def forward(self, content: Tensor, motion: Tensor, target: Tensor, unmasked: bool = False) -> Drawn:
        """content z_c and motion z_l [N,code,8,8]; target images I [N,3,128,128] in 0..1; unmasked: M is 1."""
        drawn = torch.sigmoid(self.last(self.up(self.blocks(torch.cat([content, motion], 1)))).float())
        hallucination, mask = drawn[:, :3], drawn[:, 3:]
        if unmasked:
            mask = torch.ones_like(mask)
        return Drawn(torch.lerp(target, hallucination, mask), mask, hallucination)
