"""How GANnotation is trained: frames that go through the generator again must come out as if it had been once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reenactbench.errors import ReenactbenchError
from reenactbench.training.augment import augmented_draw
from reenactbench.training.features import feature_network
from reenactbench.training.losses import absolute_error, face_weights, perceptual
from reenactbench.training.recipe import Plan, Recipe, Scalar, resolve
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.steps import Losses, adam, detached, frozen, set_rate
from reenactbench_baselines.gannotation import losses
from reenactbench_baselines.gannotation.config import MASKED, PRESETS, VARIANTS
from reenactbench_baselines.gannotation.networks import SIZE, Discriminator, Drawn, Generator

if TYPE_CHECKING:
    from lightning_fabric import Fabric

SAMPLES = 4
"""Rows of a picture with paired samples, and with unpaired ones."""


class GANnotationRecipe(Recipe):
    method: ClassVar[str] = "gannotation"
    presets: ClassVar[tuple[str, ...]] = tuple(PRESETS)
    variants: ClassVar[tuple[str, ...]] = VARIANTS

    def __init__(self, plan: Plan) -> None:
        if plan.image_size != SIZE:
            raise ReenactbenchError(
                f"gannotation works at {SIZE} pixels, and this data set has {plan.image_size}; name another --dataset"
            )
        self.config = config = resolve(PRESETS[plan.preset], plan.settings)
        self.variant, self.steps, self.batch, self.ema = plan.variant, config.steps, config.batch, config.ema
        self.clip = config.clip or None
        self.generator = Generator(config.width, config.halvings, config.blocks, plan.variant == MASKED)
        self.discriminator = Discriminator(config.width)
        self.perceptual = feature_network(config.perceptual, "cpu")
        self.maker_adam = adam(config.rate, config.momentum, self.generator)
        self.judge_adam = adam(config.rate, config.momentum, self.discriminator)

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return dataclasses.asdict(self.config)

    def networks(self) -> Mapping[str, nn.Module]:
        return {"generator": self.generator, "discriminator": self.discriminator}

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"maker_adam": self.maker_adam, "judge_adam": self.judge_adam}

    def exported(self) -> Mapping[str, nn.Module]:
        return {"generator": self.generator}

    def metadata(self) -> Mapping[str, Any]:
        return {"perceptual": self.config.perceptual}

    def set_up(self, fabric: Fabric) -> None:
        self.critic = self.discriminator  # as it is: Fabric's wrapper allows no gradients of gradients
        super().set_up(fabric)
        self.perceptual.to(fabric.device)

    def step(self, number: int, draws: Draws) -> Losses:
        config = self.config
        pairs = augmented_draw(draws, draws.paired(config.batch, candidates=config.candidates), config.augment)
        warming = number < config.warm_up
        set_rate(self.maker_adam, config.warm_up_rate if warming else config.rate)
        if warming:
            return self._warm_up(pairs, number < config.unmasked)
        elsewhere, _ = draws.landmarks(min(config.returning or config.batch, config.batch))
        found, made = self._train_maker(pairs, elsewhere)
        return found | self._train_judge(pairs.driving.images, made)

    def sample(self, draws: Draws) -> Tensor:
        """Columns: target, driving frame, output, colours, mask; first paired samples, whose driving frame is the
        truth."""
        rows = []
        for pairs in (draws.paired(SAMPLES, candidates=SAMPLES), draws.unpaired(SAMPLES, length=1)):
            target, driving = pairs.targets.images, pairs.driving
            drawn = self.generator(target, driving.landmarks)
            mask = drawn.mask.expand_as(target)
            rows.append(torch.stack([target, driving.images, drawn.image, drawn.colours, mask], 1))
        return torch.cat(rows)

    def reenacted(self, pairs: Pairs) -> Tensor:
        frames: Tensor = self.generator(pairs.targets.images, pairs.driving.landmarks).image
        return frames

    def _warm_up(self, pairs: Pairs, unmasked: bool) -> Losses:
        """One update of the generator by the pixel and perceptual terms alone."""
        made = self.generator(pairs.targets.images, pairs.driving.landmarks, unmasked).image
        return self._descended(self._likeness(made, pairs))

    def _train_maker(self, pairs: Pairs, elsewhere: Tensor) -> tuple[Losses, Tensor]:
        """One update of the generator by all terms, and the frames [B,3,S,S] that it made of the driving landmarks.

        elsewhere: landmarks [R,68,2], anybody's, to which the first R samples go directly and by way of the driving
        ones.
        """
        target, driving, again = pairs.targets, pairs.driving, len(elsewhere)
        made, direct = self._generated((target.images, driving.landmarks), (target.images[:again], elsewhere))
        back, by_way = self._generated((made[:again], target.landmarks[:again]), (made[:again], elsewhere))
        found = self._likeness(made, pairs)
        found["cycle"] = absolute_error(back, target.images[:again])
        found["triple"] = absolute_error(by_way, direct)
        found["variation"] = losses.variation(made)
        with frozen(self.discriminator):
            found["adversarial"] = losses.fooling(self.discriminator(made))
        return self._descended(found), made.detach()

    def _descended(self, found: Losses) -> Losses:
        """One update of the generator down the weighted sum of these."""
        total = torch.stack([getattr(self.config, f"{name}_weight") * loss for name, loss in found.items()]).sum()
        self.descend(total, self.maker_adam, self.clip)
        return detached(found)

    def _generated(self, *asked: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        """What the generator makes of pictures and landmarks, in one pass."""
        images, landmarks = (torch.cat(parts) for parts in zip(*asked, strict=True))
        drawn: Drawn = self.generator(images, landmarks)
        return torch.split(drawn.image, [len(pictures) for pictures, _ in asked])

    def _likeness(self, made: Tensor, pairs: Pairs) -> Losses:
        """How far the frames are from the driving ones, in pixels and through the content network."""
        config, truth = self.config, pairs.driving
        weights = face_weights(truth.landmarks, SIZE, config.face) if config.face else None
        with torch.no_grad():
            wanted = self.seen(self.perceptual, truth.images)
        return {
            "pixel": absolute_error(made, truth.images, weights),
            "perceptual": perceptual(self.seen(self.perceptual, made), wanted),
        }

    def _train_judge(self, real: Tensor, fake: Tensor) -> Losses:
        """Updates of the discriminator; the losses of the last one."""
        for _ in range(self.config.judge_steps):
            found = {"judge": losses.telling(self.discriminator(real), self.discriminator(fake))}
            shares = torch.rand(len(real), device=real.device)
            found["penalty"] = losses.gradient_penalty(self.critic, real, fake, shares)
            self.descend(found["judge"] + self.config.penalty_weight * found["penalty"], self.judge_adam, self.clip)
        return detached(found)
