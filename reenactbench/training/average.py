"""The average of the weights over the steps, which is steadier than the weights of any one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving averages of all weights and buffers of some modules.

    The decay grows with the steps n as (1 + n) / (10 + n) up to what was asked for, so that the first weights, which
    were drawn at random, are soon forgotten. What is no floating-point number is taken as it is.
    """

    def __init__(self, modules: Mapping[str, nn.Module], decay: float) -> None:
        self._modules, self._decay = modules, decay
        self._kept = {name: value.clone() for name, value in self._current().items()}

    @torch.no_grad()
    def update(self, steps: int) -> None:
        """Take in the weights after so many steps."""
        decay = min(self._decay, (1 + steps) / (10 + steps))
        for name, value in self._current().items():
            if value.is_floating_point():
                self._kept[name].lerp_(value, 1 - decay)
            else:
                self._kept[name].copy_(value)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The modules have the averages for weights until the block ends."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, value in self._current().items():
            own = value.clone()
            value.copy_(self._kept[name])
            self._kept[name].copy_(own)

    def state_dict(self) -> dict[str, Tensor]:
        return self._kept

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        for name, value in self._kept.items():
            value.copy_(state[name])

    def _current(self) -> dict[str, Tensor]:
        """The tensors themselves, so that what is written to them is in the modules."""
        return {
            f"{name}.{key}": value
            for name, module in self._modules.items()
            for key, value in module.state_dict().items()
        }
