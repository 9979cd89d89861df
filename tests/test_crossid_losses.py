"""CrossID-GAN's losses: each against a case worked out by hand, and what adversaries learn from each other."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam

from crossid_gan import losses
from crossid_gan.discriminators import IdentityClassifier, reversed_gradient
from crossid_gan.recipe import as_video
from reenactbench.training.heatmaps import heatmaps

# --- Eqs. 2, 5 and 6


def slope(loss: Tensor, logits: Tensor) -> float:
    (gradient,) = torch.autograd.grad(loss, logits)
    return float(gradient.sum())


def test_of_undecided_logits_fooling_costs_log_2_and_telling_twice_that() -> None:
    undecided = torch.zeros(2, 1, 14, 14)
    assert float(losses.fooling(undecided)) == pytest.approx(math.log(2))
    assert float(losses.telling(undecided, undecided[:1])) == pytest.approx(2 * math.log(2))


def test_fooling_and_telling_are_the_cross_entropies_of_the_standard_gan() -> None:
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0, 1.0])
    of_real, of_fake = torch.sigmoid(real), torch.sigmoid(fake)
    torch.testing.assert_close(losses.fooling(fake), -of_fake.log().mean())
    torch.testing.assert_close(losses.telling(real, fake), -of_real.log().mean() - (1 - of_fake).log().mean())


@given(st.floats(-30, 30), st.floats(0.1, 5))
def test_fooling_falls_as_the_logits_of_fakes_rise(logit: float, more: float) -> None:
    lower, higher = torch.tensor([logit, logit + more], dtype=torch.float64)
    assert losses.fooling(higher.float()) <= losses.fooling(lower.float())
    fake = torch.tensor(logit, requires_grad=True)
    assert slope(losses.fooling(fake), fake) == pytest.approx(-1 / (1 + math.exp(logit)), rel=1e-4)


def test_the_generator_learns_most_where_the_judge_is_surest_that_it_is_a_fake() -> None:
    """Non-saturating: log(1 - D) would give next to nothing there."""
    fake = torch.tensor([-20.0], requires_grad=True)
    assert slope(losses.fooling(fake), fake) == pytest.approx(-1)


def test_a_judge_gains_by_high_logits_for_the_real_and_low_ones_for_fakes() -> None:
    """As printed, low ones for both would be best."""
    real, fake = torch.randn(2, 6, requires_grad=True)
    of_real, of_fake = torch.autograd.grad(losses.telling(real, fake), (real, fake))
    assert (of_real < 0).all() and (of_fake > 0).all()


@pytest.mark.parametrize(("real", "fake"), [(3, 1), (1, 1), (1, 4)])
def test_the_best_judge_says_how_many_times_likelier_the_real_are(real: int, fake: int) -> None:
    """Goodfellow et al., Proposition 1: of what is among 8 real ones `real` times, and among 8 fakes `fake` times."""
    logit = torch.tensor(math.log(real / fake), requires_grad=True)
    others = torch.zeros(8)
    reals, fakes = others.clone(), others.clone()
    reals[:real], fakes[:fake] = logit, logit
    assert slope(losses.telling(reals, fakes), logit) == pytest.approx(0, abs=1e-7)


# --- Eqs. 3 and 4, and the training of F


def test_the_classifier_pays_for_the_share_that_it_does_not_give_to_the_person() -> None:
    shares = torch.tensor([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]])
    found = losses.identity_cross_entropy(shares.log(), torch.tensor([0, 2]))
    assert float(found) == pytest.approx(-(math.log(0.7) + math.log(0.25)) / 2)


def test_a_smoothed_label_is_partly_everybodys() -> None:
    logs = torch.tensor([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25]]).log()
    found = losses.identity_cross_entropy(logs, torch.tensor([0, 2]), smoothing=0.3)
    sharp = losses.identity_cross_entropy(logs, torch.tensor([0, 2]))
    assert float(found) == pytest.approx(float(0.7 * sharp - 0.3 * logs.mean()))


def test_codes_are_consistent_by_the_mean_absolute_difference() -> None:
    of_output = torch.tensor([[1.0, 2.0], [0.0, -4.0]])
    of_source = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    assert float(losses.consistency(of_output, of_source)) == pytest.approx((0 + 2 + 1 + 5) / 4)


def as_shares(points: Tensor) -> Tensor:
    """The heatmaps as distributions."""
    maps = heatmaps(points, 32)
    return maps / maps.sum((2, 3), keepdim=True)


def test_maps_pay_their_cross_entropy_with_the_heatmaps_as_distributions() -> None:
    torch.manual_seed(0)
    points, logits = 24 * torch.rand(2, 68, 2) + 4, torch.randn(2, 68, 32, 32)
    expected = -(as_shares(points) * logits.flatten(2).log_softmax(2).view(logits.shape)).sum((2, 3)).mean()
    torch.testing.assert_close(losses.heatmap_cross_entropy(logits, points), expected)


def test_no_maps_are_better_than_the_heatmaps_themselves() -> None:
    torch.manual_seed(0)
    points = 24 * torch.rand(1, 68, 2) + 4
    logits = as_shares(points).clamp(min=1e-30).log().requires_grad_()
    (at_best,) = torch.autograd.grad(losses.heatmap_cross_entropy(logits, points), logits)
    (at_next,) = torch.autograd.grad(losses.heatmap_cross_entropy(logits, points + 0.1), logits)
    assert at_best.abs().max() < 1e-4 * at_next.abs().max()


def test_a_landmark_outside_the_picture_has_no_map_to_learn() -> None:
    torch.manual_seed(0)
    points, logits = torch.full((1, 68, 2), 16.0), torch.randn(1, 68, 32, 32, requires_grad=True)
    points[0, 7] = torch.tensor([16.0, -20.0])
    (gradient,) = torch.autograd.grad(losses.heatmap_cross_entropy(logits, points), logits)
    assert (gradient[0, 7] == 0).all()
    assert gradient[0, 6].abs().max() > 0


# --- Sequences, and who learns from what


def test_frames_side_by_side_become_sequences_in_their_order() -> None:
    frames = torch.arange(6.0)[:, None, None, None].expand(-1, 3, 4, 4)
    videos = as_video(frames)
    assert videos.shape == (2, 3, 3, 4, 4)
    assert videos[:, 0, :, 0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert torch.equal(videos[:, 0], videos[:, 2])


PEOPLE, MOTION, CODE, NOISE = 4, 3, 8, 0.5


class ToySet:
    """What a tiny linear encoder sees: who it is and how they move, mixed up; codes that differ by little are the same.

    Without noise on the codes, the smallest rest of an identity would still be read.
    """

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.people = 3 * torch.linalg.qr(torch.randn(6, 6))[0][:PEOPLE]
        self.mixed = torch.linalg.qr(torch.randn(6 + MOTION, 6 + MOTION))[0]
        self.encoder, self.decoder = nn.Linear(6 + MOTION, CODE), nn.Linear(CODE, MOTION)

    def samples(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Codes, identities and motions."""
        identities, motion = torch.randint(PEOPLE, (number,)), torch.randn(number, MOTION)
        codes = self.encoder(torch.cat([self.people[identities], motion], 1) @ self.mixed)
        return codes + NOISE * torch.randn_like(codes), identities, motion

    def train(self, strength: float) -> None:
        classifier = IdentityClassifier(CODE, PEOPLE, scaled=True)
        makers = Adam([*self.encoder.parameters(), *self.decoder.parameters()], 2e-3, (0.5, 0.999), fused=True)
        judge = Adam(classifier.parameters(), 1e-2, (0.5, 0.999), fused=True)
        for _ in range(400):
            codes, identities, motion = self.samples(128)
            maps = codes[:, :, None, None].expand(-1, -1, 8, 8)
            logits = classifier(reversed_gradient(maps, strength))
            loss = functional.mse_loss(self.decoder(codes), motion)
            loss = loss + losses.identity_cross_entropy(logits, identities)
            makers.zero_grad()
            judge.zero_grad()
            torch.autograd.backward(loss)
            makers.step()
            judge.step()

    @torch.no_grad()
    def read(self) -> tuple[float, float]:
        """What fresh linear probes read on other samples: accuracy of identities, share of motion's variance."""
        codes, identities, motion = self.samples(2000)
        wanted = torch.cat([functional.one_hot(identities, PEOPLE).float(), motion], 1)
        probe = torch.linalg.lstsq(functional.pad(codes, (0, 1), value=1.0), wanted).solution
        codes, identities, motion = self.samples(2000)
        found = functional.pad(codes, (0, 1), value=1.0) @ probe
        accuracy = (found[:, :PEOPLE].argmax(1) == identities).float().mean()
        return float(accuracy), float(1 - (found[:, PEOPLE:] - motion).square().mean() / motion.square().mean())


def test_the_reversal_takes_the_identity_out_of_the_codes_and_leaves_the_motion() -> None:
    plain, reversing = ToySet(), ToySet()
    plain.train(strength=0.0)
    reversing.train(strength=1.0)
    identity, motion = plain.read()
    assert identity > 0.65 and motion > 0.85
    identity, motion = reversing.read()
    assert identity < 0.35  # chance is 0.25
    assert motion > 0.8
