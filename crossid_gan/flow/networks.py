"""E_C, E_L and G: a target image, its landmarks and where they shall be, to a frame."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from crossid_gan.flow.field import PIXELS, SIDE, displacement_field, sampling_grid
from crossid_gan.layers import Residual, convolution, signed, transposed
from reenactbench.training.heatmaps import LANDMARKS, heatmaps

SIZE = 128
"""Side of the frames in pixels."""
COARSE_REACH, FINE_REACH = 0.3 * PIXELS / 2, 0.1 * PIXELS / 2
"""Pixels by which G moves the flow at most, at 32 and at 64 places a side."""
GATE = 6.0
"""How strongly the cover opens the gate to the field: a logit of half of it at a landmark, of minus that far away."""


class Content(NamedTuple):
    """What E_C sees of target images."""

    code: Tensor
    """[N,code,8,8]"""
    map: Tensor
    """[N,2*width,32,32]"""


class ContentEncoder(nn.Module):
    """E_C: target images [N,3,128,128] in 0..1 with their landmarks [N,68,2] in pixels.

    Its first layers are folded: two pixels by two are one place of twelve channels, and landmarks enter at 32 places a
    side, where their heatmaps are small.
    """

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.PixelUnshuffle(2), convolution(12, width, 5), convolution(width, 2 * width, 4, 2))
        self.landmarks = nn.Conv2d(LANDMARKS, 2 * width, 3, padding=1)
        self.mix = convolution(2 * width, 2 * width, 3)
        self.down = nn.Sequential(convolution(2 * width, 4 * width, 4, 2), convolution(4 * width, code, 4, 2))
        self.blocks = nn.Sequential(*(Residual(code) for _ in range(3)))

    def forward(self, images: Tensor, own: Tensor) -> Content:
        seen = self.mix(self.stem(signed(images)) + self.landmarks(_small_heatmaps(own)))
        return Content(self.blocks(self.down(seen)), seen)


class LandmarkEncoder(nn.Module):
    """E_L: the landmarks [N,68,2] in pixels that the frame shall have, to codes [N,code,8,8]."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            convolution(LANDMARKS, 2 * width, 3),
            convolution(2 * width, 4 * width, 4, 2),
            convolution(4 * width, code, 4, 2),
            Residual(code),
            Residual(code),
        )

    def forward(self, driving: Tensor) -> Tensor:
        code: Tensor = self.layers(_small_heatmaps(driving))
        return code


class Drawn(NamedTuple):
    """What G makes, all [N,C,128,128] in 0..1."""

    image: Tensor
    """(1 - M) * warped + M * O."""
    warped: Tensor
    """The target image, moved by the flow."""
    mask: Tensor
    """M"""
    hallucination: Tensor
    """O"""


class Generator(nn.Module):
    """G: decides how far to trust the field and corrects it, at 32 and at 64 places a side, and draws what the target's
    own pixels cannot show."""

    def __init__(self, width: int, code: int, mask_bias: float = 0.0) -> None:
        super().__init__()
        self.blocks = nn.Sequential(convolution(2 * code + 3, 2 * code, 3), *(Residual(2 * code) for _ in range(3)))
        self.up = nn.Sequential(transposed(2 * code, 4 * width), transposed(4 * width, 2 * width))
        self.coarse = nn.Conv2d(2 * width, 3, 3, padding=1)
        self.moved = nn.Conv2d(2 * width, 2 * width, 3, padding=1)
        self.joined = convolution(2 * width, 2 * width, 3)
        self.wide = transposed(2 * width, width)
        self.fine = nn.Conv2d(width, 2, 3, padding=1)
        self.pixels = nn.Conv2d(12, width, 3, padding=1)
        self.drawn = nn.Sequential(convolution(width, width, 3), convolution(width, width, 3))
        self.last = nn.ConvTranspose2d(width, 4, 4, 2, 1)
        for layer in (self.coarse, self.fine):  # so the flow begins as about the field, where landmarks are
            nn.init.normal_(layer.weight, std=1e-3)
        with torch.no_grad():
            assert self.last.bias is not None
            self.last.bias[3] = mask_bias

    def forward(self, content: Content, motion: Tensor, target: Tensor, own: Tensor, driving: Tensor) -> Drawn:
        """motion: E_L's code of the landmarks `driving`. target: images [N,3,128,128] in 0..1 with landmarks `own`."""
        field, cover = displacement_field(own, driving)
        pooled = functional.avg_pool2d(torch.cat([field / SIDE, cover], 1), SIDE // content.code.shape[-1])
        x = self.up(self.blocks(torch.cat([content.code, motion, pooled.to(motion.dtype)], 1)))
        gate, offsets = self.coarse(x).float().split((1, 2), 1)
        flow = torch.sigmoid(gate + GATE * (cover - 0.5)) * field + COARSE_REACH * torch.tanh(offsets)
        x = self.wide(self.joined(x + self.moved(_warped(content.map, flow))))
        flow = _doubled(flow) + FINE_REACH * torch.tanh(self.fine(x).float())
        warped = _warped(target, _doubled(flow))
        x = self.drawn(x + self.pixels(functional.pixel_unshuffle(signed(warped), 2)))
        made = torch.sigmoid(self.last(x).float())
        hallucination, mask = made[:, :3], made[:, 3:]
        return Drawn(torch.lerp(warped, hallucination, mask), warped, mask, hallucination)


def _small_heatmaps(points: Tensor) -> Tensor:
    """Heatmaps of landmarks at 32 places a side."""
    return heatmaps((points + 0.5) * (SIDE / PIXELS) - 0.5, SIDE)


def _warped(images: Tensor, flow: Tensor) -> Tensor:
    """Images [N,C,S,S] sampled where a flow [N,2,S,S] in pixels of 128 says."""
    return functional.grid_sample(images.float(), sampling_grid(flow), "bilinear", "border", align_corners=False)


def _doubled(flow: Tensor) -> Tensor:
    return functional.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False)
