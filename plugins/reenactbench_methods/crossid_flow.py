"""crossid-flow behind the common interface."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from crossid_gan.flow.model import TRAINED, load_model
from crossid_gan.flow.networks import Content
from reenactbench.interfaces import Method
from reenactbench.types import Frames


class Identity(NamedTuple):
    """What is kept of a target."""

    image: Tensor
    """[1,3,128,128] in 0..1."""
    landmarks: Tensor
    """[1,68,2] in pixels."""
    content: Content


class CrossIDFlow(Method):
    """The target's own pixels moved where the driver's motion, freed of the driver's shape, takes its landmarks; what
    they do not show is drawn. One target image."""

    default_checkpoint: ClassVar[Path | None] = TRAINED
    packages: ClassVar[tuple[str, ...]] = ("crossid_gan", "reenactbench.training.heatmaps")

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        assert checkpoint is not None
        self._model = load_model(checkpoint, device)

    def encode_target(self, targets: Frames) -> Identity:
        """The first target image with its landmarks, and what E_C sees of it."""
        image, landmarks = targets.images[:1], targets.landmarks[:1]
        return Identity(image, landmarks, self._model.content(image, landmarks))

    def reenact(self, identity: Identity, driving: Frames) -> Tensor:
        """T frames [T,3,128,128] in 0..1."""
        frames: Tensor = self._model(identity.content, identity.image, identity.landmarks, driving.landmarks)
        return frames

    def motion_code(self, driving: Frames) -> Tensor:
        """The motion code of the driving landmarks, which is all that reaches the pictures of them: [T,24]."""
        code: Tensor = self._model.motion.code(driving.landmarks)
        return code.float()
