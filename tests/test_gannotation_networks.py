"""GANnotation's networks: how many weights there are, what reaches what, and how picture, colours and mask combine."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from reenactbench_baselines.gannotation.config import PRESETS, Config
from reenactbench_baselines.gannotation.networks import Discriminator, Drawn, Generator
from torch import Tensor, nn

from reenactbench.training.heatmaps import heatmaps

INNER_CORNERS = [60, 64]
"""Of the mouth."""
SIXTY_SIX = [*range(60), 61, 62, 63, 65, 66, 67]
MASKED = pytest.mark.parametrize("masked", [True, False])
PRESET = pytest.mark.parametrize("config", [pytest.param(config, id=name) for name, config in PRESETS.items()])


def weightless(config: Config, masked: bool = True) -> tuple[Generator, Discriminator]:
    with torch.device("meta"):
        return Generator(config.width, config.halvings, config.blocks, masked), Discriminator(config.width)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def layers(network: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [layer for layer in network.modules() if isinstance(layer, kinds)]


def narrow(masked: bool = True, halvings: int = 2, blocks: int = 1) -> Generator:
    torch.manual_seed(0)
    return Generator(4, halvings, blocks, masked)


def noise(number: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Pictures, and landmarks inside and outside of them."""
    random = torch.Generator().manual_seed(seed)
    return torch.rand(number, 3, 128, 128, generator=random), 140 * torch.rand(number, 68, 2, generator=random) - 6


# --- How many weights


@MASKED
@PRESET
def test_the_weights_are_those_of_the_description(config: Config, masked: bool) -> None:
    widths = [config.width * 2**level for level in range(config.halvings + 1)]
    ends = 7 * 7 * config.width * (3 + 66 + 3 + masked)
    halved = sum(4 * 4 * width * 2 * width for width in widths[:-1])
    blocks = config.blocks * 2 * (3 * 3 * widths[-1] ** 2 + 2 * widths[-1])
    norms = 2 * sum(widths) + 2 * sum(widths[:-1])
    judged = [3, *(config.width * 2**level for level in range(6))]
    judging = sum((16 * before + 1) * after for before, after in pairwise(judged))
    generator, discriminator = weightless(config, masked)
    assert count(generator) == ends + 2 * halved + blocks + norms
    assert count(discriminator) == judging + 9 * judged[-1]


def test_there_are_as_many_weights_as_the_authors_have() -> None:
    generator, discriminator = weightless(PRESETS["paper"])
    assert (count(generator), count(discriminator)) == (8_624_960, 44_721_088)
    assert count(weightless(PRESETS["paper"], masked=False)[0]) == 8_624_960 - 7 * 7 * 64


def test_the_demo_fits_into_8_megabytes_of_half_precision() -> None:
    assert 2 * count(weightless(PRESETS["demo"])[0]) < 7_500_000


# --- Shapes


@pytest.mark.parametrize("halvings", [1, 3])
def test_a_picture_is_halved_so_often_and_doubled_to_its_size(halvings: int) -> None:
    generator, sides = narrow(halvings=halvings, blocks=2), []
    for layer in layers(generator, nn.GroupNorm):
        layer.register_forward_hook(lambda module, given, made: sides.append(made.shape[-1]))
    with torch.no_grad():
        drawn = generator(*noise(1))
    steps = [128 // 2**step for step in range(halvings + 1)]
    assert sides == [*steps, *[steps[-1]] * 2 * 2, *reversed(steps[:-1])]
    assert [part.shape for part in drawn] == [(1, 3, 128, 128), (1, 1, 128, 128), (1, 3, 128, 128)]


def test_a_residual_block_adds_to_what_goes_around_it() -> None:
    generator, x = narrow(), torch.randn(1, 16, 8, 8)
    (block,) = (layer for layer in layers(generator, nn.Module) if type(layer).__name__ == "Residual")
    with torch.no_grad():
        inner = block.get_submodule("inner")
        normal = nn.functional.instance_norm
        within = normal(inner[3](normal(inner[0](x)).relu()))  # type: ignore[index]
        torch.testing.assert_close(block(x), x + within, atol=1e-5, rtol=0)


def test_the_score_is_the_mean_of_two_by_two_places() -> None:
    torch.manual_seed(0)
    judge, seen = Discriminator(4), []
    judge.layers.register_forward_hook(lambda module, given, made: seen.extend([given[0], made]))
    images, _ = noise(3)
    with torch.no_grad():
        scores = judge(images)
    given, places = seen
    assert places.shape == (3, 1, 2, 2) and places.std(dim=(1, 2, 3)).min() > 0
    torch.testing.assert_close(given, 2 * images - 1)
    torch.testing.assert_close(scores, places.sum((1, 2, 3)) / 4)


def test_the_discriminator_has_no_norms_so_that_each_picture_is_judged_alone() -> None:
    torch.manual_seed(0)
    judge, (images, _) = Discriminator(4), noise(3)
    assert {type(layer) for layer in judge.layers} == {nn.Conv2d, nn.LeakyReLU}
    with torch.no_grad():
        torch.testing.assert_close(judge(images)[1:2], judge(images[1:2]), atol=1e-6, rtol=0)


# --- Picture, colours and mask


def tilted(generator: Generator, mask: float) -> Generator:
    """Whose mask has weights of one sign, over features that are all above 0."""
    with torch.no_grad():
        layers(generator, nn.GroupNorm)[-1].get_parameter("bias").fill_(5)
        assert generator.mask is not None
        generator.mask.weight.fill_(mask)
        generator.colours.weight.mul_(0.1)
    return generator


@torch.no_grad()
def test_the_mask_says_how_much_of_the_picture_stays_and_the_rest_is_colours() -> None:
    images, landmarks = noise(2)
    image, mask, colours = narrow()(images, landmarks)
    torch.testing.assert_close(image, mask * images + (1 - mask) * colours, atol=2e-7, rtol=0)
    for part in (image, mask, colours):
        assert part.min() >= 0 and part.max() <= 1 and part.std() > 0


@torch.no_grad()
def test_with_a_mask_of_1_the_picture_stays_and_with_one_of_0_it_is_all_colours() -> None:
    images, landmarks = noise(2)
    kept, redrawn = (tilted(narrow(), weight)(images, landmarks) for weight in (1e3, -1e3))
    assert (kept.mask == 1).all() and torch.equal(kept.image, images)
    assert (redrawn.mask == 0).all() and torch.equal(redrawn.image, redrawn.colours)
    assert torch.equal(kept.colours, redrawn.colours) and not torch.allclose(kept.colours, images, atol=0.1)


@torch.no_grad()
def test_the_plain_variant_has_no_mask_and_draws_colours_alone() -> None:
    plain = narrow(masked=False)
    assert plain.mask is None
    drawn = plain(*noise(2))
    assert torch.equal(drawn.image, drawn.colours) and not drawn.mask.any()
    assert drawn.mask.shape == (2, 1, 128, 128)


@torch.no_grad()
def test_unmasked_a_masked_generator_draws_the_same_colours_alone() -> None:
    generator, given = narrow(), noise(2)
    masked, unmasked = generator(*given), generator(*given, unmasked=True)
    assert torch.equal(unmasked.image, masked.colours) and not unmasked.mask.any() and masked.mask.any()


@MASKED
@torch.no_grad()
def test_colours_reach_from_0_to_1(masked: bool) -> None:
    generator = narrow(masked)
    generator.colours.weight.mul_(1e3)
    colours = generator(*noise(1)).colours
    assert (colours.min(), colours.max()) == (0, 1)


# --- What reaches what


@torch.no_grad()
def test_the_first_convolution_is_the_one_of_picture_and_heatmaps_together() -> None:
    generator, seen, (images, landmarks) = narrow(), [], noise(2)
    generator.layers.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    generator(images, landmarks)
    together = nn.Conv2d(3 + 66, 4, 7, padding=3, bias=False)
    together.weight.copy_(torch.cat([generator.of_picture.weight, generator.of_landmarks.weight], 1))
    expected = together(torch.cat([2 * images - 1, heatmaps(landmarks[:, SIXTY_SIX], 128)], 1))
    torch.testing.assert_close(seen[0], expected, atol=1e-5, rtol=0)


@MASKED
@torch.no_grad()
def test_what_was_seen_of_a_target_once_serves_for_all_its_frames(masked: bool) -> None:
    generator, (images, landmarks) = narrow(masked), noise(5)
    many = images[:1].expand(5, -1, -1, -1)
    whole, quick = generator(many, landmarks), generator.moved(many, generator.seen(images[:1]), landmarks)
    for one, other in zip(whole, quick, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)
    assert (whole.image[0] - whole.image[1]).abs().max() > 0.01


def test_every_landmark_changes_the_frame_but_the_inner_corners_of_the_mouth() -> None:
    generator, (images, landmarks) = narrow(), noise(1)
    landmarks = landmarks.clamp(10, 117).requires_grad_()
    drawn: Drawn = generator(images, landmarks)
    (slope,) = torch.autograd.grad((drawn.image * noise(1, 1)[0]).sum(), landmarks)
    sizes = slope[0].abs().amax(1)
    assert not sizes[INNER_CORNERS].any()
    assert sizes[SIXTY_SIX].min() > 1e-4 * sizes.max()
    with torch.no_grad():
        elsewhere = landmarks.clone()
        elsewhere[:, INNER_CORNERS] += 20
        assert torch.equal(generator(images, elsewhere).image, drawn.image)


@MASKED
@torch.no_grad()
def test_a_frame_does_not_hang_on_the_others_of_the_batch(masked: bool) -> None:
    generator, (images, landmarks) = narrow(masked), noise(3)
    alone: Any = generator(images[1:2], landmarks[1:2])
    for one, other in zip(alone, generator(images, landmarks), strict=True):
        torch.testing.assert_close(one, other[1:2], atol=1e-6, rtol=0)
