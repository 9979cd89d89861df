"""The losses of the paper's 3.2, with both terms of L_CNT and what the discriminator learns from."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def fooling(fake: Tensor) -> Tensor:
    """The first term of L_ADV: what embedder and generator minimise of the scores [N] of their pictures."""
    return -fake.mean()


def telling(real: Tensor, fake: Tensor) -> Tensor:
    """L_DSC, the hinge loss that the discriminator minimises : scores [N] below 1 of the real cost, and those
    above -1 of fakes."""
    return functional.relu(1 - real).mean() + functional.relu(1 + fake).mean()


def match(codes: Tensor, people: Tensor) -> Tensor:
    """L_MCH: the mean absolute difference of codes and the discriminator's vectors [N,C] of the same people."""
    return (codes - people).abs().mean()
