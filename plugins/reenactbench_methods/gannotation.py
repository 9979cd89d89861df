"""GANnotation behind the common interface."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple

import torch
from reenactbench_baselines.gannotation.model import DEMO, load_model
from torch import Tensor

from reenactbench.interfaces import Method
from reenactbench.types import Frames


class Identity(NamedTuple):
    """What is kept of a target."""

    image: Tensor
    """[1,3,128,128] in 0..1."""
    seen: Tensor
    """[1,width,128,128]: what the generator's first convolution makes of it."""


class GANnotation(Method):
    """The target image redrawn with the driver's landmarks; one target image."""

    default_checkpoint: ClassVar[Path | None] = DEMO
    packages: ClassVar[tuple[str, ...]] = ("reenactbench_baselines.gannotation", "reenactbench.training.heatmaps")

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        assert checkpoint is not None
        self._model = load_model(checkpoint, device)

    def encode_target(self, targets: Frames) -> Identity:
        """The first target image, and what the generator sees of it before it knows of any landmarks."""
        image = targets.images[:1]
        return Identity(image, self._model.generator.seen(image))

    def reenact(self, identity: Identity, driving: Frames) -> Tensor:
        """T frames [T,3,128,128] in 0..1."""
        frames: Tensor = self._model(identity.image, identity.seen, driving.landmarks)
        return frames
