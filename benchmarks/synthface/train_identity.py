"""Train the identity network: `python -m benchmarks.synthface.train_identity --work DIR` after `render`.

The loss is the additive angular margin of ArcFace (Deng et al., CVPR 2019) over the people of the part `train`.
Stopped, it goes on from DIR/identity.pt. It writes DIR/identity.safetensors and DIR/identity.log.jsonl.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from reenactbench.backbones.synthface.networks import EMBEDDING, IdentityNetwork

from .augment import disturbed
from .loop import BATCH, Task, planes, train
from .measure import embeddings, verification
from .pictures import PARTS, read_part

MARGIN, SCALE, WARM_UP = 0.5, 32.0, 0.4
"""Radians; inverse temperature; the share of the steps in which the margin grows from 0."""


class Margin(nn.Module):
    """The cross-entropy of SCALE x cos(angle to a person's direction), the angle to the right one made larger."""

    def __init__(self, people: int) -> None:
        super().__init__()
        self.directions = nn.Parameter(torch.randn(people, EMBEDDING))

    def forward(self, embedding: Tensor, persons: Tensor, margin: float) -> tuple[Tensor, Tensor]:
        """The loss, and the share of pictures whose person is the nearest."""
        with torch.autocast("cpu", enabled=False):
            cosines = functional.normalize(embedding.float()) @ functional.normalize(self.directions).T
            right = cosines.gather(1, persons[:, None])
            angle = torch.acos(right.clamp(-0.9999, 0.9999))
            moved = torch.where(angle + margin < torch.pi, torch.cos(angle + margin), right - margin * np.sin(margin))
            loss = functional.cross_entropy(SCALE * cosines.scatter(1, persons[:, None], moved), persons)
        return loss, (cosines.argmax(1) == persons).float().mean()


class IdentityTask(Task):
    name = "identity"

    def __init__(self, work: Path) -> None:
        self.pictures, self.unseen = read_part(work, "train"), read_part(work, "check")
        self.network, self.margin = IdentityNetwork(), Margin(PARTS["train"].people)
        self.whole = nn.ModuleList([self.network, self.margin])

    def batch(self, random: np.random.Generator) -> tuple[Tensor, ...]:
        rows = random.integers(len(self.pictures.images), size=BATCH)
        images = [disturbed(self.pictures.images[row], self.pictures.landmarks[row], random)[0] for row in rows]
        return planes(np.stack(images)), torch.from_numpy(self.pictures.persons[rows]).long()

    def loss(self, batch: tuple[Tensor, ...], progress: float) -> tuple[Tensor, dict[str, float]]:
        images, persons = batch
        loss, right = self.margin(self.network(images), persons, MARGIN * min(1.0, progress / WARM_UP))
        return loss, {"right": right.item()}

    def check(self) -> dict[str, float]:
        found = verification(embeddings(self.network, self.unseen.images), self.unseen.persons)
        return {"eer": found.eer, "auc": found.auc, "same": found.same, "different": found.different}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=6_000)
    options = parser.parse_args()
    torch.manual_seed(0)
    train(IdentityTask(options.work), options.work, options.steps, 3e-3)


if __name__ == "__main__":
    main()
