"""KID (Binkowski et al., ICLR 2018): the unbiased cousin of FID."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from reenactbench.interfaces import Array
from reenactbench.metrics.inception import InceptionMetric

BLOCK = 1024


class KID(InceptionMetric):
    key: ClassVar[str] = "kid"
    recipe: ClassVar[str] = "{inception}-pool3-poly3-full"
    title: ClassVar[str] = "KID x 1000"
    definition: ClassVar[str] = (
        "Kernel Inception distance, times 1000: unbiased squared maximum mean discrepancy under (x.y/D + 1)^3, over "
        "the full sets instead of random subsets, so without any randomness. It can fall below 0."
    )

    def compare(self, generated: Array, reference: Array) -> float:
        return 1000 * kernel_distance(generated, reference)


def kernel_distance(first: Array, second: Array) -> float:
    """Unbiased MMD^2 of samples [N,D] and [M,D] under (x.y/D + 1)^3, float64; ValueError for fewer than two samples."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    n, m = len(first), len(second)
    if min(n, m) < 2:
        raise ValueError(f"an unbiased estimate takes at least 2 frames on each side, here are {n} and {m}")
    within = sum((_kernel_sum(x, x) - _diagonal_sum(x)) / (len(x) * (len(x) - 1)) for x in (first, second))
    return float(within - 2 * _kernel_sum(first, second) / (n * m))


def _kernel_sum(x: Array, y: Array) -> float:
    blocks = (x[start : start + BLOCK] for start in range(0, len(x), BLOCK))
    return float(sum(((block @ y.T / x.shape[1] + 1) ** 3).sum() for block in blocks))


def _diagonal_sum(x: Array) -> float:
    return float((((x**2).sum(axis=1) / x.shape[1] + 1) ** 3).sum())
