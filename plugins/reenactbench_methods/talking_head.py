"""The few-shot talking head behind the common interface."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from reenactbench_baselines.talking_head.model import DEMO, Person, load_model
from torch import Tensor

from reenactbench.interfaces import Method
from reenactbench.types import Frames


class TalkingHead(Method):
    """A person's style from up to three target images, the driver's landmarks drawn in it; can be fine-tuned."""

    shots: ClassVar[int] = 3
    default_checkpoint: ClassVar[Path | None] = DEMO
    packages: ClassVar[tuple[str, ...]] = ("reenactbench_baselines.talking_head",)
    fine_tunes: ClassVar[bool] = True

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        assert checkpoint is not None
        self._model = load_model(checkpoint, device)

    def prepare_finetuning(self, steps: int) -> None:
        """Raises ReenactbenchError where the checkpoint is of the public code's variant, or a content network of its
        training has no weights here."""
        super().prepare_finetuning(steps)
        self._model.tuner.load()

    def encode_target(self, targets: Frames) -> Person:
        """The styles of all adaptive norms, and the generator that they are for."""
        return self._model.person(targets, self.finetune_steps)

    def reenact(self, identity: Person, driving: Frames) -> Tensor:
        """T frames [T,3,128,128] in 0..1."""
        frames: Tensor = self._model(identity, driving)
        return frames
