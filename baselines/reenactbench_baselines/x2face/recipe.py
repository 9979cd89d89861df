"""How X2Face is trained: the photometric loss first, then the identity losses beside it (paper, 3.2 and 3.3)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import SGD, Optimizer

from reenactbench.training.augment import augmented_draw
from reenactbench.training.features import feature_network
from reenactbench.training.losses import absolute_error, face_weights, perceptual
from reenactbench.training.recipe import Plan, Recipe, Scalar, resolve
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.steps import Losses, adam, detached, set_rate, trainable
from reenactbench_baselines.x2face.config import PRESETS, VARIANTS
from reenactbench_baselines.x2face.networks import DrivingNetwork, EmbeddingNetwork
from reenactbench_baselines.x2face.sampling import followed, merged, sampled

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SAMPLES = 4
"""Rows of a picture with paired samples, and with unpaired ones."""


class Drawn(NamedTuple):
    """What the networks make of B drivers, each with K target images."""

    faces: Tensor
    """[B,3,S,S], embedded."""
    frames: Tensor
    """[B,3,S,S]."""
    unwrapping: Tensor
    """Offsets [B*K,2,S,S] that sample the targets."""
    driving: Tensor
    """Offsets [B,2,S,S] that sample the faces."""


class X2FaceRecipe(Recipe):
    method: ClassVar[str] = "x2face"
    presets: ClassVar[tuple[str, ...]] = tuple(PRESETS)
    variants: ClassVar[tuple[str, ...]] = VARIANTS

    def __init__(self, plan: Plan) -> None:
        self.config = config = resolve(PRESETS[plan.preset], plan.settings)
        self.variant, self.steps, self.batch, self.ema = plan.variant, config.steps, config.batch, config.ema
        self.clip = config.clip or None
        self.size = 2**config.levels
        self.embedding_network = EmbeddingNetwork(config.width, config.levels)
        self.driving_network = DrivingNetwork(config.width, config.levels)
        for network in (self.embedding_network, self.driving_network):
            network.layers.start(config.start)
        self.perceptual = feature_network(config.perceptual, "cpu") if plan.variant == "full" else None
        if self.perceptual is not None:
            layers = len(self.perceptual(torch.zeros(1, 3, self.size, self.size)))
            self.content_layers = config.layers("content_layers", layers)
            self.identity_layers = config.layers("identity_layers", layers)
        trained = self.embedding_network, self.driving_network
        self.optimiser: Optimizer = (
            adam(config.rate, config.momentum, *trained)
            if config.adam
            else SGD(trainable(*trained), config.rate, config.momentum)
        )

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return dataclasses.asdict(self.config)

    def networks(self) -> Mapping[str, nn.Module]:
        return {name: getattr(self, name) for name in ("embedding_network", "driving_network")}

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"optimiser": self.optimiser}

    def exported(self) -> Mapping[str, nn.Module]:
        return self.networks()

    def metadata(self) -> Mapping[str, Any]:
        return {"perceptual": self.config.perceptual if self.perceptual is not None else None}

    def set_up(self, fabric: Fabric) -> None:
        super().set_up(fabric)
        if self.perceptual is not None:
            self.perceptual.to(fabric.device)

    def step(self, number: int, draws: Draws) -> Losses:
        """One update by the losses of the stage that this step is in."""
        config = self.config
        warming = number < config.warm_up
        set_rate(self.optimiser, config.warm_up_rate if warming else config.rate)
        shots = 1 if warming else config.shots
        paired = self._prepared(draws, draws.paired(config.batch, shots, candidates=config.candidates))
        unpaired = None
        if self.perceptual is not None and number >= config.first_stage:
            unpaired = self._prepared(draws, draws.unpaired(config.unpaired or config.batch, shots, length=1))
        total, found = self._losses(paired, unpaired, warming)
        self.descend(total, self.optimiser, self.clip)
        return found

    def sample(self, draws: Draws) -> Tensor:
        """Columns: first source frame, embedded face, driving frame, output; first paired samples, whose driving frame
        is the truth."""
        rows = []
        for pairs in (
            draws.paired(SAMPLES, self.config.shots, candidates=SAMPLES),
            draws.unpaired(SAMPLES, self.config.shots, length=1),
        ):
            sized = resized(pairs, self.size)
            drawn = self._draw(sized.targets.images, sized.driving.images)
            rows.append(torch.stack([first_targets(sized), drawn.faces, sized.driving.images, drawn.frames], 1))
        return torch.cat(rows)

    def _losses(self, paired: Pairs, unpaired: Pairs | None, warming: bool) -> tuple[Tensor, Losses]:
        """What the networks minimise, and its parts: of the paper's in the first stage, without unpaired samples, the
        first alone."""
        config, truth = self.config, paired.driving
        samples = [paired] if unpaired is None else [paired, unpaired]
        targets = torch.cat([pairs.targets.images for pairs in samples])
        driving = torch.cat([pairs.driving.images for pairs in samples])
        drawn = self._draw(targets, driving)
        made = drawn.frames
        weights = face_weights(truth.landmarks, self.size, config.face) if config.face else None
        found = {"photometric": absolute_error(made[: len(paired)], truth.images, weights)}
        total = config.photometric_weight * found["photometric"]
        if warming and config.landmark_weight:
            found["landmarks"] = self._landmark_loss(drawn, paired)
            total = total + config.landmark_weight * found["landmarks"]
        if unpaired is not None:
            found |= self._identity_losses(made, truth.images, first_targets(unpaired))
            total = total + config.content_weight * found["content"] + config.identity_weight * found["identity"]
        return total, detached(found)

    def _landmark_loss(self, drawn: Drawn, paired: Pairs) -> Tensor:
        """How far from the landmarks of the paired samples' only targets their drivers' are sampled, in half sides."""
        first, half = len(paired), (self.size - 1) / 2
        places = followed(paired.driving.landmarks / half - 1, drawn.driving[:first])
        places = followed(places, drawn.unwrapping[:first])
        return absolute_error(places, paired.targets.landmarks / half - 1)

    def _identity_losses(self, made: Tensor, truth: Tensor, sources: Tensor) -> Losses:
        """Frames made for drivers of the same video look like these, and frames made for other drivers, which come
        after them, have the identity of their sources."""
        assert self.perceptual is not None
        with torch.no_grad():
            wanted = self.seen(self.perceptual, torch.cat([truth, sources]))
        found, first = self.seen(self.perceptual, made), len(truth)
        return {
            "content": perceptual(
                *([maps[layer][:first] for layer in self.content_layers] for maps in (found, wanted))
            ),
            "identity": perceptual(
                *([maps[layer][first:] for layer in self.identity_layers] for maps in (found, wanted))
            ),
        }

    def _draw(self, targets: Tensor, driving: Tensor) -> Drawn:
        """Of targets [B*K,3,S,S] and driving frames [B,3,S,S]."""
        unwrapped, offsets = self.embedding_network(targets), self.driving_network(driving)
        faces = merged(sampled(targets, unwrapped.offsets), unwrapped.confidence, len(targets) // len(driving))
        return Drawn(faces, sampled(faces, offsets), unwrapped.offsets, offsets)

    def _prepared(self, draws: Draws, pairs: Pairs) -> Pairs:
        return resized(augmented_draw(draws, pairs, self.config.augment), self.size)


def first_targets(pairs: Pairs) -> Tensor:
    return pairs.targets.images[:: len(pairs.targets) // len(pairs)]


def resized(pairs: Pairs, size: int) -> Pairs:
    return replace(pairs, targets=pairs.targets.resized(size), driving=pairs.driving.resized(size))
