"""The trained model at work: target frames and driving landmarks in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from reenactbench.training.checkpoints import load_trained, read_checkpoint
from reenactbench.types import Frames
from reenactbench_baselines.talking_head.config import COMPAT, Config
from reenactbench_baselines.talking_head.drawing import drawn
from reenactbench_baselines.talking_head.finetuning import FineTuner
from reenactbench_baselines.talking_head.networks import Discriminator, Embedder, Generator

METHOD = "talking-head"
DEMO = Path(__file__).parent / "checkpoints" / "demo.safetensors"
"""Trained on the synthetic data set's seen identities; docs/talking-head.md says how."""


class Person(NamedTuple):
    """What is kept of a target."""

    generator: Generator
    """The model's own, or one that was fine-tuned."""
    psi: Tensor
    """[1,n]: the styles of all of its adaptive norms."""


class Trained(nn.Module):
    """What a checkpoint holds; said: its metadata."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__()
        self.config, self.variant = Config(**said["settings"]), said["variant"]
        self.judged = said["steps"] > self.config.warm_up
        """Whether the discriminator ever learnt what is real."""
        compat = self.variant == COMPAT
        self.embedder = Embedder(self.config.shape, compat)
        self.generator = Generator(self.config.shape, compat)
        self.discriminator = Discriminator(self.config.shape, len(said["identities"]), compat)


class TalkingHead(nn.Module):
    """E and G in evaluation mode, and what fine-tunes G."""

    def __init__(self, trained: Trained) -> None:
        super().__init__()
        self.config = trained.config
        self.embedder, self.generator = trained.embedder, trained.generator
        judge = trained.discriminator if trained.judged else None
        self.tuner = FineTuner(self.config, trained.variant, judge)

    def person(self, targets: Frames, finetune_steps: int = 0) -> Person:
        """What the model makes of 1 to K target frames of any size: as it was meta-learnt, or fine-tuned on them, for
        which `tuner.load` must have been called."""
        seen = targets.resized(self.config.size)
        codes = self.embedder(seen.images, drawn(seen.landmarks, self.config.size))
        code = codes.mean(0, keepdim=True)
        if finetune_steps:
            return Person(*self.tuner(self.generator, code, seen, finetune_steps))
        return Person(self.generator, self.generator.projection(code))

    def forward(self, person: Person, driving: Frames) -> Tensor:
        """T driving frames of any side S, of which the landmarks count, to frames [T,3,S,S] in 0..1."""
        lines = drawn(driving.resized(self.config.size).landmarks, self.config.size)
        frames = person.generator.styled(lines, person.psi.expand(len(lines), -1))
        return Frames(frames, driving.landmarks).resized(driving.size).images


def load_model(path: Path, device: torch.device) -> TalkingHead:
    """The model of a checkpoint; raises ReenactbenchError in one sentence where the file holds none."""
    said = read_checkpoint(path, METHOD).metadata
    return TalkingHead(load_trained(path, device, METHOD, "talking head", lambda settings: Trained(said))).eval()
