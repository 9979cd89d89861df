"""The talking head's training: what each loss is, who learns from it, and that the recipe goes on as if never stopped.

The networks are as narrow as they can be, and see pictures of 32 pixels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from footage import clip, logged
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import Precision
from reenactbench_baselines.talking_head import losses
from reenactbench_baselines.talking_head.config import COMPAT, PAPER, PRESETS, Config
from reenactbench_baselines.talking_head.drawing import drawn
from reenactbench_baselines.talking_head.networks import Judged
from reenactbench_baselines.talking_head.objective import Objective, Scene, imagenet
from reenactbench_baselines.talking_head.recipe import TalkingHeadRecipe, resized
from torch import Tensor, nn
from torch.optim import Optimizer

from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.training.features import feature_network
from reenactbench.training.footage import Footage
from reenactbench.training.job import Job
from reenactbench.training.loop import Mixed, train
from reenactbench.training.losses import face_weights, perceptual
from reenactbench.training.recipe import Plan
from reenactbench.training.sampling import Draws
from reenactbench.training.state import STATE

NARROW = {
    "size": "32",
    "width": "8",
    "code": "16",
    "blocks": "1",
    "perceptual": "synthface",
    "recogniser": "synthface",
    "batch": "2",
}
PLAIN: Mapping[str, Any] = {"warm_up": 0, "augment": 0, "candidates": 1, "clip": 0, "shots": 2, "fewest_shots": 2}
MAKERS = {"embedder", "generator"}
VARIANT = pytest.mark.parametrize("variant", TalkingHeadRecipe.variants)


def recipe_of(
    variant: str = PAPER, preset: str = "demo", precision: Precision | None = None, **settings: Any
) -> TalkingHeadRecipe:
    """Always with the same weights to begin with."""
    torch.manual_seed(0)
    texts = NARROW | {name: str(value) for name, value in settings.items()}
    recipe = TalkingHeadRecipe(Plan(preset, variant, texts, identities=3, image_size=128, seed=0))
    recipe.set_up(Fabric(accelerator="cpu", devices=1, plugins=precision or Precision()))
    return recipe


def step(recipe: TalkingHeadRecipe, footage: Footage, number: int) -> Mapping[str, Tensor]:
    torch.manual_seed(number)
    return recipe.step(number, Draws(footage, 0, number))


def parameters(recipe: TalkingHeadRecipe) -> dict[str, Tensor]:
    return {
        f"{name}.{key.removeprefix('_forward_module.')}": value.detach().clone()
        for name, network in recipe.networks().items()
        for key, value in network.named_parameters()
    }


def changed(recipe: TalkingHeadRecipe, footage: Footage, number: int) -> set[str]:
    """The parameters that a step changes."""
    before = parameters(recipe)
    step(recipe, footage, number)
    return {name for name, value in parameters(recipe).items() if not torch.equal(value, before[name])}


def networks(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def gradient(*modules: nn.Module) -> Tensor:
    """Of all weights, as one vector."""
    weights = [weight for module in modules for weight in module.parameters()]
    return torch.cat(
        [torch.zeros(weight.numel()) if weight.grad is None else weight.grad.flatten() for weight in weights]
    )


# --- Losses


def test_fooling_and_telling_are_the_two_sides_of_the_hinge() -> None:
    real, fake = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.5])
    assert float(losses.fooling(fake)) == pytest.approx((3 - 0.5) / 2)
    assert float(losses.telling(real, fake)) == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1.5) / 2)


def test_a_judge_gains_nothing_by_being_surer_than_1() -> None:
    real, fake = torch.tensor([1.5, 0.5], requires_grad=True), torch.tensor([-1.5, 0.5], requires_grad=True)
    of_real, of_fake = torch.autograd.grad(losses.telling(real, fake), (real, fake))
    assert (of_real.tolist(), of_fake.tolist()) == ([0, -0.5], [0, 0.5])


def test_codes_match_by_the_mean_absolute_difference() -> None:
    codes, people = torch.tensor([[1.0, 2.0], [0.0, 4.0]]), torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert float(losses.match(codes, people)) == pytest.approx((0 + 2 + 1 + 3) / 4)


def scene_of(pictures: Tensor) -> Scene:
    landmarks = 24 * torch.rand(len(pictures), 68, 2, generator=torch.Generator().manual_seed(5)) + 4
    return Scene(pictures, landmarks, drawn(landmarks, 32), torch.zeros(len(pictures), dtype=torch.int64))


def noise(number: int, seed: int) -> Tensor:
    return torch.rand(number, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


@VARIANT
def test_content_is_what_two_networks_see_and_the_second_of_the_public_code_sees_too_bright_pictures(
    variant: str,
) -> None:
    config = Config(size=32, perceptual="alexnet-untrained", recogniser="synthface")
    images, truth = noise(2, 0), noise(2, 1)
    found = Objective(config, variant).content(images, scene_of(truth))
    first, second = (feature_network(name, "cpu") for name in ("alexnet-untrained", "synthface"))
    assert list(found) == ["perceptual", "recogniser"]
    torch.testing.assert_close(found["perceptual"], perceptual(first(images), first(truth)))
    shown = (imagenet(images), imagenet(truth)) if variant == COMPAT else (images, truth)
    torch.testing.assert_close(found["recogniser"], perceptual(*map(second, shown)))


@pytest.mark.parametrize(("variant", "pictures"), [(PAPER, 2), (COMPAT, 4)])
def test_a_network_looks_once_for_both_terms_where_they_ask_the_same_of_it(variant: str, pictures: int) -> None:
    objective, looks = Objective(Config(size=32, perceptual="synthface"), variant), list[Tensor]()
    objective.networks["synthface"].register_forward_pre_hook(lambda _, given: looks.append(given[0]))
    objective.content(noise(2, 0), scene_of(noise(2, 1)))
    assert len(looks) == pictures


def test_normalised_as_imagenet_is() -> None:
    found = imagenet(torch.tensor([0.485, 0.0, 1.0])[None, :, None, None])
    assert found.flatten().tolist() == pytest.approx([0, -0.456 / 0.224, (1 - 0.406) / 0.225])


def test_the_pixel_term_counts_faces_more() -> None:
    config = Config(size=32, perceptual="synthface", pixel_weight=1.0, face=3.0)
    images, scene = noise(2, 0), scene_of(noise(2, 1))
    found = Objective(config, PAPER).content(images, scene)["pixel"]
    weights = face_weights(scene.landmarks, 32, 3.0)
    torch.testing.assert_close(found, ((images - scene.truth).abs() * weights).mean())


def judging(pictures: Tensor, lines: Tensor, people: Tensor) -> Judged:
    """A judge that is easy to follow."""
    score = pictures.mean((1, 2, 3)) * 4 + lines[:, 0, 0, 0] + people
    return Judged(score, [pictures, 2 * pictures[:, :1]])


def test_adversarial_terms_are_the_score_and_the_difference_of_all_features() -> None:
    images, scene = noise(2, 0), scene_of(noise(2, 1))
    found = Objective(Config(size=32, perceptual="synthface"), PAPER).adversarial(judging, images, scene)
    assert list(found) == ["adversarial", "features"]
    torch.testing.assert_close(found["adversarial"], -(4 * images.mean((1, 2, 3)) + scene.drawn[:, 0, 0, 0]).mean())
    apart = (images - scene.truth).abs()
    torch.testing.assert_close(found["features"], apart.mean() + 2 * apart[:, :1].mean())


def test_the_public_codes_adversarial_term_is_that_of_scores_in_0_to_1_and_all_that_the_judge_pays() -> None:
    images, scene = noise(2, 0), scene_of(noise(2, 1))
    objective = Objective(Config(size=32, perceptual="synthface"), COMPAT)
    found = objective.adversarial(judging, images, scene)
    fake, real = (torch.sigmoid(judging(shown, scene.drawn, scene.people).score) for shown in (images, scene.truth))
    pays = (1 - real).mean() + (1 + fake).mean()
    assert list(found) == ["adversarial"]
    torch.testing.assert_close(found["adversarial"], -fake.mean() + pays)
    torch.testing.assert_close(objective.judging(judging, images, scene), pays)


@VARIANT
def test_the_generator_gets_an_adversarial_gradient_as_in_the_paper_and_exactly_none_as_in_the_public_code(
    footage: Footage, variant: str
) -> None:
    """Quirk of the public code: -r + relu(1 + r) does not hang on r where r is in 0..1."""
    settings = dict.fromkeys(("perceptual_weight", "recogniser_weight", "pixel_weight", "match_weight"), 0)
    recipe = recipe_of(variant, **PLAIN, **settings, features_weight=0, adversarial_weight=1)
    moved = networks(changed(recipe, footage, 0))
    assert moved == ({"discriminator"} if variant == COMPAT else {*MAKERS, "discriminator"})
    found = gradient(recipe.embedder, recipe.generator)
    assert bool(found.any()) == (variant == PAPER) and found.isfinite().all()


# --- Who learns from what


@VARIANT
@pytest.mark.parametrize(
    ("warm_up", "names"),
    [
        (1, {PAPER: "perceptual recogniser pixel match", COMPAT: "perceptual recogniser pixel match"}),
        (
            0,
            {
                PAPER: "perceptual recogniser pixel adversarial features match judge",
                COMPAT: "perceptual recogniser pixel adversarial match judge",
            },
        ),
    ],
)
def test_the_losses_of_a_variant(footage: Footage, variant: str, warm_up: int, names: Mapping[str, str]) -> None:
    found = step(recipe_of(variant, warm_up=warm_up), footage, 0)
    assert list(found) == names[variant].split()
    assert all(value.ndim == 0 and not value.requires_grad and value.isfinite() for value in found.values())


def test_a_step_trains_all_three_and_a_step_of_the_warm_up_of_the_discriminator_its_people_alone(
    footage: Footage,
) -> None:
    whole, warming = recipe_of(warm_up=0), recipe_of(warm_up=1)
    assert networks(changed(whole, footage, 0)) == {*MAKERS, "discriminator"}
    found = changed(warming, footage, 0)
    assert networks(found) == {*MAKERS, "discriminator"}
    assert {name for name in found if name.startswith("discriminator")} == {"discriminator.people"}


def test_in_the_warm_up_the_codes_do_not_hear_of_the_people(footage: Footage) -> None:
    recipe, other = recipe_of(warm_up=9, match_weight=0), recipe_of(warm_up=9, match_weight=80)
    for number in range(3):
        step(recipe, footage, number)
        step(other, footage, number)
    left, right = parameters(recipe), parameters(other)
    assert all(torch.equal(value, right[name]) for name, value in left.items())


def test_in_the_warm_up_the_people_come_to_the_codes(footage: Footage) -> None:
    """Of an embedder that stays as it is, since nothing is asked of it."""
    zero = dict.fromkeys(("perceptual_weight", "recogniser_weight", "pixel_weight"), 0)
    recipe = recipe_of(**(PLAIN | {"warm_up": 99}), **zero, warm_up_rate=0.05)
    found = [float(step(recipe, footage, number)["match"]) for number in range(20)]
    assert np.mean(found[-3:]) < found[0] / 2


def test_codes_are_drawn_to_the_people_that_they_are_of(footage: Footage) -> None:
    zero = {"perceptual_weight": 0, "recogniser_weight": 0, "pixel_weight": 0}
    recipe = recipe_of(**PLAIN, **zero, adversarial_weight=0, features_weight=0, match_weight=3)
    pairs = Draws(footage, 0, 0).paired(2, shots=2)
    before = recipe_of(**PLAIN, **zero)
    moved = changed(recipe, footage, 0)
    assert "embedder.trunk.downs.0.first.weight" in moved and "generator.projection.weight" not in moved
    frames = pairs.targets.resized(32)
    codes = before.embedder(frames.images, drawn(frames.landmarks, 32)).view(2, 2, -1).mean(1)
    wanted = 3 * (codes - before.discriminator.people[pairs.target_ids].detach()).abs().mean()
    torch.autograd.backward(wanted)
    torch.testing.assert_close(gradient(recipe.embedder), gradient(before.embedder), atol=1e-5, rtol=1e-3)


def test_a_step_goes_down_the_weighted_sum_and_then_as_often_as_asked_down_what_the_judge_pays(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = {"perceptual": 2, "recogniser": 3, "pixel": 5, "adversarial": 7, "features": 11, "match": 13}
    recipe = recipe_of(**PLAIN, judge_steps=2, **{f"{name}_weight": weight for name, weight in weights.items()})
    sums, descend = [], recipe.descend

    def note(loss: Tensor, optimiser: Optimizer, clip: float | None = None) -> None:
        sums.append((optimiser, loss.detach()))
        descend(loss, optimiser, clip)

    monkeypatch.setattr(recipe, "descend", note)
    found = step(recipe, footage, 0)
    assert [optimiser for optimiser, _ in sums] == [recipe.makers_adam, recipe.judge_adam, recipe.judge_adam]
    torch.testing.assert_close(sums[0][1], torch.stack([weights[name] * found[name] for name in weights]).sum())
    assert sums[1][1] != sums[2][1] and torch.equal(sums[2][1], found["judge"])


def test_the_judge_is_shown_the_truth_and_what_was_made_with_the_lines_and_the_people(
    footage: Footage, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, looks = recipe_of(**PLAIN), list[tuple[Tensor, ...]]()
    network = recipe.discriminator

    def looked(*given: Tensor) -> Judged:
        looks.append(given)
        judged: Judged = network(*given)
        return judged

    looked.people, looked.parameters = network.people, network.parameters  # type: ignore[attr-defined]
    monkeypatch.setattr(recipe, "discriminator", looked)
    pairs = Draws(footage, 0, 0).paired(2, shots=2)
    step(recipe, footage, 0)
    driving = pairs.driving.resized(32)
    (fake, *given), (real, *_), (judged_real, *_), (judged_fake, *_) = looks
    assert torch.equal(real, driving.images) and torch.equal(judged_real, real)
    assert torch.equal(judged_fake, fake) and fake.requires_grad and not judged_fake.requires_grad
    for lines, people in (look[1:] for look in looks):
        assert torch.equal(lines, drawn(driving.landmarks, 32)) and torch.equal(people, pairs.target_ids)
    assert torch.equal(given[0], drawn(driving.landmarks, 32))


def test_the_code_of_a_sample_is_the_mean_of_those_of_its_own_shots(footage: Footage) -> None:
    recipe = recipe_of(shots=3)
    recipe.embedder.eval()
    pairs = Draws(footage, 0, 0).paired(2, shots=3)
    small = replace(pairs, targets=pairs.targets.resized(32), driving=pairs.driving.resized(32))
    with torch.no_grad():
        scene, codes, images = recipe._made(small)
        for row in range(2):
            own = small.targets[3 * row : 3 * row + 3]
            code = recipe.embedder(own.images, drawn(own.landmarks, 32)).mean(0)
            torch.testing.assert_close(codes[row], code, atol=1e-4, rtol=1e-3)
    assert torch.equal(scene.truth, small.driving.images) and images.shape == (2, 3, 32, 32)


def test_the_number_of_shots_is_drawn_for_each_step(footage: Footage, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def note(self: Draws, count: int, shots: int, candidates: int) -> None:
        asked.append(shots)
        raise KeyError

    monkeypatch.setattr(Draws, "paired", note)
    recipe = recipe_of(shots=3, fewest_shots=1)
    for number in (*range(20), *range(20)):
        with pytest.raises(KeyError):
            step(recipe, footage, number)
    assert set(asked) == {1, 2, 3}
    assert asked[:20] == asked[20:]


@pytest.mark.parametrize(
    ("warm_up", "rates"), [(0, {"generator": 1e-4, "discriminator": 2e-3}), (1, dict.fromkeys(MAKERS, 1e-2))]
)
def test_the_warm_up_has_a_learning_rate_of_its_own(footage: Footage, warm_up: int, rates: Mapping[str, float]) -> None:
    """Adam's first step moves every weight by the rate."""
    settings = PLAIN | {"warm_up": warm_up}
    recipe = recipe_of(**settings, rate=1e-4, judge_rate=2e-3, warm_up_rate=1e-2, judge_steps=1)
    before = parameters(recipe)
    step(recipe, footage, 0)
    for network, rate in rates.items():
        moved = [
            float((value - before[name]).abs().max())
            for name, value in parameters(recipe).items()
            if name.startswith(network)
        ]
        assert max(moved) == pytest.approx(rate, rel=1e-2)


# --- Presets

DEPARTURES_OFF = {"warm_up": 0, "pixel_weight": 0.0, "face": 0.0, "candidates": 1, "augment": 0.0}


def test_the_paper_preset_departs_from_the_paper_in_nothing() -> None:
    paper = PRESETS["paper"]
    assert paper == Config()
    assert {name: getattr(paper, name) for name in DEPARTURES_OFF} == DEPARTURES_OFF
    names = list(Config.__dataclass_fields__)
    assert set(names[names.index("warm_up") :]) == {*DEPARTURES_OFF, "warm_up_rate"}
    assert (paper.size, paper.width, paper.code, paper.blocks, paper.shots) == (256, 64, 512, 5, 8)
    assert (paper.perceptual_weight, paper.recogniser_weight, paper.features_weight) == (1.5e-1, 2.5e-2, 10)
    assert (paper.adversarial_weight, paper.match_weight) == (1, 10)
    assert (paper.rate, paper.judge_rate, paper.judge_steps) == (5e-5, 2e-4, 2)


def test_the_preset_of_the_public_code_has_its_numbers_and_is_else_the_papers() -> None:
    paper, public = (dataclasses.asdict(PRESETS[name]) for name in ("paper", "greyeye"))
    assert {name: value for name, value in public.items() if value != paper[name]} == {
        "batch": 3,
        "perceptual_weight": 1e-2,
        "recogniser_weight": 2e-3,
        "features_weight": 0,
        "match_weight": 80,
    }


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("width=4", "--set width=4: width is a multiple of 8, 8 at least"),
        ("code=28", "--set code=28: code is a multiple of 8, 8 at least"),
        ("size=100", "--set size=100: size is a power of 2, 32 at least"),
        ("size=16", "--set size=16: size is a power of 2, 32 at least"),
        ("fewest_shots=4", "--set fewest_shots=4: fewest_shots is shots at most, which is 3"),
    ],
)
def test_what_no_network_or_step_can_have_is_refused_in_a_sentence(given: str, sentence: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(ReenactbenchError) as caught:
        TalkingHeadRecipe(Plan("demo", PAPER, {name: value}, identities=3, image_size=128, seed=0))
    assert str(caught.value) == sentence


NUMBERS = {name for name, value in dataclasses.asdict(Config()).items() if type(value) in (int, float)}
COUNTS = {"batch", "steps", "candidates", "judge_steps", "shots", "fewest_shots"}
SHARES = {"momentum", "ema"}


@pytest.mark.parametrize(
    ("given", "limits"),
    [(f"{name}=-1", "0 at least") for name in sorted(NUMBERS - COUNTS - SHARES - {"size", "width", "code"})]
    + [(f"{name}=0", "1 at least") for name in sorted(COUNTS)]
    + [(f"{name}=1", "from 0 to below 1") for name in sorted(SHARES)],
)
def test_numbers_that_no_training_has_are_refused_in_a_sentence(given: str, limits: str) -> None:
    name, _, value = given.partition("=")
    with pytest.raises(ReenactbenchError, match=rf"^--set {name}={value}(\.0)?: {name} is {limits}$"):
        TalkingHeadRecipe(Plan("demo", PAPER, {name: value}, identities=3, image_size=128, seed=0))


def test_the_paper_preset_says_which_file_it_lacks_and_how_to_get_it() -> None:
    settings = {name: NARROW[name] for name in ("size", "width", "code", "blocks")}
    with pytest.raises(MissingWeights, match=r"`reenactbench weights fetch vgg19-dcbb9e9d\.pth`") as caught:
        TalkingHeadRecipe(Plan("paper", PAPER, settings, identities=3, image_size=128, seed=0))
    assert "\n" not in str(caught.value)


def test_footage_of_another_size_is_one_sentence() -> None:
    with pytest.raises(
        ReenactbenchError, match=r"^talking-head works at 128 pixels, and this data set has 64; name another --dataset$"
    ):
        TalkingHeadRecipe(Plan("demo", PAPER, NARROW, identities=3, image_size=64, seed=0))


def test_settings_and_stand_ins_are_recorded() -> None:
    recipe = recipe_of(COMPAT, recogniser="alexnet-untrained", face=1.5)
    assert recipe.settings["face"] == 1.5
    assert set(recipe.settings) == set(Config.__dataclass_fields__)
    assert recipe.metadata() == {"perceptual": "synthface", "recogniser": "alexnet-untrained"}


@pytest.mark.parametrize(("variant", "compat"), [(PAPER, False), (COMPAT, True)])
def test_only_the_variant_of_the_public_code_has_its_networks_and_its_way_to_begin(variant: str, compat: bool) -> None:
    recipe = recipe_of(variant, blocks=2, code=64)
    assert [block.shared for block in recipe.generator.blocks] == [compat, compat]
    assert (recipe.embedder.compat, recipe.discriminator.compat) == (compat, compat)
    for weight in (recipe.embedder.trunk.downs[-1].second.weight, recipe.discriminator.last.first.weight):
        assert (abs(float(weight.detach().std()) - 0.02) < 1e-3) == compat


# --- Numbers


@VARIANT
def test_a_step_in_bfloat16_has_finite_losses_in_float32(footage: Footage, variant: str) -> None:
    recipe = recipe_of(variant, precision=Mixed("cpu"), warm_up=0)
    seen: list[torch.dtype] = []
    layer = recipe.generator.trunk.downs[1].second
    layer.register_forward_hook(lambda _, given, made: seen.append(made.dtype))
    found = step(recipe, footage, 0)
    assert seen == [torch.bfloat16]  # it is a mixed run indeed
    assert all(value.dtype == torch.float32 and value.isfinite() for value in found.values())
    assert gradient(*recipe.networks().values()).isfinite().all()


def test_four_frames_are_learnt_by_heart() -> None:
    """Of two people, with all terms of the demo preset, most of the time in its warm-up."""
    four = Footage([clip(number, range(1, 8, 6)) for number in (1, 2)])
    settings = {"augment": 0, "candidates": 1, "shots": 1, "batch": 4, "warm_up": 80, "warm_up_rate": 3e-3}
    recipe = recipe_of(**settings)
    found = [step(recipe, four, number) for number in range(100)]
    for name, times in (("pixel", 5), ("perceptual", 3), ("recogniser", 3)):
        assert np.mean([float(losses[name]) for losses in found[-5:]]) < float(found[0][name]) / times, name
    with torch.no_grad():
        scene, _, images = recipe._made(resized(Draws(four, 0, 0).paired(4), 32))
    first, second = (int((scene.people == person).nonzero()[0]) for person in (0, 1))
    colours, wanted = ((of[first] - of[second]).mean((1, 2)) for of in (images, scene.truth))
    torch.testing.assert_close(colours, wanted, atol=0.06, rtol=0)
    assert wanted.abs().min() > 0.12  # so that the two of them differ


def test_pictures_have_the_target_the_driver_its_lines_and_the_output(footage: Footage) -> None:
    recipe, draws = recipe_of(), Draws(footage, 0, 0)
    with torch.no_grad():
        grid = recipe.sample(draws)
    assert grid.shape == (8, 4, 3, 32, 32)
    for rows, pairs in ((grid[:4], draws.paired(4, 3, candidates=4)), (grid[4:], draws.unpaired(4, 3, length=1))):
        driving = pairs.driving.resized(32)
        assert torch.equal(rows[:, 0], pairs.targets.resized(32).images[::3])
        assert torch.equal(rows[:, 1], driving.images)
        assert torch.equal(rows[:, 2], drawn(driving.landmarks, 32))


# --- The real recipe in the loop


@pytest.fixture
def job(tmp_path: Path, footage: Footage) -> Job:
    """Steps 0 and 1 are the warm-up, 2 and 3 are all of the paper."""
    settings = NARROW | {"steps": "4", "warm_up": "2"}
    return Job(TalkingHeadRecipe, footage, "faces", tmp_path / "talking-head", "demo", PAPER, settings)


@VARIANT
def test_a_training_that_was_stopped_in_the_middle_goes_on_with_the_same_losses(
    job: Job, tmp_path: Path, variant: str
) -> None:
    """The singular vectors of spectral norm among them."""
    job = replace(job, variant=variant)
    undisturbed = replace(job, folder=tmp_path / "undisturbed")
    train(undisturbed)
    for steps in (1, 3, 4):
        assert train(replace(job, steps=steps, resume=True)).steps == steps
    assert logged(job.folder) == logged(undisturbed.folder)
    states = [torch.load(folder / STATE, weights_only=True) for folder in (job.folder, undisturbed.folder)]
    assert "trunk.downs.0.first.left" in states[0]["networks"]["generator"]
    for part in ("networks", "average"):
        torch.testing.assert_close(states[0][part], states[1][part], atol=0, rtol=0)


@VARIANT
def test_the_checkpoint_says_what_was_trained_and_how(job: Job, variant: str) -> None:
    outcome = train(replace(job, steps=1, variant=variant))
    said = read_checkpoint(outcome.checkpoint, "talking-head").metadata
    assert (said["variant"], said["preset"], said["settings"]["width"], said["steps"]) == (variant, "demo", 8, 1)
    assert (said["perceptual"], said["recogniser"]) == ("synthface", "synthface")
    assert said["identities"] == ["001", "002", "003"]


@pytest.mark.gpu
@VARIANT
def test_a_gpu_trains_all_three_and_goes_on(job: Job, variant: str) -> None:
    on_gpu = replace(job, device="cuda", variant=variant)
    assert train(replace(on_gpu, steps=3)).steps == 3
    assert train(replace(on_gpu, resume=True)).steps == 4
    assert {"perceptual", "match", "adversarial", "judge"} <= logged(job.folder)[-1].keys()
