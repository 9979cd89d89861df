"""CrossID-GAN's networks: the layers that the paper counts, how many weights they have, and what they compute."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from crossid_gan.config import PRESETS, Config
from crossid_gan.discriminators import (
    IdentityClassifier,
    ImageDiscriminator,
    PairDiscriminator,
    VideoDiscriminator,
    reversed_gradient,
)
from crossid_gan.extractor import ExtractorDiscriminator, LandmarkExtractor, expected_points
from crossid_gan.layers import Residual
from crossid_gan.networks import ContentEncoder, Generator, LandmarkEncoder
from reenactbench.training.features import feature_network
from reenactbench.training.heatmaps import heatmaps

PRESET = pytest.mark.parametrize("config", [pytest.param(config, id=name) for name, config in PRESETS.items()])


def shaped(*shape: int) -> Tensor:
    """A tensor without numbers: what only asks for shapes costs nothing."""
    return torch.empty(*shape, device="meta")


def weightless(kind: type[nn.Module], *sizes: int) -> nn.Module:
    with torch.device("meta"):
        return kind(*sizes)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def layers(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [layer for layer in network.modules() if isinstance(layer, kinds)]


# --- How many weights, from the description alone


def convolution(inputs: int, outputs: int, *sides: int) -> int:
    """Weights and biases."""
    return inputs * outputs * int(np.prod(sides)) + outputs


def group_norm(channels: int) -> int:
    return 2 * channels


def residual(channels: int) -> int:
    return 2 * (convolution(channels, channels, 3, 3) + group_norm(channels))


def encoder(inputs: int, widths: Sequence[int]) -> int:
    first = convolution(inputs, widths[0], 7, 7) + group_norm(widths[0])
    down = sum(convolution(before, after, 4, 4) + group_norm(after) for before, after in pairwise(widths))
    return first + down + 4 * residual(widths[-1])


def generator(code: int, widths: Sequence[int]) -> int:
    up = sum(convolution(before, after, 4, 4) + group_norm(after) for before, after in pairwise((2 * code, *widths)))
    return 5 * residual(2 * code) + up + convolution(widths[-1], 4, 4, 4)


def patches(inputs: int, width: int) -> int:
    inner = sum(convolution(k * width, 2 * k * width, 4, 4) + group_norm(2 * k * width) for k in (1, 2, 4))
    return convolution(inputs, width, 4, 4) + inner + convolution(8 * width, 1, 4, 4)


@pytest.mark.parametrize(
    ("config", "widths"),
    [
        pytest.param(PRESETS["paper"], (64, 128, 256, 256, 256), id="paper"),
        pytest.param(PRESETS["demo"], (16, 32, 64, 72, 72), id="demo"),
    ],
)
def test_encoders_and_generator_have_the_weights_of_their_description(config: Config, widths: Sequence[int]) -> None:
    sizes = config.width, config.code
    assert count(weightless(LandmarkEncoder, *sizes)) == encoder(68, widths)
    assert count(weightless(ContentEncoder, *sizes)) == encoder(3, widths)
    assert count(weightless(Generator, *sizes)) == generator(config.code, widths[3:0:-1])


@PRESET
def test_judges_have_the_weights_of_their_description(config: Config) -> None:
    width, code = config.judge_width, config.code
    assert count(weightless(ImageDiscriminator, width)) == patches(3, width)
    assert count(weightless(ExtractorDiscriminator, width)) == patches(3 + 68, width)
    connected = convolution(4 * code, code) + convolution(code, code) + convolution(code, 102)
    assert count(weightless(IdentityClassifier, code, 102)) == 4 * convolution(code, code, 3, 3) + connected
    widths = (3, width, 2 * width, 4 * width, 8 * width)
    in_time = sum(convolution(before, after, 3, 4, 4) for before, after in pairwise(widths))
    assert count(weightless(VideoDiscriminator, width)) == in_time + convolution(8 * width * 3 * 8 * 8, 1)


@PRESET
def test_the_extractor_has_the_weights_of_pix2pix(config: Config) -> None:
    w = config.extractor_width
    widths = (w, 2 * w, 4 * w, 8 * w, 8 * w, 8 * w, 8 * w)
    down = sum(convolution(before, after, 4, 4) for before, after in pairwise((3, *widths)))
    up = convolution(8 * w, 8 * w, 4, 4)  # from the one place at the bottom, where nothing is joined yet
    up += sum(convolution(2 * after, before, 4, 4) for before, after in pairwise((68, *widths[:-1])))
    norms = sum(map(group_norm, widths[1:-1])) + sum(map(group_norm, widths[:-1]))
    assert count(weightless(LandmarkExtractor, w)) == down + up + norms


def test_the_siamese_network_is_alexnets_features_and_one_layer() -> None:
    judge = PairDiscriminator(feature_network("alexnet-untrained", "cpu"))
    sizes = ((3, 64, 11), (64, 192, 5), (192, 384, 3), (384, 256, 3), (256, 256, 3))
    features = sum(convolution(inputs, outputs, side, side) for inputs, outputs, side in sizes)
    assert count(judge) == features + convolution(256 * 7 * 7, 1)
    assert len(layers(judge, nn.Linear)) == 1


# --- The layers that the paper counts, and the shapes


@PRESET
@pytest.mark.parametrize("kind", [LandmarkEncoder, ContentEncoder])
def test_an_encoder_is_five_convolutions_and_four_residual_blocks(config: Config, kind: type[nn.Module]) -> None:
    network = weightless(kind, config.width, config.code)
    blocks = layers(network, Residual)
    assert len(blocks) == 4
    assert len(layers(network, nn.Conv2d)) - sum(len(layers(block, nn.Conv2d)) for block in blocks) == 5
    given = [(5, 68, 2), (5, 68, 128, 128)] if kind is LandmarkEncoder else [(5, 3, 128, 128)]
    for shape in given:
        assert network(shaped(*shape)).shape == (5, config.code, 8, 8)


def test_the_published_codes_are_8_by_8_by_256() -> None:
    assert weightless(LandmarkEncoder, PRESETS["paper"].width, PRESETS["paper"].code)(shaped(1, 68, 2)).numel() == 16384


@PRESET
def test_the_generator_is_five_residual_blocks_and_four_transposed_convolutions(config: Config) -> None:
    network = weightless(Generator, config.width, config.code)
    assert len(layers(network, Residual)) == 5
    assert len(layers(network, nn.ConvTranspose2d)) == 4
    assert len(layers(network, nn.Conv2d)) == 2 * 5
    code = shaped(5, config.code, 8, 8)
    image, mask, hallucination = network(code, code, shaped(5, 3, 128, 128))
    assert (image.shape, mask.shape, hallucination.shape) == ((5, 3, 128, 128), (5, 1, 128, 128), (5, 3, 128, 128))


@PRESET
def test_every_judge_has_the_layers_that_the_paper_counts(config: Config) -> None:
    image = weightless(ImageDiscriminator, config.judge_width)
    assert (len(layers(image, nn.Conv2d)), image(shaped(5, 3, 128, 128)).shape) == (5, (5, 1, 14, 14))
    identity = weightless(IdentityClassifier, config.code, 102)
    assert (len(layers(identity, nn.Conv2d)), len(layers(identity, nn.Linear))) == (4, 3)
    assert identity(shaped(5, config.code, 8, 8)).shape == (5, 102)
    video = weightless(VideoDiscriminator, config.judge_width)
    assert (len(layers(video, nn.Conv3d)), len(layers(video, nn.Linear))) == (4, 1)
    assert video(shaped(5, 3, 3, 128, 128)).shape == (5, 1)


@PRESET
def test_the_extractor_is_a_u_net_down_to_one_place(config: Config) -> None:
    network = weightless(LandmarkExtractor, config.extractor_width)
    shapes: list[tuple[int, ...]] = []

    def note(module: nn.Module, given: Any, made: Tensor) -> None:
        shapes.append(tuple(made.shape[2:]))

    for layer in layers(network, nn.Conv2d, nn.ConvTranspose2d):
        layer.register_forward_hook(note)
    assert network(shaped(2, 3, 128, 128)).shape == (2, 68, 128, 128)
    sides = [64, 32, 16, 8, 4, 2, 1, 2, 4, 8, 16, 32, 64, 128]
    assert shapes == [(side, side) for side in sides]


def test_what_the_extractor_sees_at_the_top_reaches_its_maps_without_the_bottom() -> None:
    """The U-Net's ways across: with the bottom cut off, a map still depends on the picture."""
    torch.manual_seed(0)
    network = LandmarkExtractor(8)
    with torch.no_grad():
        for parameter in network.ups[6].parameters():
            parameter.zero_()
    images = torch.rand(1, 3, 128, 128, requires_grad=True)
    network(images)[0, 0, 64, 64].backward()
    assert images.grad is not None and images.grad[0, :, 60:68, 60:68].abs().min() > 0


def test_a_logit_of_the_image_judge_is_of_a_patch_of_70_by_70_pixels() -> None:
    torch.manual_seed(0)
    judge = ImageDiscriminator(8)
    for parent in layers(judge, nn.Sequential):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.GroupNorm):  # whose statistics are of the whole picture
                setattr(parent, name, nn.Identity())
    images = torch.rand(1, 3, 128, 128, dtype=torch.float64, requires_grad=True)
    judge.double()(images)[0, 0, 7, 7].backward()
    assert images.grad is not None
    rows, columns = (images.grad.abs().sum((0, 1, 3 - axis)).nonzero() for axis in (0, 1))
    assert [int(found.max() - found.min()) + 1 for found in (rows, columns)] == [70, 70]


def test_two_looks_at_one_picture_differ_by_nothing_and_the_order_of_two_turns_the_difference_round() -> None:
    torch.manual_seed(0)
    judge = PairDiscriminator(feature_network("synthface", "cpu"))
    first, second = torch.rand(2, 2, 3, 128, 128)
    assert torch.equal(judge(first, first), judge.score.bias.expand(2, 1))
    torch.testing.assert_close(judge(first, second) + judge(second, first), 2 * judge.score.bias.expand(2, 1))


def test_of_absolute_differences_the_siamese_network_does_not_know_the_order_of_the_two() -> None:
    torch.manual_seed(0)
    judge = PairDiscriminator(feature_network("synthface", "cpu"), absolute=True)
    first, second = torch.rand(2, 2, 3, 128, 128)
    assert torch.equal(judge(first, first), judge.score.bias.expand(2, 1))
    assert torch.equal(judge(first, second), judge(second, first))
    with torch.no_grad():
        judge.score.weight.fill_(1)
        judge.score.bias.zero_()
        apart = (judge.features(first)[-1] - judge.features(second)[-1]).abs().sum((1, 2, 3))
    torch.testing.assert_close(judge(first, second)[:, 0], apart)


def codes_and_classifier() -> tuple[Tensor, nn.Module]:
    """With weights so large that codes are told apart from the start."""
    torch.manual_seed(0)
    classifier = IdentityClassifier(8, 5, scaled=True).double()
    with torch.no_grad():
        for parameter in classifier.parameters():
            parameter.mul_(2.5)
    return torch.randn(3, 8, 8, 8, dtype=torch.float64) + 2, classifier


@given(scale=st.floats(1e-3, 1e6))
@settings(max_examples=20, deadline=None)
def test_the_scale_of_all_codes_says_nothing_to_the_classifier(scale: float) -> None:
    codes, classifier = codes_and_classifier()
    logits = classifier(codes)
    assert logits.std(0).mean() > 0.2
    torch.testing.assert_close(classifier(scale * codes), logits, atol=1e-6, rtol=0)


def test_the_scale_and_the_mean_of_one_code_among_others_are_seen_by_the_classifier() -> None:
    codes, classifier = codes_and_classifier()
    logits = classifier(codes)
    for changed in (2 * codes[:1], codes[:1] + 1):
        assert (classifier(torch.cat([changed, codes[1:]])) - logits)[0].abs().max() > 0.01


def test_the_encoder_has_nothing_to_gain_by_larger_codes() -> None:
    codes, classifier = codes_and_classifier()
    codes.requires_grad_()
    (slope,) = torch.autograd.grad(classifier(codes).log_softmax(1)[:, 0].sum(), codes)
    assert (slope * codes).sum().abs() < 1e-4 * slope.norm() * codes.norm()


# --- Heatmaps


def test_landmarks_and_their_heatmaps_give_the_same_code() -> None:
    torch.manual_seed(0)
    network, points = LandmarkEncoder(8, 8).double(), 128 * torch.rand(1, 68, 2, dtype=torch.float64)
    torch.testing.assert_close(network(points), network(heatmaps(points, 128)), atol=1e-9, rtol=0)


@given(
    columns=st.lists(st.floats(6, 121), min_size=68, max_size=68),
    rows=st.lists(st.floats(6, 121), min_size=68, max_size=68),
)
@settings(max_examples=10, deadline=None)
def test_the_mean_place_under_a_heatmap_as_a_distribution_is_its_landmark(
    columns: list[float], rows: list[float]
) -> None:
    points = torch.tensor([columns, rows], dtype=torch.float64).T[None]
    pixels = torch.arange(128.0, dtype=torch.float64)
    x, y = points.unbind(2)
    logits = -((pixels - x[..., None, None]) ** 2 + (pixels[:, None] - y[..., None, None]) ** 2) / 2
    torch.testing.assert_close(expected_points(logits).double(), points, atol=1e-4, rtol=0)


# --- What the generator does with mask and image


def made(generator: Generator, target: Tensor, unmasked: bool = False) -> Any:
    random = torch.Generator().manual_seed(1)
    content, motion = torch.randn(2, len(target), 8, 8, 8, generator=random)
    return generator(content, motion, target, unmasked)


def drawing(mask_bias: float = 0.0) -> Generator:
    torch.manual_seed(0)
    return Generator(8, 8, mask_bias)


def test_the_frame_is_the_target_and_the_hallucination_mixed_by_the_mask() -> None:
    target = torch.rand(2, 3, 128, 128)
    image, mask, hallucination = made(drawing(), target)
    torch.testing.assert_close(image, (1 - mask) * target + mask * hallucination, atol=2e-7, rtol=0)
    for part in (image, mask, hallucination):
        assert part.min() >= 0 and part.max() <= 1
    assert mask.std() > 0 and hallucination.std() > 0


def test_where_the_mask_is_0_the_frame_is_the_target_and_where_it_is_1_the_hallucination() -> None:
    target = torch.rand(2, 3, 128, 128)
    assert torch.equal(made(drawing(-1e3), target).image, target)
    for drawn in (made(drawing(1e3), target), made(drawing(), target, unmasked=True)):
        assert (drawn.mask == 1).all()
        assert torch.equal(drawn.image, drawn.hallucination)


def test_the_bias_of_the_mask_shifts_its_logit_and_leaves_the_hallucination() -> None:
    target = torch.rand(1, 3, 128, 128)
    plain, biased = made(drawing(), target), made(drawing(2.0), target)
    with torch.no_grad():
        own = drawing().last.get_parameter("bias")[3]
    assert own == 0  # so that without the departure the mask begins at a half
    torch.testing.assert_close(biased.mask.logit() - plain.mask.logit(), torch.full((1, 1, 128, 128), 2.0))
    assert torch.equal(biased.hallucination, plain.hallucination)


# --- The reversed gradient


@pytest.mark.parametrize("strength", [0.0, 0.01, 1.0, 2.5])
def test_the_reversal_changes_nothing_forwards_and_turns_the_gradient_round_backwards(strength: float) -> None:
    x = torch.randn(3, 4, requires_grad=True)
    same = reversed_gradient(x, strength)
    assert torch.equal(same, x)
    slope = torch.randn(3, 4)
    torch.autograd.backward((same * slope).sum())
    assert x.grad is not None
    assert torch.equal(x.grad, -strength * slope)
