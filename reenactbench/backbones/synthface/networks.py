"""The two small networks: who a face is, and where its landmarks are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from reenactbench.errors import ReenactbenchError

SIZE = 64
"""Side of the picture that the networks look at, in pixels."""
WIDTHS = (32, 64, 96, 128)
"""Channels at 32x32, 16x16, 8x8 and 4x4."""
NARROW = 32
"""Channels of the 4x4 map from which the whole picture is judged."""
EMBEDDING = 128
LANDMARKS = 68


def looked_at(images: Tensor) -> Tensor:
    """Pictures [N,3,H,W] in 0..1 as the networks take them: averaged to [N,3,64,64], about -2..2."""
    return (functional.adaptive_avg_pool2d(images, SIZE) - 0.5) * 4


def convolution(inputs: int, outputs: int, stride: int = 1, side: int = 3) -> nn.Sequential:
    layer = nn.Conv2d(inputs, outputs, side, stride, side // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """Two convolutions with a way around them (He et al., CVPR 2016); halves the sides."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = convolution(inputs, outputs, stride=2)
        self.second = convolution(outputs, outputs)
        self.around = convolution(inputs, outputs, stride=2, side=1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))) + self.around(x))


class Trunk(nn.Module):
    """Features of a picture at 16x16, 8x8 and 4x4."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, WIDTHS[0], stride=2)
        self.stages = nn.ModuleList(Residual(*widths) for widths in pairwise(WIDTHS))

    def forward(self, images: Tensor) -> list[Tensor]:
        x = functional.relu(self.stem(looked_at(images)))
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return features


class IdentityNetwork(nn.Module):
    """Pictures [N,3,H,W] in 0..1 to embeddings [N,128], not normalised; only their direction says who it is.

    The last 4x4 map is weighed a place and channel at a time, as in MobileFaceNet (Chen et al., CCBR 2018).
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.places = nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 4, groups=WIDTHS[-1], bias=False)
        self.norm = nn.BatchNorm1d(WIDTHS[-1])
        self.embed = nn.Linear(WIDTHS[-1], EMBEDDING, bias=False)
        self.scale = nn.BatchNorm1d(EMBEDDING)

    def forward(self, images: Tensor) -> Tensor:
        embedding: Tensor = self.scale(self.embed(self.norm(self.places(self.trunk(images)[-1]).flatten(1))))
        return embedding


class LandmarkNetwork(nn.Module):
    """Pictures [N,3,H,W] in 0..1 to landmarks [N,68,2] in 0..1 of the picture's sides (x, y) and face logits [N].

    A landmark is the mean place under a heatmap of 16x16 (Sun et al., ECCV 2018), plus a correction from the whole
    picture, for points that are hidden or outside.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.from16, self.from8, self.from4 = (nn.Conv2d(width, WIDTHS[1], 1) for width in WIDTHS[1:])
        self.mix = convolution(WIDTHS[1], WIDTHS[1])
        self.heat = nn.Conv2d(WIDTHS[1], LANDMARKS, 1)
        self.whole = convolution(WIDTHS[-1], NARROW, side=1)
        self.correct = nn.Linear(NARROW * 16, 2 * LANDMARKS)
        self.face = nn.Linear(NARROW * 16, 1)
        nn.init.zeros_(self.correct.weight)
        nn.init.zeros_(self.correct.bias)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        fine, middle, coarse = self.trunk(images)
        x = functional.interpolate(self.from4(coarse), scale_factor=2.0) + self.from8(middle)
        x = functional.interpolate(x, scale_factor=2.0) + self.from16(fine)
        places = mean_places(self.heat(functional.relu(self.mix(x))).float())
        whole = functional.relu(self.whole(coarse)).flatten(1)
        return places + self.correct(whole).float().view(-1, LANDMARKS, 2), self.face(whole).float()[:, 0]


def mean_places(heat: Tensor) -> Tensor:
    """Where the softmax of heatmaps [N,K,S,S] lies in the mean: [N,K,2] (x, y) in 0..1 of the map's sides."""
    side = heat.shape[-1]
    shares = heat.flatten(2).softmax(2).view(heat.shape)
    centres = (torch.arange(side, device=heat.device) + 0.5) / side
    return torch.stack([shares.sum(2) @ centres, shares.sum(3) @ centres], 2)


def load_weights(network_class: type[nn.Module], path: Path, device: str) -> nn.Module:
    """The network with the weights of a safetensors file, ready for use on the device."""
    with torch.device("meta"):  # nothing is drawn at random for weights that are replaced at once
        network = network_class()
    try:
        network.load_state_dict(load_file(path), assign=True)
    except (SafetensorError, RuntimeError) as error:
        raise ReenactbenchError(f"{path.name} does not hold the weights of a {network_class.__name__}") from error
    return network.eval().to(device)
