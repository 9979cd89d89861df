"""How crossid-flow is trained: in every step pictures by frames of one person, and the motion code by landmarks alone.

Nothing is adversarial.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer

from crossid_gan.flow.config import PRESETS
from crossid_gan.flow.motion import SPREAD, Motion
from crossid_gan.flow.networks import SIZE, ContentEncoder, Drawn, Generator, LandmarkEncoder
from reenactbench.errors import ReenactbenchError
from reenactbench.training.augment import augmented_draw, augmented_motions
from reenactbench.training.degrade import degraded, habits, trembles
from reenactbench.training.features import feature_network
from reenactbench.training.losses import absolute_error, edge_error, face_weights, perceptual
from reenactbench.training.recipe import Plan, Recipe, Scalar, resolve
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.steps import Losses, adam, cosine_rate, detached, set_rate

if TYPE_CHECKING:
    from lightning_fabric import Fabric

INNER = slice(17, 68)
"""The landmarks of the inner face: all but the jaw's."""
MASK_FROM = 0.8
"""The share of the steps after which the mask is made small."""
SAMPLES = 4


class FlowRecipe(Recipe):
    method: ClassVar[str] = "crossid-flow"
    presets: ClassVar[tuple[str, ...]] = tuple(PRESETS)
    variants: ClassVar[tuple[str, ...]] = ("full",)

    def __init__(self, plan: Plan) -> None:
        if plan.image_size != SIZE:
            raise ReenactbenchError(
                f"crossid-flow works at {SIZE} pixels, and this data set has {plan.image_size}; name another --dataset"
            )
        self.config = config = resolve(PRESETS[plan.preset], plan.settings)
        self.steps, self.batch, self.ema = config.steps, config.batch, config.ema
        self.clip = config.clip or None
        self.motion = Motion(config.motion_width, config.motion_code, config.motion_noise)
        self.content_encoder = ContentEncoder(config.width, config.code)
        self.landmark_encoder = LandmarkEncoder(config.width, config.code)
        self.generator = Generator(config.width, config.code, config.mask_bias)
        self.perceptual = feature_network(config.perceptual, "cpu")
        self.motion_adam = adam(config.motion_rate, 0.9, self.motion)
        self.makers_adam = adam(config.rate, 0.9, self.content_encoder, self.landmark_encoder, self.generator)

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return dataclasses.asdict(self.config)

    def networks(self) -> Mapping[str, nn.Module]:
        return {name: getattr(self, name) for name in ("motion", "content_encoder", "landmark_encoder", "generator")}

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"motion_adam": self.motion_adam, "makers_adam": self.makers_adam}

    def exported(self) -> Mapping[str, nn.Module]:
        return self.networks()

    def metadata(self) -> Mapping[str, Any]:
        return {"perceptual": self.config.perceptual}

    def set_up(self, fabric: Fabric) -> None:
        super().set_up(fabric)
        self.perceptual.to(fabric.device)

    def step(self, number: int, draws: Draws) -> Losses:
        config = self.config
        for optimiser, peak in ((self.makers_adam, config.rate), (self.motion_adam, config.motion_rate)):
            set_rate(optimiser, cosine_rate(number, config.steps, peak, config.rise, config.last))
        found = self._train_pictures(number, draws)
        return found | self._train_motion(draws) if config.motion_batch else found

    def sample(self, draws: Draws) -> Tensor:
        """Columns: target, driving frame, output, warped target, O, M; first paired samples, whose driving frame is the
        truth."""
        rows = []
        for pairs in (draws.paired(SAMPLES, candidates=SAMPLES), draws.unpaired(SAMPLES, length=1)):
            drawn = self._reenacted(pairs)
            pictures = (pairs.targets.images, pairs.driving.images, drawn.image, drawn.warped, drawn.hallucination)
            rows.append(torch.stack((*pictures, drawn.mask.expand_as(drawn.image)), 1))
        return torch.cat(rows)

    def reenacted(self, pairs: Pairs) -> Tensor:
        return self._reenacted(pairs).image

    def _reenacted(self, pairs: Pairs) -> Drawn:
        """As the method makes it: the driving landmarks reach the pictures through the motion code."""
        own = pairs.targets.landmarks
        return self._draw(pairs.targets.images, own, self.motion(pairs.driving.landmarks, own))

    def _draw(self, targets: Tensor, own: Tensor, driving: Tensor) -> Drawn:
        content = self.content_encoder(targets, own)
        drawn: Drawn = self.generator(content, self.landmark_encoder(driving), targets, own, driving)
        return drawn

    def _train_pictures(self, number: int, draws: Draws) -> Losses:
        """One update of E_C, E_L and G by frames of one person, with landmarks as a detector would find them."""
        config = self.config
        pairs = augmented_draw(draws, draws.paired(config.batch, candidates=config.candidates), config.augment)
        random = draws.random("degrade")
        pairs = degraded(pairs, random, config.degrade)
        truth, exact = pairs.driving.images, pairs.driving.landmarks
        habit = habits(random, len(pairs), config.degrade)
        own, driving = (
            points + (habit + trembles(random, len(pairs), config.degrade)).to(points.device)
            for points in (pairs.targets.landmarks, exact)
        )
        drawn = self._draw(pairs.targets.images, own, driving)
        weights = face_weights(exact, SIZE, config.face)
        found = {
            "reconstruction": absolute_error(drawn.image, truth, weights),
            "edges": edge_error(drawn.image, truth, weights),
            "perceptual": self._perceptual(drawn.image, truth, exact, cropped=bool(number % 2)),
            "hallucination": absolute_error(drawn.hallucination, truth, weights),
            "warped": absolute_error(drawn.warped, truth, weights),
            "mask": drawn.mask.mean(),
        }
        mask_weight = config.mask_weight if number >= MASK_FROM * config.steps else 0.0
        loss = (
            found["reconstruction"]
            + config.edge_weight * found["edges"]
            + config.perceptual_weight * found["perceptual"]
            + config.hallucination_weight * found["hallucination"]
            + config.warped_weight * found["warped"]
            + mask_weight * found["mask"]
        )
        self.descend(loss, self.makers_adam, self.clip)
        return detached(found)

    def _perceptual(self, images: Tensor, truth: Tensor, landmarks: Tensor, cropped: bool) -> Tensor:
        if cropped:
            images, truth = (inner_face(pictures, landmarks, self.config.crop) for pictures in (images, truth))
        with torch.no_grad():
            true_features = self.seen(self.perceptual, truth)
        return perceptual(self.seen(self.perceptual, images), true_features)

    def _train_motion(self, draws: Draws) -> Losses:
        """One update of the motion networks: the landmarks of a person in the motion of another. What a detector always
        misses of a person it misses in the answer too; how it trembles is not learnt."""
        config = self.config
        if draws.footage.same_motions is None:
            raise ReenactbenchError(
                "this data set does not know what other people look like in the same motion, from which motion codes "
                "are learnt: train on the synthetic one, then go on here with --init CHECKPOINT --set motion_batch=0"
            )
        random, count = draws.random("motion"), config.motion_batch
        driving, own, moved = augmented_motions(*draws.same_motions(count), SIZE, random, config.augment)
        of_driver, of_own = (habits(random, count, config.degrade).to(own.device) for _ in range(2))
        driving, own = (
            points + habit + trembles(random, count, config.degrade).to(own.device)
            for points, habit in ((driving, of_driver), (own, of_own))
        )
        loss = functional.l1_loss(self.motion(driving, own), moved + of_own) / SPREAD
        self.descend(loss, self.motion_adam, self.clip)
        return {"motion": loss.detach()}


def inner_face(images: Tensor, landmarks: Tensor, side: int) -> Tensor:
    """Squares [N,3,side,side] out of images [N,3,S,S], around the middle of the inner face of landmarks [N,68,2] in
    pixels, as far as that lies inside."""
    size = images.shape[-1]
    corners = (landmarks[:, INNER].mean(1) - side / 2).round().long().clamp(0, size - side).tolist()
    return torch.stack([image[:, y : y + side, x : x + side] for image, (x, y) in zip(images, corners, strict=True)])
