"""crossid-flow: what its field, its motion code and its networks promise, and what it makes of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reenactbench_methods.crossid_flow import CrossIDFlow
from torch import Tensor, nn

from crossid_gan.flow.config import PRESETS
from crossid_gan.flow.field import PIXELS, SIDE, displacement_field, sampling_grid
from crossid_gan.flow.model import Flow, load_model
from crossid_gan.flow.motion import Motion
from crossid_gan.flow.networks import COARSE_REACH, FINE_REACH, ContentEncoder, Generator, LandmarkEncoder
from crossid_gan.flow.recipe import FlowRecipe
from reenactbench.errors import ReenactbenchError
from reenactbench.landmarks68 import MIRRORED
from reenactbench.plugins import Plugins
from reenactbench.training.checkpoints import save_checkpoint
from reenactbench.training.loop import Mixed
from reenactbench.types import Frames

CPU = torch.device("cpu")
SIZES = {"width": 8, "code": 16, "motion_width": 12, "motion_code": 6}
SAID = {"method": "crossid-flow", "preset": "demo", "settings": SIZES}


@pytest.fixture(autouse=True)
def _as_in_a_run() -> Iterator[None]:
    with torch.no_grad():
        yield


def noise(count: int, seed: int) -> Frames:
    generator = torch.Generator().manual_seed(seed)
    return Frames(
        torch.rand(count, 3, 128, 128, generator=generator), 20 + 90 * torch.rand(count, 68, 2, generator=generator)
    )


TARGET, DRIVING = noise(1, 0), noise(5, 1)


# --- The field


def cells() -> Tensor:
    """The middles of the field's cells, [32,32,2] (x, y) in pixels of 128: the first is the middle of 4 x 4 pixels."""
    middles = 4 * torch.arange(SIDE, dtype=torch.float32) + 1.5
    return torch.stack(torch.meshgrid(middles, middles, indexing="xy"), -1)


@settings(max_examples=30, deadline=None)
@given(st.tuples(*(st.floats(-0.3, 0.3) for _ in range(4))), st.tuples(st.floats(-20, 20), st.floats(-20, 20)))
def test_an_affine_motion_is_reproduced_exactly_everywhere(
    matrix: tuple[float, ...], shift: tuple[float, float]
) -> None:
    driving, turn = DRIVING.landmarks, torch.eye(2) + torch.tensor(matrix).view(2, 2)
    field, _ = displacement_field(driving @ turn.T + torch.tensor(shift), driving)
    there = cells() @ turn.T + torch.tensor(shift)
    torch.testing.assert_close(cells() + field.permute(0, 2, 3, 1), there.expand(5, -1, -1, -1), atol=0.03, rtol=0)


def test_the_field_is_an_affine_fit_and_what_it_leaves_near_the_landmarks() -> None:
    """Against numpy, a cell at a time."""
    own, driving = (points.numpy().astype(np.float64) for points in (noise(1, 2).landmarks[0], DRIVING.landmarks[0]))
    field, cover = displacement_field(torch.from_numpy(own)[None], torch.from_numpy(driving)[None])
    known = np.column_stack([driving, np.ones(68)])
    fit = np.linalg.lstsq(known, own - driving, rcond=None)[0]
    left = own - driving - known @ fit
    for row, column in ((0, 0), (9, 20), (16, 16), (31, 3)):
        place = cells()[row, column].numpy()
        squared = ((driving - place) ** 2).sum(1)
        near = np.exp(-squared / (2 * 8**2))
        wanted = np.append(place, 1) @ fit + near @ left / (near.sum() + 0.02)
        np.testing.assert_allclose(field[0, :, row, column], wanted, atol=0.05)
        assert float(cover[0, 0, row, column]) == pytest.approx(np.exp(-squared.min() / (2 * 20**2)), abs=1e-4)


def test_a_mirrored_face_has_the_mirrored_field() -> None:
    own, driving = noise(5, 2).landmarks, DRIVING.landmarks
    field, cover = displacement_field(own, driving)
    mirrored = (torch.stack([127 - points[..., 0], points[..., 1]], -1)[:, list(MIRRORED)] for points in (own, driving))
    other, other_cover = displacement_field(*mirrored)
    torch.testing.assert_close(other, field.flip(3) * torch.tensor([-1.0, 1.0])[:, None, None], atol=1e-3, rtol=0)
    torch.testing.assert_close(other_cover, cover.flip(3), atol=1e-5, rtol=0)


def test_a_grid_of_whole_pixels_copies_pixels() -> None:
    shift = torch.tensor([3.0, -2.0])[None, :, None, None].expand(1, 2, PIXELS, PIXELS)
    moved = nn.functional.grid_sample(TARGET.images, sampling_grid(shift), align_corners=False)
    torch.testing.assert_close(moved[..., 2:, :-3], TARGET.images[..., :-2, 3:], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "points", [torch.full((1, 68, 2), 60.0), torch.full((1, 68, 2), 60.0) + torch.arange(68)[:, None]]
)
def test_landmarks_in_one_place_or_on_a_line_have_a_field_too(points: Tensor) -> None:
    field, cover = displacement_field(points + 5, points)
    assert field.isfinite().all() and cover.isfinite().all()
    assert field.abs().max() < 50


# --- The motion code


def test_the_target_moving_like_itself_stays_exactly_where_it_is() -> None:
    motion, own = Motion(12, 6).eval(), noise(5, 3).landmarks
    torch.testing.assert_close(motion(own, own), own, atol=1e-4, rtol=0)
    assert not torch.allclose(motion(DRIVING.landmarks, own), own, atol=0.5)


def test_codes_have_mean_0_and_deviation_1_and_noise_in_training_alone() -> None:
    motion = Motion(12, 6, noise=0.5).eval()
    code = motion.code(DRIVING.landmarks)
    torch.testing.assert_close(code.mean(1), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(code.std(1, unbiased=False), torch.ones(5), atol=1e-3, rtol=0)
    own = noise(5, 3).landmarks
    assert torch.equal(motion(DRIVING.landmarks, own), motion(DRIVING.landmarks, own))
    motion.train()
    assert not torch.equal(motion(DRIVING.landmarks, own), motion(DRIVING.landmarks, own))


def test_nothing_of_the_driver_but_its_code_reaches_a_frame() -> None:
    """With an encoder that gives everybody the same code, every driver makes the target do the same: nothing."""
    torch.manual_seed(0)
    model = Flow(**SIZES).eval()
    last = model.motion.encoder[-2]
    assert isinstance(last, nn.Linear)
    last.weight.zero_()
    frames = model(model.content(TARGET.images, TARGET.landmarks), TARGET.images, TARGET.landmarks, DRIVING.landmarks)
    torch.testing.assert_close(frames, frames[:1].expand(5, -1, -1, -1), atol=1e-5, rtol=0)


def test_landmarks_stay_in_float32_in_a_training_in_bfloat16() -> None:
    motion, own = Motion(12, 6).eval(), noise(5, 3).landmarks
    wanted = motion(DRIVING.landmarks, own), *displacement_field(own, DRIVING.landmarks)
    with Mixed("cpu").forward_context():
        found = motion(DRIVING.landmarks, own), *displacement_field(own, DRIVING.landmarks)
    assert all(torch.equal(*both) for both in zip(found, wanted, strict=True))


# --- The networks


def weights(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def convolution(inputs: int, outputs: int, side: int, norm: bool = True) -> int:
    return inputs * outputs * side**2 + outputs + 2 * outputs * norm


def residual(channels: int) -> int:
    return 2 * convolution(channels, channels, 3)


def perceptron(inputs: int, width: int, outputs: int) -> int:
    return (inputs + 1 + 2) * width + (width + 1 + 2) * width + (width + 1) * outputs


def test_the_networks_have_the_weights_of_their_description_and_fit_into_8_mb() -> None:
    config = PRESETS["demo"]
    w, c, hidden, code = config.width, config.code, config.motion_width, config.motion_code
    with torch.device("meta"):
        model = Flow(w, c, hidden, code)
    down = convolution(2 * w, 4 * w, 4) + convolution(4 * w, c, 4)
    folded = convolution(12, w, 5) + convolution(w, 2 * w, 4) + convolution(68, 2 * w, 3, norm=False)
    assert weights(model.content_encoder) == folded + convolution(2 * w, 2 * w, 3) + down + 3 * residual(c)
    assert weights(model.landmark_encoder) == convolution(68, 2 * w, 3) + down + 2 * residual(c)
    blocks = convolution(2 * c + 3, 2 * c, 3) + 3 * residual(2 * c)
    up = convolution(2 * c, 4 * w, 4) + convolution(4 * w, 2 * w, 4) + convolution(2 * w, w, 4)
    flow = convolution(2 * w, 3, 3, norm=False) + convolution(w, 2, 3, norm=False)
    seen = convolution(2 * w, 2 * w, 3, norm=False) + convolution(2 * w, 2 * w, 3) + convolution(12, w, 3, norm=False)
    drawn = 2 * convolution(w, w, 3) + convolution(w, 4, 4, norm=False)
    assert weights(model.generator) == blocks + up + flow + seen + drawn
    assert weights(model.motion) == perceptron(136, hidden, code) + perceptron(136 + code, hidden, 136)
    assert 2 * weights(model) < 8_000_000


def small_networks() -> tuple[ContentEncoder, LandmarkEncoder, Generator]:
    torch.manual_seed(0)
    networks = ContentEncoder(8, 16), LandmarkEncoder(8, 16), Generator(8, 16)
    for network in networks:
        network.eval()
    return networks


def test_a_frame_is_the_moved_target_and_the_drawn_image_mixed_by_the_mask() -> None:
    content_encoder, landmark_encoder, generator = small_networks()
    own, images = noise(5, 3).landmarks, noise(5, 3).images
    content, driving = content_encoder(images, own), DRIVING.landmarks
    drawn = generator(content, landmark_encoder(driving), images, own, driving)
    mixed = (1 - drawn.mask) * drawn.warped + drawn.mask * drawn.hallucination
    torch.testing.assert_close(drawn.image, mixed, atol=1e-6, rtol=0)
    for part in drawn:
        assert part.min() >= 0 and part.max() <= 1


def test_the_flow_is_the_field_near_landmarks_and_no_farther_from_it_than_its_reach() -> None:
    """A picture whose colours are places shows where each pixel of the warped target comes from."""
    content_encoder, landmark_encoder, generator = small_networks()
    for layer in (generator.coarse, generator.fine):
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    line = torch.linspace(0, 1, 128)
    images = torch.stack([line.expand(128, 128), line[:, None].expand(128, 128), torch.zeros(128, 128)])[None]
    own = 30 + 68 * torch.rand(1, 68, 2, generator=torch.Generator().manual_seed(0))
    content, driving = content_encoder(images, own), own + torch.tensor([4.0, -3.0])
    drawn = generator(content, landmark_encoder(driving), images, own, driving)
    came_from = 127 * drawn.warped[0, :2, 40:88, 40:88]
    here = torch.stack(torch.meshgrid(torch.arange(40.0, 88), torch.arange(40.0, 88), indexing="xy"))
    moved = came_from - here
    torch.testing.assert_close(moved.mean((1, 2)), torch.tensor([-4.0, 3.0]), atol=1.0, rtol=0)  # a gate of 0.95
    assert (moved - torch.tensor([-4.0, 3.0])[:, None, None]).abs().max() < COARSE_REACH + FINE_REACH


# --- The method


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("flow") / "checkpoint.safetensors"
    torch.manual_seed(0)
    save_checkpoint(path, dict(Flow(**SIZES).named_children()), SAID, torch.float32)
    return path


@pytest.fixture(scope="module")
def method(checkpoint: Path) -> CrossIDFlow:
    return CrossIDFlow(CPU, checkpoint)


def test_frames_do_not_depend_on_their_batch(method: CrossIDFlow) -> None:
    identity = method.encode_target(TARGET)
    frames = method.reenact(identity, DRIVING)
    alone = torch.cat([method.reenact(identity, DRIVING[row : row + 1]) for row in range(5)])
    assert frames.shape == (5, 3, 128, 128) and frames.dtype == torch.float32
    torch.testing.assert_close(frames, alone, atol=1e-5, rtol=0)


def test_the_driver_gives_landmarks_and_no_pixel_and_of_several_targets_the_first_is_taken(method: CrossIDFlow) -> None:
    frames = method.reenact(method.encode_target(TARGET), DRIVING)
    unlike = noise(5, 4)
    assert torch.equal(method.reenact(method.encode_target(TARGET), Frames(unlike.images, DRIVING.landmarks)), frames)
    several = Frames(torch.cat([TARGET.images, unlike.images]), torch.cat([TARGET.landmarks, unlike.landmarks]))
    assert torch.equal(method.reenact(method.encode_target(several), DRIVING), frames)
    moved = Frames(TARGET.images, unlike.landmarks[:1])
    assert not torch.allclose(method.reenact(method.encode_target(moved), DRIVING), frames, atol=1e-3)


def test_the_motion_code_is_that_of_the_landmarks(method: CrossIDFlow, checkpoint: Path) -> None:
    codes = method.motion_code(DRIVING)
    assert codes.shape == (5, 6)
    assert torch.equal(codes, load_model(checkpoint, CPU).motion.code(DRIVING.landmarks).float())
    assert codes.dtype == torch.float32


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (SAID | {"method": "crossid"}, "is of method 'crossid', not of 'crossid-flow'"),
        (SAID | {"settings": {**SIZES, "motion_code": 7}}, "does not fit crossid-flow of its own settings: "),
        (SAID | {"settings": {"width": 8}}, "does not say how wide its crossid-flow is"),
    ],
)
def test_a_file_that_holds_no_such_model_is_one_sentence(
    said: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    save_checkpoint(tmp_path / "file", dict(Flow(**SIZES).named_children()), said)
    with pytest.raises(ReenactbenchError, match=sentence) as caught:
        CrossIDFlow(CPU, tmp_path / "file")
    assert "\n" not in str(caught.value)


def test_the_harness_finds_the_method_and_how_it_is_trained(plugins: Plugins) -> None:
    entry = plugins.registry.find("methods", "crossid-flow")
    assert entry.load() is CrossIDFlow
    assert entry.metadata["recipe"] == f"{FlowRecipe.__module__}:{FlowRecipe.__name__}"
