"""The Inception network of the Frechet Inception distance, as pytorch-fid builds it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np

from reenactbench.backbones.weights import weights_file
from reenactbench.errors import ReenactbenchError
from reenactbench.files import sha256_file
from reenactbench.interfaces import Backbone, Features

BATCH = 32


class FIDInception(Backbone):
    """`pool3` [T,2048]: pytorch-fid's `InceptionV3` with its own bilinear resizing to 299x299."""

    kind: ClassVar[str] = "inception"

    def __init__(self, path: Path, device: str) -> None:
        import torch
        from pytorch_fid import inception

        self.sha256 = sha256_file(path)
        self._device = torch.device(device)

        def from_file(*_: Any, **__: Any) -> Any:
            return torch.load(path, map_location="cpu", weights_only=True)

        # The constructor downloads its weights; it is handed the verified file instead.
        with patch.object(inception, "load_state_dict_from_url", from_file):
            try:
                network = inception.InceptionV3([inception.InceptionV3.BLOCK_INDEX_BY_DIM[2048]])
            except Exception as error:  # torch.load raises pickle, zip and runtime errors
                raise ReenactbenchError(
                    f"{path.name} is not the state dict of pytorch-fid's Inception: {type(error).__name__}"
                ) from error
        self._network = network.eval().to(self._device)

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        import torch

        rows = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH])).to(self._device)
                planes = batch.permute(0, 3, 1, 2).contiguous()  # in memory too: the layout decides the last bits
                (features,) = self._network(planes.float() / 255)
                rows.append(features.flatten(1).cpu().numpy())
        return {"pool3": np.concatenate(rows)}


def load_pytorch_fid(argument: str, device: str) -> FIDInception:
    return FIDInception(weights_file(argument), device)
