"""crossid-flow at work: a target image with its landmarks and driving landmarks in, frames out."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from crossid_gan.flow.motion import Motion
from crossid_gan.flow.networks import Content, ContentEncoder, Drawn, Generator, LandmarkEncoder
from reenactbench.training.checkpoints import load_trained

TRAINED = Path(__file__).parents[1] / "checkpoints" / "flow.safetensors"
"""Trained on rendered people; docs/crossid-flow.md says how."""
TOGETHER = 8
"""Frames that are made at once."""


class Flow(nn.Module):
    """The motion networks, E_C, E_L and G in evaluation mode."""

    def __init__(self, width: int, code: int, motion_width: int, motion_code: int) -> None:
        super().__init__()
        self.motion = Motion(motion_width, motion_code)
        self.content_encoder = ContentEncoder(width, code)
        self.landmark_encoder = LandmarkEncoder(width, code)
        self.generator = Generator(width, code)

    def content(self, target: Tensor, own: Tensor) -> Content:
        """What E_C sees of a target image [1,3,128,128] in 0..1 with landmarks [1,68,2] in pixels."""
        content: Content = self.content_encoder(target, own)
        return content

    def forward(self, content: Content, target: Tensor, own: Tensor, driving: Tensor) -> Tensor:
        """With that, and driving landmarks [T,68,2] in pixels of 128, to frames [T,3,128,128] in 0..1.

        Always so many at once, so that convolutions add in one order and a frame does not depend on how many are asked
        for: the flow would make ten times of their last bits.
        """
        count = len(driving)
        driving = torch.cat([driving, driving[-1:].expand(-count % TOGETHER, -1, -1)])
        own = own.expand(TOGETHER, -1, -1)
        seen = Content(*(part.expand(TOGETHER, -1, -1, -1) for part in content))
        target = target.expand(TOGETHER, -1, -1, -1)
        frames = []
        for some in torch.split(driving, TOGETHER):
            moved = self.motion(some, own)
            drawn: Drawn = self.generator(seen, self.landmark_encoder(moved), target, own, moved)
            frames.append(drawn.image)
        return torch.cat(frames)[:count]


def load_model(path: Path, device: torch.device) -> Flow:
    """The model of a checkpoint; raises ReenactbenchError in one sentence where the file holds none.

    Its motion networks work in float64: in float32 the last bits of landmarks follow the size of the batch, and
    pictures magnify them.
    """
    model = load_trained(
        path,
        device,
        "crossid-flow",
        "crossid-flow",
        lambda said: Flow(*(said[name] for name in ("width", "code", "motion_width", "motion_code"))),
    )
    model.motion.double()
    return model
