"""The losses that are GANnotation's own: of a Wasserstein critic (Gulrajani et al., NIPS 2017), and the variation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def fooling(fake: Tensor) -> Tensor:
    """What the generator minimises of the critic's scores [N]."""
    return -fake.mean()


def telling(real: Tensor, fake: Tensor) -> Tensor:
    """What the critic minimises beside its penalty."""
    return fake.mean() - real.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, shares: Tensor) -> Tensor:
    """How far from 1 the norm of the critic's gradient is between real and fake images [N,3,S,S], squared.

    shares [N] in 0..1: where between the two of each row, 1 is real.
    """
    between = torch.lerp(fake, real, shares[:, None, None, None]).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    norms: Tensor = slope.flatten(1).norm(dim=1)
    return (norms - 1).square().mean()


def variation(images: Tensor) -> Tensor:
    """Total variation: the sum of the absolute differences of neighbouring pixels of images [N,3,S,S], a picture."""
    return (images.diff(dim=2).abs().sum() + images.diff(dim=3).abs().sum()) / len(images)
