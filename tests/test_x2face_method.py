"""X2Face as a method of the harness: from a checkpoint, up to three targets and driving frames to frames and codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from reenactbench_baselines.x2face.model import X2Face as Model
from reenactbench_baselines.x2face.model import load_model
from reenactbench_baselines.x2face.recipe import X2FaceRecipe
from reenactbench_baselines.x2face.sampling import sampled
from reenactbench_methods.x2face import X2Face
from safetensors.torch import save_file
from torch import nn

from reenactbench.engine.setup import code_hash
from reenactbench.errors import ReenactbenchError
from reenactbench.plugins import Plugins
from reenactbench.training.checkpoints import KEY, save_checkpoint
from reenactbench.types import Frames

CPU = torch.device("cpu")
SAID = {"method": "x2face", "preset": "demo", "settings": {"width": 4, "levels": 7}}


def drawn_at_random(levels: int = 7) -> Model:
    """A model that moves pictures, with running statistics that are not those of the start."""
    torch.manual_seed(0)
    model = Model(4, levels)
    for network in (model.embedding_network, model.driving_network):
        network.layers.start(1.0)
        network(torch.rand(4, 3, model.size, model.size))
    return model.eval()


def parts(model: nn.Module) -> dict[str, nn.Module]:
    return dict(model.named_children())


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("x2face") / "checkpoint.safetensors"
    save_checkpoint(path, parts(drawn_at_random()), SAID, torch.float32)
    return path


@pytest.fixture(scope="module")
def method(checkpoint: Path) -> X2Face:
    return X2Face(CPU, checkpoint)


@pytest.fixture(autouse=True)
def _as_in_a_run() -> Iterator[None]:
    with torch.no_grad():
        yield


def noise(count: int, seed: int, size: int = 128) -> Frames:
    generator = torch.Generator().manual_seed(seed)
    landmarks = 140 * torch.rand(count, 68, 2, generator=generator) - 6
    return Frames(torch.rand(count, 3, size, size, generator=generator), landmarks)


TARGETS, DRIVING = noise(3, 0), noise(7, 1)


# --- Frames


def test_a_frame_is_the_embedded_face_sampled_by_the_drivers_offsets(method: X2Face) -> None:
    face, model = method.encode_target(TARGETS), drawn_at_random()
    assert face.shape == (1, 3, 128, 128)
    unwrapped = model.embedding_network(TARGETS.images)
    weights = torch.exp(unwrapped.confidence) + 0.1
    warped = sampled(TARGETS.images, unwrapped.offsets)
    torch.testing.assert_close(face[0], (weights * warped).sum(0) / weights.sum(0), atol=1e-5, rtol=0)
    moved = sampled(face.expand(7, -1, -1, -1), model.driving_network(DRIVING.images))
    torch.testing.assert_close(method.reenact(face, DRIVING), moved, atol=1e-5, rtol=0)
    assert (moved - TARGETS.images[:1]).abs().max() > 0.1


def test_the_order_of_the_targets_says_nothing_and_each_of_them_counts(method: X2Face) -> None:
    face = method.encode_target(TARGETS)
    backwards = Frames(TARGETS.images.flip(0), TARGETS.landmarks.flip(0))
    torch.testing.assert_close(method.encode_target(backwards), face, atol=1e-5, rtol=0)
    for row in range(3):
        others = [other for other in range(3) if other != row]
        fewer = Frames(TARGETS.images[others], TARGETS.landmarks[others])
        assert (method.encode_target(fewer) - face).abs().max() > 0.01
    assert X2Face.shots == 3


def test_pictures_are_all_that_it_looks_at(method: X2Face) -> None:
    frames, unlike = method.reenact(method.encode_target(TARGETS), DRIVING), noise(7, 2)
    without = Frames(TARGETS.images, unlike.landmarks[:3]), Frames(DRIVING.images, unlike.landmarks)
    assert torch.equal(method.reenact(method.encode_target(without[0]), without[1]), frames)


@pytest.mark.parametrize("levels", [6, 8])
def test_a_model_of_another_size_gets_resized_frames_and_gives_them_back_as_they_came(
    tmp_path: Path, levels: int
) -> None:
    model, path = drawn_at_random(levels), tmp_path / "checkpoint"
    save_checkpoint(path, parts(model), SAID | {"settings": {"width": 4, "levels": levels}}, torch.float32)
    method, size = X2Face(CPU, path), 2**levels
    face = method.encode_target(TARGETS)
    assert face.shape == (1, 3, size, size)
    frames = method.reenact(face, DRIVING)
    large = model(model.embedded_face(TARGETS.resized(size).images), DRIVING.resized(size).images)
    expected = Frames(large, DRIVING.landmarks).resized(128).images
    assert frames.shape == (7, 3, 128, 128)
    torch.testing.assert_close(frames, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(method.motion_code(DRIVING), model.driving_network.code(DRIVING.resized(size).images))


# --- Motion codes


def test_the_motion_code_is_the_driving_vector(method: X2Face) -> None:
    codes = method.motion_code(DRIVING)
    assert codes.shape == (7, 128)
    torch.testing.assert_close(codes, drawn_at_random().driving_network.code(DRIVING.images))
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
        wanted = given[name].half().float() if given[name].is_floating_point() else given[name]
        assert torch.equal(value, wanted), name


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


WIDTHS = "file does not say how wide its X2Face is; name one that `reenactbench train` wrote"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "file", "file is not a file"),
        (garbage, "file is no safetensors file: "),
        (lambda folder: written(folder, SAID | {"method": "crossid"}), "file is of method 'crossid', not of 'x2face'"),
        (
            lambda folder: written(folder, settings(width=8)),
            "file does not fit X2Face of its own settings: driving_network.layers.downs.0.0.weight is 4x3x4x4, not "
            "8x3x4x4 (it is of preset demo)",
        ),
        (others, "file does not fit X2Face of its own settings: it lacks driving_network.layers.downs.0.0.weight"),
        (lambda folder: written(folder, {"method": "x2face"}), WIDTHS),
        (lambda folder: written(folder, SAID | {"settings": {"width": 4}}), WIDTHS),
        (lambda folder: written(folder, SAID | {"settings": "narrow"}), WIDTHS),
        (lambda folder: written(folder, settings(levels="7")), WIDTHS),
    ],
)
def test_a_file_that_holds_no_such_model_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        X2Face(CPU, make(tmp_path))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_harness_finds_the_method_and_how_it_is_trained(plugins: Plugins) -> None:
    (entry,) = (entry for entry in plugins.registry.of("methods") if entry.name == "x2face")
    assert entry.load() is X2Face
    assert entry.metadata["recipe"] == f"{X2FaceRecipe.__module__}:{X2FaceRecipe.__name__}"
    assert X2Face.default_checkpoint is not None and X2Face.default_checkpoint.suffix == ".safetensors"


def test_an_edit_of_the_networks_is_an_edit_of_the_method() -> None:
    assert X2Face.packages == ("reenactbench_baselines.x2face",)
    assert code_hash(X2Face, X2Face.packages) != code_hash(X2Face)


@pytest.mark.gpu
def test_a_gpu_makes_the_same_frames(checkpoint: Path, method: X2Face) -> None:
    device = torch.device("cuda")
    on_gpu = X2Face(device, checkpoint)
    frames = on_gpu.reenact(on_gpu.encode_target(TARGETS.to(device)), DRIVING.to(device))
    torch.testing.assert_close(frames.cpu(), method.reenact(method.encode_target(TARGETS), DRIVING), atol=2e-3, rtol=0)
