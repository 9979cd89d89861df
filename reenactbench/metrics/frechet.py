"""The Frechet distance of two samples, and its extrapolation to infinite samples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

PARTS = (1, 2, 3, 4)


def frechet_distance(first: Array, second: Array) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2) of the means and (N-1) covariances of samples [N,D] and [M,D].

    Heusel et al., NeurIPS 2017, Eq. 6. With S = A'A, the trace of the root is the nuclear norm of A1 A2', so no matrix
    root is taken, nothing is added to a diagonal, and fewer samples than features are no special case. Float64.
    Raises ValueError for fewer than two samples.
    """
    mean1, root1 = _moments(first)
    mean2, root2 = _moments(second)
    cross = np.linalg.svd(root1 @ root2.T, compute_uv=False).sum()
    return float(((mean1 - mean2) ** 2).sum() + (root1**2).sum() + (root2**2).sum() - 2 * cross)


def _moments(sample: Array) -> tuple[Array, Array]:
    """The mean [D] and some A [min(N,D),D] with A'A the covariance."""
    wide = np.asarray(sample, np.float64)
    if len(wide) < 2:
        raise ValueError(f"a covariance takes at least 2 frames, here are {len(wide)}")
    mean = wide.mean(axis=0)
    root = (wide - mean) / np.sqrt(len(wide) - 1)
    if len(root) > root.shape[1]:
        root = np.asarray(np.linalg.qr(root, mode="r"))
    return mean, root


def frechet_infinity(first: Array, second: Array) -> float:
    """The Frechet distance without its bias in sample size: the intercept of its line against 1/N.

    After Chong and Forsyth, CVPR 2020; here the line is fitted to `frechet_by_parts`, whose errors it has. Raises
    ValueError like it.
    """
    distances = frechet_by_parts(first, second)
    _, intercept = np.polyfit(list(distances), list(distances.values()), 1)
    return float(intercept)


def frechet_by_parts(first: Array, second: Array) -> dict[int, float]:
    """k -> the mean distance of matching parts, where both samples are shuffled (seed 0) and cut into k disjoint parts.

    k = 1..4. Raises ValueError for fewer than 8 samples.
    """
    if min(len(first), len(second)) < 2 * PARTS[-1]:
        raise ValueError(f"the extrapolation takes at least {2 * PARTS[-1]} frames on each side")
    random = np.random.default_rng(0)
    first, second = first[random.permutation(len(first))], second[random.permutation(len(second))]
    return {
        parts: float(
            np.mean(
                [
                    frechet_distance(a, b)
                    for a, b in zip(np.array_split(first, parts), np.array_split(second, parts), strict=True)
                ]
            )
        )
        for parts in PARTS
    }
