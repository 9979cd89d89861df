"""Frozen networks through which losses look at pictures: gradients pass to the pictures, never to the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import alexnet, vgg19  # type: ignore[import-untyped]

from reenactbench.backbones import synthface
from reenactbench.backbones.perceptual import ALEXNET
from reenactbench.backbones.perceptual import LAYERS as ALEXNET_LAYERS
from reenactbench.backbones.synthface.networks import IdentityNetwork, Trunk, load_weights, looked_at
from reenactbench.backbones.weights import weights_file
from reenactbench.errors import MissingWeights, ReenactbenchError

VGG19 = "vgg19-dcbb9e9d.pth"
VGG19_LAYERS = (2, 7, 12, 21, 30)
"""Of torchvision's `features`, how many make each map: up to relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the channels of ImageNet's pictures."""
UNTRAINED_SEED = 0


class Frozen(nn.Module):
    """Pictures [N,3,S,S] in 0..1 to a list of feature maps [N,C,H,W]; always in evaluation mode."""

    def train(self, mode: bool = True) -> Frozen:
        super().train(False)
        return self


class ImageNetFeatures(Frozen):
    """The first layers of a network of torchvision, which takes pictures normalised as ImageNet's."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, layers: nn.Sequential, ends: Sequence[int]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(layers[start:end] for start, end in pairwise((0, *ends)))
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None])

    def forward(self, images: Tensor) -> list[Tensor]:
        x = (images - self.mean) / self.deviation
        maps = []
        for part in self.parts:
            x = part(x)
            maps.append(x)
        return maps


class SynthfaceFeatures(Frozen):
    """The trunk of the package's own identity network: maps at 32x32, 16x16, 8x8 and 4x4, whatever S is."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = [functional.relu(self.trunk.stem(looked_at(images)))]
        for stage in self.trunk.stages:
            maps.append(stage(maps[-1]))
        return maps


def feature_network(name: str, device: torch.device | str) -> nn.Module:
    """One of NETWORKS, on the device.

    Raises MissingWeights with the sentence that says how to get its file, ReenactbenchError where there is no such.
    """
    if name not in NETWORKS:
        raise ReenactbenchError(f"there is no perceptual network {name!r}; choose one of {', '.join(NETWORKS)}")
    try:
        network = NETWORKS[name]()
    except MissingWeights as error:
        raise MissingWeights(f"{error}; or train through another network with --set, such as synthface") from None
    return network.requires_grad_(False).eval().to(device)


def _vgg19() -> nn.Module:
    return _imagenet(vgg19, VGG19, VGG19_LAYERS)


def _alexnet() -> nn.Module:
    return _imagenet(alexnet, ALEXNET, ALEXNET_LAYERS)


def _imagenet(architecture: Callable[..., Any], file: str, ends: Sequence[int]) -> nn.Module:
    path = weights_file(file)
    with torch.device("meta"):  # nothing is drawn at random for weights that are replaced at once
        layers = architecture(weights=None).features
    try:
        given = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        kept = {name.removeprefix("features."): given[name] for name in given if name.startswith("features.")}
        layers.load_state_dict(kept, assign=True)
    except Exception as error:  # torch.load raises pickle, zip and runtime errors
        raise ReenactbenchError(
            f"{path.name} does not hold torchvision's {architecture.__name__}: {type(error).__name__}"
        ) from error
    return ImageNetFeatures(layers, ends)


def _untrained_alexnet() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(UNTRAINED_SEED)
        return ImageNetFeatures(alexnet(weights=None).features, ALEXNET_LAYERS)


def _synthface() -> nn.Module:
    weights = Path(synthface.__file__).parent / synthface.IDENTITY
    trunk = load_weights(IdentityNetwork, weights, "cpu").trunk
    assert isinstance(trunk, Trunk)
    return SynthfaceFeatures(trunk)


NETWORKS: Mapping[str, Callable[[], nn.Module]] = {
    "vgg19": _vgg19,
    "alexnet": _alexnet,
    "alexnet-untrained": _untrained_alexnet,
    "synthface": _synthface,
}
"""Those of torchvision need a file (`reenactbench weights fetch`); the package's own is trained to tell synthetic faces
apart; the untrained one is always the same."""
