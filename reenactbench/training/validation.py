"""How well a method in training does on people who are in no training: what the learning curves show."""

from __future__ import annotations

import numpy as np
import torch

from reenactbench.metrics.l1 import l1
from reenactbench.metrics.ssim import ssim
from reenactbench.training.footage import Footage
from reenactbench.training.recipe import Recipe
from reenactbench.training.sampling import Draws

SAMPLES, AT_ONCE, CANDIDATES = 96, 8, 3


def validated(recipe: Recipe, footage: Footage, device: torch.device) -> dict[str, float]:
    """Means of L1 and SSIM over SAMPLES paired samples of the footage, the same every time; nothing where the recipe
    does not show what it makes. Called like `Recipe.sample`."""
    values = []
    for part in range(SAMPLES // AT_ONCE):
        pairs = Draws(footage, 0, part, device).paired(AT_ONCE, candidates=CANDIDATES)
        made = recipe.reenacted(pairs)
        if made is None:
            return {}
        first, truth = (_bytes(images) for images in (made, pairs.driving.images))
        values.append((l1(first, truth), ssim(first, truth)))
    errors, similarities = np.concatenate(values, axis=1)
    return {"validation_l1": float(errors.mean()), "validation_ssim": float(similarities.mean())}


def _bytes(images: torch.Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """[N,3,S,S] in 0..1 as uint8 [N,S,S,3]."""
    return np.asarray((images.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu())
