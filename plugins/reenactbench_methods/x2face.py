"""X2Face behind the common interface."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from reenactbench_baselines.x2face.model import DEMO, load_model
from torch import Tensor

from reenactbench.interfaces import Method
from reenactbench.types import Frames


class X2Face(Method):
    """The targets merged into one embedded face once, which the driving frames then sample; up to three targets.

    The checkpoint decides at how many pixels the networks work; frames are resized to that, and what is made back.
    """

    shots: ClassVar[int] = 3
    default_checkpoint: ClassVar[Path | None] = DEMO
    packages: ClassVar[tuple[str, ...]] = ("reenactbench_baselines.x2face",)

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        assert checkpoint is not None
        self._model = load_model(checkpoint, device)

    def encode_target(self, targets: Frames) -> Tensor:
        """The embedded face [1,3,S,S] of all target images, at the size of the networks."""
        face: Tensor = self._model.embedded_face(self._sized(targets))
        return face

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        """T frames [T,3,128,128] in 0..1."""
        made = Frames(self._model(identity, self._sized(driving)), driving.landmarks)
        return made.resized(driving.size).images.clamp(0, 1)

    def motion_code(self, driving: Frames) -> Tensor:
        """The driving vectors [T,128]."""
        code: Tensor = self._model.driving_network.code(self._sized(driving))
        return code

    def _sized(self, frames: Frames) -> Tensor:
        return frames.resized(self._model.size).images
