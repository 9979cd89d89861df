"""Train the landmark network: `python -m benchmarks.synthface.train_landmarks --work DIR` after `render`.

Three pictures of four show a face, the fourth one that was undone. Stopped, it goes on from DIR/landmarks.pt. It writes
DIR/landmarks.safetensors and DIR/landmarks.log.jsonl.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from reenactbench.backbones.synthface.networks import LandmarkNetwork

from .augment import disturbed, faceless, mirrored
from .loop import BATCH, Task, planes, train
from .measure import errors, landmarks_and_faces
from .pictures import SIZE, read_part

FACES = BATCH * 3 // 4
FACE_WEIGHT = 0.5
"""Of the face logit's cross-entropy beside the landmarks' mean distance in pixels."""


class LandmarkTask(Task):
    name = "landmarks"

    def __init__(self, work: Path) -> None:
        self.pictures, self.unseen = read_part(work, "train"), read_part(work, "check")
        self.network = self.whole = LandmarkNetwork()
        random = np.random.default_rng(0)
        shown = zip(self.unseen.images, self.unseen.landmarks, strict=True)
        self.undone = np.stack([faceless(image, points, random) for image, points in shown])

    def batch(self, random: np.random.Generator) -> tuple[Tensor, ...]:
        images, landmarks = [], []
        for number, row in enumerate(random.integers(len(self.pictures.images), size=BATCH)):
            image, points = self.pictures.images[row], self.pictures.landmarks[row]
            if random.random() < 0.5:
                image, points = mirrored(image, points)
            if number >= FACES:
                image = faceless(image, points, random)
            image, points = disturbed(image, points, random)
            images.append(image)
            landmarks.append(points)
        return planes(np.stack(images)), torch.from_numpy(np.stack(landmarks[:FACES]))

    def loss(self, batch: tuple[Tensor, ...], progress: float) -> tuple[Tensor, dict[str, float]]:
        images, landmarks = batch
        found, logits = self.network(images)
        with torch.autocast("cpu", enabled=False):
            distance = (found[:FACES] * SIZE - 0.5 - landmarks).norm(dim=2).mean()
            faces = (torch.arange(BATCH) < FACES).float()
            uncertain = functional.binary_cross_entropy_with_logits(logits, faces)
        return distance + FACE_WEIGHT * uncertain, {"pixels": distance.item(), "face": uncertain.item()}

    def check(self) -> dict[str, float]:
        landmarks, logits = landmarks_and_faces(self.network, self.unseen.images)
        _, without = landmarks_and_faces(self.network, self.undone)
        found = errors(landmarks, self.unseen).mean()
        return {"error": float(found), "missed": float((logits < 0).mean()), "invented": float((without > 0).mean())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=5_000)
    options = parser.parse_args()
    torch.manual_seed(0)
    train(LandmarkTask(options.work), options.work, options.steps, 2e-3)


if __name__ == "__main__":
    main()
