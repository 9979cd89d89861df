"""D_I, D_C, D_id and D_tmp: what judges frames, codes, pairs of frames and sequences (paper, 3.1 to 3.3 and 4.2).

All return logits: of real against fake, or, D_C, of the identities.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from crossid_gan.layers import SLOPE, patch_layers, signed
from crossid_gan.networks import CODE_SIDE


class ImageDiscriminator(nn.Module):
    """D_I: CycleGAN's five-layer patch discriminator (Zhu et al., ICCV 2017): images [N,3,128,128] in 0..1 to logits
    [N,1,14,14], each of a patch of 70 x 70 pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = patch_layers(3, width)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(signed(images))
        return logits


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, strength: float) -> Tensor:
        context.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return -context.strength * gradient, None


def reversed_gradient(x: Tensor, strength: float = 1.0) -> Tensor:
    """x itself, whose gradient comes back times -strength (Ganin and Lempitsky, ICML 2015)."""
    same: Tensor = _Reversal.apply(x, strength)
    return same


class IdentityClassifier(nn.Module):
    """D_C: four convolutions and three fully connected layers: codes [N,code,8,8] to logits of n identities [N,n].

    scaled: the codes of a batch are divided by their deviation first, or E_L would only have to make them larger and
    larger. (Not each code by its own: its size could then say what D_C does not see.)
    """

    def __init__(self, code: int, identities: int, scaled: bool = False) -> None:
        super().__init__()
        self.scaled = scaled
        layers: list[nn.Module] = []
        for stride in (1, 2, 1, 2):
            layers += [nn.Conv2d(code, code, 3, stride, 1), nn.LeakyReLU(SLOPE)]
        flat = code * (CODE_SIDE // 4) ** 2
        layers += [nn.Flatten(), nn.Linear(flat, code), nn.LeakyReLU(SLOPE), nn.Linear(code, code), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Linear(code, identities))

    def forward(self, codes: Tensor) -> Tensor:
        logits: Tensor = self.layers(codes / codes.std() if self.scaled else codes)
        return logits


class PairDiscriminator(nn.Module):
    """D_id, a Siamese network: are two images [N,3,128,128] in 0..1 real frames of one person? Logits [N,1].

    features: what both are looked at through, such as AlexNet's last feature map (Krizhevsky et al., NIPS 2012). The
    difference of the two goes to one fully connected layer; absolute: without its sign, since a linear layer cannot
    tell from a signed difference how far apart two people are.
    """

    def __init__(self, features: nn.Module, absolute: bool = False) -> None:
        super().__init__()
        self.features, self.absolute = features, absolute
        with torch.no_grad():
            size = self._seen(torch.zeros(1, 3, 128, 128)).shape[1]
        self.score = nn.Linear(size, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        difference = self._seen(first) - self._seen(second)
        logits: Tensor = self.score(difference.abs() if self.absolute else difference)
        return logits

    def _seen(self, images: Tensor) -> Tensor:
        last: Tensor = self.features(images)[-1]
        return last.flatten(1)


class VideoDiscriminator(nn.Module):
    """D_tmp: four 3-D convolutions and a fully connected layer: three consecutive frames [N,3,3,128,128] (colour, then
    time), in 0..1, to logits [N,1] (Ji et al., TPAMI 2013)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Conv3d(inputs, outputs, (3, 4, 4), (1, 2, 2), 1), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * 3 * CODE_SIDE**2, 1))

    def forward(self, frames: Tensor) -> Tensor:
        logits: Tensor = self.layers(signed(frames))
        return logits
