"""What all recipes share: losses, each against a case worked out by hand, and networks that only pass gradients on."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from toy_training import clip

from reenactbench.training import losses
from reenactbench.training.augment import augmented, augmented_draw
from reenactbench.training.footage import Footage
from reenactbench.training.sampling import Draws
from reenactbench.training.steps import adam, cosine_rate, frozen, set_rate

# --- How far pictures are from the truth


def test_the_reconstruction_is_the_mean_over_pixels_and_colours() -> None:
    images, truth = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    images[0, 0, 0, 0], images[0, 2, 1, 1] = 0.6, -0.3
    assert float(losses.squared_error(images, truth)) == pytest.approx((0.36 + 0.09) / 12)
    assert float(losses.absolute_error(images, truth)) == pytest.approx((0.6 + 0.3) / 12)


def test_weights_count_a_pixel_so_many_times_in_all_colours() -> None:
    images, truth = torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    images[0, :, 0, 1], images[0, :, 1, 0] = 0.5, 0.5
    weights = torch.tensor([[1.0, 4.0], [1.0, 1.0]])[None, None]
    assert float(losses.squared_error(images, truth, weights)) == pytest.approx(3 * (4 + 1) * 0.25 / 12)
    assert float(losses.absolute_error(images, truth, weights)) == pytest.approx(3 * (4 + 1) * 0.5 / 12)


def test_edges_are_what_a_pixel_has_more_than_its_neighbours_with_its_own_weight() -> None:
    images, truth, weights = torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3), torch.ones(1, 1, 3, 3)
    images[0, 0, 1, 1], weights[0, 0, 1, 1] = 0.6, 4.0
    assert float(losses.edge_error(images, truth, weights)) == pytest.approx(2 * (1 + 4) * 0.6 / 6)
    assert float(losses.edge_error(images + 0.2, truth, weights)) == pytest.approx(2 * (1 + 4) * 0.6 / 6)


def test_a_cosine_rises_in_a_line_and_falls_to_its_last_share() -> None:
    rates = [cosine_rate(number, 101, 2.0, 10, 0.1) for number in range(101)]
    assert rates[0] == pytest.approx(0.2) and rates[4] == pytest.approx(1.0, rel=0.01)
    assert rates[50] == pytest.approx(2 * 0.55) and rates[100] == pytest.approx(0.2)
    assert max(rates) == rates[9] and all(first > second for first, second in pairwise(rates[9:]))
    assert cosine_rate(500, 101, 2.0, 10, 0.1) == pytest.approx(0.2)


def test_the_perceptual_loss_is_the_sum_over_layers_of_mean_absolute_differences() -> None:
    features = [torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0, 0.0, 0.0, 0.0]])]
    truth = [torch.tensor([[0.0, 1.0]]), torch.zeros(1, 4)]
    assert float(losses.perceptual(features, truth)) == pytest.approx((1 + 2) / 2 + 2 / 4)


def test_the_face_weighs_more_by_so_much_at_a_landmark_and_nothing_more_far_away() -> None:
    landmarks = torch.full((1, 68, 2), -1000.0)
    landmarks[0, 5] = torch.tensor([30.0, 90.0])  # column, row
    weights = losses.face_weights(landmarks, 128, extra=3.0)
    assert weights.shape == (1, 1, 128, 128)
    assert float(weights[0, 0, 90, 30]) == 4
    assert float(weights[0, 0, 90, 38]) == pytest.approx(1 + 3 * math.exp(-0.5))  # a deviation of 8 pixels away
    assert float(weights[0, 0, 20, 110]) == 1
    assert torch.equal(losses.face_weights(landmarks[:, [5] * 68], 128, 3.0)[..., 90, 30], torch.full((1, 1), 4.0))


def test_what_counts_as_face_grows_with_the_picture() -> None:
    landmarks = torch.tensor([[[32.0, 64.0]]])
    small, large = losses.face_weights(landmarks / 2, 64, 3.0), losses.face_weights(landmarks, 128, 3.0)
    torch.testing.assert_close(small, large[..., ::2, ::2])


# --- Disturbed samples


def test_how_a_draw_is_disturbed_follows_from_its_step_and_from_whether_it_is_paired() -> None:
    footage = Footage([clip("001", range(1, 9)), clip("002", range(1, 9), red=1)])
    draws, again, later = (Draws(footage, 0, step) for step in (5, 5, 6))
    for kind, pairs in (("paired", draws.paired(2)), ("unpaired", draws.unpaired(2))):
        found = augmented_draw(draws, pairs, 1.0)
        expected = augmented(pairs, draws.random(f"augment {kind}"), 1.0)
        assert torch.equal(found.driving.landmarks, expected.driving.landmarks)
        assert torch.equal(found.driving.landmarks, augmented_draw(again, pairs, 1.0).driving.landmarks)
        assert not torch.equal(found.driving.landmarks, augmented_draw(later, pairs, 1.0).driving.landmarks)


# --- Who learns from what, and how fast


def test_an_optimiser_of_several_networks_has_all_that_is_not_frozen_of_them() -> None:
    first, second = nn.Linear(3, 4), nn.Linear(4, 1)
    first.bias.requires_grad_(False)
    (group,) = adam(0.01, 0.5, first, second).param_groups
    assert [id(parameter) for parameter in group["params"]] == [id(first.weight), *map(id, second.parameters())]
    assert (group["lr"], group["betas"]) == (0.01, (0.5, 0.999))


def test_a_rate_is_set_for_all_that_an_optimiser_moves() -> None:
    layer = nn.Linear(3, 1)
    optimiser = adam(0.01, 0.5, layer)
    optimiser.add_param_group({"params": nn.Linear(1, 1).parameters(), "lr": 0.5})
    set_rate(optimiser, 0.25)
    before = layer.weight.clone()
    layer(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    torch.testing.assert_close(before - layer.weight, torch.full((1, 3), 0.25))  # Adam's first step is the rate
    assert [group["lr"] for group in optimiser.param_groups] == [0.25, 0.25]


def test_frozen_networks_pass_gradients_on_and_keep_none() -> None:
    network, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(2, 3, requires_grad=True)
    with frozen(network):
        frozen_output = network(x)
    frozen_output.sum().backward()  # after the block, as in training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert x.grad is not None
    passed_on = x.grad.clone()
    x.grad.zero_()
    network(x).sum().backward()
    assert torch.equal(x.grad, passed_on)
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_what_was_frozen_before_stays_so_and_the_rest_is_free_again_whatever_happens() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    network[0].requires_grad_(False)
    seen: list[bool] = []

    def fail() -> None:
        with frozen(network):
            seen.extend(parameter.requires_grad for parameter in network.parameters())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert seen == [False] * 4
    assert [parameter.requires_grad for parameter in network.parameters()] == [False, False, True, True]
