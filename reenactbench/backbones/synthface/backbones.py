"""What the small networks see in pictures. They take a whole picture as the data set crops it; nothing is aligned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit
from torch import Tensor, nn

from reenactbench.backbones.synthface.networks import IdentityNetwork, LandmarkNetwork, load_weights
from reenactbench.files import sha256_file
from reenactbench.interfaces import Backbone, Features

BATCH = 32
FACE_LOGIT = 0.0
FIVE = ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47), (30,), (48,), (54,))
"""The landmarks whose means are the five points: eyes, nose tip, mouth corners."""


class SynthfaceBackbone(Backbone):
    """One of the networks, ready on a device."""

    network_class: ClassVar[type[nn.Module]]

    def __init__(self, path: Path, device: str) -> None:
        self.sha256 = sha256_file(path)
        self._device = torch.device(device)
        self._network = load_weights(self.network_class, path, device)

    def _outputs(self, images: Any) -> list[npt.NDArray[np.float32]]:
        """What the network gives for images uint8 [T,H,W,3], an array an output."""
        batches = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH])).to(self._device)
                output = self._network(batch.permute(0, 3, 1, 2).float() / 255)
                batches.append([output] if isinstance(output, Tensor) else output)
        return [torch.cat(parts).cpu().numpy() for parts in zip(*batches, strict=True)]


class SynthfaceIdentity(SynthfaceBackbone):
    """`embedding` [T,128] of every picture, not normalised, whether it shows a face or not."""

    kind: ClassVar[str] = "identity"
    network_class: ClassVar[type[nn.Module]] = IdentityNetwork

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        (embedding,) = self._outputs(images)
        return {"embedding": embedding}


class SynthfaceFaces(SynthfaceBackbone):
    """What the detector and the landmarks share: the landmark network also says whether there is a face."""

    network_class: ClassVar[type[nn.Module]] = LandmarkNetwork

    @property
    def _shared(self) -> str:
        """Name of the feature by which the detector hands on its landmarks."""
        return f"landmarks-{self.sha256}"

    def _found(self, images: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Landmarks [T,68,2] in pixels and face logits [T]."""
        places, logits = self._outputs(images)
        height, width = images.shape[1:3]
        return places * np.array([width, height], np.float32) - np.float32(0.5), logits


class SynthfaceDetector(SynthfaceFaces):
    """`box`, `points` and `score` as of any detector, of the one face in the picture; NaN where none is found.

    The box is that of the landmarks, which come along [T,68,2] for `SynthfaceLandmarks` of the same file.
    """

    kind: ClassVar[str] = "detector"

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        landmarks, logits = self._found(images)
        score = expit(logits)
        score[logits < FACE_LOGIT] = np.nan
        landmarks[np.isnan(score)] = np.nan
        box = np.concatenate([landmarks.min(axis=1), landmarks.max(axis=1)], axis=1)
        points = np.stack([landmarks[:, list(part)].mean(axis=1) for part in FIVE], axis=1)
        return {"box": box, "points": points, "score": score, self._shared: landmarks}


class SynthfaceLandmarks(SynthfaceFaces):
    """`landmarks` [T,68,2] in 0-based pixels; NaN where the detector finds no face."""

    kind: ClassVar[str] = "landmarks"
    needs: ClassVar[tuple[str, ...]] = ("detector",)

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        detected = context["detector"]
        if self._shared in detected:
            return {"landmarks": detected[self._shared]}
        landmarks, _ = self._found(images)
        landmarks[np.isnan(detected["score"])] = np.nan
        return {"landmarks": landmarks}
