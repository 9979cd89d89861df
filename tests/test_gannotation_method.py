"""GANnotation as a method of the harness: from a checkpoint, one target image and driving landmarks to frames."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from reenactbench_baselines.gannotation.config import MASKED, PLAIN, VARIANTS
from reenactbench_baselines.gannotation.model import GANnotation as Model
from reenactbench_baselines.gannotation.model import load_model
from reenactbench_baselines.gannotation.recipe import GANnotationRecipe
from reenactbench_methods.gannotation import GANnotation
from safetensors.torch import save_file
from torch import nn

from reenactbench.engine.setup import code_hash
from reenactbench.errors import ReenactbenchError
from reenactbench.plugins import Plugins
from reenactbench.training.checkpoints import KEY, save_checkpoint
from reenactbench.types import Frames

CPU = torch.device("cpu")
SAID = {
    "method": "gannotation",
    "preset": "demo",
    "variant": MASKED,
    "settings": {"width": 4, "halvings": 2, "blocks": 1},
}


def drawn_at_random(variant: str = MASKED) -> Model:
    torch.manual_seed(0)
    return Model(SAID | {"variant": variant}).eval()


def parts(model: nn.Module) -> dict[str, nn.Module]:
    return dict(model.named_children())


@pytest.fixture(scope="module", params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, variant: str) -> Path:
    path = tmp_path_factory.mktemp("gannotation") / "checkpoint.safetensors"
    save_checkpoint(path, parts(drawn_at_random(variant)), SAID | {"variant": variant}, torch.float32)
    return path


@pytest.fixture(scope="module")
def method(checkpoint: Path) -> GANnotation:
    return GANnotation(CPU, checkpoint)


@pytest.fixture(autouse=True)
def _as_in_a_run() -> Iterator[None]:
    with torch.no_grad():
        yield


def noise(count: int, seed: int) -> Frames:
    generator = torch.Generator().manual_seed(seed)
    landmarks = 140 * torch.rand(count, 68, 2, generator=generator) - 6
    return Frames(torch.rand(count, 3, 128, 128, generator=generator), landmarks)


TARGETS, DRIVING = noise(3, 0), noise(5, 1)


# --- Frames


def test_a_frame_is_what_the_generator_makes_of_the_first_target_and_the_driving_landmarks(
    method: GANnotation, variant: str
) -> None:
    frames = method.reenact(method.encode_target(TARGETS), DRIVING)
    generator, target = drawn_at_random(variant).generator, TARGETS.images[:1]
    drawn = [generator(target, DRIVING.landmarks[row : row + 1]) for row in range(5)]
    torch.testing.assert_close(frames, torch.cat([each.image for each in drawn]), atol=1e-6, rtol=0)
    masks = torch.cat([each.mask for each in drawn])
    assert bool(masks.any()) == (variant == MASKED)
    assert (frames - target).abs().max() > 0.1 and (frames[0] - frames[1]).abs().max() > 0.01


def test_neither_further_targets_nor_landmarks_of_the_target_nor_driving_pixels_change_anything(
    method: GANnotation,
) -> None:
    frames, unlike = method.reenact(method.encode_target(TARGETS), DRIVING), noise(5, 2)
    alone = Frames(TARGETS.images[:1], unlike.landmarks[:1])
    assert torch.equal(method.reenact(method.encode_target(alone), Frames(unlike.images, DRIVING.landmarks)), frames)
    assert GANnotation.shots == 1


def test_the_target_is_looked_at_once(method: GANnotation) -> None:
    looks: list[int] = []
    layer = method._model.generator.of_picture
    hook = layer.register_forward_hook(lambda module, given, made: looks.append(len(given[0])))
    identity = method.encode_target(TARGETS)
    for _ in range(2):
        method.reenact(identity, DRIVING)
    hook.remove()
    assert looks == [1]


# --- Checkpoints


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_loaded_model_is_the_saved_one_in_float32_and_ready_for_use(tmp_path: Path, variant: str) -> None:
    model, path = drawn_at_random(variant), tmp_path / "half.safetensors"
    save_checkpoint(path, parts(model), SAID | {"variant": variant})
    state = torch.get_rng_state()
    loaded = load_model(path, CPU)
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module.training for module in loaded.modules())
    assert (loaded.generator.mask is not None) == (variant == MASKED)
    given = model.state_dict()
    assert loaded.state_dict().keys() == given.keys()
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, given[name].half().float()), name


def written(folder: Path, said: dict[str, Any]) -> Path:
    save_checkpoint(folder / "file", parts(drawn_at_random()), said)
    return folder / "file"


def garbage(folder: Path) -> Path:
    (folder / "file").write_bytes(b"no tensors")
    return folder / "file"


def others(folder: Path) -> Path:
    save_file({"weight": torch.zeros(1)}, folder / "file", {KEY: json.dumps(SAID)})
    return folder / "file"


def settings(**changes: Any) -> dict[str, Any]:
    return SAID | {"settings": {**SAID["settings"], **changes}}  # type: ignore[dict-item]


WIDTHS = "file does not say how wide its GANnotation is; name one that `reenactbench train` wrote"
OWN = "file does not fit GANnotation of its own settings: "


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "file", "file is not a file"),
        (garbage, "file is no safetensors file: "),
        (
            lambda folder: written(folder, SAID | {"method": "x2face"}),
            "file is of method 'x2face', not of 'gannotation'",
        ),
        (
            lambda folder: written(folder, settings(width=8)),
            f"{OWN}generator.colours.weight is 3x4x7x7, not 3x8x7x7 (it is of preset demo)",
        ),
        (
            lambda folder: written(folder, SAID | {"variant": PLAIN}),
            f"{OWN}it holds generator.mask.weight, for which there is no place",
        ),
        (others, f"{OWN}it lacks generator.colours.weight"),
        (lambda folder: written(folder, {"method": "gannotation"}), WIDTHS),
        (lambda folder: written(folder, {name: SAID[name] for name in ("method", "settings")}), WIDTHS),
        (lambda folder: written(folder, SAID | {"settings": "narrow"}), WIDTHS),
        (lambda folder: written(folder, settings(width="4")), WIDTHS),
        (lambda folder: written(folder, settings(levels=7)), WIDTHS),
    ],
)
def test_a_file_that_holds_no_such_model_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        GANnotation(CPU, make(tmp_path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_harness_finds_the_method_and_how_it_is_trained(plugins: Plugins) -> None:
    (entry,) = (entry for entry in plugins.registry.of("methods") if entry.name == "gannotation")
    assert entry.load() is GANnotation
    assert entry.metadata["recipe"] == f"{GANnotationRecipe.__module__}:{GANnotationRecipe.__name__}"
    assert GANnotation.default_checkpoint is not None and GANnotation.default_checkpoint.suffix == ".safetensors"


def test_an_edit_of_the_networks_is_an_edit_of_the_method() -> None:
    assert GANnotation.packages == ("reenactbench_baselines.gannotation", "reenactbench.training.heatmaps")
    assert code_hash(GANnotation, GANnotation.packages) != code_hash(GANnotation)


@pytest.mark.gpu
def test_a_gpu_makes_the_same_frames(checkpoint: Path, method: GANnotation) -> None:
    device = torch.device("cuda")
    on_gpu = GANnotation(device, checkpoint)
    frames = on_gpu.reenact(on_gpu.encode_target(TARGETS.to(device)), DRIVING.to(device))
    torch.testing.assert_close(frames.cpu(), method.reenact(method.encode_target(TARGETS), DRIVING), atol=2e-3, rtol=0)
