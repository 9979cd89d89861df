"""Means with intervals, and paired tests, over pairs that share people.

The unit is the pair, never the frame. Two pairs that have a person in common, as source or as target, are correlated,
so a mean is less certain than the number of pairs suggests. docs/statistics.md says how the interval was chosen and
how often it holds the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
KEPT = 16  # sets of pairs whose sharing is remembered: those of a run's protocols and splits


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its interval, in the unit of the values."""

    mean: float | None
    """None where there is no value."""
    low: float | None
    """None, like `high`, where the values cannot tell how far the mean would move with other people."""
    high: float | None
    n: int
    """Pairs."""
    clusters: int
    """People in those pairs."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which pairs share a person, and what that does to the variance of a mean over them."""

    matrix: Array
    """[n,n]: 1 where two pairs have a person in common (so on the diagonal), else 0."""
    clusters: int
    """G, the number of people."""
    correction: float
    """What the variance estimate is multiplied by, so that independent pairs give it without bias; 1 or more."""
    freedom: float
    """Degrees of freedom of that estimate, 0 to min(n - 1, G)."""

    @property
    def gives_interval(self) -> bool:
        """Whether there is at least one degree of freedom: two people, or two groups that share nobody."""
        return self.freedom > 1 - 1e-9


def sharing(members: Sequence[Collection[str]]) -> Sharing:
    """What the people in each pair imply for a mean over the pairs.

    members: for each pair its identities, one (self) or two (cross, in any order). Raises ValueError for a pair
    without any, and for a bare string, which would count its letters.

    With M = `matrix`, residuals e = H y (H centres) and Z the [n,G] indicator of who is in which pair:
    - e'Me has expectation n - sum(M)/n for independent pairs of variance 1, where n is wanted: hence
      `correction` = n^2 / (n^2 - sum(M)), which for G equal groups is the usual G / (G - 1);
    - `freedom` is Satterthwaite's (1946) 2 E^2 / Var of e'Me when every person adds an effect of equal variance:
      tr(B)^2 / tr(BB) with B = Z'HMHZ. It is G - 1 for G equal groups and for all ordered pairs of G people
      (Bell and McCaffrey 2002 do the same for groups).
    """
    if any(isinstance(people, str) or not people for people in members):
        raise ValueError("members must give each pair's identities as a tuple of at least one name")
    return _sharing(tuple(map(tuple, members)))


@lru_cache(KEPT)
def _sharing(members: tuple[tuple[str, ...], ...]) -> Sharing:
    """A report asks for the same pairs again and again: for every two methods and every metric."""
    n = len(members)
    column = {name: i for i, name in enumerate(dict.fromkeys(name for people in members for name in people))}
    belongs = np.zeros((n, len(column)))
    for row, people in enumerate(members):
        belongs[row, [column[name] for name in people]] = 1
    matrix = (belongs @ belongs.T > 0).astype(np.float64)
    matrix.setflags(write=False)
    if matrix.all():
        return Sharing(matrix, len(column), 1.0, 0.0)
    centred = belongs - belongs.mean(0)
    effects = centred.T @ matrix @ centred
    freedom = np.trace(effects) ** 2 / np.square(effects).sum()
    return Sharing(matrix, len(column), n**2 / (n**2 - matrix.sum()), float(freedom))


def half_width(values: npt.ArrayLike, shared: Sharing, level: float = 0.95) -> Array:
    """Half the width of the interval around each mean, [...] for values [..., n]; needs `shared.gives_interval`.

    The wider of two Student t intervals, so that neither estimate is trusted where it is too small:
    - pairs independent: variance sum(e_i^2) / (n (n - 1)), n - 1 degrees of freedom;
    - people shared: variance correction / n^2 * the sum of e_i e_j over all i, j that share a person (Aronow, Samii
      and Assenova 2015, Political Analysis 23; with disjoint sources and targets it is Cameron, Gelbach and
      Miller's 2011 two-way estimate, with one person a pair the one-way), `freedom` degrees of freedom.
    """
    from scipy.special import stdtrit

    alone, together = (stdtrit(freedom, (1 + level) / 2) * error for error, freedom in _standard_errors(values, shared))
    wider: Array = np.maximum(alone, together)
    return wider


def mean_interval(values: Sequence[float] | Array, members: Sequence[Collection[str]], level: float = 0.95) -> Interval:
    """The mean of [n] values, one a pair, and where the mean over other people like these would lie.

    members: for each pair its identities (see `sharing`). level: the confidence, above 0 and below 1.
    No value: the mean is None. Fewer than one degree of freedom (one pair, one person, or every pair shares someone
    with nearly every other): `low` and `high` are None. Equal values: low = mean = high.
    Raises ValueError where a value is not finite or the lengths differ.
    """
    return _interval(_checked(values, members), sharing(members), level)


def _interval(values: Array, shared: Sharing, level: float = 0.95) -> Interval:
    mean = float(values.mean()) if len(values) else None
    if mean is None or not shared.gives_interval:
        return Interval(mean, None, None, len(values), shared.clusters)
    half = float(half_width(values, shared, level))
    return Interval(mean, mean - half, mean + half, len(values), shared.clusters)


def paired_test(
    differences: Sequence[float] | Array, members: Sequence[Collection[str]]
) -> tuple[Interval, float | None]:
    """The mean of [n] differences, one a pair, with its 95 % interval and the two-sided p-value of "it is 0".

    The p-value is the larger of the two t tests that belong to the two intervals of `half_width`, so it is below 0.05
    exactly where the 95 % interval leaves out 0. It is None where there is no interval, and 1 where the mean is 0.
    Where all differences are equal there is no variance to test with; then it is that of the sign test over people.
    Raises ValueError like `mean_interval`.
    """
    from scipy.special import stdtr

    checked, shared = _checked(differences, members), sharing(members)
    interval = _interval(checked, shared)
    if interval.mean is None or interval.low is None:
        return interval, None
    if interval.mean == 0:
        return interval, 1.0
    if interval.low == interval.high:
        return interval, 2.0 ** (1 - interval.clusters)
    with np.errstate(divide="ignore"):
        tails = [
            2 * stdtr(freedom, -abs(interval.mean) / error) for error, freedom in _standard_errors(checked, shared)
        ]
    return interval, float(max(tails))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for being several, in the order given: any below 0.05 is wrong in 5 % of families at most.

    Holm 1979, Scandinavian Journal of Statistics 6: the k-th smallest of m is multiplied by m - k + 1, then made
    monotone and at most 1.
    """
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def _standard_errors(values: npt.ArrayLike, shared: Sharing) -> Iterator[tuple[Any, float]]:
    """Standard errors [...] of the means of values [..., n] with their degrees of freedom: pairs alone, then people."""
    deviation = np.asarray(values, dtype=np.float64)
    deviation = deviation - deviation.mean(-1, keepdims=True)
    n = deviation.shape[-1]
    yield np.sqrt(np.square(deviation).sum(-1) / (n * (n - 1))), n - 1.0
    common = (deviation @ shared.matrix * deviation).sum(-1)
    # The sum can be negative, because `matrix` is not positive semi-definite; the first interval then stands alone.
    yield np.sqrt(np.maximum(common, 0) * shared.correction) / n, shared.freedom


def _checked(values: Sequence[float] | Array, members: Sequence[Collection[str]]) -> Array:
    checked = np.asarray(values, dtype=np.float64)
    if checked.shape != (len(members),):
        raise ValueError(f"{len(members)} pairs need as many values, not an array of shape {checked.shape}")
    if not np.isfinite(checked).all():
        raise ValueError(f"value {int(np.argmin(np.isfinite(checked)))} of {len(checked)} is not a finite number")
    return checked
