"""The trained model at work: target images and driving frames in, frames out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from reenactbench.training.checkpoints import load_trained
from reenactbench_baselines.x2face.networks import DrivingNetwork, EmbeddingNetwork
from reenactbench_baselines.x2face.sampling import merged, sampled

DEMO = Path(__file__).parent / "checkpoints" / "demo.safetensors"
"""Trained on the synthetic data set's seen identities; docs/x2face.md says how."""


class X2Face(nn.Module):
    """The embedding and the driving network in evaluation mode, on pictures of 2^levels pixels."""

    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        self.size = 2**levels
        self.embedding_network = EmbeddingNetwork(width, levels)
        self.driving_network = DrivingNetwork(width, levels)

    def embedded_face(self, targets: Tensor) -> Tensor:
        """Target images [K,3,S,S] in 0..1 to the one face [1,3,S,S] that they make."""
        unwrapped = self.embedding_network(targets)
        return merged(sampled(targets, unwrapped.offsets), unwrapped.confidence, len(targets))

    def forward(self, face: Tensor, driving: Tensor) -> Tensor:
        """The embedded face [1,3,S,S] and driving frames [T,3,S,S] in 0..1 to frames [T,3,S,S] in 0..1."""
        offsets = self.driving_network(driving)
        # float32 rounds places by up to 1e-5 pixels, and which way may hang on the other frames of the batch
        return sampled(face.double().expand(len(driving), -1, -1, -1), offsets.double()).float()


def load_model(path: Path, device: torch.device) -> X2Face:
    """The model of a checkpoint; raises ReenactbenchError in one sentence where the file holds none."""
    return load_trained(path, device, "x2face", "X2Face", lambda said: X2Face(said["width"], said["levels"]))
