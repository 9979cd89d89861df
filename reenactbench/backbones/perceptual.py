"""The network of LPIPS (Zhang et al., CVPR 2018): how different two pictures look."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional
from torchvision.models import alexnet  # type: ignore[import-untyped]

from reenactbench.backbones.weights import weights_file
from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.files import sha256_files
from reenactbench.interfaces import Backbone, Features

ALEXNET = "alexnet-owt-7be5be79.pth"
LAYERS = (2, 5, 8, 10, 12)
"""Of torchvision's `features`, how many make each of the five maps: up to every ReLU."""
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Of the channels of pictures in -1..1."""
BATCH = 16


class LPIPSAlex(Backbone):
    """`distance` [T] of two pictures side by side: images [T,S,2S,3], S at least 63."""

    kind: ClassVar[str] = "perceptual"

    def __init__(self, alexnet_file: Path, linear_file: Path, device: str) -> None:
        self.sha256 = sha256_files([alexnet_file, linear_file])
        self._device = torch.device(device)
        with torch.device("meta"):  # nothing is drawn at random for weights that are replaced at once
            network = alexnet(weights=None).features
        try:
            given = torch.load(alexnet_file, map_location="cpu", weights_only=True)
            kept = {name.removeprefix("features."): given[name] for name in given if name.startswith("features.")}
            network.load_state_dict(kept, assign=True)
            linear = torch.load(linear_file, map_location="cpu", weights_only=True)
            self._linear = [linear[f"lin{number}.model.1.weight"].to(self._device) for number in range(len(LAYERS))]
        except Exception as error:  # torch.load raises pickle, zip and runtime errors
            raise ReenactbenchError(
                f"{alexnet_file.name} and {linear_file.name} are not the weights of LPIPS: {type(error).__name__}"
            ) from error
        self._network = network.eval().to(self._device)

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                left, right = np.split(images[start : start + BATCH], 2, axis=2)
                parts.append(self._distance(self._planes(left), self._planes(right)).cpu().numpy())
        return {"distance": np.concatenate(parts)}

    def _planes(self, images: npt.NDArray[np.uint8]) -> Tensor:
        planes = torch.from_numpy(np.ascontiguousarray(images)).to(self._device).permute(0, 3, 1, 2).float()
        shift, scale = (torch.tensor(values, device=self._device)[:, None, None] for values in (SHIFT, SCALE))
        scaled: Tensor = (planes / 127.5 - 1 - shift) / scale
        return scaled

    def _distance(self, first: Tensor, second: Tensor) -> Tensor:
        """Squared differences of unit vectors, weighed a channel, averaged over places, summed over the five maps."""
        total = torch.zeros(len(first), device=self._device)
        done = 0
        for layers, weights in zip(LAYERS, self._linear, strict=True):
            first, second = self._network[done:layers](first), self._network[done:layers](second)
            done = layers
            total += functional.conv2d((_unit(first) - _unit(second)) ** 2, weights).mean(dim=(1, 2, 3))
        return total


def _unit(maps: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(maps, dim=1, keepdim=True)
    return maps / (length + 1e-10)


def load_lpips(argument: str, device: str) -> LPIPSAlex:
    """argument: the five linear layers; AlexNet is torchvision's."""
    files: list[Path] = []
    missing: list[str] = []
    for name in (ALEXNET, argument):
        try:
            files.append(weights_file(name))
        except MissingWeights as error:
            missing.append(str(error))
    if missing:
        raise MissingWeights("; ".join(missing))
    alexnet_file, linear_file = files
    return LPIPSAlex(alexnet_file, linear_file, device)
