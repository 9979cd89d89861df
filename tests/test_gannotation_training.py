"""GANnotation's training: each loss by hand, what goes through the generator again, and that the recipe goes on.

The networks are narrow, the people are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from footage import clip, logged
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import Precision
from reenactbench_baselines.gannotation import losses
from reenactbench_baselines.gannotation.config import MASKED, PLAIN, PRESETS, Config
from reenactbench_baselines.gannotation.model import load_model
from reenactbench_baselines.gannotation.networks import Drawn
from reenactbench_baselines.gannotation.recipe import GANnotationRecipe
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.training.footage import Footage
from reenactbench.training.heatmaps import heatmaps
from reenactbench.training.job import Job
from reenactbench.training.loop import Mixed, train
from reenactbench.training.losses import face_weights, perceptual
from reenactbench.training.recipe import Plan
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.state import STATE
from reenactbench.types import Frames

NARROW = {"width": "4", "blocks": "1", "batch": "2", "perceptual": "synthface"}
WHOLE: Mapping[str, Any] = {"warm_up": 0, "returning": 0, "face": 0, "candidates": 1, "augment": 0, "clip": 0}
"""All terms from the first step on, of all samples, as they are drawn."""
MAKERS_TERMS = ["pixel", "perceptual", "cycle", "triple", "variation", "adversarial"]


def plan(variant: str = MASKED, preset: str = "demo", size: int = 128, **settings: Any) -> Plan:
    texts = NARROW | {name: str(value) for name, value in settings.items()}
    return Plan(preset, variant, texts, identities=3, image_size=size, seed=0)


def recipe_of(variant: str = MASKED, precision: Precision | None = None, **settings: Any) -> GANnotationRecipe:
    """Always with the same weights to begin with."""
    torch.manual_seed(0)
    recipe = GANnotationRecipe(plan(variant, **settings))
    recipe.set_up(Fabric(accelerator="cpu", devices=1, plugins=precision or Precision()))
    return recipe


def step(recipe: GANnotationRecipe, footage: Footage, number: int) -> Mapping[str, Tensor]:
    torch.manual_seed(number)
    return recipe.step(number, Draws(footage, 0, number))


def changed(recipe: GANnotationRecipe, footage: Footage, number: int) -> set[str]:
    """The parameters that a step changes."""

    def parameters() -> dict[str, Tensor]:
        return {
            f"{name}.{key}": value.detach().clone()
            for name, network in recipe.networks().items()
            for key, value in network.state_dict().items()
        }

    before = parameters()
    step(recipe, footage, number)
    return {name for name, value in parameters().items() if not torch.equal(value, before[name])}


def networks(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def noted(recipe: GANnotationRecipe, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Optimizer, Tensor]]:
    """What a step goes down, with which optimiser."""
    sums, descend = [], recipe.descend

    def note(loss: Tensor, optimiser: Optimizer, clip: float | None = None) -> None:
        sums.append((optimiser, loss.detach()))
        descend(loss, optimiser, clip)

    monkeypatch.setattr(recipe, "descend", note)
    return sums


# --- Losses


def test_fooling_and_telling_are_the_two_sides_of_a_wasserstein_critic() -> None:
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.5])
    assert float(losses.fooling(fake)) == 1.25
    assert float(losses.telling(real, fake)) == -1.25 - 0.5


def test_the_penalty_of_a_linear_critic_is_how_far_its_slope_is_from_1_squared() -> None:
    weights = torch.zeros(3, 4, 4)
    weights[0, 1, 2], weights[2, 3, 0] = 3.0, 4.0
    weights.requires_grad_()
    real, fake = torch.rand(2, 5, 3, 4, 4)
    penalty = losses.gradient_penalty(lambda images: (images * weights).sum((1, 2, 3)), real, fake, torch.rand(5))
    assert penalty.item() == (5 - 1) ** 2
    (slope,) = torch.autograd.grad(penalty, weights)  # 2 (norm - 1) times the unit vector
    assert (slope[0, 1, 2].item(), slope[2, 3, 0].item()) == pytest.approx((8 * 0.6, 8 * 0.8))


def test_the_slope_is_that_of_each_picture_at_its_own_place_between_fake_and_real() -> None:
    """Of a critic whose slope is the picture itself."""
    real, fake = torch.zeros(3, 3, 1, 1), torch.zeros(3, 3, 1, 1)
    real[:, 0], fake[:, 1] = 4.0, 3.0
    shares = torch.tensor([1.0, 1.0, 0.5])
    penalty = losses.gradient_penalty(lambda images: images.square().sum((1, 2, 3)) / 2, real, fake, shares)
    assert penalty.item() == pytest.approx((2 * (4 - 1) ** 2 + (2.5 - 1) ** 2) / 3)


def test_the_variation_is_the_sum_over_a_picture_of_the_steps_between_neighbours() -> None:
    images = torch.zeros(2, 3, 2, 3)
    images[0, 0] = torch.tensor([[0.0, 0.5, 0.5], [0.25, 0.5, 1.0]])
    images[1, 2, 1, 1] = 1.0
    of_first = (0.5 + 0 + 0.25 + 0.5) + (0.25 + 0 + 0.5)
    assert float(losses.variation(images)) == (of_first + 3) / 2


# --- Which losses, and who learns from them


@pytest.mark.parametrize("variant", GANnotationRecipe.variants)
def test_the_losses_of_a_step_of_the_warm_up_and_of_a_later_one(footage: Footage, variant: str) -> None:
    recipe = recipe_of(variant, warm_up=1)
    for number, names in enumerate([MAKERS_TERMS[:2], [*MAKERS_TERMS, "judge", "penalty"]]):
        found = step(recipe, footage, number)
        assert list(found) == names
        assert all(value.ndim == 0 and not value.requires_grad and value.isfinite() for value in found.values())


def test_the_warm_up_trains_the_generator_alone_and_later_steps_both_with_all_their_weights(footage: Footage) -> None:
    recipe = recipe_of(warm_up=1, unmasked=0)
    for number, learning in enumerate([{"generator"}, {"generator", "discriminator"}]):
        found = changed(recipe, footage, number)
        assert networks(found) == learning
        assert found == {
            f"{name}.{key}" for name in learning for key in recipe.networks()[name].state_dict()
        }  # none is left out


def test_the_mask_learns_nothing_while_colours_alone_make_the_frame(footage: Footage) -> None:
    recipe = recipe_of(**WHOLE | {"warm_up": 2}, unmasked=1)
    pairs = Draws(footage, 0, 0).paired(2)
    with torch.no_grad():
        colours = recipe.generator(pairs.targets.images, pairs.driving.landmarks).colours
    torch.testing.assert_close(recipe._likeness(colours, pairs)["pixel"], step(recipe, footage, 0)["pixel"])
    recipes = recipe_of(warm_up=2, unmasked=1), recipe_of(warm_up=2, unmasked=2)
    for number in range(2):
        found = ["generator.mask.weight" in changed(recipe, footage, number) for recipe in recipes]
        assert found == [number == 1, False]


def test_a_step_goes_down_the_weighted_sum_and_then_as_often_as_asked_down_what_the_judge_pays(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = dict(zip(MAKERS_TERMS, (2, 3, 5, 7, 1e-3, 11), strict=True))
    settings = {f"{name}_weight": weight for name, weight in weights.items()}
    recipe = recipe_of(**WHOLE, **settings, penalty_weight=13, judge_steps=3)
    sums = noted(recipe, monkeypatch)
    found = step(recipe, footage, 0)
    assert [optimiser for optimiser, _ in sums] == [recipe.maker_adam, *[recipe.judge_adam] * 3]
    torch.testing.assert_close(sums[0][1], torch.stack([weights[name] * found[name] for name in weights]).sum())
    torch.testing.assert_close(sums[-1][1], found["judge"] + 13 * found["penalty"])
    assert len({float(loss) for _, loss in sums[1:]}) == 3


def test_a_step_of_the_warm_up_goes_down_its_two_terms_at_its_own_rate(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(warm_up=1, warm_up_rate=1e-2, rate=1e-4, pixel_weight=2, perceptual_weight=3)
    sums = noted(recipe, monkeypatch)
    found = step(recipe, footage, 0)
    ((optimiser, loss),) = sums
    torch.testing.assert_close(loss, 2 * found["pixel"] + 3 * found["perceptual"])
    rates = [optimiser.param_groups[0]["lr"]]
    step(recipe, footage, 1)
    assert [*rates, *(of.param_groups[0]["lr"] for of in (recipe.maker_adam, recipe.judge_adam))] == [1e-2, 1e-4, 1e-4]


def test_both_learn_by_adam(footage: Footage) -> None:
    recipe = GANnotationRecipe(plan(momentum=0.3, rate=0.002))
    for optimiser in recipe.optimisers().values():
        assert isinstance(optimiser, Adam)
        assert (optimiser.defaults["betas"], optimiser.defaults["lr"]) == ((0.3, 0.999), 0.002)


# --- What the losses compare


@pytest.mark.parametrize("face", [0, 3])
def test_frames_are_compared_with_the_driving_ones_in_pixels_and_through_the_content_network(
    footage: Footage, face: int
) -> None:
    recipe = recipe_of(**WHOLE | {"face": face})
    pairs = Draws(footage, 0, 0).paired(2)
    truth = pairs.driving.images
    with torch.no_grad():
        made = recipe.generator(pairs.targets.images, pairs.driving.landmarks).image
        content = perceptual(recipe.perceptual(made), recipe.perceptual(truth))
        score = recipe.discriminator(made).mean()
    found = step(recipe, footage, 0)
    weights = face_weights(pairs.driving.landmarks, 128, face)
    torch.testing.assert_close(found["pixel"], ((made - truth).abs() * weights).mean())
    torch.testing.assert_close(found["perceptual"], content)
    torch.testing.assert_close(found["variation"], losses.variation(made))
    torch.testing.assert_close(found["adversarial"], -score)


@pytest.mark.parametrize(("returning", "again"), [(0, 3), (1, 1), (2, 2), (9, 3)])
def test_so_many_frames_go_back_to_the_target_and_on_to_where_the_target_went_directly(
    footage: Footage, returning: int, again: int
) -> None:
    recipe = recipe_of(**WHOLE | {"returning": returning}, batch=3)
    draws, seen = Draws(footage, 0, 0), []
    pairs, (elsewhere, _) = draws.paired(3), draws.landmarks(again)
    target, first = pairs.targets.images, slice(again)
    with torch.no_grad():
        made = recipe.generator(target, pairs.driving.landmarks).image[first]
        back = recipe.generator(made, pairs.targets.landmarks[first]).image
        by_way = recipe.generator(made, elsewhere).image
        direct = recipe.generator(target[first], elsewhere).image
    recipe.generator.register_forward_pre_hook(lambda module, given: seen.append(len(given[0])))
    found = step(recipe, footage, 0)
    assert sum(seen) == 3 + 3 * again
    torch.testing.assert_close(found["cycle"], (back - target[first]).abs().mean(), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(found["triple"], (by_way - direct).abs().mean(), atol=1e-6, rtol=1e-4)


def test_a_generator_that_draws_landmarks_alone_is_consistent_to_the_last_bit(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picture(landmarks: Tensor) -> Tensor:
        return heatmaps(landmarks, 128).amax(1, keepdim=True).expand(-1, 3, -1, -1)

    def stub(images: Tensor, landmarks: Tensor) -> Drawn:
        return Drawn(picture(landmarks), images, images)

    recipe, pairs = recipe_of(), Draws(footage, 0, 0).paired(2)
    targets, driving = (
        Frames(picture(frames.landmarks), frames.landmarks) for frames in (pairs.targets, pairs.driving)
    )
    monkeypatch.setattr(recipe, "generator", stub)
    monkeypatch.setattr(recipe, "descend", lambda *given: None)
    elsewhere, _ = Draws(footage, 0, 0).landmarks(2)
    found, made = recipe._train_maker(replace(pairs, targets=targets, driving=driving), elsewhere)
    assert {name: float(found[name]) for name in ("pixel", "cycle", "triple")} == dict.fromkeys(
        ("pixel", "cycle", "triple"), 0
    )
    assert torch.equal(made, driving.images) and not torch.equal(made, targets.images)


def test_the_judge_is_shown_true_driving_frames_and_what_was_made_and_teaches_itself_alone(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, looks, places = recipe_of(**WHOLE, judge_steps=2), list[Tensor](), list[Tensor]()
    penalty = losses.gradient_penalty

    def note(critic: nn.Module, real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
        assert critic is recipe.critic
        places.append(shares)
        looks.extend([real, fake])
        return penalty(critic, real, fake, shares)

    monkeypatch.setattr(losses, "gradient_penalty", note)
    recipe.discriminator.register_forward_pre_hook(lambda module, given: looks.append(given[0]))
    pairs = Draws(footage, 0, 0).paired(2)
    step(recipe, footage, 0)
    fooling, *rest = looks
    assert fooling.requires_grad and len(rest) == 8
    for real, fake in zip(rest[::2], rest[1::2], strict=True):
        assert torch.equal(real, pairs.driving.images)
        assert torch.equal(fake, fooling) and not fake.requires_grad
    assert places[0].shape == (2,) and len({*places[0].tolist(), *places[1].tolist()}) == 4
    assert all(0 <= share <= 1 for shares in places for share in shares)


def test_fooling_the_judge_leaves_no_gradient_with_it(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_of(**WHOLE)
    monkeypatch.setattr(recipe, "_train_judge", lambda real, fake: {})
    step(recipe, footage, 0)
    assert all(value.grad is None and value.requires_grad for value in recipe.discriminator.parameters())


def test_samples_are_disturbed_and_of_so_many_drivers_the_farthest_is_taken(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, seen, asked, paired = recipe_of(**WHOLE | {"augment": 1, "candidates": 4}), [], [], Draws.paired

    def note(self: Draws, *given: Any, **named: Any) -> Pairs:
        asked.append((given, named))
        return paired(self, *given, **named)

    monkeypatch.setattr(Draws, "paired", note)
    recipe.generator.register_forward_pre_hook(lambda module, given: seen.append(given))
    step(recipe, footage, 0)
    assert asked == [((2,), {"candidates": 4})]
    plain = paired(Draws(footage, 0, 0), 2, candidates=4)
    images, landmarks = (part[:2] for part in seen[0])
    assert (images - plain.targets.images).abs().amax((1, 2, 3)).min() > 0.1
    assert (landmarks - plain.driving.landmarks).abs().amax((1, 2)).min() > 0.1


# --- The presets

DEPARTURES_OFF = {
    "halvings": 2,
    "warm_up": 0,
    "warm_up_rate": 1e-4,
    "unmasked": 0,
    "returning": 0,
    "face": 0.0,
    "candidates": 1,
    "augment": 0.0,
}


def test_the_paper_preset_departs_from_the_paper_in_nothing() -> None:
    paper, names = asdict(PRESETS["paper"]), list(Config.__dataclass_fields__)
    assert paper == asdict(Config())
    assert {name: paper[name] for name in names[names.index("halvings") :]} == DEPARTURES_OFF
    assert (paper["width"], paper["blocks"], paper["batch"], paper["rate"]) == (64, 6, 64, 1e-4)
    assert (paper["adversarial_weight"], paper["perceptual_weight"], paper["variation_weight"]) == (0.01, 0.1, 1e-8)
    assert (paper["pixel_weight"], paper["cycle_weight"], paper["triple_weight"], paper["penalty_weight"]) == (
        1,
        1,
        1,
        10,
    )
    assert (paper["momentum"], paper["judge_steps"], paper["clip"], paper["ema"]) == (0.5, 5, 0, 0)


def test_epochs_of_the_paper_preset_are_of_a_thousand_pairs_a_video() -> None:
    paper = PRESETS["paper"]
    assert paper.steps / (102 * 1000 / paper.batch) == 20


def test_the_paper_preset_says_which_file_it_lacks_and_how_to_get_it() -> None:
    with pytest.raises(MissingWeights, match=r"`reenactbench weights fetch vgg19-dcbb9e9d\.pth`") as caught:
        GANnotationRecipe(plan(preset="paper", perceptual="vgg19"))
    assert "\n" not in str(caught.value)


def test_footage_of_another_size_is_one_sentence() -> None:
    with pytest.raises(
        ReenactbenchError, match=r"^gannotation works at 128 pixels, and this data set has 64; name another --dataset$"
    ):
        GANnotationRecipe(plan(size=64))


NUMBERS = {name for name, value in asdict(Config()).items() if type(value) in (int, float)}
COUNTS = {"width", "batch", "steps", "judge_steps", "candidates"}
SHARES = {"momentum", "ema"}


@pytest.mark.parametrize(
    ("given", "limits"),
    [(f"{name}=-1", "0 at least") for name in sorted(NUMBERS - COUNTS - SHARES - {"halvings"})]
    + [(f"{name}=0", "1 at least") for name in sorted(COUNTS)]
    + [(f"{name}=1", "from 0 to below 1") for name in sorted(SHARES)]
    + [(f"halvings={value}", "from 1 to below 6") for value in (0, 6)],
)
def test_numbers_that_no_training_has_are_refused_in_a_sentence(given: str, limits: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(ReenactbenchError, match=rf"^--set {name}={value}(\.0)?: {name} is {limits}$"):
        GANnotationRecipe(plan(**{name: value}))


def test_settings_and_the_content_network_are_recorded() -> None:
    recipe = recipe_of(perceptual="alexnet-untrained", face=1.5)
    assert recipe.settings["face"] == 1.5
    assert set(recipe.settings) == set(Config.__dataclass_fields__)
    assert recipe.metadata() == {"perceptual": "alexnet-untrained"}


# --- Pictures and numbers


@pytest.mark.parametrize("variant", GANnotationRecipe.variants)
def test_pictures_have_the_target_the_driver_the_frame_the_colours_and_the_mask(footage: Footage, variant: str) -> None:
    recipe, draws = recipe_of(variant), Draws(footage, 0, 0)
    with torch.no_grad():
        grid = recipe.sample(draws)
        assert grid.shape == (8, 5, 3, 128, 128)
        for rows, pairs in ((grid[:4], draws.paired(4, candidates=4)), (grid[4:], draws.unpaired(4, length=1))):
            drawn = recipe.generator(pairs.targets.images, pairs.driving.landmarks)
            for column, wanted in enumerate((pairs.targets.images, pairs.driving.images, *drawn[::2], drawn.mask)):
                torch.testing.assert_close(rows[:, column], wanted.expand(-1, 3, -1, -1))


def test_in_bfloat16_the_penalty_is_computed_in_float32_and_all_losses_are_finite(footage: Footage) -> None:
    recipe, seen = recipe_of(precision=Mixed("cpu"), **WHOLE, judge_steps=2), list[torch.dtype]()
    recipe.critic.layers[2].register_forward_hook(lambda module, given, made: seen.append(made.dtype))
    found = step(recipe, footage, 0)
    low, full = torch.bfloat16, torch.float32
    assert seen == [low, low, low, full, low, low, full]  # fooling, then twice real, fake and in between
    assert len(found) == 8 and all(value.dtype == full and value.isfinite() for value in found.values())


def test_four_frames_are_learnt_by_heart() -> None:
    """Of two people, in their own colours: the warm-up is without the mask, which could copy, and all terms follow."""
    four = Footage([clip(number, range(1, 8, 6)) for number in (1, 2)])
    recipe = recipe_of(**WHOLE | {"warm_up": 60, "returning": 1}, batch=4, halvings=3, unmasked=60, warm_up_rate=1e-2)
    found = [step(recipe, four, number) for number in range(66)]
    for name in ("pixel", "perceptual"):  # at this rate single steps differ from one processor to the next
        assert np.median([float(losses[name]) for losses in found[40:60]]) < float(found[0][name]) / 1.6, name
    frames = [torch.from_numpy(each.images).permute(0, 3, 1, 2) / 255 for each in four.clips]
    with torch.no_grad():
        drawn = [
            recipe.generator(images, torch.from_numpy(each.landmarks).flip(0)).colours
            for images, each in zip(frames, four.clips, strict=True)
        ]
    colours, wanted = ((first - second).mean((0, 2, 3)) for first, second in (drawn, frames))
    torch.testing.assert_close(colours, wanted, atol=0.12, rtol=0)
    assert wanted.abs().min() > 0.12  # so that the two of them differ


# --- The recipe in the loop


@pytest.fixture
def job(tmp_path: Path, footage: Footage) -> Job:
    """Steps 0 and 1 are the warm-up, the first of them without the mask, 2 and 3 are all of the paper."""
    settings = NARROW | {"steps": "4", "warm_up": "2", "unmasked": "1"}
    return Job(GANnotationRecipe, footage, "faces", tmp_path / "gannotation", "demo", MASKED, settings)


def test_a_training_that_was_stopped_in_the_middle_goes_on_with_the_same_losses(job: Job, tmp_path: Path) -> None:
    undisturbed = replace(job, folder=tmp_path / "undisturbed")
    train(undisturbed)
    for steps in (1, 3, 4):
        assert train(replace(job, steps=steps, resume=True)).steps == steps
    assert logged(job.folder) == logged(undisturbed.folder)
    states = [torch.load(folder / STATE, weights_only=True) for folder in (job.folder, undisturbed.folder)]
    assert states[0]["networks"].keys() == {"generator", "discriminator"}
    for part in ("networks", "average"):
        torch.testing.assert_close(states[0][part], states[1][part], atol=0, rtol=0)


@pytest.mark.parametrize("variant", [MASKED, PLAIN])
def test_what_was_trained_is_what_the_checkpoint_draws(job: Job, footage: Footage, variant: str) -> None:
    outcome = train(replace(job, steps=3, ema=0.0, variant=variant))
    said = read_checkpoint(outcome.checkpoint, "gannotation").metadata
    assert (said["variant"], said["preset"], said["settings"]["width"]) == (variant, "demo", 4)
    assert (said["perceptual"], said["identities"]) == ("synthface", ["001", "002", "003"])
    recipe, pairs = recipe_of(variant), Draws(footage, 0, 0).paired(2)
    recipe.generator.load_state_dict(torch.load(job.folder / STATE, weights_only=True)["networks"]["generator"])
    model, target = load_model(outcome.checkpoint, torch.device("cpu")), pairs.targets.images[:1]
    with torch.no_grad():
        made = recipe.generator(target, pairs.driving.landmarks[:1]).image
        frames = model(target, model.generator.seen(target), pairs.driving.landmarks[:1])
    torch.testing.assert_close(frames, made, atol=1e-2, rtol=0)  # the checkpoint has half precision
    assert (made - target).abs().max() > 0.1


@pytest.mark.gpu
@pytest.mark.parametrize("variant", GANnotationRecipe.variants)
def test_a_gpu_trains_both_networks_and_goes_on(job: Job, variant: str) -> None:
    on_gpu = replace(job, device="cuda", variant=variant)
    assert train(replace(on_gpu, steps=3)).steps == 3
    assert train(replace(on_gpu, resume=True)).steps == 4
    assert {*MAKERS_TERMS, "judge", "penalty"} <= logged(job.folder)[-1].keys()
