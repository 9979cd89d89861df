"""X2Face's networks and samplers: how many weights there are, what reaches what, and where samples are taken."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reenactbench_baselines.x2face.config import PRESETS, Config
from reenactbench_baselines.x2face.networks import DrivingNetwork, EmbeddingNetwork, UNet
from reenactbench_baselines.x2face.sampling import followed, merged, sampled
from torch import Tensor, nn

PRESET = pytest.mark.parametrize("config", [pytest.param(config, id=name) for name, config in PRESETS.items()])
KIND = pytest.mark.parametrize("kind", [EmbeddingNetwork, DrivingNetwork])
LIMIT = math.tanh(1)


def weightless(kind: type[nn.Module], *sizes: int) -> nn.Module:
    with torch.device("meta"):
        return kind(*sizes)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def layers(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [layer for layer in network.modules() if isinstance(layer, kinds)]


def small(kind: type[Any], width: int = 4, levels: int = 5) -> Any:
    """In evaluation mode, on pictures of 32 pixels, with running statistics that are not those of the start."""
    torch.manual_seed(0)
    network = kind(width, levels)
    network.layers.start(1.0)
    network(torch.rand(8, 3, 2**levels, 2**levels))
    return network.eval()


# --- How many weights


def test_at_256_pixels_there_are_as_many_weights_as_the_authors_have() -> None:
    paper = PRESETS["paper"]
    assert count(weightless(EmbeddingNetwork, paper.width, paper.levels)) == 39_157_760
    assert count(weightless(DrivingNetwork, paper.width, paper.levels)) == 25_614_080


def test_at_128_pixels_there_is_a_block_of_512_channels_less() -> None:
    paper = PRESETS["paper-128"]
    assert count(weightless(EmbeddingNetwork, paper.width, paper.levels)) == 30_242_816
    assert count(weightless(DrivingNetwork, paper.width, paper.levels)) == 19_058_432


@PRESET
def test_the_weights_are_those_of_the_description(config: Config) -> None:
    w, most = config.width, 8 * config.width
    widths = [min(w * 2**level, most) for level in range(config.levels)]
    for kind, last, outputs, joined in ((EmbeddingNetwork, widths[-1], 3, 2), (DrivingNetwork, 128, 2, 1)):
        down = sum(16 * before * after for before, after in pairwise([3, *widths[:-1], last]))
        up = 9 * last * widths[-2] + sum(9 * joined * a * b for b, a in pairwise([outputs, *widths[:-1]]))
        norms = 2 * sum(widths[1:-1]) + 2 * sum(widths[:-1])
        assert count(weightless(kind, w, config.levels)) == down + up + norms


def test_the_demo_fits_into_8_megabytes_of_half_precision() -> None:
    demo = PRESETS["demo"]
    networks = [weightless(kind, demo.width, demo.levels) for kind in (EmbeddingNetwork, DrivingNetwork)]
    assert 2 * sum(map(count, networks)) < 7_500_000


# --- What reaches what


@PRESET
@KIND
def test_a_picture_is_halved_to_one_place_and_doubled_to_its_size(config: Config, kind: type[nn.Module]) -> None:
    network, sides = weightless(kind, config.width, config.levels), []

    def note(module: nn.Module, given: Any, made: Tensor) -> None:
        sides.append(made.shape[-1])

    for layer in layers(network, nn.Conv2d):
        layer.register_forward_hook(note)
    size = 2**config.levels
    made = network(torch.empty(2, 3, size, size, device="meta"))
    halvings = [size // 2**level for level in range(1, config.levels + 1)]
    assert sides == [*halvings, *(2 * side for side in reversed(halvings))]
    expected = {EmbeddingNetwork: [(2, 2, size, size), (2, 1, size, size)], DrivingNetwork: [(2, 2, size, size)]}
    assert [part.shape for part in (made if kind is EmbeddingNetwork else [made])] == expected[kind]


@KIND
def test_nothing_has_a_bias_but_the_normalisation_and_first_last_and_bottleneck_have_none(
    kind: type[nn.Module],
) -> None:
    network = weightless(kind, 64, 8)
    assert all(layer.bias is None for layer in layers(network, nn.Conv2d))
    unet = network.get_submodule("layers")
    for name, without in (("downs", [0, 7]), ("ups", [0])):
        blocks = list(unet.get_submodule(name).children())
        assert [level for level, block in enumerate(blocks) if not layers(block, nn.BatchNorm2d)] == without


@KIND
def test_enlargements_leave_the_corners_where_they_are(kind: type[nn.Module]) -> None:
    """As the authors' networks were made, before torch had another default."""
    enlargements = layers(weightless(kind, 64, 8), nn.Upsample)
    assert len(enlargements) == 8
    for layer in enlargements:
        assert isinstance(layer, nn.Upsample)
        assert (layer.mode, layer.align_corners) == ("bilinear", True)


def drawn_without(unet: UNet, images: Tensor, level: int) -> Tensor:
    """With zeros in place of one of the maps."""
    maps = unet.seen(images)
    maps[level] = torch.zeros_like(maps[level])
    return unet.drawn(maps)


@torch.no_grad()
def test_all_maps_reach_the_embedding_and_the_bottleneck_alone_the_driving_offsets() -> None:
    images = torch.rand(2, 3, 32, 32)
    for kind, reaching in ((EmbeddingNetwork, [0, 1, 2, 3, 4]), (DrivingNetwork, [4])):
        unet = small(kind).layers
        whole = unet(images)
        changed = [level for level in range(5) if not torch.equal(drawn_without(unet, images, level), whole)]
        assert changed == reaching


@torch.no_grad()
def test_the_driving_vector_is_all_that_the_offsets_follow_from() -> None:
    network, images = small(DrivingNetwork), torch.rand(3, 3, 32, 32)
    code = network.code(images)
    assert code.shape == (3, 128) and code.min() == 0
    bottleneck = [*[torch.empty(0)] * 4, code[:, :, None, None]]
    torch.testing.assert_close(torch.tanh(torch.tanh(network.layers.drawn(bottleneck))), network(images))


@torch.no_grad()
def test_offsets_stay_within_a_tanh_and_those_of_the_driver_within_two() -> None:
    images = torch.rand(2, 3, 32, 32)
    embedding, driving = small(EmbeddingNetwork), small(DrivingNetwork)
    for network in (embedding, driving):
        network.layers.ups[0][-1].weight.mul_(1e4)
    unwrapped, offsets = embedding(images), driving(images)
    assert unwrapped.offsets.abs().max() == 1 and unwrapped.confidence.abs().max() > 1
    torch.testing.assert_close(offsets.abs().max(), torch.tensor(LIMIT))


@KIND
@torch.no_grad()
def test_in_evaluation_mode_a_frame_does_not_depend_on_the_others_and_in_training_it_does(kind: type[Any]) -> None:
    network, images = small(kind), torch.rand(6, 3, 32, 32)

    def offsets(of: Tensor) -> Tensor:
        made = network(of)
        return torch.cat(made, 1) if kind is EmbeddingNetwork else made

    torch.testing.assert_close(offsets(images[2:4]), offsets(images)[2:4], atol=1e-6, rtol=0)
    network.train()
    assert (offsets(images[2:4]) - offsets(images)[2:4]).abs().max() > 1e-2


# --- How training begins


def test_weights_begin_as_glorots_and_the_scales_of_normalisation_anywhere_up_to_1() -> None:
    torch.manual_seed(0)
    unet = EmbeddingNetwork(16, 7).layers
    unet.start(1.0)
    layer = unet.get_parameter("downs.4.0.weight")
    assert float(layer.detach().std()) == pytest.approx(math.sqrt(2 / (16 * 2 * 128)), rel=0.02)
    scales = torch.cat([norm.weight for norm in layers(unet, nn.BatchNorm2d)])  # type: ignore[misc]
    assert 0.02 <= scales.min() < 0.05 and 0.95 < scales.max() <= 1


@torch.no_grad()
def test_with_a_start_of_0_all_offsets_are_0_and_with_less_than_1_so_much_smaller() -> None:
    images, made = torch.rand(2, 3, 32, 32), {}
    for factor in (1.0, 0.25, 0.0):
        torch.manual_seed(0)
        network = EmbeddingNetwork(4, 5).eval()
        network.layers.start(factor)
        made[factor] = torch.atanh(network(images).offsets)
    assert not made[0.0].any()
    torch.testing.assert_close(made[0.25], 0.25 * made[1.0], atol=1e-5, rtol=1e-4)


# --- Where samples are taken


def test_offsets_of_0_give_the_picture_back() -> None:
    images = torch.rand(2, 3, 128, 128, dtype=torch.float64)
    still = torch.zeros(2, 2, 128, 128)
    torch.testing.assert_close(sampled(images, still.double()), images, atol=1e-12, rtol=0)
    torch.testing.assert_close(sampled(images.float(), still), images.float(), atol=2e-5, rtol=0)  # of noise


def test_an_offset_of_a_pixel_takes_the_next_one_to_the_right_or_below() -> None:
    """A picture of S pixels is S - 1 pixels from the middle of the first to the middle of the last."""
    images, pixel = torch.rand(1, 3, 9, 9, dtype=torch.float64), 2 / 8
    right = torch.tensor([pixel, 0.0], dtype=torch.float64)[None, :, None, None].expand(1, 2, 9, 9)
    moved = sampled(images, right)
    torch.testing.assert_close(moved[..., :-1], images[..., 1:], atol=1e-12, rtol=0)
    assert moved[..., -1].abs().max() < 1e-12  # outside of the picture it is black
    below = sampled(images, 2 * right.flip(1))
    torch.testing.assert_close(below[..., :-2, :], images[..., 2:, :], atol=1e-12, rtol=0)


@given(x=st.floats(0, 7.99), y=st.floats(0, 7.99))
@settings(max_examples=50, deadline=None)
def test_between_pixels_a_sample_is_bilinear(x: float, y: float) -> None:
    torch.manual_seed(0)
    images = torch.rand(1, 1, 9, 9, dtype=torch.float64)
    offsets = torch.tensor([x, y], dtype=torch.float64) * 2 / 8  # at the first pixel
    found = sampled(images, offsets[None, :, None, None].expand(1, 2, 9, 9))[0, 0, 0, 0]
    i, j, u, v = int(x), int(y), x % 1, y % 1
    a, b, c, d = images[0, 0, [j, j, j + 1, j + 1], [i, i + 1, i, i + 1]].tolist()
    assert float(found) == pytest.approx((1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * c + u * d), abs=1e-12)


def test_each_picture_is_sampled_by_its_own_offsets_and_they_learn() -> None:
    images, offsets = torch.rand(3, 3, 8, 8), torch.zeros(3, 2, 8, 8)
    offsets[1] = 0.3
    offsets.requires_grad_()
    moved = sampled(images, offsets)
    for row in range(3):
        alone = sampled(images[row : row + 1], offsets[row : row + 1])
        assert torch.equal(moved[row : row + 1], alone)
    torch.autograd.backward(moved[1].sum())
    assert offsets.grad is not None
    assert offsets.grad[1].abs().max() > 0 and not offsets.grad[[0, 2]].any()


def test_what_is_at_a_place_was_taken_from_where_the_offsets_lead() -> None:
    """A picture of its own columns and rows says where each of its pixels went."""
    torch.manual_seed(0)
    line = torch.linspace(-1, 1, 16)
    columns = torch.stack(torch.meshgrid(line, line, indexing="xy"))[None]
    offsets = 0.1 * torch.rand(1, 2, 16, 16) - 0.05
    at = torch.tensor([[3, 4], [8, 11], [12, 2]])
    taken = sampled(columns, offsets)[0, :, at[:, 1], at[:, 0]].T
    torch.testing.assert_close(followed(line[at][None], offsets)[0], taken)


def test_pictures_are_merged_by_their_confidence_at_each_place() -> None:
    pictures = torch.zeros(4, 3, 1, 2)
    pictures[0], pictures[1], pictures[3] = 0.2, 0.8, 0.5
    confidence = torch.zeros(4, 1, 1, 2)
    confidence[1, 0, 0, 1] = math.log(2)
    confidence[2, 0, 0, 0] = -50.0
    faces = merged(pictures, confidence, shots=2)
    assert faces.shape == (2, 3, 1, 2)
    for colour in range(3):
        assert faces[0, colour, 0].tolist() == pytest.approx([0.5, (1.1 * 0.2 + 2.1 * 0.8) / 3.2])
        assert faces[1, colour, 0].tolist() == pytest.approx([1.1 * 0.5 / 1.2, 0.25])  # exp(-50) and 0.1


def test_one_picture_is_its_own_face_whatever_its_confidence() -> None:
    pictures = torch.rand(3, 3, 4, 4)
    torch.testing.assert_close(merged(pictures, 5 * torch.randn(3, 1, 4, 4), shots=1), pictures)


def test_the_order_of_the_pictures_of_a_face_says_nothing() -> None:
    pictures, confidence = torch.rand(3, 3, 4, 4), torch.randn(3, 1, 4, 4)
    order = [2, 0, 1]
    torch.testing.assert_close(merged(pictures[order], confidence[order], 3), merged(pictures, confidence, 3))
