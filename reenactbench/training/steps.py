"""What the steps of all recipes are made of: optimisers, frozen networks, losses for the log."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

Losses = dict[str, Tensor]
"""By name; scalars."""


def detached(found: Losses) -> Losses:
    return {name: loss.detach() for name, loss in found.items()}


def trainable(*networks: nn.Module) -> list[nn.Parameter]:
    """The parameters of these networks that are not frozen."""
    return [parameter for network in networks for parameter in network.parameters() if parameter.requires_grad]


def adam(rate: float, momentum: float, *networks: nn.Module) -> Adam:
    """Adam (Kingma and Ba, 2015), with `momentum` and 0.999, of what can be trained of these networks."""
    return Adam(trainable(*networks), rate, (momentum, 0.999), fused=True)


def cosine_rate(number: int, steps: int, peak: float, rise: int, last: float) -> float:
    """The learning rate of a step, of so many: it rises in a line over the first `rise`, and falls by half a cosine
    from `peak` to the share `last` of it (Loshchilov and Hutter, ICLR 2017)."""
    done = min(number / max(steps - 1, 1), 1.0)
    return peak * min((number + 1) / max(rise, 1), 1.0) * (last + (1 - last) * (1 + math.cos(math.pi * done)) / 2)


def set_rate(optimiser: Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate


def descend(
    loss: Tensor,
    optimiser: Optimizer,
    clip: float | None = None,
    backward: Callable[[Tensor], None] = torch.autograd.backward,
) -> None:
    """One step of the optimiser down the loss, with the norm of its gradients at most `clip`."""
    optimiser.zero_grad()
    backward(loss)
    if clip is not None:
        nn.utils.clip_grad_norm_([value for group in optimiser.param_groups for value in group["params"]], clip)
    optimiser.step()


@contextmanager
def frozen(*networks: nn.Module) -> Iterator[None]:
    """Gradients pass through these networks and leave nothing there."""
    parameters = trainable(*networks)
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
