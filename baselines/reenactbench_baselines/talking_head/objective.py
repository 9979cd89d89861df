"""What generator and discriminator minimise, in meta-learning and in fine-tuning alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from reenactbench.training.features import DEVIATION, MEAN, feature_network
from reenactbench.training.losses import absolute_error, face_weights, perceptual
from reenactbench.training.steps import Losses
from reenactbench_baselines.talking_head import losses
from reenactbench_baselines.talking_head.config import COMPAT, Config
from reenactbench_baselines.talking_head.networks import Judged

Judge = Callable[[Tensor, Tensor, Tensor], Judged]
"""The discriminator: pictures, drawn landmarks and numbers of people to what it says."""


class Scene(NamedTuple):
    """What frames should have been made, and of whom."""

    truth: Tensor
    """[N,3,S,S] in 0..1."""
    landmarks: Tensor
    """[N,68,2] in pixels of S."""
    drawn: Tensor
    """The landmarks as pictures [N,3,S,S]."""
    people: Tensor
    """int64 [N]: which of the discriminator's vectors."""


class Objective:
    """L_CNT, L_ADV and L_DSC."""

    def __init__(self, config: Config, variant: str) -> None:
        """Raises MissingWeights where a content network has no file."""
        self.config, self.compat = config, variant == COMPAT
        self.networks = {name: feature_network(name, "cpu") for name in (config.perceptual, config.recogniser)}

    def to(self, device: torch.device) -> None:
        for network in self.networks.values():
            network.to(device)

    def content(self, images: Tensor, scene: Scene) -> Losses:
        """L_CNT and, where it counts, the pixel term."""
        config = self.config
        looks = {"perceptual": (config.perceptual, False), "recogniser": (config.recogniser, self.compat)}
        seen = {look: self._seen(*look, images, scene.truth) for look in dict.fromkeys(looks.values())}
        found = {name: seen[look] for name, look in looks.items()}
        if config.pixel_weight:
            weights = face_weights(scene.landmarks, config.size, config.face) if config.face else None
            found["pixel"] = absolute_error(images, scene.truth, weights)
        return found

    def adversarial(self, judge: Judge, images: Tensor, scene: Scene) -> Losses:
        """L_ADV. The judge should be frozen.

        As in the public code: L_DSC of the same scores in 0..1 is added, whose gradient is that of the first term with
        the other sign, so that none is left; and there is no feature matching.
        """
        fake = judge(images, scene.drawn, scene.people)
        with torch.no_grad():
            real = judge(scene.truth, scene.drawn, scene.people)
        if self.compat:
            scores = torch.sigmoid(real.score), torch.sigmoid(fake.score)
            return {"adversarial": losses.fooling(scores[1]) + losses.telling(*scores)}
        return {"adversarial": losses.fooling(fake.score), "features": perceptual(fake.features, real.features)}

    def judging(self, judge: Judge, images: Tensor, scene: Scene) -> Tensor:
        """L_DSC. The images should be detached."""
        real = judge(scene.truth, scene.drawn, scene.people).score
        fake = judge(images, scene.drawn, scene.people).score
        return losses.telling(*map(torch.sigmoid, (real, fake))) if self.compat else losses.telling(real, fake)

    def total(self, found: Losses) -> Tensor:
        """The sum, each with its weight of the settings."""
        weighted = [getattr(self.config, f"{name}_weight") * loss for name, loss in found.items()]
        return torch.stack(weighted).sum()

    def _seen(self, name: str, normalised: bool, images: Tensor, truth: Tensor) -> Tensor:
        """How different the pictures look through the network; normalised: as ImageNet's, whatever it is used to."""
        network = self.networks[name]
        with torch.no_grad():
            wanted = network(imagenet(truth) if normalised else truth)
        return perceptual(network(imagenet(images) if normalised else images), wanted)


def imagenet(images: Tensor) -> Tensor:
    """Images in 0..1 less the mean of ImageNet's pictures, over their deviation."""
    mean, deviation = (torch.tensor(values, device=images.device)[:, None, None] for values in (MEAN, DEVIATION))
    return (images - mean) / deviation
