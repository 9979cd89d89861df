"""CrossID-GAN as a method of the harness: from a checkpoint, a target and landmarks to frames and motion codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from reenactbench_methods.crossid import CrossID
from safetensors.torch import save_file
from torch import nn

from crossid_gan.model import CrossID as Model
from crossid_gan.model import load_model
from crossid_gan.recipe import CrossIDRecipe
from reenactbench.errors import ReenactbenchError
from reenactbench.plugins import Plugins
from reenactbench.training.checkpoints import KEY, save_checkpoint
from reenactbench.types import Frames

CPU = torch.device("cpu")
SAID = {"method": "crossid", "preset": "demo", "settings": {"width": 8, "code": 16}}


def drawn_at_random() -> Model:
    """A model with a mask that is neither 0 nor 1."""
    torch.manual_seed(0)
    return Model(8, 16).eval()


def parts(model: nn.Module) -> dict[str, nn.Module]:
    return dict(model.named_children())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crossid") / "checkpoint.safetensors"
    save_checkpoint(path, parts(drawn_at_random()), SAID, torch.float32)
    return path


@pytest.fixture(scope="module")
def method(checkpoint: Path) -> CrossID:
    return CrossID(CPU, checkpoint)


@pytest.fixture(autouse=True)
def _as_in_a_run() -> Iterator[None]:
    with torch.no_grad():
        yield


def noise(count: int, seed: int) -> Frames:
    generator = torch.Generator().manual_seed(seed)
    landmarks = 140 * torch.rand(count, 68, 2, generator=generator) - 6
    return Frames(torch.rand(count, 3, 128, 128, generator=generator), landmarks)


TARGET, DRIVING = noise(1, 0), noise(7, 1)


# --- Frames


def test_a_frame_is_the_target_and_the_hallucination_mixed_by_the_mask(method: CrossID) -> None:
    frames = method.reenact(method.encode_target(TARGET), DRIVING)
    model = drawn_at_random()
    content, motion = model.content_encoder(TARGET.images), model.landmark_encoder(DRIVING.landmarks)
    _, mask, hallucination = model.generator(content.expand(7, -1, -1, -1), motion, TARGET.images)
    mixed = (1 - mask) * TARGET.images + mask * hallucination
    torch.testing.assert_close(frames, mixed, atol=1e-5, rtol=0)
    assert (frames - TARGET.images).abs().max() > 0.1


def test_the_driver_gives_landmarks_and_the_target_its_picture_and_neither_anything_else(method: CrossID) -> None:
    frames = method.reenact(method.encode_target(TARGET), DRIVING)
    unlike = noise(7, 2)
    other_target = Frames(TARGET.images, unlike.landmarks[:1])
    other_driving = Frames(unlike.images, DRIVING.landmarks)
    assert torch.equal(method.reenact(method.encode_target(other_target), other_driving), frames)
    other_motion = Frames(DRIVING.images, unlike.landmarks)
    assert not torch.allclose(method.reenact(method.encode_target(TARGET), other_motion), frames, atol=1e-3)


def test_of_several_targets_the_first_is_taken(method: CrossID) -> None:
    targets = noise(3, 0)
    frames = method.reenact(method.encode_target(targets), DRIVING)
    assert torch.equal(frames, method.reenact(method.encode_target(targets[:1]), DRIVING))
    assert CrossID.shots == 1


# --- Motion codes


def test_the_motion_code_is_the_landmark_encoders_and_knows_no_picture(method: CrossID) -> None:
    codes = method.motion_code(DRIVING)
    assert codes.shape == (7, 16 * 8 * 8)
    torch.testing.assert_close(codes, drawn_at_random().landmark_encoder(DRIVING.landmarks).flatten(1))
    assert torch.equal(codes, method.motion_code(Frames(torch.rand(7, 3, 128, 128), DRIVING.landmarks)))
    alone = torch.cat([method.motion_code(DRIVING[row : row + 1]) for row in range(7)])
    torch.testing.assert_close(alone, codes, atol=1e-5, rtol=0)


# --- Checkpoints


def test_a_loaded_model_has_the_saved_weights_in_float32_and_is_ready_for_use(tmp_path: Path) -> None:
    model, path = drawn_at_random(), tmp_path / "half.safetensors"
    save_checkpoint(path, parts(model), SAID)
    state = torch.get_rng_state()
    loaded = load_model(path, CPU)
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module.training for module in loaded.modules())
    given, found = model.state_dict(), loaded.state_dict()
    assert given.keys() == found.keys()
    for name, value in found.items():
        assert value.dtype == torch.float32
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


WIDTHS = "file does not say how wide its CrossID-GAN is; name one that `reenactbench train` wrote"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "file", "file is not a file"),
        (garbage, "file is no safetensors file: "),
        (lambda folder: written(folder, SAID | {"method": "x2face"}), "file is of method 'x2face', not of 'crossid'"),
        (
            lambda folder: written(folder, settings(code=24)),
            "file does not fit CrossID-GAN of its own settings: content_encoder.blocks.0.inner.0.0.bias is 16, not 24 "
            "(it is of preset demo)",
        ),
        (others, "file does not fit CrossID-GAN of its own settings: it lacks content_encoder.blocks.0.inner.0.0.bias"),
        (lambda folder: written(folder, {"method": "crossid"}), WIDTHS),
        (lambda folder: written(folder, SAID | {"settings": {"width": 8}}), WIDTHS),
        (lambda folder: written(folder, SAID | {"settings": "narrow"}), WIDTHS),
        (lambda folder: written(folder, settings(code="16")), WIDTHS),
        (lambda folder: written(folder, settings(code=28)), WIDTHS),
    ],
)
def test_a_file_that_holds_no_such_model_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        CrossID(CPU, make(tmp_path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_harness_finds_the_method_and_how_it_is_trained(plugins: Plugins) -> None:
    (entry,) = (entry for entry in plugins.registry.of("methods") if entry.name == "crossid")
    assert entry.load() is CrossID
    module, _, attribute = entry.metadata["recipe"].partition(":")
    assert f"{CrossIDRecipe.__module__}:{CrossIDRecipe.__name__}" == f"{module}:{attribute}"
    assert CrossID.default_checkpoint is not None and CrossID.default_checkpoint.suffix == ".safetensors"


@pytest.mark.gpu
def test_a_gpu_makes_the_same_frames(checkpoint: Path, method: CrossID) -> None:
    device = torch.device("cuda")
    on_gpu = CrossID(device, checkpoint)
    frames = on_gpu.reenact(on_gpu.encode_target(TARGET.to(device)), DRIVING.to(device))
    torch.testing.assert_close(frames.cpu(), method.reenact(method.encode_target(TARGET), DRIVING), atol=2e-3, rtol=0)
