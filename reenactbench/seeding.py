"""Seeds that follow from what is done, not from the order in which it is done."""

from __future__ import annotations

import random

import numpy as np

from reenactbench.files import content_key


def seed_everything(seed: int, *scope: str) -> int:
    """Seed Python, NumPy and torch for one scope, such as a method and a pair; returns what they are seeded with."""
    import torch

    derived = int(content_key([seed, *scope])[:8], 16)
    random.seed(derived)
    np.random.seed(derived)
    torch.manual_seed(derived)
    return derived
