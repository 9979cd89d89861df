"""The talking head as a method of the harness: people from target images, frames from landmarks, and fine-tuning."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import faces
import numpy as np
import pytest
import torch
from reenactbench_baselines.talking_head.config import COMPAT, PAPER, PRESETS
from reenactbench_baselines.talking_head.drawing import drawn
from reenactbench_baselines.talking_head.layers import Spectral
from reenactbench_baselines.talking_head.model import Trained, load_model
from reenactbench_baselines.talking_head.recipe import TalkingHeadRecipe
from reenactbench_methods.talking_head import TalkingHead
from safetensors.torch import save_file
from torch import Tensor

from reenactbench.engine.run import run
from reenactbench.engine.setup import RunOptions, code_hash, load_methods
from reenactbench.errors import ReenactbenchError
from reenactbench.files import read_json
from reenactbench.interfaces import Method
from reenactbench.metrics.speed import parameters_of
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.registry import Entry
from reenactbench.training.checkpoints import KEY, save_checkpoint
from reenactbench.types import Frames

CPU = torch.device("cpu")


def said(variant: str = PAPER, steps: int = 9, **settings: Any) -> dict[str, Any]:
    """Metadata of a checkpoint with narrow networks; its discriminator has learnt something."""
    narrow = {"size": 32, "width": 8, "code": 16, "blocks": 1, "perceptual": "synthface", "recogniser": "synthface"}
    tuning = {"warm_up": 5, "finetune_rate": 3e-3, "pixel_weight": 1.0}
    chosen = narrow | tuning | settings
    return {
        "method": "talking-head",
        "preset": "demo",
        "variant": variant,
        "settings": chosen,
        "identities": ["001", "002", "003"],
        "steps": steps,
    }


def drawn_at_random(metadata: dict[str, Any]) -> Trained:
    """With singular vectors that are right, as training leaves them."""
    torch.manual_seed(0)
    trained = Trained(metadata)
    for layer in trained.modules():
        if isinstance(layer, Spectral):
            left, _, _ = torch.linalg.svd(layer.weight.detach().flatten(1), full_matrices=False)
            layer.left.copy_(left[:, 0])
    return trained.eval()


def written(path: Path, metadata: dict[str, Any], dtype: torch.dtype = torch.float32) -> Path:
    save_checkpoint(path, dict(drawn_at_random(metadata).named_children()), metadata, dtype)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("talking-head") / "checkpoint.safetensors", said())


@pytest.fixture
def method(checkpoint: Path) -> TalkingHead:
    return TalkingHead(CPU, checkpoint)


@pytest.fixture(autouse=True)
def _as_in_a_run() -> Iterator[None]:
    with torch.no_grad():
        yield


def people(clip: int, *numbers: int) -> Frames:
    """Frames of a drawn person."""
    images = np.stack([faces.draw(clip, number)[6:134, 16:144] for number in numbers])
    landmarks = np.stack([faces.landmarks(clip, number) - [16, 6] for number in numbers])
    return Frames(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255, torch.from_numpy(landmarks).float())


TARGETS, DRIVING = people(1, 1, 12, 20), people(2, *range(3, 10))


# --- Frames


def test_the_order_of_the_targets_is_nothing_and_each_of_them_counts(method: TalkingHead) -> None:
    psi = method.encode_target(TARGETS).psi
    backwards = Frames(TARGETS.images.flip(0), TARGETS.landmarks.flip(0))
    torch.testing.assert_close(method.encode_target(backwards).psi, psi, atol=1e-5, rtol=1e-5)
    each = [method.encode_target(TARGETS[row : row + 1]).psi for row in range(3)]
    torch.testing.assert_close(torch.stack(each).mean(0), psi, atol=1e-5, rtol=1e-5)
    assert (each[0] - each[1]).abs().max() > 1e-3


def test_the_driver_gives_landmarks_and_the_targets_pictures_and_landmarks(method: TalkingHead) -> None:
    frames = method.reenact(method.encode_target(TARGETS), DRIVING)
    other_driver = Frames(torch.rand_like(DRIVING.images), DRIVING.landmarks)
    assert torch.equal(method.reenact(method.encode_target(TARGETS), other_driver), frames)
    other_motion = Frames(DRIVING.images, DRIVING.landmarks + 5)
    assert not torch.allclose(method.reenact(method.encode_target(TARGETS), other_motion), frames, atol=1e-3)
    for other in (
        Frames(TARGETS.images.flip(1), TARGETS.landmarks),
        Frames(TARGETS.images, TARGETS.landmarks.flip(2)),
    ):
        assert (method.encode_target(other).psi - method.encode_target(TARGETS).psi).abs().max() > 1e-3


def test_a_frame_is_what_the_networks_make_at_their_own_size(method: TalkingHead, checkpoint: Path) -> None:
    trained = drawn_at_random(said())
    seen, lines = TARGETS.resized(32), drawn(DRIVING.resized(32).landmarks, 32)
    code = trained.embedder(seen.images, drawn(seen.landmarks, 32)).mean(0, keepdim=True)
    small = Frames(trained.generator(lines, code.expand(7, -1)), DRIVING.landmarks)
    frames = method.reenact(method.encode_target(TARGETS), DRIVING)
    torch.testing.assert_close(frames, small.resized(128).images, atol=1e-4, rtol=0)


def test_there_is_no_motion_code(method: TalkingHead) -> None:
    assert method.motion_code(DRIVING) is None


def test_the_parameters_that_are_counted_are_those_that_make_frames(method: TalkingHead) -> None:
    trained = drawn_at_random(said())
    wanted = [*trained.embedder.parameters(), *trained.generator.parameters()]
    assert sum(weight.numel() for weight in parameters_of(method)) == sum(weight.numel() for weight in wanted)


# --- Fine-tuning


def error(method: TalkingHead, targets: Frames) -> float:
    return float((method.reenact(method.encode_target(targets), targets) - targets.images).abs().mean())


@pytest.mark.parametrize("steps", [9, 5])
def test_fine_tuning_comes_nearer_to_the_target_frames(tmp_path: Path, steps: int) -> None:
    """With a discriminator that has learnt something, and, after 5 steps of warm-up, without one."""
    weights = {"adversarial_weight": 0.02, "features_weight": 0.02}
    method = TalkingHead(CPU, written(tmp_path / "file", said(steps=steps, **weights)))
    before = error(method, TARGETS)
    method.prepare_finetuning(25)
    assert error(method, TARGETS) < 0.7 * before


def test_fine_tuning_again_gives_the_same_frames_and_leaves_the_model_and_the_random_numbers(
    method: TalkingHead,
) -> None:
    plain, state = method.reenact(method.encode_target(TARGETS), DRIVING), torch.get_rng_state()
    method.prepare_finetuning(2)
    first = method.encode_target(TARGETS)
    other = method.encode_target(people(3, 1, 5))
    again = method.encode_target(TARGETS)
    frames = [method.reenact(person, DRIVING) for person in (first, again, other)]
    assert torch.equal(frames[0], frames[1])
    assert not torch.equal(frames[0], frames[2]) and not torch.equal(frames[0], plain)
    assert not frames[0].requires_grad and not any(weight.requires_grad for weight in first.generator.parameters())
    assert not any(module.training for module in first.generator.modules())
    method.finetune_steps = 0
    assert torch.equal(method.reenact(method.encode_target(TARGETS), DRIVING), plain)
    assert torch.equal(torch.get_rng_state(), state)


def test_it_begins_with_the_styles_of_the_mean_code_and_the_code_in_the_place_of_a_person(
    method: TalkingHead, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = method.encode_target(TARGETS)
    looks: list[Tensor] = []
    method.prepare_finetuning(1)

    def note(judge: Any, images: Tensor, scene: Any) -> dict[str, Tensor]:
        looks.extend((judge.people.detach().clone(), images.detach()))
        return {}

    monkeypatch.setattr(method._model.tuner.objective, "adversarial", note)
    tuned = method.encode_target(TARGETS)
    seen = TARGETS.resized(32)
    lines = drawn(seen.landmarks, 32)
    code = method._model.embedder(seen.images, lines).mean(0, keepdim=True)
    assert torch.equal(looks[0], code)
    plain.generator.train()
    wanted = plain.generator.styled(lines, plain.psi.expand(3, -1))
    torch.testing.assert_close(looks[1], wanted, atol=1e-5, rtol=0)
    rate = method._model.config.finetune_rate
    moved = (tuned.psi - plain.psi).abs()
    assert moved.max() == pytest.approx(rate, rel=1e-2)  # Adam's first step
    assert tuned.generator is not plain.generator


def test_the_discriminator_learns_beside_all_of_it_but_what_it_holds_of_everyone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a generator that stands still."""
    method = TalkingHead(CPU, written(tmp_path / "file", said(finetune_rate=0, judge_rate=3e-3, judge_steps=2)))
    method.prepare_finetuning(10)
    objective = method._model.tuner.objective
    judging, paid = objective.judging, list[float]()
    states: list[dict[str, Tensor]] = []

    def note(judge: Any, *given: Any) -> Tensor:
        states.append({name: value.detach().clone() for name, value in judge.named_parameters()})
        loss = judging(judge, *given)
        paid.append(loss.item())
        return loss

    monkeypatch.setattr(objective, "judging", note)
    method.encode_target(TARGETS)
    assert len(paid) == 20
    assert np.mean(paid[-4:]) < 0.8 * np.mean(paid[:2])
    same = {name for name, value in states[-1].items() if torch.equal(value, states[0][name])}
    assert same == {"anyone"}


# --- What cannot be fine-tuned


NOT_TUNED = (
    "a talking head of variant greyeye-compat is not fine-tuned, as the public code has no such thing; run it without "
    "--finetune-steps"
)
NO_WEIGHTS = "vgg19-dcbb9e9d.pth is not here: `reenactbench weights fetch vgg19-dcbb9e9d.pth`"


@pytest.mark.parametrize(
    ("metadata", "sentence"), [(said(COMPAT), NOT_TUNED), (said(perceptual="vgg19"), NO_WEIGHTS)], ids=["compat", "vgg"]
)
def test_what_cannot_be_fine_tuned_makes_frames_and_refuses_when_it_is_asked(
    tmp_path: Path, metadata: dict[str, Any], sentence: str
) -> None:
    method = TalkingHead(CPU, written(tmp_path / "file", metadata))
    method.reenact(method.encode_target(TARGETS), DRIVING)
    with pytest.raises(ReenactbenchError, match=f"^{re.escape(sentence)}"):
        method.prepare_finetuning(1)


@pytest.mark.parametrize(
    ("metadata", "sentence", "dry"),
    [(said(COMPAT), NOT_TUNED, ()), (said(perceptual="vgg19"), NO_WEIGHTS, ("--dry-run",))],
    ids=["compat", "vgg"],
)
def test_the_command_line_refuses_it_before_anything_is_done(
    tree: Path, cli: Callable[..., Any], tmp_path: Path, metadata: dict[str, Any], sentence: str, dry: tuple[str, ...]
) -> None:
    checkpoint = written(tmp_path / "file", metadata)
    words = ("run", "--dataset", "300vw", "--data-root", tree, "--allow-missing", "--device", "cpu", "--limit", "1")
    methods = ("--method", "copy-target", "--method", "talking-head", "--checkpoint", f"talking-head={checkpoint}")
    done = cli(*words, *methods, "--protocol", "self", "--metric", "l1", "--finetune-steps", "3", *dry)
    said = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(said)) == (2, "", 2)
    assert said[0] == "--finetune-steps 3: copy-target cannot be fine-tuned and will run without"
    assert said[1].startswith(f"error: {sentence}")
    assert not (tmp_path / "results").exists()


# --- Fine-tuning through the harness


class Tunable(Method):
    """Grey that gets brighter with each step of fine-tuning."""

    shots: ClassVar[int] = 2
    fine_tunes: ClassVar[bool] = True

    def encode_target(self, targets: Frames) -> int:
        return self.finetune_steps

    def reenact(self, identity: int, driving: Frames) -> Tensor:
        return torch.full_like(driving.images, identity / 255)


@pytest.fixture
def both() -> Plugins:
    plugins = load_plugins()
    plugins.registry.add(Entry("methods", "tunable", Tunable, "test", "test", "1"))
    return plugins


@pytest.fixture
def options(tree: Path, tmp_path: Path) -> Callable[..., RunOptions]:
    def make(**changes: Any) -> RunOptions:
        given: dict[str, Any] = {
            "methods": ("tunable", "copy-target"),
            "dataset": "300vw",
            "data_root": tree,
            "protocols": ("self",),
            "metrics": ("l1",),
            "limit": 1,
            "out": tmp_path / "results",
            "allow_missing": True,
            "device": "cpu",
        }
        return RunOptions(**{**given, **changes})

    return make


def test_steps_reach_the_methods_that_can_and_the_run_says_which(
    options: Callable[..., RunOptions], both: Plugins, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, tuned = run(options(), both).path, run(options(finetune_steps=7), both).path
    assert plain != tuned
    assert "--finetune-steps 7: copy-target cannot be fine-tuned and will run without" in capsys.readouterr().err
    for path, steps in ((plain, 0), (tuned, 7)):
        tunable, other = read_json(path / "run.json")["methods"]
        assert (tunable["finetune_steps"], other["finetune_steps"]) == (steps, 0)
    (method,) = load_methods(both.registry, ["tunable"], [], 7)
    assert method.construct("cpu", 0).finetune_steps == 7
    assert method.identity()["finetune_steps"] == 7


def test_without_fine_tuning_frames_and_runs_are_called_what_they_were_before_there_was_any(both: Plugins) -> None:
    (plain,), (tuned,) = (load_methods(both.registry, ["tunable"], [], steps) for steps in (0, 7))
    assert tuned.identity() == plain.identity() | {"finetune_steps": 7}
    assert "finetune_steps" not in plain.identity()


def test_only_a_sentence_of_its_own_ends_a_run_and_all_else_fails_the_methods_cells(
    options: Callable[..., RunOptions], both: Plugins
) -> None:
    class Broken(Tunable):
        def prepare_finetuning(self, steps: int) -> None:
            raise OSError("no such file")

    class Refusing(Tunable):
        def prepare_finetuning(self, steps: int) -> None:
            raise ReenactbenchError("not this one")

    for name, method in (("broken", Broken), ("refusing", Refusing)):
        both.registry.add(Entry("methods", name, method, "test", "test", "1"))
    info = read_json(run(options(methods=("broken",), finetune_steps=1), both).path / "run.json")
    assert info["failures"][0]["reason"] == "the method cannot be constructed: OSError: no such file"
    assert run(options(methods=("refusing",)), both).failed_cells == 0
    with pytest.raises(ReenactbenchError, match=r"^not this one$"):
        run(options(methods=("refusing",), finetune_steps=1), both)


def test_a_run_says_how_many_target_images_each_method_got(options: Callable[..., RunOptions], both: Plugins) -> None:
    info = read_json(run(options(), both).path / "run.json")
    assert [method["target_images"] for method in info["methods"]] == [[2], [1]]
    assert len(info["pairs"][0]["target_frames"]) == 3


def test_frames_of_other_steps_are_other_frames_and_a_folder_holds_those_of_one_number(
    options: Callable[..., RunOptions], both: Plugins
) -> None:
    for steps in (0, 7, 8, 7):
        run(options(methods=("tunable",), finetune_steps=steps), both)
    store = options().out / ".store"
    assert len(list((store / "generated").rglob("*.png"))) == 3
    run(options(methods=("tunable",), name="mine"), both)
    with pytest.raises(ReenactbenchError, match=r"holds another run \(methods differ\)"):
        run(options(methods=("tunable",), name="mine", finetune_steps=7), both)


@pytest.mark.parametrize("methods", [("copy-target",), ("copy-target", "landmark-warp")])
def test_methods_none_of_which_can_be_fine_tuned_are_one_sentence(plugins: Plugins, methods: tuple[str, ...]) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        load_methods(plugins.registry, methods, [], 5)
    assert str(caught.value) == (
        f"--finetune-steps 5: {', '.join(methods)} cannot be fine-tuned; leave it out, or name a method that can"
    )


def test_the_command_line_takes_the_steps(tree: Path, cli: Callable[..., Any]) -> None:
    words = ("run", "--dataset", "300vw", "--data-root", tree, "--allow-missing", "--method", "copy-target")
    done = cli(*words, "--finetune-steps", "40", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: --finetune-steps 40: copy-target cannot be fine-tuned; leave it out, or name a method that can\n"
    )


def test_a_run_says_which_training_a_checkpoint_is_from(
    options: Callable[..., RunOptions], plugins: Plugins, tmp_path: Path
) -> None:
    path = written(tmp_path / "file", said(COMPAT) | {"minutes": 3.5})
    asked = options(methods=("talking-head", "copy-target"), checkpoints=(f"talking-head={path}",))
    info = read_json(run(asked, plugins).path / "run.json")
    assert [method["training"] for method in info["methods"]] == [
        {"variant": COMPAT, "preset": "demo", "steps": 9, "minutes": 3.5},
        None,
    ]


# --- Checkpoints


def test_a_loaded_model_has_the_saved_weights_in_float32_and_is_ready_for_use(tmp_path: Path) -> None:
    trained, path = drawn_at_random(said()), written(tmp_path / "half.safetensors", said(), torch.float16)
    state = torch.get_rng_state()
    loaded = load_model(path, CPU)
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module.training for module in loaded.modules())
    judge = loaded.tuner.discriminator
    assert judge is not None
    for given, found in (
        (trained.embedder, loaded.embedder),
        (trained.generator, loaded.generator),
        (trained.discriminator, judge),
    ):
        wanted = given.state_dict()
        assert wanted.keys() == found.state_dict().keys()
        for name, value in found.state_dict().items():
            assert value.dtype == torch.float32 and torch.equal(value, wanted[name].half().float()), name


def test_a_demo_checkpoint_fits_into_the_repository(tmp_path: Path) -> None:
    preset = {name: getattr(PRESETS["demo"], name) for name in PRESETS["demo"].__dataclass_fields__}
    metadata = said() | {"settings": preset, "identities": [f"{number:03d}" for number in range(52)]}
    assert written(tmp_path / "file", metadata, torch.float16).stat().st_size < 8_000_000


def garbage(folder: Path) -> Path:
    (folder / "file").write_bytes(b"no tensors")
    return folder / "file"


def others(folder: Path) -> Path:
    save_file({"weight": torch.zeros(1)}, folder / "file", {KEY: json.dumps(said())})
    return folder / "file"


def claiming(folder: Path, **changes: Any) -> Path:
    """Weights of a model with metadata of another."""
    path = folder / "file"
    save_checkpoint(path, dict(drawn_at_random(said()).named_children()), said() | changes)
    return path


WIDTHS = "file does not say how wide its talking head is; name one that `reenactbench train` wrote"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "file", "file is not a file"),
        (garbage, "file is no safetensors file: "),
        (lambda folder: claiming(folder, method="x2face"), "file is of method 'x2face', not of 'talking-head'"),
        (
            lambda folder: claiming(folder, settings=said(code=24)["settings"]),
            "file does not fit talking head of its own settings: discriminator.anyone is 16, not 24 (it is of preset "
            "demo)",
        ),
        (lambda folder: claiming(folder, identities=["001"]), "discriminator.people is 3x16, not 1x16"),
        (others, "file does not fit talking head of its own settings: it lacks discriminator.anyone"),
        (lambda folder: claiming(folder, settings={"width": 8, "depth": 3}), WIDTHS),
        (lambda folder: claiming(folder, settings="narrow"), WIDTHS),
        (lambda folder: claiming(folder, settings=said(code="16")["settings"]), WIDTHS),
        (lambda folder: claiming(folder, steps="many"), WIDTHS),
        (lambda folder: claiming(folder, identities=3), WIDTHS),
    ],
)
def test_a_file_that_holds_no_such_model_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        TalkingHead(CPU, make(tmp_path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_harness_finds_the_method_and_how_it_is_trained(plugins: Plugins) -> None:
    (entry,) = (entry for entry in plugins.registry.of("methods") if entry.name == "talking-head")
    assert entry.load() is TalkingHead
    assert "ICCV 2019" in entry.metadata["citation"]
    module, _, attribute = entry.metadata["recipe"].partition(":")
    assert f"{TalkingHeadRecipe.__module__}:{TalkingHeadRecipe.__name__}" == f"{module}:{attribute}"
    assert TalkingHead.default_checkpoint is not None and TalkingHead.default_checkpoint.suffix == ".safetensors"


def test_an_edit_of_the_networks_is_an_edit_of_the_method() -> None:
    assert TalkingHead.packages == ("reenactbench_baselines.talking_head",)
    assert code_hash(TalkingHead, TalkingHead.packages) != code_hash(TalkingHead)


@pytest.mark.gpu
def test_a_gpu_makes_the_same_frames(checkpoint: Path, method: TalkingHead) -> None:
    device = torch.device("cuda")
    on_gpu = TalkingHead(device, checkpoint)
    frames = on_gpu.reenact(on_gpu.encode_target(TARGETS.to(device)), DRIVING.to(device))
    torch.testing.assert_close(frames.cpu(), method.reenact(method.encode_target(TARGETS), DRIVING), atol=2e-3, rtol=0)
