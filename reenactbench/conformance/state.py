"""What a plugin changes of the process while it is looked at: noted, and put back."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from reenactbench.process_state import GENERATORS, changes, draws_kept, put_back, readings


def _states() -> dict[str, bytes]:
    """Of the random generators, in bytes that are the same for the same state."""
    return {name: _fixed(read()) for name, (read, _) in GENERATORS.items()}


def _fixed(state: Any) -> bytes:
    return pickle.dumps(state.numpy().tobytes() if isinstance(state, torch.Tensor) else state)


@dataclass(slots=True)
class Changes:
    """What a block of code left changed."""

    settings: list[str] = field(default_factory=list)
    """As `torch's default dtype to torch.float64`."""
    generators: dict[str, bytes] = field(default_factory=dict)
    """The random generators that were drawn from or seeded, and the state in which they were left."""


@contextmanager
def watched() -> Iterator[Changes]:
    """Fills the changes when the block ends, however it ends, and takes them all back."""
    found = Changes()
    with draws_kept():
        before, states = readings(), _states()
        try:
            yield found
        finally:
            found.settings += changes(before, readings())
            put_back(before)
            found.generators |= {name: now for name, now in _states().items() if now != states[name]}
