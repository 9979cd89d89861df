"""CrossID-GAN behind the common interface."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from crossid_gan.model import DEMO, load_model
from reenactbench.interfaces import Method
from reenactbench.types import Frames


class Identity(NamedTuple):
    """What is kept of a target."""

    image: Tensor
    """[1,3,128,128] in 0..1."""
    content: Tensor
    """E_C's code [1,C,8,8]."""


class CrossID(Method):
    """The target encoded once, the driver's landmarks as motion, the two decoded together; one target image."""

    default_checkpoint: ClassVar[Path | None] = DEMO
    packages: ClassVar[tuple[str, ...]] = ("crossid_gan", "reenactbench.training.heatmaps")

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        assert checkpoint is not None
        self._model = load_model(checkpoint, device)

    def encode_target(self, targets: Frames) -> Identity:
        """The first target image and its code."""
        image = targets.images[:1]
        return Identity(image, self._model.content_encoder(image))

    def reenact(self, identity: Identity, driving: Frames) -> Tensor:
        """T frames [T,3,128,128] in 0..1."""
        frames: Tensor = self._model(identity.content, driving.landmarks, identity.image)
        return frames

    def motion_code(self, driving: Frames) -> Tensor:
        """E_L's code of the driving landmarks, flat: [T,C*64]."""
        code: Tensor = self._model.landmark_encoder(driving.landmarks)
        return code.flatten(1)
