"""CrossID-GAN's training: who is trained on what, and that the recipe learns, stops and goes on as it should.

The networks are as narrow as they can be, the people are drawn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from footage import clip, logged
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import Precision
from torch import Tensor, nn
from torch.optim import Optimizer

from crossid_gan import losses
from crossid_gan.config import PRESETS, Config
from crossid_gan.model import load_model
from crossid_gan.recipe import CrossIDRecipe, Made
from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.training.footage import Footage
from reenactbench.training.heatmaps import HeatmapConvolution, heatmaps
from reenactbench.training.job import CHECKPOINT, Job
from reenactbench.training.loop import Mixed, train
from reenactbench.training.losses import face_weights
from reenactbench.training.recipe import Plan
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.state import STATE

NARROW = {
    "width": "8",
    "code": "8",
    "judge_width": "8",
    "extractor_width": "8",
    "classifier_smoothing": "0",
    "reversal_rise": "0",
    "perceptual": "synthface",
    "siamese": "synthface",
    "batch": "2",
    "classifier_batch": "2",
}
MAKERS = {"content_encoder", "landmark_encoder", "generator"}
WARMED_UP = MAKERS | {"identity_classifier"}
"""D_C learns beside a warm-up."""


def recipe_of(variant: str, preset: str = "demo", precision: Precision | None = None, **settings: Any) -> CrossIDRecipe:
    """Always with the same weights to begin with."""
    torch.manual_seed(0)
    texts = NARROW | {name: str(value) for name, value in settings.items()}
    recipe = CrossIDRecipe(Plan(preset, variant, texts, identities=3, image_size=128, seed=0))
    recipe.set_up(Fabric(accelerator="cpu", devices=1, plugins=precision or Precision()))
    return recipe


def step(recipe: CrossIDRecipe, footage: Footage, number: int) -> Mapping[str, Tensor]:
    torch.manual_seed(number)
    return recipe.step(number, Draws(footage, 0, number))


def weights(recipe: CrossIDRecipe) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name, network in {**recipe.networks(), "perceptual": recipe.perceptual}.items()
        for key, value in network.state_dict().items()
    }


def gradient(network: nn.Module) -> Tensor:
    """Of all weights, as one vector."""
    grads = [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in network.parameters()]
    return torch.cat([grad.flatten() for grad in grads])


def trained(recipe: CrossIDRecipe, footage: Footage, number: int) -> set[str]:
    """The networks that a step changes."""
    before = weights(recipe)
    step(recipe, footage, number)
    return {name.partition(".")[0] for name, value in weights(recipe).items() if not torch.equal(value, before[name])}


# --- Who is trained on what

ONCE = {"extractor_steps": 2, "warm_up": 0}
"""Then F alone in steps 0 and 1 of `full`, as in the paper."""
MEANWHILE = {"extractor_steps": 2, "warm_up": 4}


@pytest.mark.parametrize(
    ("variant", "timing", "number", "networks"),
    [
        ("sup", ONCE, 0, MAKERS | {"image_discriminator"}),
        ("sup+dc", ONCE, 0, MAKERS | {"image_discriminator", "identity_classifier"}),
        ("full", ONCE, 1, {"extractor", "extractor_discriminator"}),
        (
            "full",
            ONCE,
            2,
            MAKERS | {"image_discriminator", "identity_classifier", "pair_discriminator", "video_discriminator"},
        ),
        ("sup", MEANWHILE, 3, MAKERS),
        ("sup+dc", MEANWHILE, 3, WARMED_UP),
        ("full", MEANWHILE, 1, WARMED_UP | {"extractor", "extractor_discriminator"}),
        ("full", MEANWHILE, 3, WARMED_UP),
        ("full", MEANWHILE | {"extractor_points": True}, 1, WARMED_UP | {"extractor"}),
    ],
)
def test_a_step_trains_the_networks_of_its_variant_and_no_other(
    footage: Footage, variant: str, timing: dict[str, Any], number: int, networks: set[str]
) -> None:
    settings = {"extractor_points": False, "frozen_siamese": False} | timing
    assert trained(recipe_of(variant, **settings), footage, number) == networks


@pytest.mark.parametrize("variant", ["sup", "sup+dc"])
def test_no_gradient_reaches_the_judges_that_a_variant_does_without(footage: Footage, variant: str) -> None:
    recipe = recipe_of(variant, warm_up=0)
    step(recipe, footage, 0)
    without = [recipe.pair_discriminator, recipe.video_discriminator, recipe.extractor]
    if variant == "sup":
        without.append(recipe.identity_classifier)
    assert all(parameter.grad is None for network in without for parameter in network.parameters())


@pytest.mark.parametrize(
    ("variant", "names"),
    [
        ("sup", "reconstruction perceptual hallucination image mask image_judge"),
        ("sup+dc", "reconstruction perceptual hallucination image mask classifier image_judge"),
        (
            "full",
            "reconstruction perceptual hallucination image mask consistency unpaired_image identity video classifier "
            "image_judge identity_judge video_judge",
        ),
    ],
)
def test_the_losses_of_a_variant(footage: Footage, variant: str, names: str) -> None:
    found = step(recipe_of(variant, warm_up=0, unmasked=0, extractor_steps=0), footage, 0)
    assert list(found) == names.split()
    assert all(value.ndim == 0 and not value.requires_grad for value in found.values())


def test_a_siamese_network_with_frozen_features_learns_its_last_layer(footage: Footage) -> None:
    recipe = recipe_of("full", warm_up=0, extractor_steps=0, frozen_siamese=True)
    before = weights(recipe)
    step(recipe, footage, 0)
    after = weights(recipe)
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    last = {"pair_discriminator.score.weight", "pair_discriminator.score.bias"}
    assert {name for name in changed if name.startswith("pair_")} == last


@pytest.mark.parametrize("absolute", [False, True])
def test_whether_a_siamese_network_knows_the_order_of_two_frames_is_a_setting(absolute: bool) -> None:
    judge = recipe_of("full", absolute_siamese=absolute).pair_discriminator
    first, second = torch.rand(2, 1, 3, 128, 128)
    assert torch.equal(judge(first, second), judge(second, first)) == absolute


def test_the_first_steps_of_all_variants_make_the_same_model_to_the_last_bit(footage: Footage) -> None:
    recipes = {
        variant: recipe_of(variant, warm_up=3, extractor_steps=2, unmasked=1) for variant in CrossIDRecipe.variants
    }
    for number in range(3):
        for recipe in recipes.values():
            step(recipe, footage, number)
    of_makers = [
        {name: value for name, value in weights(recipe).items() if name.partition(".")[0] in MAKERS}
        for recipe in recipes.values()
    ]
    for others in of_makers[1:]:
        assert all(torch.equal(value, others[name]) for name, value in of_makers[0].items())
    step(recipes["sup"], footage, 3)
    step(recipes["sup+dc"], footage, 3)
    parted = weights(recipes["sup"]), weights(recipes["sup+dc"])
    assert not torch.equal(*(of_variant["landmark_encoder.first.weight"] for of_variant in parted))


RATES: Mapping[str, Any] = {"rate": 1e-4, "warm_up_rate": 1e-2, "classifier_rate": 3e-3}


@pytest.mark.parametrize(
    ("network", "warm_up", "rate"),
    [
        ("generator", 0, 1e-4),
        ("generator", 1, 1e-2),
        ("identity_classifier", 0, 3e-3),
        ("identity_classifier", 1, 3e-3),
    ],
)
def test_the_warm_up_has_a_learning_rate_of_its_own_and_so_has_the_classifier(
    footage: Footage, network: str, warm_up: int, rate: float
) -> None:
    """Adam's first step moves every weight by the rate."""
    recipe = recipe_of("sup+dc", **RATES, warm_up=warm_up, clip=0)
    before = weights(recipe)
    step(recipe, footage, 0)
    moved = [(value - before[name]).abs().max() for name, value in weights(recipe).items() if name.startswith(network)]
    assert float(max(moved)) == pytest.approx(rate, rel=1e-2)


def test_the_end_of_the_warm_up_changes_the_rate_of_the_makers_alone(footage: Footage) -> None:
    recipe, rates = recipe_of("sup+dc", **RATES, warm_up=1), []
    for number in range(2):
        step(recipe, footage, number)
        rates.append([adam.param_groups[0]["lr"] for adam in (recipe.makers_adam, recipe.classifier_adam)])
    assert rates == [[1e-2, 3e-3], [1e-4, 3e-3]]


# --- What the sums of losses are, and which way their gradients go

WEIGHTLESS = {
    f"{name}_weight": 0
    for name in ("reconstruction perceptual hallucination image reversal consistency identity video".split())
}


def only(**weights: float) -> dict[str, Any]:
    """Steps in which nothing but these counts."""
    return {"warm_up": 0, "extractor_steps": 0, "unmasked": 0, "clip": 0, "augment": 0, **WEIGHTLESS, **weights}


def test_a_step_goes_down_the_weighted_sum_of_equations_3_7_and_8_and_then_down_equation_9(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = only(
        reconstruction_weight=2,
        perceptual_weight=3,
        image_weight=5,
        consistency_weight=7,
        identity_weight=11,
        video_weight=13,
        hallucination_weight=17,
    )
    recipe, sums = recipe_of("full", **settings), []
    descend = recipe.descend

    def note(loss: Tensor, optimiser: Optimizer, clip: float | None = None) -> None:
        sums.append((optimiser, loss.detach()))
        descend(loss, optimiser, clip)

    monkeypatch.setattr(recipe, "descend", note)
    found = step(recipe, footage, 0)
    makers = {"reconstruction": 2, "perceptual": 3, "hallucination": 17, "image": 5, "classifier": 1}
    makers |= {"consistency": 7, "unpaired_image": 5, "identity": 11, "video": 13}
    judges = dict.fromkeys(("image_judge", "identity_judge", "video_judge"), 1)
    assert [optimiser for optimiser, _ in sums] == [recipe.makers_adam, recipe.judges_adam]
    for (_, loss), named in zip(sums, (makers, judges), strict=True):
        torch.testing.assert_close(loss, torch.stack([weight * found[name] for name, weight in named.items()]).sum())


@pytest.mark.parametrize(("l1", "face"), [(False, 0.0), (False, 4.0), (True, 0.0), (True, 4.0)])
def test_equation_1_compares_the_frame_with_the_driving_one_in_pixels_and_in_features(
    footage: Footage, l1: bool, face: float
) -> None:
    recipe, pairs = recipe_of("sup", l1=l1, face=face), Draws(footage, 0, 0).paired(2)
    found = recipe._pair_losses(pairs, warming=True, unmasked=False).parts
    truth, counts = pairs.driving.images, torch.ones(2, 1, 128, 128)
    if face:
        counts = face_weights(pairs.driving.landmarks, 128, face)
    with torch.no_grad():
        drawn, _ = recipe._draw(pairs)
        for name, images in (("reconstruction", drawn.image), ("hallucination", drawn.hallucination)):
            apart = (images - truth).abs() if l1 else (images - truth) ** 2
            torch.testing.assert_close(found[name], (apart * counts).mean())
        maps = zip(recipe.perceptual(drawn.image), recipe.perceptual(truth), strict=True)
        torch.testing.assert_close(found["perceptual"], sum((a - b).abs().mean() for a, b in maps))


def test_the_bias_of_the_mask_is_what_it_begins_with(footage: Footage) -> None:
    pairs = Draws(footage, 0, 0).paired(2)
    with torch.no_grad():
        masks = [recipe_of("sup", mask_bias=bias)._draw(pairs)[0].mask for bias in (0, 3)]
    torch.testing.assert_close(torch.logit(masks[1]), torch.logit(masks[0]) + 3, atol=1e-4, rtol=0)


def test_every_optimiser_is_adam_with_the_momentum_that_was_set() -> None:
    for optimiser in recipe_of("full", momentum=0.25).optimisers().values():
        assert [group["betas"] for group in optimiser.param_groups] == [(0.25, 0.999)]


# --- F


def test_an_extractor_of_points_is_trained_by_cross_entropy_alone(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, sums = recipe_of("full", extractor_points=True), []
    frames = Draws(footage, 0, 0).paired(2).driving
    monkeypatch.setattr(recipe, "descend", lambda loss, optimiser, clip: sums.append((optimiser, loss.detach())))
    recipe._train_extractor(frames)
    with torch.no_grad():
        expected = losses.heatmap_cross_entropy(recipe.extractor(frames.images), frames.landmarks)
    assert [optimiser for optimiser, _ in sums] == [recipe.extractor_adam]
    torch.testing.assert_close([loss for _, loss in sums], [expected])


def test_the_extractor_is_trained_as_pix2pix_is(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It minimises the L1 distance, a hundred times, and what fools its judge; the judge tells heatmaps from what F
    finds, each beside the picture."""
    recipe, sums = recipe_of("full", extractor_points=False), []
    pairs = Draws(footage, 0, 0).paired(2)
    images, truth = pairs.driving.images, heatmaps(pairs.driving.landmarks, 128)
    monkeypatch.setattr(recipe, "descend", lambda loss, optimiser, clip: sums.append((optimiser, loss.detach())))
    recipe._train_extractor(pairs.driving)
    with torch.no_grad():
        maps = torch.sigmoid(recipe.extractor(images))
        real, fake = (recipe.extractor_discriminator(images, found) for found in (truth, maps))
        expected = 100 * (maps - truth).abs().mean() - torch.sigmoid(fake).log().mean()
        judged = -torch.sigmoid(real).log().mean() - (1 - torch.sigmoid(fake)).log().mean()
    assert [optimiser for optimiser, _ in sums] == [recipe.extractor_adam, recipe.extractor_discriminator_adam]
    torch.testing.assert_close([loss for _, loss in sums], [expected, judged])


# --- D_C: which codes it is shown, and what they and it learn from that


def drivers(recipe: CrossIDRecipe, footage: Footage, warming: bool = False) -> tuple[Tensor, Tensor]:
    """Landmarks of all codes of step 0 before any augmentation, the faces drawn for D_C last, and whose they are."""
    config, draws = recipe.config, Draws(footage, 0, 0)
    paired = draws.paired(config.batch, candidates=config.candidates)
    landmarks, identities = [paired.driving.landmarks], [paired.driving_ids]
    if recipe.variant == "full" and not warming:
        unpaired = draws.unpaired(config.unpaired, length=3)
        landmarks.append(unpaired.driving.landmarks)
        identities.append(unpaired.driving_ids[[0, 0, 0, 1, 1, 1]])
    if config.classifier_batch:
        faces, whose = draws.landmarks(config.classifier_batch)
        landmarks.append(faces)
        identities.append(whose)
    return torch.cat(landmarks), torch.cat(identities)


def surprise(recipe: CrossIDRecipe, landmarks: Tensor, identities: Tensor) -> Tensor:
    """Eq. 3 for D_C: the mean of -log of the share that it gives to the right person."""
    shares = recipe.identity_classifier(recipe.landmark_encoder(landmarks)).log_softmax(1)
    return -torch.stack([row[identity] for row, identity in zip(shares, identities, strict=True)]).mean()


@pytest.mark.parametrize(
    ("variant", "classifier_batch", "strength"), [("sup+dc", 0, 3), ("sup+dc", 3, 1), ("full", 0, 1), ("full", 3, 3)]
)
def test_the_classifier_goes_down_the_cross_entropy_of_all_codes_and_the_encoder_so_many_times_up(
    footage: Footage, variant: str, classifier_batch: int, strength: int
) -> None:
    """Codes are those of the people who drive; the strength of the reversal is nothing to D_C."""
    settings = only(reversal_weight=strength, classifier_batch=classifier_batch)
    recipe, before = recipe_of(variant, **settings), recipe_of(variant, **settings)
    found = step(recipe, footage, 0)
    expected = surprise(before, *drivers(before, footage))
    torch.testing.assert_close(found["classifier"], expected.detach())
    torch.autograd.backward(expected)
    for name, factor in (("landmark_encoder", -strength), ("identity_classifier", 1)):
        wanted = factor * gradient(getattr(before, name))
        assert (gradient(getattr(recipe, name)) - wanted).norm() < 1e-3 * wanted.norm()


@pytest.mark.parametrize("warm_up", [0, 1])
def test_faces_drawn_for_the_classifier_are_shown_beside_all_other_codes_and_not_augmented(
    footage: Footage, warm_up: int
) -> None:
    settings: dict[str, Any] = {"warm_up": warm_up, "extractor_steps": 0, "augment": 1, "classifier_batch": 3}
    recipe, before = recipe_of("full", **settings), recipe_of("full", **settings)
    seen: list[Tensor] = []
    recipe.identity_classifier.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    step(recipe, footage, 0)
    (codes,) = seen
    with torch.no_grad():
        plain = before.landmark_encoder(drivers(before, footage, warming=bool(warm_up))[0])
    assert codes.shape == plain.shape
    apart = (codes - plain).flatten(1).norm(dim=1) / plain.flatten(1).norm(dim=1)
    assert apart[-3:].max() < 1e-4
    assert apart[:-3].min() > 1e-2


@pytest.mark.parametrize(
    ("variant", "classifier_batch", "counts"),
    [("sup", 3, []), ("sup+dc", 0, []), ("sup+dc", 3, [3, 3]), ("full", 3, [3, 3])],
)
def test_faces_are_drawn_where_there_is_a_classifier_that_asks_for_them(
    footage: Footage, monkeypatch: pytest.MonkeyPatch, variant: str, classifier_batch: int, counts: list[int]
) -> None:
    """In the warm-up as after it."""
    drawn: list[int] = []
    landmarks = Draws.landmarks

    def note(self: Draws, count: int) -> tuple[Tensor, Tensor]:
        drawn.append(count)
        return landmarks(self, count)

    monkeypatch.setattr(Draws, "landmarks", note)
    recipe = recipe_of(variant, warm_up=1, extractor_steps=0, classifier_batch=classifier_batch)
    for number in range(2):
        step(recipe, footage, number)
    assert drawn == counts


@pytest.mark.parametrize("variant", ["sup+dc", "full"])
def test_in_the_warm_up_the_classifier_learns_and_the_encoder_does_not_hear_of_it(
    footage: Footage, variant: str
) -> None:
    """Where nothing else counts, E_L gets a gradient of exactly 0; D_C gets its own, whole."""
    settings = only(reversal_weight=1) | {"warm_up": 1, "extractor_steps": 0}
    recipe, before = recipe_of(variant, **settings), recipe_of(variant, **settings)
    assert trained(recipe, footage, 0) == {"identity_classifier"}
    assert not gradient(recipe.landmark_encoder).any()
    shown = drivers(before, footage, warming=True)
    old = surprise(before, *shown)
    torch.autograd.backward(old)
    wanted = gradient(before.identity_classifier)
    assert (gradient(recipe.identity_classifier) - wanted).norm() < 1e-3 * wanted.norm()
    assert surprise(recipe, *shown) < old


@pytest.mark.parametrize("variant", ["sup+dc", "full"])
def test_in_the_warm_up_the_makers_get_the_gradients_of_equation_1_to_the_last_bit(
    footage: Footage, variant: str
) -> None:
    recipes = [recipe_of(name, warm_up=1, extractor_steps=0) for name in ("sup", variant)]
    for recipe in recipes:
        step(recipe, footage, 0)
    for name in MAKERS:
        alone, beside = (gradient(getattr(recipe, name)) for recipe in recipes)
        assert alone.any() and torch.equal(alone, beside), name


def classified(encoder: nn.Module, classifier: nn.Module, pairs: Pairs) -> float:
    with torch.no_grad():
        return float(losses.identity_cross_entropy(classifier(encoder(pairs.driving.landmarks)), pairs.driving_ids))


def test_the_classifier_learns_who_drives_while_the_encoder_makes_it_harder_to_know(footage: Footage) -> None:
    """One step down Eq. 3 alone, with each of the two as it was before the step and as it is after."""
    settings = only(reversal_weight=1, classifier_batch=0)
    recipe, before = recipe_of("sup+dc", **settings), recipe_of("sup+dc", **settings)
    pairs = Draws(footage, 0, 0).paired(2, candidates=recipe.config.candidates)
    assert trained(recipe, footage, 0) == {"landmark_encoder", "identity_classifier", "image_discriminator"}
    old = classified(before.landmark_encoder, before.identity_classifier, pairs)
    assert classified(before.landmark_encoder, recipe.identity_classifier, pairs) < old
    assert classified(recipe.landmark_encoder, before.identity_classifier, pairs) > old


def test_a_step_of_the_classifier_follows_from_the_gradients_of_this_step_alone(footage: Footage) -> None:
    recipes = recipe_of("sup+dc", warm_up=0), recipe_of("sup+dc", warm_up=0)
    for recipe in recipes:
        step(recipe, footage, 0)
    recipes[1].identity_classifier.zero_grad()
    for recipe in recipes:
        step(recipe, footage, 1)
    left, right = map(weights, recipes)
    assert all(torch.equal(value, right[name]) for name, value in left.items())


# --- Consistency, and what judges are shown


def test_a_frame_whose_landmarks_are_the_drivers_is_consistent(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, pairs = recipe_of("full", **only(consistency_weight=1)), Draws(footage, 0, 0).unpaired(2)
    for found_landmarks in (pairs.driving.landmarks, heatmaps(pairs.driving.landmarks, 128)):
        monkeypatch.setattr(recipe, "_found_landmarks", lambda images, found=found_landmarks: found)
        assert float(recipe._unpair_losses(pairs).parts["consistency"]) == pytest.approx(0, abs=1e-4)
    monkeypatch.setattr(recipe, "_found_landmarks", lambda images: pairs.driving.landmarks + 5)
    assert float(recipe._unpair_losses(pairs).parts["consistency"]) > 0.01


@pytest.mark.parametrize("points", [True, False])
def test_consistency_asks_the_frame_and_not_the_code_to_change(
    footage: Footage, points: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = only(consistency_weight=1) | {"extractor_points": points}
    recipe, pairs = recipe_of("full", **settings), Draws(footage, 0, 0).unpaired(2)

    def moved() -> set[str]:
        loss = recipe._unpair_losses(pairs).loss
        for network in recipe.networks().values():
            network.zero_grad()
        torch.autograd.backward(loss)
        return {name for name, network in recipe.networks().items() if gradient(network).any()}

    assert moved() == MAKERS
    unseen = recipe._found_landmarks
    monkeypatch.setattr(recipe, "_found_landmarks", lambda images: unseen(images).detach())
    assert moved() == set()


Looks = dict[str, list[tuple[Tensor, ...]]]
"""What each judge was shown, in order."""


@pytest.fixture
def spied(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> tuple[CrossIDRecipe, Looks]:
    recipe, looks = recipe_of("full", **only()), Looks()

    def spy(name: str) -> None:
        network, looks[name] = getattr(recipe, name), []

        def looked(*images: Tensor) -> Tensor:
            looks[name].append(images)
            logits: Tensor = network(*images)
            return logits

        monkeypatch.setattr(recipe, name, looked)

    for name in ("image_discriminator", "pair_discriminator", "video_discriminator"):
        spy(name)
    return recipe, looks


def test_judges_are_shown_real_pairs_and_sequences_against_those_made(
    footage: Footage, spied: tuple[CrossIDRecipe, Looks]
) -> None:
    """Two frames of one person against a frame made for a target and that target; frames in a row of a video against
    frames made in a row."""
    (recipe, looks), draws = spied, Draws(footage, 0, 0)
    paired, unpaired = draws.paired(2), draws.unpaired(2)
    drawn, moved = torch.rand(2, 3, 128, 128), torch.rand(6, 3, 128, 128)
    of_pairs, of_others = (Made(torch.zeros(()), {}, images, torch.empty(0)) for images in (drawn, moved))
    recipe._judge_losses(paired, of_pairs, unpaired, of_others)
    (real,), (fake,) = looks["image_discriminator"]
    assert torch.equal(real, paired.driving.images) and torch.equal(fake, torch.cat([drawn, moved]))
    real_pair, fake_pair = looks["pair_discriminator"]
    assert torch.equal(real_pair[0], paired.driving.images) and torch.equal(real_pair[1], paired.targets.images)
    assert torch.equal(fake_pair[0], moved)
    assert torch.equal(fake_pair[1], unpaired.targets.images[[0, 0, 0, 1, 1, 1]])
    (real,), (fake,) = looks["video_discriminator"]
    for time in range(3):
        assert torch.equal(real[:, :, time], unpaired.driving.images[time::3])
        assert torch.equal(fake[:, :, time], moved[time::3])


def test_the_makers_are_judged_by_the_frames_that_they_made(
    footage: Footage, spied: tuple[CrossIDRecipe, Looks]
) -> None:
    (recipe, looks), pairs = spied, Draws(footage, 0, 0).unpaired(2)
    moved = recipe._unpair_losses(pairs).images
    assert torch.equal(looks["image_discriminator"][0][0], moved)
    frames, targets = looks["pair_discriminator"][0]
    assert torch.equal(frames, moved)
    assert torch.equal(targets, pairs.targets.images[[0, 0, 0, 1, 1, 1]])
    ((videos,),) = looks["video_discriminator"]
    assert torch.equal(videos.transpose(1, 2).flatten(0, 1), moved)


@pytest.mark.parametrize("mask_by_truth", [False, True])
def test_only_the_truth_teaches_the_mask_where_that_is_asked_for(footage: Footage, mask_by_truth: bool) -> None:
    ways = {
        "reconstruction_weight": 0,
        "perceptual_weight": 0,
        "hallucination_weight": 0,
        "mask_by_truth": mask_by_truth,
    }
    recipe, draws = recipe_of("full", **ways), Draws(footage, 0, 0)
    for made in (recipe._pair_losses(draws.paired(2), False, False), recipe._unpair_losses(draws.unpaired(2))):
        recipe.generator.zero_grad()
        torch.autograd.backward(made.loss)
        moved = recipe.generator.last.weight.grad.abs().sum((0, 2, 3)) > 0
        assert moved.tolist() == [True, True, True, not mask_by_truth]


def test_a_share_of_the_classifiers_labels_is_everybodys(footage: Footage) -> None:
    settings = only(classifier_batch=0, classifier_smoothing=0.3)
    recipe, before = recipe_of("sup+dc", **settings), recipe_of("sup+dc", **settings)
    found = step(recipe, footage, 0)
    landmarks, identities = drivers(before, footage)
    with torch.no_grad():
        shares = before.identity_classifier(before.landmark_encoder(landmarks)).log_softmax(1)
    labels = torch.full((2, 3), 0.1)
    labels[torch.arange(2), identities] += 0.7
    torch.testing.assert_close(found["classifier"], -(labels * shares).sum(1).mean())


def test_what_is_counted_from_the_start_is_not_over_when_f_alone_was_trained(footage: Footage) -> None:
    recipe = recipe_of("full", warm_up=0, extractor_steps=2, unmasked=1, reversal_rise=2, reversal_weight=1)
    masks = [step(recipe, footage, number).get("mask") for number in range(4)]
    assert masks[:2] == [None, None]
    assert masks[2] == 1 and masks[3] is not None and masks[3] < 1


def test_the_reversed_gradient_rises_after_the_warm_up() -> None:
    recipe = recipe_of("sup+dc", warm_up=10, reversal_rise=4, reversal_weight=2)
    assert [recipe._reversal(number) for number in (10, 11, 13, 14, 99)] == [0.5, 1, 2, 2, 2]
    assert recipe_of("sup+dc", warm_up=0, reversal_rise=0, reversal_weight=2)._reversal(0) == 2


def test_unpaired_frames_are_whole_frames_too_while_there_is_no_mask(footage: Footage) -> None:
    recipe, pairs = recipe_of("full"), Draws(footage, 0, 0).unpaired(2)
    with torch.no_grad():
        made = [recipe._unpair_losses(pairs, unmasked).images for unmasked in (True, False)]
        drawn, _ = recipe._draw(pairs)
    torch.testing.assert_close(made[0], drawn.hallucination)
    torch.testing.assert_close(made[1], drawn.image)


@pytest.mark.parametrize(
    ("variant", "warm_up", "steps"), [("full", 0, 13), ("full", 2, 11), ("full", 5, 10), ("sup", 0, 10)]
)
def test_the_steps_of_training_f_alone_are_not_taken_from_the_others(variant: str, warm_up: int, steps: int) -> None:
    assert recipe_of(variant, steps=10, extractor_steps=3, warm_up=warm_up).steps == steps


def test_every_frame_of_a_sequence_is_made_from_its_own_target(footage: Footage) -> None:
    recipe, pairs = recipe_of("full"), Draws(footage, 0, 0).unpaired(2)
    with torch.no_grad():
        drawn, codes = recipe._draw(pairs)
        for row, target in enumerate((0, 0, 0, 1, 1, 1)):
            image = pairs.targets.images[target : target + 1]
            code = recipe.landmark_encoder(pairs.driving.landmarks[row : row + 1])
            alone = recipe.generator(recipe.content_encoder(image), code, image)
            torch.testing.assert_close(codes[row : row + 1], code, atol=1e-5, rtol=0)
            torch.testing.assert_close(drawn.image[row : row + 1], alone.image, atol=1e-5, rtol=0)


# --- The presets

DEPARTURES_OFF = {
    "warm_up": 0,
    "l1": False,
    "face": 0.0,
    "unmasked": 0,
    "hallucination_weight": 0.0,
    "mask_bias": 0.0,
    "mask_by_truth": False,
    "candidates": 1,
    "augment": 0.0,
    "classifier_batch": 0,
    "classifier_scaled": False,
    "classifier_smoothing": 0.0,
    "reversal_rise": 0,
    "unpaired": 0,
    "extractor_points": False,
    "absolute_siamese": False,
    "frozen_siamese": False,
}


def test_the_paper_preset_departs_from_the_paper_in_nothing() -> None:
    paper = PRESETS["paper"]
    assert (paper.clip, paper.ema) == (0, 0)
    assert {name: getattr(paper, name) for name in DEPARTURES_OFF} == DEPARTURES_OFF
    names = list(Config.__dataclass_fields__)
    assert set(names[names.index("warm_up") :]) == {*DEPARTURES_OFF, "warm_up_rate", "classifier_rate"}
    assert paper.classifier_rate == paper.rate
    weights = {name: value for name in names if name.endswith("_weight") for value in [getattr(paper, name)]}
    del weights["hallucination_weight"]
    assert set(weights.values()) == {1.0}
    assert (paper.width, paper.code, paper.perceptual, paper.siamese) == (64, 256, "vgg19", "alexnet")


WIDTHS = ("width", "code", "judge_width", "extractor_width")


@pytest.mark.parametrize("given", ["width=4", "code=28", "judge_width=0", "extractor_width=-8"])
def test_widths_that_no_network_has_are_refused_in_a_sentence(given: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(ReenactbenchError, match=f"--set {given}: {name} is a multiple of 8"):
        CrossIDRecipe(Plan("demo", "full", {name: value}, identities=3, image_size=128, seed=0))


NUMBERS = {name for name, value in dataclasses.asdict(Config()).items() if type(value) in (int, float)}
COUNTS = {"batch", "steps", "candidates"}
SHARES = {"momentum", "ema", "classifier_smoothing"}


@pytest.mark.parametrize(
    ("given", "limits"),
    [(f"{name}=-1", "0 at least") for name in sorted(NUMBERS - COUNTS - SHARES - {"mask_bias"} - set(WIDTHS))]
    + [(f"{name}=0", "1 at least") for name in sorted(COUNTS)]
    + [(f"{name}=1", "from 0 to below 1") for name in sorted(SHARES)],
)
def test_numbers_that_no_training_has_are_refused_in_a_sentence(given: str, limits: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(ReenactbenchError, match=rf"^--set {name}={value}(\.0)?: {name} is {limits}$"):
        CrossIDRecipe(Plan("demo", "full", {name: value}, identities=3, image_size=128, seed=0))


def test_epochs_of_the_paper_preset_are_of_a_thousand_pairs_a_video() -> None:
    paper = PRESETS["paper"]
    an_epoch = 102 * 1000 / paper.batch
    assert (paper.steps / an_epoch, paper.extractor_steps / an_epoch) == (20, 2)


def test_the_paper_preset_says_which_file_it_lacks_and_how_to_get_it() -> None:
    for lacking, others in (("vgg19-dcbb9e9d.pth", {"siamese": "alexnet-untrained"}), ("alexnet-owt-7be5be79.pth", {})):
        settings = {name: NARROW[name] for name in WIDTHS} | others
        with pytest.raises(MissingWeights) as caught:
            CrossIDRecipe(Plan("paper", "full", settings, identities=3, image_size=128, seed=0))
        assert f"`reenactbench weights fetch {lacking}`" in str(caught.value)
        assert "\n" not in str(caught.value)


def test_footage_of_another_size_is_one_sentence() -> None:
    with pytest.raises(
        ReenactbenchError, match=r"^crossid works at 128 pixels, and this data set has 64; name another --dataset$"
    ):
        CrossIDRecipe(Plan("demo", "full", NARROW, identities=3, image_size=64, seed=0))


def test_settings_and_stand_ins_are_recorded() -> None:
    recipe = recipe_of("full", siamese="alexnet-untrained", mask_bias=1.5)
    assert recipe.settings["mask_bias"] == 1.5
    assert set(recipe.settings) == set(Config.__dataclass_fields__)
    assert recipe.metadata() == {"perceptual": "synthface", "siamese": "alexnet-untrained"}


# --- Numbers


def test_bfloat16_never_rounds_the_landmarks(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bfloat16 a place beyond 64 would be off by up to a quarter of a pixel."""
    seen: list[Tensor] = []
    of_points = HeatmapConvolution.of_points

    def note(self: HeatmapConvolution, points: Tensor, size: int) -> Tensor:
        seen.append(points.detach())
        made = of_points(self, points, size)
        assert made.dtype == torch.bfloat16  # it is a mixed run indeed
        return made

    monkeypatch.setattr(HeatmapConvolution, "of_points", note)
    recipe = recipe_of("full", precision=Mixed("cpu"), warm_up=0, extractor_steps=0, augment=0, candidates=1)
    found = step(recipe, footage, 0)
    draws = Draws(footage, 0, 0)
    paired, unpaired, of_output, of_faces = seen
    assert torch.equal(paired, draws.paired(2).driving.landmarks)
    assert torch.equal(unpaired, draws.unpaired(2).driving.landmarks)
    assert torch.equal(of_faces, draws.landmarks(2)[0])
    assert of_output.dtype == torch.float32
    assert not torch.equal(of_output, of_output.bfloat16().float())
    assert all(value.dtype == torch.float32 and value.isfinite() for value in found.values())


def test_four_frames_are_learnt_by_heart() -> None:
    """From each of four targets, each driving frame makes the frame that is nearest to itself: no copy, no mean."""
    four = Footage([clip(1, range(1, 20, 6))])
    settings = {"width": 16, "code": 16, "batch": 4, "warm_up": 300, "warm_up_rate": 3e-3, "unmasked": 300, "face": 10}
    recipe = recipe_of("sup", **settings, l1=True, perceptual_weight=0, augment=0, candidates=1)
    for number in range(300):
        step(recipe, four, number)
    frames = torch.from_numpy(four.clips[0].images).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        codes = recipe.landmark_encoder(torch.from_numpy(four.clips[0].landmarks))
        for target in frames[:, None].expand(-1, 4, -1, -1, -1):
            drawn = recipe.generator(recipe.content_encoder(target), codes, target, unmasked=True).image
            errors = (drawn[:, None] - frames).abs().mean((2, 3, 4))
            assert torch.equal(errors.argmin(1), torch.arange(4))
            assert errors.diagonal().mean() < (frames - frames.mean(0)).abs().mean()


def test_pictures_have_the_target_the_driver_the_frame_the_hallucination_and_the_mask(footage: Footage) -> None:
    recipe, draws = recipe_of("full"), Draws(footage, 0, 0)
    with torch.no_grad():
        grid = recipe.sample(draws)
    assert grid.shape == (8, 5, 3, 128, 128)
    for rows, pairs in ((grid[:4], draws.paired(4, candidates=4)), (grid[4:], draws.unpaired(4, length=1))):
        assert torch.equal(rows[:, 0], pairs.targets.images)
        assert torch.equal(rows[:, 1], pairs.driving.images)
    target, _, image, hallucination, mask = grid.unbind(1)
    torch.testing.assert_close(image, (1 - mask) * target + mask * hallucination, atol=1e-6, rtol=0)


# --- The real recipe in the loop


@pytest.fixture
def job(tmp_path: Path, footage: Footage) -> Job:
    """Step 0 trains F beside the warm-up, 1 is warm-up alone, 2 and 3 are all of the paper."""
    settings = NARROW | {"steps": "4", "extractor_steps": "1", "warm_up": "2", "unmasked": "1"}
    return Job(CrossIDRecipe, footage, "faces", tmp_path / "crossid", "demo", "full", settings)


def test_a_training_that_was_stopped_in_the_middle_goes_on_with_the_same_losses(job: Job, tmp_path: Path) -> None:
    undisturbed = replace(job, folder=tmp_path / "undisturbed")
    train(undisturbed)
    for steps in (1, 3, 4):
        assert train(replace(job, steps=steps, resume=True)).steps == steps
    assert logged(job.folder) == logged(undisturbed.folder)
    states = [torch.load(folder / STATE, weights_only=True) for folder in (job.folder, undisturbed.folder)]
    assert states[0]["networks"].keys() == set(CrossIDRecipe(job.plan).networks())
    for part in ("networks", "average"):
        torch.testing.assert_close(states[0][part], states[1][part], atol=0, rtol=0)


def test_what_was_trained_is_what_the_checkpoint_draws(job: Job, footage: Footage) -> None:
    outcome = train(replace(job, steps=1, ema=0.0))
    said = read_checkpoint(outcome.checkpoint, "crossid").metadata
    assert (said["variant"], said["preset"], said["settings"]["width"]) == ("full", "demo", 8)
    assert (said["perceptual"], said["siamese"]) == ("synthface", "synthface")
    assert said["identities"] == ["001", "002", "003"]
    recipe, pairs = recipe_of("full"), Draws(footage, 0, 0).paired(1)
    for name, network in recipe.exported().items():
        network.load_state_dict(torch.load(job.folder / STATE, weights_only=True)["networks"][name])
    model = load_model(outcome.checkpoint, torch.device("cpu"))
    with torch.no_grad():
        drawn, _ = recipe._draw(pairs)
        frames = model(model.content_encoder(pairs.targets.images), pairs.driving.landmarks, pairs.targets.images)
    torch.testing.assert_close(frames, drawn.image, atol=5e-3, rtol=0)  # the checkpoint has half precision


def test_a_loss_that_is_no_number_is_one_sentence_and_the_last_good_state_stays(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(job, steps=3))
    kept = (job.folder / STATE).read_bytes()
    consistency = losses.consistency
    monkeypatch.setattr(losses, "consistency", lambda *codes: consistency(*codes) * math.nan)
    with pytest.raises(ReenactbenchError) as caught:
        train(replace(job, resume=True))
    assert str(caught.value).startswith(f"step 4: the loss consistency is nan; {job.folder / STATE} keeps that after")
    assert "\n" not in str(caught.value)
    assert (job.folder / STATE).read_bytes() == kept
    assert read_checkpoint(job.folder / CHECKPOINT, "crossid").metadata["steps"] == 3


@pytest.mark.gpu
def test_a_gpu_trains_all_of_it_and_goes_on(job: Job) -> None:
    on_gpu = replace(job, device="cuda")
    assert train(replace(on_gpu, steps=3)).steps == 3
    assert train(replace(on_gpu, resume=True)).steps == 4
    assert {"consistency", "identity", "video", "classifier"} <= logged(job.folder)[-1].keys()
