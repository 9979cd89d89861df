"""Embedder, generator and discriminator (Zakharov et al., ICCV 2019, section 3.1)."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from reenactbench_baselines.talking_head.layers import (
    Attention,
    Down,
    Linear,
    Residual,
    Style,
    StyledResidual,
    StyledUp,
    instance_norm,
)

BOTTOM = 4
"""Side of what the last halving leaves."""
LEAST_SIZE = 32
"""That has three halvings."""
ATTENTIVE_DOWN, ATTENTIVE_UP = 2, -3
"""Self-attention comes after the third halving, and after the third doubling from the end: at sides of 32 and of 64 for
pictures of 256."""
DEVIATION = 0.02
"""Of the discriminator's vectors at the start, and of all weights in the public code."""


class Shape(NamedTuple):
    """How large the networks are."""

    size: int
    """Side of the pictures: BOTTOM times a power of 2."""
    width: int
    """Channels after the first halving, doubled with each further one."""
    code: int
    """Channels at most, and length of a person's code e."""
    blocks: int
    """Residual blocks at the generator's bottom."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels after each halving."""
        halvings = (self.size // BOTTOM).bit_length() - 1
        return *(min(self.width * 2**step, self.code) for step in range(halvings - 1)), self.code


class Trunk(nn.Module):
    """Residual blocks that halve the sides down to 4, with self-attention after the third: pictures [N,inputs,S,S] to
    the features after each block, the last [N,code,4,4].

    normalised: an instance norm follows each block.
    """

    def __init__(self, inputs: int, shape: Shape, normalised: bool = False) -> None:
        super().__init__()
        widths = shape.widths
        self.downs = nn.ModuleList(Down(before, after) for before, after in pairwise((inputs, *widths)))
        self.norms = nn.ModuleList(instance_norm(width, normalised) for width in widths)
        self.attention = Attention(widths[ATTENTIVE_DOWN])

    def forward(self, x: Tensor) -> list[Tensor]:
        found = []
        for step, down in enumerate(self.downs):
            x = self.norms[step](down(x))
            if step == ATTENTIVE_DOWN:
                x = self.attention(x)
            found.append(x)
        return found


def pooled(features: Tensor, largest: bool) -> Tensor:
    """The sum of each channel, or else its largest value, and 0 in the place of what is below: [N,C,H,W] to [N,C]."""
    features = features.float()
    return functional.relu(features.amax((2, 3)) if largest else features.sum((2, 3)))


class Embedder(nn.Module):
    """E: pictures of a person and their landmarks, drawn, [N,3,S,S] each in 0..1, to codes [N,code].

    compat, here and below: as the public code has it, not as the paper. Codes are largest values, not sums.
    """

    def __init__(self, shape: Shape, compat: bool = False) -> None:
        super().__init__()
        self.compat = compat
        self.trunk = Trunk(6, shape)

    def forward(self, images: Tensor, drawn: Tensor) -> Tensor:
        return pooled(self.trunk(torch.cat([images, drawn], 1))[-1], self.compat)


class Generator(nn.Module):
    """G, with P: drawn landmarks [N,3,S,S] and codes [N,code] to pictures [N,3,S,S] in 0..1.

    compat: the styles of residual blocks are shared, an instance norm follows each block that doubles the sides, and P
    is without spectral norm.
    """

    def __init__(self, shape: Shape, compat: bool = False) -> None:
        super().__init__()
        widths = shape.widths
        self.trunk = Trunk(3, shape, normalised=True)
        self.blocks = nn.ModuleList(StyledResidual(shape.code, compat) for _ in range(shape.blocks))
        outputs = (*reversed(widths[:-1]), 3)
        self.ups = nn.ModuleList(StyledUp(before, after) for before, after in pairwise((widths[-1], *outputs)))
        self.norms = nn.ModuleList(instance_norm(width, compat) for width in outputs)
        self.attention = Attention(outputs[ATTENTIVE_UP])
        styled = [channels for block in (*self.blocks, *self.ups) for channels in block.styled]
        self.parts = [channels for channels in styled for _ in Style._fields]
        self.projection = (nn.Linear if compat else Linear)(shape.code, sum(self.parts), bias=False)

    def forward(self, drawn: Tensor, codes: Tensor) -> Tensor:
        return self.styled(drawn, self.projection(codes))

    def styled(self, drawn: Tensor, psi: Tensor) -> Tensor:
        """The same from psi = P e [N,n], all styles side by side: of each norm the scale, then the shift."""
        parts = torch.split(psi, self.parts, 1)
        styles = iter(map(Style, parts[::2], parts[1::2]))
        x = self.trunk(1 - drawn)[-1]  # a ground of 0, or its sum in each channel would drown what lines are
        for block in self.blocks:
            x = block(x, next(styles), next(styles))
        attentive = len(self.ups) + ATTENTIVE_UP
        for step, up in enumerate(self.ups):
            x = self.norms[step](up(x, next(styles), next(styles)))
            if step == attentive:
                x = self.attention(x)
        return torch.sigmoid(x.float())


class Judged(NamedTuple):
    """What the discriminator says of pictures."""

    score: Tensor
    """[N], unbounded: how real, and how much this person's."""
    features: list[Tensor]
    """After each of its blocks."""


class Discriminator(nn.Module):
    """D: pictures and drawn landmarks [N,3,S,S] in 0..1 and the numbers int64 [N] of the people they should show.

    The score is v . (W_i + w0) + b, of the pictures' vector v and a learnt vector W_i of each person. These vectors
    are embeddings: no spectral norm limits them.

    compat: v is of largest values, and the last block has instance norms.
    """

    def __init__(self, shape: Shape, people: int, compat: bool = False) -> None:
        super().__init__()
        self.compat = compat
        self.trunk = Trunk(6, shape)
        self.last = Residual(shape.code, compat)
        self.people = nn.Parameter(DEVIATION * torch.randn(people, shape.code))
        """W, a row a person."""
        self.anyone = nn.Parameter(DEVIATION * torch.randn(shape.code))
        """w0."""
        self.bias = nn.Parameter(torch.zeros(()))
        """b."""

    def forward(self, images: Tensor, drawn: Tensor, people: Tensor) -> Judged:
        features = self.trunk(torch.cat([images, drawn], 1))
        features.append(self.last(features[-1]))
        vectors = pooled(features[-1], self.compat)
        return Judged((vectors * (self.people[people] + self.anyone)).sum(1) + self.bias, features)


def draw_as_public_code(*networks: nn.Module) -> None:
    """Begin anew, with the weights of all convolutions and of P from N(0, DEVIATION^2)."""
    for network in networks:
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.normal_(layer.weight, std=DEVIATION)
