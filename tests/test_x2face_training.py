"""X2Face's training: its two stages, what each loss compares, and that the recipe learns, stops and goes on.

The networks are narrow and of 32 pixels, the people are drawn.
"""

from __future__ import annotations

import math
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
from reenactbench_baselines.x2face import recipe as module
from reenactbench_baselines.x2face.config import PRESETS, Config
from reenactbench_baselines.x2face.model import load_model
from reenactbench_baselines.x2face.recipe import Drawn, X2FaceRecipe
from reenactbench_baselines.x2face.sampling import sampled
from torch import Tensor
from torch.optim import SGD

from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.training.footage import Footage
from reenactbench.training.job import CHECKPOINT, Job
from reenactbench.training.loop import Mixed, train
from reenactbench.training.losses import face_weights, perceptual
from reenactbench.training.recipe import Plan
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.training.state import STATE
from reenactbench.types import Frames

NARROW = {"width": "4", "levels": "5", "batch": "2", "shots": "2", "perceptual": "synthface"}
"""Pictures are of 32 pixels then."""
PLAIN: dict[str, Any] = {
    "first_stage": 0,
    "warm_up": 0,
    "face": 0,
    "candidates": 1,
    "augment": 0,
    "unpaired": 0,
    "clip": 0,
}


def plan(variant: str, preset: str, **settings: Any) -> Plan:
    texts = NARROW | {name: str(value) for name, value in settings.items()}
    return Plan(preset, variant, texts, identities=3, image_size=128, seed=0)


def recipe_of(
    variant: str = "full", preset: str = "demo", precision: Precision | None = None, **settings: Any
) -> X2FaceRecipe:
    """Always with the same weights to begin with."""
    torch.manual_seed(0)
    recipe = X2FaceRecipe(plan(variant, preset, **settings))
    recipe.set_up(Fabric(accelerator="cpu", devices=1, plugins=precision or Precision()))
    return recipe


def step(recipe: X2FaceRecipe, footage: Footage, number: int) -> Mapping[str, Tensor]:
    torch.manual_seed(number)
    return recipe.step(number, Draws(footage, 0, number))


def weights(recipe: X2FaceRecipe) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name, network in recipe.networks().items()
        for key, value in network.state_dict().items()
    }


def drawn(recipe: X2FaceRecipe, pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Embedded faces and frames."""
    with torch.no_grad():
        return recipe._draw(pairs.targets.images, pairs.driving.images)[:2]


def pairs_of(footage: Footage, paired: bool = True, number: int = 0, shots: int = 2) -> Pairs:
    """Those of a step, at 32 pixels."""
    draws = Draws(footage, 0, number)
    pairs = draws.paired(2, shots) if paired else draws.unpaired(2, shots, length=1)
    return replace(pairs, targets=pairs.targets.resized(32), driving=pairs.driving.resized(32))


# --- Which losses, and when


@pytest.mark.parametrize(
    ("variant", "number", "names"),
    [
        ("full", 1, "photometric"),
        ("full", 2, "photometric content identity"),
        ("stage1", 1, "photometric"),
        ("stage1", 2, "photometric"),
    ],
)
def test_the_losses_of_a_stage(footage: Footage, variant: str, number: int, names: str) -> None:
    found = step(recipe_of(variant, first_stage=2, warm_up=0), footage, number)
    assert list(found) == names.split()
    assert all(value.ndim == 0 and not value.requires_grad for value in found.values())


@pytest.mark.parametrize("number", [0, 1])
def test_every_step_trains_both_networks(footage: Footage, number: int) -> None:
    recipe = recipe_of(first_stage=1)
    before = weights(recipe)
    step(recipe, footage, number)
    same = {name for name, value in weights(recipe).items() if torch.equal(value, before[name])}
    assert not {name for name in same if name.endswith("weight")}


def test_the_first_stage_is_the_same_in_both_variants_to_the_last_bit(footage: Footage) -> None:
    recipes = recipe_of("full", first_stage=2), recipe_of("stage1", first_stage=2)
    for number in range(3):
        for recipe in recipes:
            step(recipe, footage, number)
        left, right = map(weights, recipes)
        assert all(torch.equal(value, right[name]) for name, value in left.items()) == (number < 2)


def test_a_step_goes_down_the_weighted_sum(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_of(**PLAIN, photometric_weight=2, content_weight=3, identity_weight=5)
    sums: list[Tensor] = []
    monkeypatch.setattr(recipe, "descend", lambda loss, optimiser, clip: sums.append(loss.detach()))
    found = step(recipe, footage, 0)
    torch.testing.assert_close(sums[0], 2 * found["photometric"] + 3 * found["content"] + 5 * found["identity"])


def test_so_does_one_of_the_warm_up(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_of(**PLAIN | {"warm_up": 1, "first_stage": 1}, photometric_weight=2, landmark_weight=7)
    sums: list[Tensor] = []
    monkeypatch.setattr(recipe, "descend", lambda loss, optimiser, clip: sums.append(loss.detach()))
    found = step(recipe, footage, 0)
    torch.testing.assert_close(sums[0], 2 * found["photometric"] + 7 * found["landmarks"])


# --- What the losses compare


def test_the_photometric_loss_is_the_mean_difference_from_the_driving_frame(footage: Footage) -> None:
    recipe, pairs = recipe_of("stage1", **PLAIN), pairs_of(footage)
    _, made = drawn(recipe, pairs)
    torch.testing.assert_close(step(recipe, footage, 0)["photometric"], (made - pairs.driving.images).abs().mean())


def test_near_the_drivers_landmarks_it_counts_more_by_the_setting(footage: Footage) -> None:
    recipe, pairs = recipe_of("stage1", **PLAIN | {"face": 3}), pairs_of(footage)
    _, made = drawn(recipe, pairs)
    apart = (made - pairs.driving.images).abs() * face_weights(pairs.driving.landmarks, 32, 3.0)
    torch.testing.assert_close(step(recipe, footage, 0)["photometric"], apart.mean())


def test_drivers_of_the_same_video_are_compared_with_what_is_made_and_of_another_the_sources(footage: Footage) -> None:
    """All frames of a step go through the networks together, whose batch they are."""
    settings = PLAIN | {"content_layers": "1 3", "identity_layers": "4"}
    recipe, paired, unpaired = recipe_of(**settings), pairs_of(footage), pairs_of(footage, paired=False)
    targets = torch.cat([paired.targets.images, unpaired.targets.images])
    driving = torch.cat([paired.driving.images, unpaired.driving.images])
    with torch.no_grad():
        made = recipe._draw(targets, driving).frames
        assert recipe.perceptual is not None
        of_made, of_drivers, of_sources = map(
            recipe.perceptual, (made, paired.driving.images, unpaired.targets.images[::2])
        )
    found = step(recipe, footage, 0)
    content = [(of_made[layer][:2] - of_drivers[layer]).abs().mean() for layer in (0, 2)]
    torch.testing.assert_close(found["content"], content[0] + content[1])
    torch.testing.assert_close(found["identity"], (of_made[3][2:] - of_sources[3]).abs().mean())
    torch.testing.assert_close(found["photometric"], (made[:2] - paired.driving.images).abs().mean())


def test_a_face_is_made_from_its_own_sources_and_moved_by_its_own_driver(footage: Footage) -> None:
    recipe, pairs = recipe_of(), pairs_of(footage)
    for network in recipe.networks().values():
        network.eval()
    embedded, made = drawn(recipe, pairs)
    for row in range(2):
        sources = pairs.targets.images[2 * row : 2 * row + 2]
        with torch.no_grad():
            face, frame = recipe._draw(sources, pairs.driving.images[row : row + 1])[:2]
            offsets = recipe.driving_network(pairs.driving.images[row : row + 1])
        torch.testing.assert_close(embedded[row : row + 1], face, atol=1e-5, rtol=0)
        torch.testing.assert_close(made[row : row + 1], frame, atol=1e-5, rtol=0)
        torch.testing.assert_close(frame, sampled(face, offsets), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("shots", "learns"), [(1, False), (2, True)])
def test_confidence_is_learnt_from_several_sources_alone(footage: Footage, shots: int, learns: bool) -> None:
    recipe = recipe_of("stage1", **PLAIN | {"shots": shots})
    step(recipe, footage, 0)
    gradient = recipe.embedding_network.get_parameter("layers.ups.0.2.weight").grad
    assert gradient is not None and gradient[:2].abs().max() > 0
    assert (gradient[2].abs().max() > 1e-6) == learns


def test_the_warm_up_has_a_single_source_whatever_the_stage(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, seen = recipe_of(warm_up=2, shots=3, first_stage=1, unpaired=1), []
    draw = recipe._draw

    def note(targets: Tensor, driving: Tensor) -> Drawn:
        seen.append((len(targets), len(driving)))
        return draw(targets, driving)

    monkeypatch.setattr(recipe, "_draw", note)
    for number in range(3):
        step(recipe, footage, number)
    assert seen == [(2, 2), (3, 3), (9, 3)]


def test_the_warm_up_has_a_learning_rate_of_its_own_and_the_landmark_loss(footage: Footage) -> None:
    recipe, found = recipe_of(warm_up=1, warm_up_rate=1e-2, rate=1e-4, first_stage=9), []
    for number in range(2):
        losses = step(recipe, footage, number)
        found.append((list(losses), recipe.optimiser.param_groups[0]["lr"]))
    assert found == [(["photometric", "landmarks"], 1e-2), (["photometric"], 1e-4)]


def test_the_landmark_loss_is_how_far_drivers_landmarks_are_sampled_from_the_targets(footage: Footage) -> None:
    """0 where the two ways together lead from each to its own; in half sides of the picture."""
    recipe, pairs = recipe_of(), pairs_of(footage, shots=1)
    pairs = replace(pairs, targets=Frames(pairs.targets.images, pairs.driving.landmarks + torch.tensor([3.1, -1.55])))
    still = torch.zeros(2, 2, 32, 32)
    right, down = still.clone(), still.clone()
    right[:, 0], down[:, 1] = 0.2, -0.1
    nothing = torch.empty(0)
    for unwrapping, driving, expected in (
        (right, down, 0.0),
        (down, right, 0.0),
        (right, still, 0.05),
        (still, still, 0.15),
    ):
        loss = recipe._landmark_loss(Drawn(nothing, nothing, unwrapping, driving), pairs)
        assert float(loss) == pytest.approx(expected, abs=1e-5)


def test_samples_are_disturbed_and_resized_to_the_networks(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Augmented with their landmarks, paired ones on both sides alike."""
    seen: list[Pairs] = []
    resized = module.resized

    def note(pairs: Pairs, size: int) -> Pairs:
        seen.append(resized(pairs, size))
        return seen[-1]

    monkeypatch.setattr(module, "resized", note)
    step(recipe_of(**PLAIN | {"augment": 1, "unpaired": 1}), footage, 0)
    paired, unpaired = seen
    plain = pairs_of(footage)
    assert paired.driving.images.shape == (2, 3, 32, 32) and unpaired.driving.images.shape == (1, 3, 32, 32)
    assert paired.targets.images.shape == (4, 3, 32, 32) and unpaired.targets.images.shape == (2, 3, 32, 32)
    for frames, of_plain in ((paired.driving, plain.driving), (paired.targets, plain.targets)):
        assert (frames.landmarks - of_plain.landmarks).abs().amax((1, 2)).min() > 0.1


def test_the_driver_farthest_from_the_first_source_is_taken_of_so_many(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    paired = Draws.paired

    def note(self: Draws, *given: Any, **named: Any) -> Pairs:
        asked.append((given, named))
        return paired(self, *given, **named)

    monkeypatch.setattr(Draws, "paired", note)
    step(recipe_of(candidates=4, warm_up=0), footage, 0)
    assert asked == [((2, 2), {"candidates": 4})]


# --- How it learns


def test_the_paper_learns_by_stochastic_gradient_descent_with_momentum(footage: Footage) -> None:
    recipe = recipe_of("stage1", "paper", **PLAIN)
    assert isinstance(recipe.optimiser, SGD) or isinstance(recipe.optimiser.optimizer, SGD)  # type: ignore[attr-defined]
    moved, gradients = [], []
    for number in range(2):
        before = recipe.driving_network.get_parameter("layers.downs.0.0.weight").detach().clone()
        step(recipe, footage, number)
        after = recipe.driving_network.get_parameter("layers.downs.0.0.weight")
        assert after.grad is not None
        moved.append(before - after.detach())
        gradients.append(after.grad.clone())
    torch.testing.assert_close(moved[0], 1e-3 * gradients[0], atol=1e-7, rtol=0)
    torch.testing.assert_close(moved[1], 1e-3 * (0.9 * gradients[0] + gradients[1]), atol=1e-7, rtol=0)


def test_with_adam_the_first_step_is_as_long_as_the_rate(footage: Footage) -> None:
    recipe = recipe_of("stage1", adam=True, rate=0.004, warm_up=0, clip=0)
    before = weights(recipe)
    step(recipe, footage, 0)
    moved = [(value - before[name]).abs().max() for name, value in weights(recipe).items() if name.endswith("weight")]
    assert float(max(moved)) == pytest.approx(0.004, rel=1e-2)


def test_four_frames_are_moved_until_they_come_near_each_other() -> None:
    """As far as a picture of 32 pixels can be warped to another one."""
    four = Footage([clip(1, range(1, 20, 6))])
    recipe = recipe_of("stage1", **PLAIN, width=8, batch=4, shots=1, rate=2e-3, start=0.1)
    found, still = [], []
    for number in range(50):
        found.append(float(step(recipe, four, number)["photometric"]))
        pairs = Draws(four, 0, number).paired(4)
        apart = pairs.targets.resized(32).images - pairs.driving.resized(32).images
        still.append(float(apart.abs().mean()))
    assert np.mean(found[-10:]) < 0.6 * np.mean(still[-10:])


# --- The presets

DEPARTURES_OFF = {
    "adam": False,
    "start": 1.0,
    "warm_up": 0,
    "warm_up_rate": 1e-3,
    "landmark_weight": 0.0,
    "face": 0.0,
    "candidates": 1,
    "augment": 0.0,
    "unpaired": 0,
}


def test_the_paper_preset_departs_from_the_paper_in_nothing() -> None:
    paper, names = asdict(PRESETS["paper"]), list(Config.__dataclass_fields__)
    assert paper == asdict(Config())
    assert {name: paper[name] for name in names[names.index("adam") :]} == DEPARTURES_OFF
    assert (paper["rate"], paper["momentum"], paper["batch"], paper["clip"], paper["ema"]) == (1e-3, 0.9, 16, 0, 0)


def test_the_128_pixels_of_the_paper_differ_in_nothing_but_a_level() -> None:
    assert replace(PRESETS["paper-128"], levels=8) == PRESETS["paper"]
    assert [2 ** PRESETS[name].levels for name in ("paper", "paper-128", "demo")] == [256, 128, 128]


def test_epochs_of_the_paper_preset_are_of_a_thousand_pairs_a_video() -> None:
    paper = PRESETS["paper"]
    an_epoch = 102 * 1000 / paper.batch
    assert (paper.steps / an_epoch, paper.first_stage / an_epoch) == (20, 10)


@pytest.mark.parametrize("preset", ["paper", "paper-128"])
def test_the_papers_second_stage_says_which_file_it_lacks_and_the_first_lacks_none(preset: str) -> None:
    with pytest.raises(MissingWeights) as caught:
        X2FaceRecipe(plan("full", preset, perceptual="vgg19"))
    assert "`reenactbench weights fetch vgg19-dcbb9e9d.pth`" in str(caught.value)
    assert "\n" not in str(caught.value)
    recipe = X2FaceRecipe(plan("stage1", preset, perceptual="vgg19"))
    assert recipe.metadata() == {"perceptual": None}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"width": 0}, "--set width=0: width is 1 at least"),
        ({"levels": 1}, "--set levels=1: levels is 2 at least"),
        ({"shots": 0}, "--set shots=0: shots is 1 at least"),
        (
            {"content_layers": "2 5"},
            "--set content_layers=2 5: write numbers of layers of synthface, from 1 to 4",
        ),
        ({"identity_layers": "0"}, "--set identity_layers=0: write numbers of layers of synthface, from 1 to 4"),
        ({"identity_layers": "last"}, "--set identity_layers=last: write numbers of layers of synthface, from 1 to 4"),
        ({"identity_layers": ""}, "--set identity_layers=: write numbers of layers of synthface, from 1 to 4"),
    ],
)
def test_settings_that_make_no_sense_are_one_sentence(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        X2FaceRecipe(plan("full", "demo", **given))
    assert str(caught.value) == sentence


def test_settings_and_the_content_network_are_recorded() -> None:
    recipe = recipe_of(perceptual="alexnet-untrained", start=0.5)
    assert recipe.settings["start"] == 0.5
    assert set(recipe.settings) == set(Config.__dataclass_fields__)
    assert recipe.metadata() == {"perceptual": "alexnet-untrained"}


# --- Pictures and numbers


def test_pictures_have_the_source_the_embedded_face_the_driver_and_the_frame(footage: Footage) -> None:
    recipe, draws = recipe_of(), Draws(footage, 0, 0)
    with torch.no_grad():
        grid = recipe.sample(draws)
    assert grid.shape == (8, 4, 3, 32, 32)
    for rows, pairs in ((grid[:4], draws.paired(4, 2, candidates=4)), (grid[4:], draws.unpaired(4, 2, length=1))):
        assert torch.equal(rows[:, 0], pairs.targets.resized(32).images[::2])
        assert torch.equal(rows[:, 2], pairs.driving.resized(32).images)
        torch.manual_seed(0)
        embedded, made = drawn(
            recipe, replace(pairs, targets=pairs.targets.resized(32), driving=pairs.driving.resized(32))
        )
        torch.testing.assert_close(rows[:, 1], embedded)
        torch.testing.assert_close(rows[:, 3], made)


def test_bfloat16_never_rounds_pictures(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offsets are what a network says in bfloat16, and so within a quarter of a pixel in training."""
    seen: list[Tensor] = []

    def note(images: Tensor, offsets: Tensor) -> Tensor:
        seen.extend([images, offsets])
        return sampled(images, offsets)

    monkeypatch.setattr(module, "sampled", note)
    found = step(recipe_of(precision=Mixed("cpu"), **PLAIN), footage, 0)
    assert len(seen) == 4
    assert all(value.dtype == torch.float32 for value in (*seen, *found.values()))
    assert not any(torch.equal(images, images.bfloat16().float()) for images in seen[::2])


# --- The recipe in the loop


@pytest.fixture
def job(tmp_path: Path, footage: Footage) -> Job:
    """Two steps of each stage."""
    settings = NARROW | {"steps": "4", "first_stage": "2"}
    return Job(X2FaceRecipe, footage, "faces", tmp_path / "x2face", "demo", "full", settings)


def test_a_training_that_was_stopped_in_the_middle_goes_on_with_the_same_losses(job: Job, tmp_path: Path) -> None:
    undisturbed = replace(job, folder=tmp_path / "undisturbed")
    train(undisturbed)
    for steps in (1, 3, 4):
        assert train(replace(job, steps=steps, resume=True)).steps == steps
    assert logged(job.folder) == logged(undisturbed.folder)
    states = [torch.load(folder / STATE, weights_only=True) for folder in (job.folder, undisturbed.folder)]
    assert states[0]["networks"].keys() == {"embedding_network", "driving_network"}
    for part in ("networks", "average"):
        torch.testing.assert_close(states[0][part], states[1][part], atol=0, rtol=0)


def test_what_was_trained_is_what_the_checkpoint_draws(job: Job, footage: Footage) -> None:
    outcome = train(replace(job, steps=3, ema=0.0))
    said = read_checkpoint(outcome.checkpoint, "x2face").metadata
    assert (said["variant"], said["preset"], said["settings"]["shots"], said["perceptual"]) == (
        "full",
        "demo",
        2,
        "synthface",
    )
    recipe, pairs = recipe_of(), pairs_of(footage)
    for name, network in recipe.networks().items():
        network.load_state_dict(torch.load(job.folder / STATE, weights_only=True)["networks"][name])
        network.eval()
    model = load_model(outcome.checkpoint, torch.device("cpu"))
    _, made = drawn(recipe, pairs)
    with torch.no_grad():
        frames = model(model.embedded_face(pairs.targets.images[:2]), pairs.driving.images[:1])
    torch.testing.assert_close(frames, made[:1], atol=2e-2, rtol=0)  # the checkpoint has half precision


def test_a_loss_that_is_no_number_is_one_sentence_and_the_last_good_state_stays(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(job, steps=3))
    kept = (job.folder / STATE).read_bytes()
    monkeypatch.setattr(module, "perceptual", lambda *features: perceptual(*features) * math.nan)
    with pytest.raises(ReenactbenchError) as caught:
        train(replace(job, resume=True))
    assert str(caught.value).startswith(f"step 4: the loss content is nan; {job.folder / STATE} keeps that after")
    assert "\n" not in str(caught.value)
    assert (job.folder / STATE).read_bytes() == kept
    assert read_checkpoint(job.folder / CHECKPOINT, "x2face").metadata["steps"] == 3


@pytest.mark.gpu
def test_a_gpu_trains_both_stages_and_goes_on(job: Job) -> None:
    on_gpu = replace(job, device="cuda")
    assert train(replace(on_gpu, steps=3)).steps == 3
    assert train(replace(on_gpu, resume=True)).steps == 4
    assert {"photometric", "content", "identity"} <= logged(job.folder)[-1].keys()
