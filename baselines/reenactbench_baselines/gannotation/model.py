"""The trained model at work: a target image and driving landmarks in, frames out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from reenactbench.training.checkpoints import load_trained, read_checkpoint
from reenactbench_baselines.gannotation.config import MASKED, Config
from reenactbench_baselines.gannotation.networks import Generator

METHOD = "gannotation"
DEMO = Path(__file__).parent / "checkpoints" / "demo.safetensors"
"""Trained on the synthetic data set's seen identities; docs/gannotation.md says how."""


class GANnotation(nn.Module):
    """The generator in evaluation mode; said: the metadata of its checkpoint."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__()
        config = Config(**said["settings"])
        self.generator = Generator(config.width, config.halvings, config.blocks, said["variant"] == MASKED)

    def forward(self, target: Tensor, seen: Tensor, landmarks: Tensor) -> Tensor:
        """A target image [1,3,128,128] in 0..1, what the generator has seen of it, and driving landmarks [T,68,2] in
        pixels of 128 to frames [T,3,128,128] in 0..1."""
        frames: Tensor = self.generator.moved(target.expand(len(landmarks), -1, -1, -1), seen, landmarks).image
        return frames


def load_model(path: Path, device: torch.device) -> GANnotation:
    """The model of a checkpoint; raises ReenactbenchError in one sentence where the file holds none."""
    said = read_checkpoint(path, METHOD).metadata
    return load_trained(path, device, METHOD, "GANnotation", lambda settings: GANnotation(said))
