"""How crossid-flow is trained: what each part learns from, and that going on is exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from footage import clip, logged
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import Precision
from reenactbench_baselines.gannotation.recipe import GANnotationRecipe
from torch import Tensor

from crossid_gan.flow.config import PRESETS
from crossid_gan.flow.recipe import FlowRecipe, inner_face
from crossid_gan.recipe import CrossIDRecipe
from reenactbench.errors import ReenactbenchError
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.training.footage import Footage
from reenactbench.training.job import Job
from reenactbench.training.loop import evaluating, train
from reenactbench.training.recipe import Plan, Recipe
from reenactbench.training.sampling import Draws
from reenactbench.training.state import STATE

NARROW = {"width": "8", "code": "8", "motion_width": "16", "motion_code": "4", "batch": "2", "motion_batch": "8"}


def same_motions() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Three people in four motions: shapes that are shifted, as wholes, by the motion."""
    random = np.random.default_rng(0)
    shapes, shifts = random.uniform(30, 90, (3, 1, 68, 2)), random.uniform(-15, 15, (1, 4, 1, 2))
    return (shapes + shifts).astype(np.float32)


@pytest.fixture(scope="module")
def footage() -> Footage:
    return Footage([clip(number, range(1, 7)) for number in (1, 2)], same_motions)


def recipe_of(**given: str) -> FlowRecipe:
    torch.manual_seed(0)
    recipe = FlowRecipe(Plan("demo", "full", NARROW | given, 2, 128, 0))
    recipe.set_up(Fabric(accelerator="cpu", devices=1, plugins=Precision()))
    return recipe


def state(recipe: FlowRecipe, *names: str) -> list[Tensor]:
    return [value.clone() for name in names for value in recipe.networks()[name].state_dict().values()]


def unchanged(before: list[Tensor], after: list[Tensor]) -> bool:
    return all(torch.equal(*both) for both in zip(before, after, strict=True))


PICTURES = ("content_encoder", "landmark_encoder", "generator")


def test_a_step_trains_pictures_and_motion_each_on_its_own(footage: Footage) -> None:
    recipe, alone = recipe_of(), recipe_of(motion_batch="0")
    before = state(alone, "motion")
    losses = recipe.step(0, Draws(footage, 0, 0)), alone.step(0, Draws(footage, 0, 0))
    assert set(losses[0]) - set(losses[1]) == {"motion"}
    assert all(torch.equal(losses[0][name], value) for name, value in losses[1].items())
    assert unchanged(state(alone, *PICTURES), state(recipe, *PICTURES))
    assert unchanged(before, state(alone, "motion")) and not unchanged(before, state(recipe, "motion"))


def test_the_motion_networks_learn_whose_face_and_which_motion(footage: Footage) -> None:
    """In a world of three people and four shifts, what is left is a small part of how far the drivers are off."""
    recipe = recipe_of(
        motion_width="64", motion_batch="64", degrade="0", augment="0", motion_rate="0.003", motion_noise="0"
    )
    for number in range(40):
        recipe._train_motion(Draws(footage, 0, number))
    driving, own, moved = Draws(footage, 1, 0).same_motions(64)
    recipe.motion.eval()
    with torch.no_grad():
        found = recipe.motion(driving, own)
    assert (found - moved).abs().mean() < 0.3 * (own - moved).abs().mean()


def test_data_without_people_in_the_same_motion_are_refused_with_the_way_out() -> None:
    footage = Footage([clip(number, range(1, 7)) for number in (1, 2)])
    with pytest.raises(ReenactbenchError, match=r"go on here with --init CHECKPOINT --set motion_batch=0"):
        recipe_of().step(0, Draws(footage, 0, 0))
    recipe_of(motion_batch="0").step(0, Draws(footage, 0, 0))


def test_the_mask_costs_something_in_the_last_fifth_alone(footage: Footage) -> None:
    for number, differs in ((7, False), (8, True)):
        recipes = recipe_of(steps="10", mask_weight="0"), recipe_of(steps="10", mask_weight="100")
        for recipe in recipes:
            recipe.step(number, Draws(footage, 0, number))
        assert unchanged(state(recipes[0], *PICTURES), state(recipes[1], *PICTURES)) != differs


def test_the_inner_face_is_cut_out_around_its_middle_and_inside_the_picture() -> None:
    rows = torch.arange(128.0)[:, None].expand(128, 128)
    images = torch.stack([rows.T, rows, torch.zeros(128, 128)]).expand(2, -1, -1, -1)
    landmarks = torch.zeros(2, 68, 2)
    landmarks[0, 17:], landmarks[1, 17:] = torch.tensor([70.0, 50.0]), torch.tensor([5.0, 120.0])
    cut = inner_face(images, landmarks, 64)
    assert cut.shape == (2, 3, 64, 64)
    assert cut[:, :2, 0, 0].tolist() == [[38, 18], [0, 64]]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"width": "12"}, "--set width=12: width is a multiple of 8, 8 at least"),
        ({"steps": "0"}, "--set steps=0: steps is 1 at least"),
        ({"ema": "1"}, "--set ema=1.0: ema is from 0 to below 1"),
        ({"degrade": "-1"}, "--set degrade=-1.0: degrade is 0 at least"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        recipe_of(**given)
    assert str(caught.value) == sentence


def test_another_size_is_refused() -> None:
    with pytest.raises(ReenactbenchError, match="crossid-flow works at 128 pixels, and this data set has 64"):
        FlowRecipe(Plan("demo", "full", {}, 2, 64, 0))


@pytest.mark.parametrize("recipe", [FlowRecipe, CrossIDRecipe, GANnotationRecipe])
def test_what_is_validated_is_what_the_samples_show(recipe: type[Recipe], footage: Footage) -> None:
    """The third column of the first rows: paired samples, as the method makes them."""
    torch.manual_seed(0)
    small = {"width": "8"} | ({"code": "8"} if recipe is not GANnotationRecipe else {"perceptual": "synthface"})
    made = recipe(Plan("demo", recipe.variants[0], small, 2, 128, 0))
    made.set_up(Fabric(accelerator="cpu", devices=1, plugins=Precision()))
    draws = Draws(footage, 0, 0)
    with evaluating(made.networks()), torch.no_grad():
        shown, frames = made.sample(draws), made.reenacted(draws.paired(4, candidates=4))
    assert frames is not None and torch.equal(shown[:4, 2], frames)


# --- The recipe in the loop


@pytest.fixture
def job(tmp_path: Path, footage: Footage) -> Job:
    settings = NARROW | {"steps": "5"}
    return Job(FlowRecipe, footage, "faces", tmp_path / "flow", "demo", "full", settings, sample_every=2)


def test_a_training_that_was_stopped_goes_on_to_the_same_weights_and_curve(job: Job, tmp_path: Path) -> None:
    validation = Footage([clip(3, range(1, 7)), clip(4, range(1, 7))])
    undisturbed = replace(job, folder=tmp_path / "undisturbed", validation=validation)
    train(replace(job, steps=3, validation=validation))
    outcome, other = train(replace(job, resume=True, validation=validation)), train(undisturbed)
    assert logged(job.folder) == logged(undisturbed.folder)
    found, wanted = (read_checkpoint(each.checkpoint, "crossid-flow") for each in (outcome, other))
    assert all(torch.equal(value, wanted.tensors[name]) for name, value in found.tensors.items())
    curve = found.metadata["validation"]
    assert curve == wanted.metadata["validation"] and [point["samples"] for point in curve] == [4, 8]
    assert all(0 < point["validation_l1"] < 1 > point["validation_ssim"] for point in curve)
    states = [torch.load(each.folder / STATE, weights_only=True) for each in (job, undisturbed)]
    for name, network in states[0]["networks"].items():
        assert all(torch.equal(value, states[1]["networks"][name][key]) for key, value in network.items())


def test_what_is_exported_is_what_the_method_needs(job: Job) -> None:
    tensors = read_checkpoint(train(replace(job, steps=1)).checkpoint, "crossid-flow").tensors
    assert {name.partition(".")[0] for name in tensors} == {"motion", *PICTURES}
    assert PRESETS["demo"].ema == 0.999
