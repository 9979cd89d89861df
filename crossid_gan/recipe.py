"""How CrossID-GAN is trained: L_pair, L_unpair and L_dis of the paper's Eqs. 7 to 9, in every step together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from crossid_gan import losses
from crossid_gan.config import PRESETS, VARIANTS
from crossid_gan.discriminators import (
    IdentityClassifier,
    ImageDiscriminator,
    PairDiscriminator,
    VideoDiscriminator,
    reversed_gradient,
)
from crossid_gan.extractor import ExtractorDiscriminator, LandmarkExtractor, expected_points
from crossid_gan.networks import SIZE, ContentEncoder, Drawn, Generator, LandmarkEncoder
from reenactbench.errors import ReenactbenchError
from reenactbench.training.augment import augmented_draw
from reenactbench.training.features import feature_network
from reenactbench.training.heatmaps import heatmaps
from reenactbench.training.losses import absolute_error, face_weights, perceptual, squared_error
from reenactbench.training.recipe import Plan, Recipe, Scalar, resolve
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.steps import Losses, adam, detached, frozen, set_rate
from reenactbench.types import Frames

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LENGTH = 3
"""Consecutive frames that D_tmp sees."""
PIX2PIX_L1 = 100.0
"""Weight of pix2pix's L1 term against its adversarial one (Isola et al., CVPR 2017)."""
SAMPLES = 4


class Made(NamedTuple):
    """What became of samples."""

    loss: Tensor
    """What their makers minimise."""
    parts: Losses
    """Detached."""
    images: Tensor
    """Detached [N,3,128,128]."""
    codes: Tensor
    """Motion codes [N,code,8,8] of their driving frames."""


class CrossIDRecipe(Recipe):
    method: ClassVar[str] = "crossid"
    presets: ClassVar[tuple[str, ...]] = tuple(PRESETS)
    variants: ClassVar[tuple[str, ...]] = VARIANTS

    def __init__(self, plan: Plan) -> None:
        if plan.image_size != SIZE:
            raise ReenactbenchError(
                f"crossid works at {SIZE} pixels, and this data set has {plan.image_size}; name another --dataset"
            )
        self.config = config = resolve(PRESETS[plan.preset], plan.settings)
        self.variant, self.steps, self.batch, self.ema = plan.variant, config.steps, config.batch, config.ema
        self.alone = max(config.extractor_steps - config.warm_up, 0) if plan.variant == "full" else 0
        """Steps in which nothing but F is trained."""
        self.steps += self.alone
        self.clip = config.clip or None
        self.content_encoder = ContentEncoder(config.width, config.code)
        self.landmark_encoder = LandmarkEncoder(config.width, config.code)
        self.generator = Generator(config.width, config.code, config.mask_bias)
        self.image_discriminator = ImageDiscriminator(config.judge_width)
        self.identity_classifier = IdentityClassifier(config.code, plan.identities, config.classifier_scaled)
        self.pair_discriminator = PairDiscriminator(feature_network(config.siamese, "cpu"), config.absolute_siamese)
        self.pair_discriminator.features.requires_grad_(not config.frozen_siamese)
        self.video_discriminator = VideoDiscriminator(config.judge_width)
        self.extractor = LandmarkExtractor(config.extractor_width)
        self.extractor_discriminator = ExtractorDiscriminator(config.judge_width)
        self.perceptual = feature_network(config.perceptual, "cpu")

        rate, momentum = config.rate, config.momentum
        self.makers_adam = adam(rate, momentum, self.content_encoder, self.landmark_encoder, self.generator)
        self.classifier_adam = adam(config.classifier_rate, momentum, self.identity_classifier)
        judges = self.image_discriminator, self.pair_discriminator, self.video_discriminator
        self.judges_adam = adam(rate, momentum, *judges)
        self.extractor_adam = adam(rate, momentum, self.extractor)
        self.extractor_discriminator_adam = adam(rate, momentum, self.extractor_discriminator)

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return dataclasses.asdict(self.config)

    def networks(self) -> Mapping[str, nn.Module]:
        return {
            name: module
            for name, module in vars(self).items()
            if isinstance(module, nn.Module) and name != "perceptual"
        }

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {name: value for name, value in vars(self).items() if name.endswith("_adam")}

    def exported(self) -> Mapping[str, nn.Module]:
        return {name: getattr(self, name) for name in ("content_encoder", "landmark_encoder", "generator")}

    def metadata(self) -> Mapping[str, Any]:
        return {"perceptual": self.config.perceptual, "siamese": self.config.siamese}

    def set_up(self, fabric: Fabric) -> None:
        super().set_up(fabric)
        self.perceptual.to(fabric.device)

    def step(self, number: int, draws: Draws) -> Losses:
        config, full = self.config, self.variant == "full"
        paired = augmented_draw(draws, draws.paired(config.batch, candidates=config.candidates), config.augment)
        found: Losses = {}
        if full and number < config.extractor_steps:
            found |= self._train_extractor(paired.driving)
            if not number < config.warm_up:  # the paper trains F before all else
                return found
        warming = number < config.warm_up
        if not warming:
            number -= self.alone
        set_rate(self.makers_adam, config.warm_up_rate if warming else config.rate)
        faces = draws.landmarks(config.classifier_batch) if config.classifier_batch and self.variant != "sup" else None
        unpaired = None
        if full and not warming:
            drawn = draws.unpaired(config.unpaired or config.batch, length=LENGTH)
            unpaired = augmented_draw(draws, drawn, config.augment)
        return found | self._train(paired, unpaired, faces, number)

    def sample(self, draws: Draws) -> Tensor:
        """Columns: target, driving frame, output, O, M; first paired samples, whose driving frame is the truth."""
        pairs = [draws.paired(SAMPLES, candidates=SAMPLES), draws.unpaired(SAMPLES, length=1)]
        rows = []
        for pair in pairs:
            drawn, _ = self._draw(pair)
            mask = drawn.mask.expand_as(drawn.image)
            columns = (pair.targets.images, pair.driving.images, drawn.image, drawn.hallucination, mask)
            rows.append(torch.stack(columns, 1))
        return torch.cat(rows)

    def reenacted(self, pairs: Pairs) -> Tensor:
        return self._draw(pairs)[0].image

    def _train(
        self,
        paired: Pairs,
        unpaired: Pairs | None,
        faces: tuple[Tensor, Tensor] | None,
        number: int,
    ) -> Losses:
        """One update of E_L, E_C and G by L_pair (Eq. 7) and L_unpair (Eq. 8), then one of the judges by L_dis (Eq. 9).

        D_C learns in the first of the two, on the other side of the reversed gradient.
        """
        config = self.config
        warming, unmasked = number < config.warm_up, number < config.unmasked
        with frozen(self.image_discriminator, self.pair_discriminator, self.video_discriminator):
            made = self._pair_losses(paired, warming, unmasked)
            total, found = made.loss, made.parts
            codes, identities = [made.codes], [paired.driving_ids]
            moved = None
            if unpaired is not None:
                moved = self._unpair_losses(unpaired, unmasked)
                total, found = total + moved.loss, found | moved.parts
                codes, identities = [*codes, moved.codes], [*identities, unpaired.driving_ids.repeat_interleave(LENGTH)]
        if self.variant != "sup":
            if faces is not None:
                codes, identities = [*codes, self.landmark_encoder(faces[0])], [*identities, faces[1]]
            shown = torch.cat(codes)
            shown = shown.detach() if warming else reversed_gradient(shown, self._reversal(number))
            logits = self.identity_classifier(shown)
            classifier = losses.identity_cross_entropy(logits, torch.cat(identities), config.classifier_smoothing)
            total, found = total + classifier, found | {"classifier": classifier.detach()}
        self.classifier_adam.zero_grad()
        self.descend(total, self.makers_adam, self.clip)
        self.classifier_adam.step()
        if not warming:
            loss, parts = self._judge_losses(paired, made, unpaired, moved)
            self.descend(loss, self.judges_adam, self.clip)
            found = found | parts
        return found

    def _reversal(self, number: int) -> float:
        """The weight of the reversed gradient in a step after the warm-up."""
        risen = (number - self.config.warm_up + 1) / max(self.config.reversal_rise, 1)
        return self.config.reversal_weight * min(risen, 1.0)

    def _pair_losses(self, pairs: Pairs, warming: bool, unmasked: bool) -> Made:
        """L_pair."""
        config, truth = self.config, pairs.driving.images
        drawn, codes = self._draw(pairs, unmasked)
        weights = face_weights(pairs.driving.landmarks, SIZE, config.face) if config.face else None
        error = absolute_error if config.l1 else squared_error
        with torch.no_grad():
            true_features = self.seen(self.perceptual, truth)
        found = {
            "reconstruction": error(drawn.image, truth, weights),
            "perceptual": perceptual(self.seen(self.perceptual, drawn.image), true_features),
        }
        total = config.reconstruction_weight * found["reconstruction"] + config.perceptual_weight * found["perceptual"]
        if config.hallucination_weight and not unmasked:
            found["hallucination"] = error(drawn.hallucination, truth, weights)
            total = total + config.hallucination_weight * found["hallucination"]
        if not warming:
            found["image"] = losses.fooling(self.image_discriminator(self._judged(drawn, pairs.targets.images)))
            total = total + config.image_weight * found["image"]
        return Made(total, detached(found) | {"mask": drawn.mask.detach().mean()}, drawn.image.detach(), codes)

    def _unpair_losses(self, pairs: Pairs, unmasked: bool = False) -> Made:
        """L_unpair, but for D_C's part.

        The consistency loss moves the frame, not the code that the frame should have: codes could else agree by
        being all the same.
        """
        config = self.config
        drawn, codes = self._draw(pairs, unmasked)
        targets = pairs.targets.images.repeat_interleave(LENGTH, dim=0)
        frames = self._judged(drawn, targets)
        with frozen(self.landmark_encoder):
            of_output = self.landmark_encoder(self._found_landmarks(frames))
        found = {
            "consistency": losses.consistency(of_output, codes.detach()),
            "unpaired_image": losses.fooling(self.image_discriminator(frames)),
            "identity": losses.fooling(self.pair_discriminator(frames, targets)),
            "video": losses.fooling(self.video_discriminator(as_video(frames))),
        }
        weights = (
            config.consistency_weight,
            config.image_weight,
            config.identity_weight,
            config.video_weight,
        )
        total = sum((weight * loss for weight, loss in zip(weights, found.values(), strict=True)), torch.zeros(()))
        return Made(total, detached(found), frames.detach(), codes)

    def _judged(self, drawn: Drawn, targets: Tensor) -> Tensor:
        """The frames, as all losses but Eq. 1 see them."""
        if not self.config.mask_by_truth:
            return drawn.image
        return torch.lerp(targets, drawn.hallucination, drawn.mask.detach())

    def _judge_losses(
        self, paired: Pairs, made: Made, unpaired: Pairs | None, moved: Made | None
    ) -> tuple[Tensor, Losses]:
        """L_dis without D_C, and its parts."""
        truth, fakes = paired.driving.images, made.images if moved is None else torch.cat([made.images, moved.images])
        judge = self.image_discriminator
        found = {"image_judge": losses.telling(judge(truth), judge(fakes))}
        if unpaired is not None and moved is not None:
            targets = unpaired.targets.images.repeat_interleave(LENGTH, dim=0)
            siamese, video = self.pair_discriminator, self.video_discriminator
            found["identity_judge"] = losses.telling(
                siamese(truth, paired.targets.images), siamese(moved.images, targets)
            )
            found["video_judge"] = losses.telling(
                video(as_video(unpaired.driving.images)), video(as_video(moved.images))
            )
        return torch.stack(list(found.values())).sum(), detached(found)

    def _draw(self, pairs: Pairs, unmasked: bool = False) -> tuple[Drawn, Tensor]:
        """What G makes of the pairs, and the motion codes."""
        targets, length = pairs.targets.images, len(pairs.driving) // len(pairs)
        codes = self.landmark_encoder(pairs.driving.landmarks)
        content = self.content_encoder(targets).repeat_interleave(length, dim=0)
        drawn: Drawn = self.generator(content, codes, targets.repeat_interleave(length, dim=0), unmasked)
        return drawn, codes

    def _found_landmarks(self, images: Tensor) -> Tensor:
        """What F gives E_L of these images."""
        with frozen(self.extractor):
            logits = self.extractor(images)
        return expected_points(logits) if self.config.extractor_points else torch.sigmoid(logits)

    def _train_extractor(self, frames: Frames) -> Losses:
        """One update of F: as pix2pix, or by cross-entropy alone."""
        logits = self.extractor(frames.images)
        if self.config.extractor_points:
            found = {"extractor": losses.heatmap_cross_entropy(logits, frames.landmarks)}
            self.descend(found["extractor"], self.extractor_adam, self.clip)
            return detached(found)
        truth = heatmaps(frames.landmarks, SIZE)
        judge, maps = self.extractor_discriminator, torch.sigmoid(logits)
        with frozen(judge):
            found = {
                "extractor": absolute_error(maps, truth),
                "extractor_image": losses.fooling(judge(frames.images, maps)),
            }
        self.descend(PIX2PIX_L1 * found["extractor"] + found["extractor_image"], self.extractor_adam, self.clip)
        found["extractor_judge"] = losses.telling(judge(frames.images, truth), judge(frames.images, maps.detach()))
        self.descend(found["extractor_judge"], self.extractor_discriminator_adam, self.clip)
        return detached(found)


def as_video(frames: Tensor) -> Tensor:
    """Frames [B*LENGTH,3,S,S], in order, as [B,3,LENGTH,S,S]."""
    return frames.view(-1, LENGTH, *frames.shape[1:]).transpose(1, 2)
