"""The layers that embedder, generator and discriminator are made of (Zakharov et al., 4.1; Brock et al., ICLR 2019)."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5
"""Beside a channel's deviation."""
NARROWING = 8
"""How many times fewer channels self-attention compares than it mixes (Zhang et al., ICML 2019)."""


class Spectral(nn.Module):
    """Spectral norm (Miyato et al., ICLR 2018), for the layer that stands behind it among the bases.

    The weights, as a matrix with a row an output, are divided by an estimate of their largest singular value. Each
    forward pass in training improves `left`, the singular vector of it; in evaluation nothing changes.
    """

    weight: Tensor
    left: Tensor

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.register_buffer("left", functional.normalize(torch.randn(len(self.weight)), dim=0))

    def normed(self) -> Tensor:
        """The weights as they are used."""
        return self.weight / self._largest()

    def _largest(self) -> Tensor:
        """The singular value; its gradient is that of the product with fixed singular vectors."""
        matrix = self.weight.flatten(1)
        with torch.autocast(matrix.device.type, enabled=False):
            with torch.no_grad():
                left = functional.normalize(self.left, dim=0)  # an average of unit vectors is shorter
                right = functional.normalize(left @ matrix, dim=0)
                if self.training:
                    left = functional.normalize(matrix @ right, dim=0)
                    self.left.copy_(left)
            return left @ (matrix @ right)


class Linear(Spectral, nn.Linear):
    """A fully connected layer with spectral norm."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.normed(), self.bias)


class Convolution(Spectral, nn.Conv2d):
    """A convolution that keeps the sides, with reflected edges and spectral norm."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__(inputs, outputs, side)
        self.margin = side // 2

    def forward(self, x: Tensor, halving: bool = False) -> Tensor:
        """halving: what is left is the mean of each four neighbours, by one convolution that never makes the four."""
        weight = self.normed()
        if halving:
            weight = averaged(weight)
        if self.margin:
            x = functional.pad(x, (self.margin,) * 4, "reflect")
        return functional.conv2d(x, weight, self.bias, 2 if halving else 1)


def averaged(weight: Tensor) -> Tensor:
    """Weights [O,I,n+1,n+1] that find the mean of what those given, [O,I,n,n], find in four neighbouring places."""
    side = weight.shape[2]
    half = torch.eye(side + 1, side, device=weight.device)
    half = (half + half.roll(1, 0)) / 2  # of each side: a column's two neighbouring places
    with torch.autocast(weight.device.type, enabled=False):
        taps = weight.flatten(2) @ torch.kron(half, half).T
    return taps.view(*weight.shape[:2], side + 1, side + 1)


def instance_norm(channels: int, wanted: bool) -> nn.Module:
    """Instance normalisation with a learnt scale and shift a channel; where it is not wanted, nothing."""
    return nn.GroupNorm(channels, channels) if wanted else nn.Identity()  # the same, in a faster kernel


class Style(NamedTuple):
    """What a person's picture gives an adaptive instance norm."""

    scale: Tensor
    """[N,C]"""
    shift: Tensor
    """[N,C]"""


def restyled(x: Tensor, style: Style) -> Tensor:
    """AdaIN (Huang and Belongie, ICCV 2017): each channel of x [N,C,H,W] less its mean, over its deviation, times the
    scale, plus the shift.

    The deviation is the unbiased one; EPSILON^2 beside its square is what keeps it from 0, so that its gradient is
    finite where a channel is the same everywhere.
    """
    channels, places = len(x) * x.shape[1], x.shape[2] * x.shape[3]
    scale = style.scale.flatten() * math.sqrt((places - 1) / places)
    flat = x.reshape(1, channels, *x.shape[2:])
    return functional.group_norm(flat, channels, scale, style.shift.flatten(), EPSILON**2).reshape(x.shape)


class Down(nn.Module):
    """A residual block that halves the sides, without normalisation: [N,inputs,S,S] to [N,outputs,S/2,S/2]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(inputs, outputs, 3), Convolution(outputs, outputs, 3)
        self.around = Convolution(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.first(functional.relu(x)))
        halved: Tensor = self.second(inner, halving=True) + self.around(x, halving=True)
        return halved


class Residual(nn.Module):
    """Two convolutions and a way around them: the discriminator's last block.

    normalised: an instance norm follows each of them, as in public code.
    """

    def __init__(self, channels: int, normalised: bool = False) -> None:
        super().__init__()
        self.first, self.second = Convolution(channels, channels, 3), Convolution(channels, channels, 3)
        self.norms = nn.ModuleList(instance_norm(channels, normalised) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.norms[0](self.first(x)))
        around: Tensor = x + self.norms[1](self.second(inner))
        return around


class StyledResidual(nn.Module):
    """The same with adaptive norms after both.

    shared: both take the first one's style, and the second one's is left unused, as in public code by mistake.
    """

    def __init__(self, channels: int, shared: bool = False) -> None:
        super().__init__()
        self.first, self.second = Convolution(channels, channels, 3), Convolution(channels, channels, 3)
        self.styled, self.shared = (channels, channels), shared

    def forward(self, x: Tensor, before: Style, after: Style) -> Tensor:
        inner = functional.relu(restyled(self.first(x), before))
        return x + restyled(self.second(inner), before if self.shared else after)


class StyledUp(nn.Module):
    """A residual block with adaptive norms that doubles the sides: [N,inputs,S,S] to [N,outputs,2S,2S]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(inputs, outputs, 3), Convolution(outputs, outputs, 3)
        self.around = Convolution(inputs, outputs, 1)
        self.styled = (inputs, outputs)

    def forward(self, x: Tensor, before: Style, after: Style) -> Tensor:
        inner = self.first(doubled(functional.relu(restyled(x, before))))
        inner = self.second(functional.relu(restyled(inner, after)))
        larger: Tensor = doubled(self.around(x)) + inner
        return larger


def doubled(x: Tensor) -> Tensor:
    """Each pixel as four: [N,C,H,W] to [N,C,2H,2W]."""
    return functional.interpolate(x, scale_factor=2)


class Attention(nn.Module):
    """Self-attention over all places (Zhang et al., ICML 2019), which begins as nothing: its share is learnt from 0."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = channels // NARROWING
        self.query, self.key = Convolution(channels, narrow, 1), Convolution(channels, narrow, 1)
        self.value = Convolution(channels, channels, 1)
        self.share = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (of(x).flatten(2).mT.contiguous() for of in (self.query, self.key, self.value))
        even = (0, value.shape[2] - query.shape[2])  # zeros change nothing, and equal sizes have a faster kernel
        query, key = functional.pad(query, even), functional.pad(key, even)
        mixed = functional.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None], scale=1.0)[:, 0]
        return x + self.share * mixed.mT.reshape(x.shape)
