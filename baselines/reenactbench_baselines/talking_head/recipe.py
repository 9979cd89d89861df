"""How the talking head is meta-learnt (Zakharov et al., 3.2): K frames of a video say who it is, another is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reenactbench.errors import ReenactbenchError
from reenactbench.training.augment import augmented_draw
from reenactbench.training.recipe import Plan, Recipe, Scalar, resolve
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.steps import Losses, adam, detached, frozen, set_rate
from reenactbench_baselines.talking_head import losses
from reenactbench_baselines.talking_head.config import COMPAT, PRESETS, VARIANTS
from reenactbench_baselines.talking_head.drawing import drawn
from reenactbench_baselines.talking_head.networks import Discriminator, Embedder, Generator, draw_as_public_code
from reenactbench_baselines.talking_head.objective import Objective, Scene

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SIZE = 128
"""Side of the frames in pixels, whatever side the networks work at."""
SAMPLES = 4


class TalkingHeadRecipe(Recipe):
    method: ClassVar[str] = "talking-head"
    presets: ClassVar[tuple[str, ...]] = tuple(PRESETS)
    variants: ClassVar[tuple[str, ...]] = VARIANTS

    def __init__(self, plan: Plan) -> None:
        if plan.image_size != SIZE:
            raise ReenactbenchError(
                f"talking-head works at {SIZE} pixels, and this data set has {plan.image_size}; name another --dataset"
            )
        self.config = config = resolve(PRESETS[plan.preset], plan.settings)
        self.variant, self.steps, self.batch, self.ema = plan.variant, config.steps, config.batch, config.ema
        self.clip = config.clip or None
        compat = plan.variant == COMPAT
        self.embedder = Embedder(config.shape, compat)
        self.generator = Generator(config.shape, compat)
        self.discriminator = Discriminator(config.shape, plan.identities, compat)
        if compat:
            draw_as_public_code(self.embedder, self.generator, self.discriminator)
        self.objective = Objective(config, plan.variant)
        self.makers_adam = adam(config.rate, config.momentum, self.embedder, self.generator)
        self.judge_adam = adam(config.judge_rate, config.momentum, self.discriminator)

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return dataclasses.asdict(self.config)

    def networks(self) -> Mapping[str, nn.Module]:
        return self.exported()

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"makers_adam": self.makers_adam, "judge_adam": self.judge_adam}

    def exported(self) -> Mapping[str, nn.Module]:
        """All three: the discriminator is what fine-tuning goes on with."""
        return {"embedder": self.embedder, "generator": self.generator, "discriminator": self.discriminator}

    def metadata(self) -> Mapping[str, Any]:
        return {"perceptual": self.config.perceptual, "recogniser": self.config.recogniser}

    def set_up(self, fabric: Fabric) -> None:
        super().set_up(fabric)
        self.objective.to(fabric.device)

    def step(self, number: int, draws: Draws) -> Losses:
        config = self.config
        shots = int(draws.random("shots").integers(config.fewest_shots, config.shots + 1))
        pairs = draws.paired(config.batch, shots, candidates=config.candidates)
        pairs = resized(augmented_draw(draws, pairs, config.augment), config.size)
        warming = number < config.warm_up
        set_rate(self.makers_adam, config.warm_up_rate if warming else config.rate)
        set_rate(self.judge_adam, config.warm_up_rate if warming else config.judge_rate)
        scene, codes, images = self._made(pairs)
        found = self._train_makers(scene, codes, images, warming)
        return found | (self._train_people(scene, codes) if warming else self._train_judge(scene, images.detach()))

    def sample(self, draws: Draws) -> Tensor:
        """Columns: first target, driving frame, its landmarks, output; first paired samples, whose driving frame is the
        truth."""
        shots, size = self.config.shots, self.config.size
        rows = []
        for pairs in (draws.paired(SAMPLES, shots, candidates=SAMPLES), draws.unpaired(SAMPLES, shots, length=1)):
            pairs = resized(pairs, size)
            scene, _, images = self._made(pairs)
            rows.append(torch.stack([pairs.targets.images[::shots], scene.truth, scene.drawn, images], 1))
        return torch.cat(rows)

    def _made(self, pairs: Pairs) -> tuple[Scene, Tensor, Tensor]:
        """What should be made, the codes e of the targets [B,code], and what was made."""
        targets, driving = pairs.targets, pairs.driving
        lines = drawn(torch.cat([targets.landmarks, driving.landmarks]), self.config.size)
        of_targets, of_driving = lines[: len(targets)], lines[len(targets) :]
        codes = self.embedder(targets.images, of_targets).unflatten(0, (len(pairs), -1)).mean(1)
        images = self.generator(of_driving, codes)
        return Scene(driving.images, driving.landmarks, of_driving, pairs.target_ids), codes, images

    def _train_makers(self, scene: Scene, codes: Tensor, images: Tensor, warming: bool) -> Losses:
        """One update of embedder and generator by L_CNT, L_ADV and L_MCH."""
        with frozen(self.discriminator), self.fabric.autocast():
            found = self.objective.content(images, scene)
            if not warming:
                found |= self.objective.adversarial(self.discriminator, images, scene)
                found["match"] = losses.match(codes, self.discriminator.people[scene.people])
        self.descend(self.objective.total(found), self.makers_adam, self.clip)
        return detached(found)

    def _train_people(self, scene: Scene, codes: Tensor) -> Losses:
        """One update of the discriminator's vectors towards the codes, which do not hear of it."""
        found = {"match": losses.match(codes.detach(), self.discriminator.people[scene.people])}
        self.descend(found["match"], self.judge_adam)
        return detached(found)

    def _train_judge(self, scene: Scene, images: Tensor) -> Losses:
        """Updates of the discriminator by L_DSC; the loss of the last one."""
        for _ in range(self.config.judge_steps):
            found = {"judge": self.objective.judging(self.discriminator, images, scene)}
            self.descend(found["judge"], self.judge_adam, self.clip)
        return detached(found)


def resized(pairs: Pairs, size: int) -> Pairs:
    """The samples as pictures of that size."""
    targets, driving = pairs.targets.resized(size), pairs.driving.resized(size)
    return Pairs(targets, driving, pairs.target_ids, pairs.driving_ids)
