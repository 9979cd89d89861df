"""What belongs to the whole process and not to a plugin: watched while one works, and put back afterwards."""

from __future__ import annotations

import os
import pickle
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch


def _set_device(device: torch.device) -> None:
    torch.set_default_device(None if device.type == "cpu" else device)


SETTINGS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "torch's default device": (torch.get_default_device, _set_device),
    "torch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "torch's gradient mode": (torch.is_grad_enabled, torch.set_grad_enabled),
    "torch's number of threads": (torch.get_num_threads, torch.set_num_threads),
    "torch's deterministic mode": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    "NumPy's handling of errors": (np.geterr, lambda modes: np.seterr(**modes)),
    "the working folder": (os.getcwd, os.chdir),
}
"""What it is, how it is read, how it is set."""

GENERATORS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "random": (random.getstate, random.setstate),
    "numpy.random": (np.random.get_state, np.random.set_state),
    "torch": (torch.get_rng_state, torch.set_rng_state),
}


def _fixed(state: Any) -> bytes:
    """The state in bytes that are the same for the same state."""
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
    settings = {name: read() for name, (read, _) in SETTINGS.items()}
    states = {name: read() for name, (read, _) in GENERATORS.items()}
    changes = Changes()
    try:
        yield changes
    finally:
        for name, (read, write) in SETTINGS.items():
            now = read()
            if now != settings[name]:
                changes.settings.append(f"{name} to {now}")
                write(settings[name])
        for name, (read, write) in GENERATORS.items():
            now = _fixed(read())
            if now != _fixed(states[name]):
                changes.generators[name] = now
                write(states[name])
