"""The talking head's networks: how many weights they have, and what each of their layers computes."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from reenactbench_baselines.talking_head.config import PRESETS
from reenactbench_baselines.talking_head.layers import (
    Attention,
    Convolution,
    Down,
    Linear,
    Residual,
    Spectral,
    Style,
    StyledResidual,
    StyledUp,
    doubled,
    restyled,
)
from reenactbench_baselines.talking_head.networks import (
    DEVIATION,
    Discriminator,
    Embedder,
    Generator,
    Shape,
    Trunk,
    draw_as_public_code,
    pooled,
)
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from reenactbench.training.loop import Mixed

SMALL = Shape(size=64, width=8, code=24, blocks=2)
COMPAT = pytest.mark.parametrize("compat", [False, True], ids=["paper", "greyeye-compat"])


def weightless(kind: type[nn.Module], *given: Any) -> nn.Module:
    with torch.device("meta"):
        return kind(*given)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def pictures(number: int, size: int, seed: int = 0) -> Tensor:
    return torch.rand(number, 3, size, size, generator=torch.Generator().manual_seed(seed))


def seeded(kind: type[nn.Module], *given: Any, **named: Any) -> Any:
    """In evaluation mode, with singular vectors that are right."""
    torch.manual_seed(0)
    network = kind(*given, **named)
    for layer in network.modules():
        if isinstance(layer, Spectral):
            left, _, _ = torch.linalg.svd(layer.weight.detach().flatten(1), full_matrices=False)
            layer.left.copy_(left[:, 0])
    return network.eval()


# --- How many weights


def test_the_variant_of_the_public_code_has_as_many_weights_as_that_code() -> None:
    shape = PRESETS["greyeye"].shape
    generator = weightless(Generator, shape, True)
    assert isinstance(generator, Generator)
    assert count(weightless(Embedder, shape, True)) == 14_907_265
    assert count(generator) == 59_778_242
    assert generator.projection.weight.shape == (17_158, 512)
    assert generator.projection.weight.numel() == 8_784_896
    assert count(weightless(Discriminator, shape, 102, True)) == 19_681_666
    assert count(weightless(Discriminator, shape, 103, True)) == 19_681_666 + 512


def test_that_of_the_paper_lacks_the_norms_after_doublings_and_in_the_discriminators_last_block() -> None:
    """Of each norm a scale and a shift a channel."""
    shape = PRESETS["paper"].shape
    assert count(weightless(Embedder, shape)) == 14_907_265
    assert count(weightless(Generator, shape)) == 59_778_242 - 2 * (512 + 512 + 256 + 128 + 64 + 3)
    assert count(weightless(Discriminator, shape, 102)) == 19_681_666 - 2 * (512 + 512)


def test_the_demo_fits_into_eight_megabytes_in_half_precision() -> None:
    shape = PRESETS["demo"].shape
    networks = weightless(Embedder, shape), weightless(Generator, shape), weightless(Discriminator, shape, 52)
    assert 2 * sum(map(count, networks)) < 7_500_000


# --- Which layers


@pytest.mark.parametrize(
    ("shape", "widths"),
    [
        (Shape(256, 8, 64, 1), (8, 16, 32, 64, 64, 64)),
        (Shape(128, 16, 48, 1), (16, 32, 48, 48, 48)),
        (Shape(32, 8, 16, 1), (8, 16, 16)),
    ],
)
def test_channels_double_with_each_halving_down_to_four_places_a_side(shape: Shape, widths: tuple[int, ...]) -> None:
    assert shape.widths == widths
    with torch.no_grad():
        features = Trunk(6, shape)(noise(1, 6, shape.size, shape.size))
    assert [tuple(found.shape[1:]) for found in features] == [
        (width, shape.size >> step, shape.size >> step) for step, width in enumerate(widths, 1)
    ]
    assert features[-1].shape[-1] == 4


def test_the_presets_have_the_channels_that_they_should() -> None:
    assert PRESETS["paper"].shape.widths == (64, 128, 256, 512, 512, 512)
    assert PRESETS["demo"].shape.widths == (16, 32, 64, 112, 112)


def test_a_picture_of_256_is_attended_to_at_32_and_at_64_places_a_side() -> None:
    seen: dict[str, torch.Size] = {}
    generator = Generator(Shape(256, 8, 64, 1))
    for name, attention in (("down", generator.trunk.attention), ("up", generator.attention)):
        attention.register_forward_pre_hook(lambda _, given, name=name: seen.update({name: given[0].shape}))
    with torch.no_grad():
        assert generator(pictures(1, 256), noise(1, 64)).shape == (1, 3, 256, 256)
    assert seen == {"down": (1, 32, 32, 32), "up": (1, 16, 64, 64)}


def networks(compat: bool) -> list[nn.Module]:
    return [
        weightless(Embedder, SMALL, compat),
        weightless(Generator, SMALL, compat),
        weightless(Discriminator, SMALL, 3, compat),
    ]


@COMPAT
def test_every_convolution_has_spectral_norm_and_those_of_3_by_3_reflected_edges(compat: bool) -> None:
    for network in networks(compat):
        layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
        assert layers and all(isinstance(layer, Convolution) for layer in layers)
        assert all(layer.margin == layer.kernel_size[0] // 2 for layer in layers if isinstance(layer, Convolution))


@COMPAT
def test_so_has_the_only_fully_connected_layer_but_in_the_public_code(compat: bool) -> None:
    linear = [layer for network in networks(compat) for layer in network.modules() if isinstance(layer, nn.Linear)]
    assert [type(layer) for layer in linear] == [nn.Linear if compat else Linear]


@COMPAT
def test_the_only_norms_that_learn_follow_the_halvings_of_the_generator_but_in_the_public_code(compat: bool) -> None:
    own = [
        {name for name, layer in network.named_modules() if isinstance(layer, nn.GroupNorm)}
        for network in networks(compat)
    ]
    halvings, doublings = ({f"{part}norms.{step}" for step in range(4)} for part in ("trunk.", ""))
    assert own == [set(), halvings | (doublings if compat else set()), {"last.norms.0", "last.norms.1"} & own[2]]
    assert bool(own[2]) == compat


def test_the_public_code_begins_with_all_weights_from_one_distribution() -> None:
    torch.manual_seed(0)
    embedder, generator = Embedder(SMALL, True), Generator(SMALL, True)
    draw_as_public_code(embedder, generator)
    layers = [
        layer
        for network in (embedder, generator)
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]
    assert generator.projection in layers
    for layer in layers:
        weight = layer.weight.detach()
        within = DEVIATION * 5 / math.sqrt(weight.numel())
        assert abs(float(weight.mean())) < within and abs(float(weight.std()) - DEVIATION) < within


# --- Spectral norm


def test_weights_are_divided_by_their_largest_singular_value() -> None:
    layer = seeded(Convolution, 3, 5, 3)
    with torch.no_grad():
        layer.weight[0] *= 3  # as far from the next one
    largest = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
    for _ in range(30):
        layer.train()(noise(1, 3, 8, 8))
    layer.eval()
    x = noise(2, 3, 8, 8)
    padded = functional.pad(x, (1, 1, 1, 1), "reflect")
    wanted = functional.conv2d(padded, layer.weight / largest, layer.bias)
    torch.testing.assert_close(layer(x), wanted, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_so_are_those_of_a_fully_connected_layer() -> None:
    layer, x = seeded(Linear, 4, 7, bias=False), noise(2, 4)
    torch.testing.assert_close(layer(x), x @ layer.weight.T / torch.linalg.matrix_norm(layer.weight, 2))


def test_its_values_and_its_gradients_are_those_of_torch_with_the_same_singular_vectors() -> None:
    torch.manual_seed(0)
    own, plain = Convolution(4, 6, 1), nn.Conv2d(4, 6, 1)
    plain.load_state_dict({"weight": own.weight.detach(), "bias": own.bias.detach()})
    theirs = spectral_norm(plain)
    vectors = theirs.parametrizations.weight[0]
    x, slope = noise(2, 4, 5, 5), noise(2, 6, 5, 5, seed=9)
    for _ in range(3):
        own.train()(x)
        with torch.no_grad():
            vectors._u.copy_(own.left)
            vectors._v.copy_(functional.normalize(own.left @ own.weight.flatten(1), dim=0))
        for layer in (own, theirs):
            layer.zero_grad()
            (layer.eval()(x) * slope).sum().backward()
        torch.testing.assert_close(own(x), theirs(x))
        torch.testing.assert_close(own.weight.grad, theirs.parametrizations.weight.original.grad)


def test_in_evaluation_nothing_about_the_singular_vectors_changes() -> None:
    layer = Convolution(3, 5, 3)
    before = layer.left.clone()
    layer.eval()(noise(1, 3, 8, 8))
    assert torch.equal(layer.left, before)
    layer.train()(noise(1, 3, 8, 8))
    assert not torch.equal(layer.left, before)


def test_an_average_of_singular_vectors_which_is_shorter_than_they_are_does_no_harm() -> None:
    layer = seeded(Convolution, 3, 5, 3)
    x = noise(1, 3, 8, 8)
    before = layer(x)
    layer.left *= 0.5
    torch.testing.assert_close(layer(x), before)


def test_singular_values_are_never_in_bfloat16() -> None:
    layer = seeded(Convolution, 3, 5, 3)
    exact = layer._largest()
    with Mixed("cpu").forward_context():
        assert torch.equal(layer._largest(), exact)
        assert layer(noise(1, 3, 8, 8)).dtype == torch.bfloat16


# --- AdaIN


def test_adain_gives_each_channel_of_each_picture_its_own_mean_and_unbiased_deviation() -> None:
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[0.0, 0.0], [0.0, 4.0]]]])  # means 3 and 1, squares 14 / 3 and 4
    found = restyled(x, Style(torch.tensor([[2.0, -1.0]]), torch.tensor([[10.0, 0.5]])))
    first = [10 + 2 * (value - 3) / math.sqrt(14 / 3) for value in (1, 2, 3, 6)]
    second = [0.5 - (value - 1) / 2 for value in (0, 0, 0, 4)]
    torch.testing.assert_close(found.flatten(2)[0], torch.tensor([first, second]), atol=1e-4, rtol=0)


def test_adain_is_the_formula_of_the_public_code() -> None:
    x, style = 3 * noise(2, 5, 6, 6) + 1, Style(noise(2, 5, seed=1), noise(2, 5, seed=2))
    deviation, mean = torch.std_mean(x, (2, 3), keepdim=True)
    wanted = (x - mean) / (deviation + 1e-5) * style.scale[..., None, None] + style.shift[..., None, None]
    torch.testing.assert_close(restyled(x, style), wanted, atol=1e-4, rtol=0)
    deviations, means = torch.std_mean(restyled(x, style), (2, 3))
    torch.testing.assert_close(means, style.shift, atol=1e-4, rtol=0)
    torch.testing.assert_close(deviations, style.scale.abs(), atol=1e-4, rtol=0)


def test_a_channel_that_is_the_same_everywhere_becomes_its_shift_and_has_a_finite_gradient() -> None:
    x = torch.full((1, 2, 4, 4), 0.3, requires_grad=True)
    found = restyled(x, Style(torch.ones(1, 2), torch.tensor([[5.0, -1.0]])))
    assert found[0, :, 0, 0].tolist() == pytest.approx([5, -1], abs=1e-2)
    (found * noise(1, 2, 4, 4)).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all()


# --- Blocks


def normed(layer: Convolution, x: Tensor) -> Tensor:
    """A convolution by the definition: reflected, and divided by the exact singular value."""
    weight = layer.weight / torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
    side = layer.margin
    return functional.conv2d(functional.pad(x, (side,) * 4, "reflect"), weight, layer.bias)


def close(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, atol=2e-4, rtol=1e-3)


@torch.no_grad()
def test_a_halving_block_is_two_convolutions_and_one_around_them_then_means_of_four() -> None:
    block, x = seeded(Down, 3, 5), noise(2, 3, 8, 8)
    inner = normed(block.second, functional.relu(normed(block.first, functional.relu(x))))
    close(block(x), functional.avg_pool2d(inner + normed(block.around, x), 2))


@torch.no_grad()
def test_a_doubling_block_styles_before_each_convolution() -> None:
    block, x = seeded(StyledUp, 4, 3), noise(2, 4, 4, 4)
    before, after = Style(noise(2, 4, seed=1), noise(2, 4, seed=2)), Style(noise(2, 3, seed=3), noise(2, 3, seed=4))
    inner = normed(block.first, doubled(functional.relu(restyled(x, before))))
    inner = normed(block.second, functional.relu(restyled(inner, after)))
    close(block(x, before, after), inner + normed(block.around, doubled(x)))


@pytest.mark.parametrize("side", [1, 3])
def test_a_convolution_that_halves_finds_the_means_of_what_it_else_finds(side: int) -> None:
    layer = seeded(Convolution, 3, 5, side)
    x = noise(2, 3, 8, 8).requires_grad_()
    slope = noise(2, 5, 4, 4, seed=1)
    gradients = []
    for found in (layer(x, halving=True), functional.avg_pool2d(layer(x), 2)):
        gradients.append(torch.autograd.grad((found * slope).sum(), (x, layer.weight), retain_graph=True))
    torch.testing.assert_close(layer(x, halving=True), functional.avg_pool2d(layer(x), 2))
    torch.testing.assert_close(*gradients)


def test_doubling_makes_four_of_each_pixel() -> None:
    assert doubled(torch.tensor([[[[1.0, 2.0]]]])).tolist() == [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]


@torch.no_grad()
@pytest.mark.parametrize("shared", [False, True])
def test_a_styled_residual_block_has_two_styles_of_which_the_public_code_takes_the_first_twice(shared: bool) -> None:
    block, x = seeded(StyledResidual, 4, shared), noise(2, 4, 4, 4)
    before, after = (Style(noise(2, 4, seed=seed), noise(2, 4, seed=seed + 1)) for seed in (1, 3))
    inner = normed(block.second, functional.relu(restyled(normed(block.first, x), before)))
    close(block(x, before, after), x + restyled(inner, before if shared else after))


@torch.no_grad()
def test_the_discriminators_last_block_is_two_convolutions_and_a_way_around_them() -> None:
    block, x = seeded(Residual, 4), noise(2, 4, 4, 4)
    close(block(x), x + normed(block.second, functional.relu(normed(block.first, x))))


@torch.no_grad()
def test_in_the_public_code_it_has_instance_norms_of_its_own() -> None:
    block, x = seeded(Residual, 4, True), noise(2, 4, 4, 4)
    norms = [nn.InstanceNorm2d(4, affine=True) for _ in range(2)]
    for seed, (norm, given) in enumerate(zip(norms, block.norms, strict=True)):
        given.weight.copy_(noise(4, seed=seed))
        norm.load_state_dict(given.state_dict())
    inner = norms[1](normed(block.second, functional.relu(norms[0](normed(block.first, x)))))
    close(block(x), x + inner)


@torch.no_grad()
def test_attention_begins_as_nothing_and_is_a_softmax_over_all_places() -> None:
    block, x = seeded(Attention, 16), noise(2, 16, 4, 4)
    assert torch.equal(block(x), x)
    block.share.fill_(0.7)
    query, key, value = (normed(of, x).flatten(2) for of in (block.query, block.key, block.value))
    assert query.shape == key.shape == (2, 2, 16)
    weights = torch.einsum("ncq,nck->nqk", query, key).softmax(2)
    close(block(x), x + 0.7 * torch.einsum("nqk,nck->ncq", weights, value).view_as(x))


# --- Networks


@torch.no_grad()
@COMPAT
def test_codes_are_the_sums_of_the_last_features_or_the_largest_values_as_in_the_public_code_and_never_below_0(
    compat: bool,
) -> None:
    places = torch.tensor([[[[1.0, 5.0], [2.0, -6.0]], [[-1.0, -2.0], [-3.0, -4.0]], [[5.0, -3.0], [-3.0, -3.0]]]])
    assert pooled(places, compat).tolist() == [[5, 0, 5] if compat else [2, 0, 0]]
    embedder = seeded(Embedder, SMALL, compat)
    images, drawn = pictures(2, 64), pictures(2, 64, seed=1)
    features = embedder.trunk(torch.cat([images, drawn], 1))[-1]
    wanted = features.amax((2, 3)) if compat else features.sum((2, 3))
    torch.testing.assert_close(embedder(images, drawn), wanted.clamp(min=0))


def test_sums_are_never_in_bfloat16() -> None:
    """Which has no 257."""
    assert pooled(torch.full((1, 1, 1, 257), 1.0, dtype=torch.bfloat16), False).item() == 257


def test_every_style_is_a_part_of_psi_in_the_order_of_the_blocks_and_all_of_psi_is_used() -> None:
    generator = seeded(Generator, SMALL)
    taken: list[Tensor] = []
    for block in (*generator.blocks, *generator.ups):
        block.register_forward_pre_hook(lambda _, given: taken.extend(part for style in given[1:] for part in style))
    psi = noise(2, generator.projection.out_features)
    with torch.no_grad():
        generator.styled(pictures(2, 64), psi)
    assert torch.equal(torch.cat(taken, 1), psi)
    assert psi.shape[1] == 2 * (2 * 2 * 24 + (24 + 24) + (24 + 16) + (16 + 8) + (8 + 3))


@torch.no_grad()
@COMPAT
def test_psi_is_the_code_projected_without_a_bias(compat: bool) -> None:
    generator = seeded(Generator, SMALL, compat)
    drawn, codes = pictures(2, 64), noise(2, 24)
    weight = generator.projection.weight
    psi = codes @ (weight if compat else weight / torch.linalg.matrix_norm(weight, 2)).T
    assert generator.projection.bias is None
    torch.testing.assert_close(generator(drawn, codes), generator.styled(drawn, psi), atol=1e-5, rtol=1e-5)


@torch.no_grad()
@COMPAT
def test_the_styles_of_the_last_doubling_decide_over_the_colours_but_in_the_public_code(compat: bool) -> None:
    """Whose last norm gives the pictures of all people the same mean, before the sigmoid."""
    generator = seeded(Generator, SMALL, compat)
    means: list[Tensor] = []
    generator.norms[-1].register_forward_hook(lambda _, given, made: means.append(made.mean((2, 3))))
    generator(pictures(1, 64).expand(2, -1, -1, -1), 5 * noise(2, 24))
    apart = (means[0][0] - means[0][1]).abs().max()
    assert apart < 1e-5 if compat else apart > 1e-3


@torch.no_grad()
def test_the_generator_makes_pictures_in_0_to_1_that_hang_on_the_lines_and_on_the_person() -> None:
    generator = seeded(Generator, SMALL)
    drawn, codes = pictures(2, 64), 5 * noise(2, 24)
    made = generator(drawn, codes)
    assert made.shape == (2, 3, 64, 64) and made.min() >= 0 and made.max() <= 1
    assert (generator(drawn.flip(0), codes) - made).abs().max() > 1e-3
    assert (generator(drawn, codes.flip(0)) - made).abs().max() > 1e-3


@torch.no_grad()
@COMPAT
def test_the_score_is_the_product_of_the_picture_and_the_person_and_what_all_have_in_common(compat: bool) -> None:
    judge = seeded(Discriminator, SMALL, 3, compat)
    judge.people.copy_(noise(3, 24))
    judge.anyone.copy_(noise(24, seed=1))
    judge.bias.fill_(0.25)
    images, drawn, people = pictures(2, 64), pictures(2, 64, seed=1), torch.tensor([2, 0])
    found = judge(images, drawn, people)
    assert [features.shape[1:] for features in found.features] == [
        (8, 32, 32), (16, 16, 16), (24, 8, 8), (24, 4, 4), (24, 4, 4)
    ]  # fmt: skip
    vectors = pooled(found.features[-1], compat)
    torch.testing.assert_close(found.features[-1], judge.last(found.features[-2]))
    wanted = [float(vectors[row] @ (judge.people[who] + judge.anyone)) + 0.25 for row, who in enumerate((2, 0))]
    assert found.score.tolist() == pytest.approx(wanted, rel=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    ("shape", "compat"), [(SMALL, True), (PRESETS["demo"].shape, False)], ids=["greyeye-compat", "demo"]
)
def test_neither_the_batch_nor_the_order_changes_what_a_network_makes(shape: Shape, compat: bool) -> None:
    images, drawn = pictures(3, shape.size), pictures(3, shape.size, seed=1)
    codes, people = noise(3, shape.code), torch.tensor([1, 0, 1])
    embedder, generator = seeded(Embedder, shape, compat), seeded(Generator, shape, compat)
    judge = seeded(Discriminator, shape, 2, compat)
    for network in (generator, embedder.trunk, judge.trunk):
        for layer in network.modules():
            if isinstance(layer, Attention):
                layer.share.fill_(0.5)
    for network, given, within in (
        (embedder, (images, drawn), 1e-5),
        (generator, (drawn, codes), 1e-5),
        (lambda *of: judge(*of).score, (images, drawn, people), 1e-3),  # a sum of many, near 0
    ):
        whole = network(*given)
        alone = torch.cat([network(*(part[row : row + 1] for part in given)) for row in range(3)])
        backwards = network(*(part.flip(0) for part in given)).flip(0)
        torch.testing.assert_close(alone, whole, atol=within, rtol=1e-5)
        torch.testing.assert_close(backwards, whole, atol=within, rtol=1e-5)
