"""The trained model at work: target images and driving landmarks in, frames out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from crossid_gan.networks import ContentEncoder, Generator, LandmarkEncoder
from reenactbench.training.checkpoints import load_trained

DEMO = Path(__file__).parent / "checkpoints" / "demo.safetensors"
"""Trained on the synthetic data set's seen identities; docs/crossid.md says how."""


class CrossID(nn.Module):
    """E_C, E_L and G in evaluation mode."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.content_encoder = ContentEncoder(width, code)
        self.landmark_encoder = LandmarkEncoder(width, code)
        self.generator = Generator(width, code)

    def forward(self, content: Tensor, landmarks: Tensor, target: Tensor) -> Tensor:
        """Identity code [1,code,8,8], driving landmarks [T,68,2] in pixels of 128, target image [1,3,128,128] in
        0..1 to frames [T,3,128,128] in 0..1."""
        codes = self.landmark_encoder(landmarks)
        frames: Tensor = self.generator(content.expand_as(codes), codes, target.expand(len(codes), -1, -1, -1)).image
        return frames


def load_model(path: Path, device: torch.device) -> CrossID:
    """The model of a checkpoint; raises ReenactbenchError in one sentence where the file holds none."""
    return load_trained(path, device, "crossid", "CrossID-GAN", lambda said: CrossID(said["width"], said["code"]))
