"""How often 95 % intervals hold the true mean, for the ways to make them that docs/statistics.md weighs.

    python benchmarks/interval_coverage.py [--simulations 1000] [--resamples 399] [--seed 0]

Prints Markdown tables; three minutes on one core. Every simulated video has 64 frames that resemble their
neighbours (autocorrelation 0.9), on top of effects of the source, of the target, of the person in either role, and of
the pair.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit
from scipy.stats import bootstrap

from reenactbench.protocols.builtin import frozen_list
from reenactbench.stats import half_width, sharing

Array = npt.NDArray[np.float64]
Members = list[tuple[str, ...]]
FRAMES, AUTOCORRELATION = 64, 0.9


class Effects(NamedTuple):
    """Standard deviations; the frames' own is always 1, which leaves 0.5 in the mean over a video."""

    source: float = 0
    target: float = 0
    person: float = 0
    """The same in both roles."""
    pair: float = 0


EFFECTS = {
    "frames only": Effects(),
    "weak": Effects(source=0.3, target=0.3, pair=0.5),
    "source": Effects(source=1),
    "target": Effects(target=1),
    "source and target": Effects(source=1, target=1, pair=0.5),
    "person": Effects(person=1),
}


def selves(clips: Iterable[int]) -> Members:
    """Self pairs: the i-th person has that many clips."""
    return [(f"person{i}",) for i, count in enumerate(clips) for _ in range(count)]


def disjoint(sources: int, targets: int, pairs: int) -> Members:
    """Each source and each target as often as any other, give or take one; no person is both."""
    rng = np.random.default_rng(1)
    of = [np.concatenate([rng.permutation(size) for _ in range(-(-pairs // size))]) for size in (sources, targets)]
    return [(f"source{s}", f"target{t}") for s, t in zip(of[0][:pairs], of[1][:pairs], strict=True)]


def one_pool(people: int, pairs: int) -> Members:
    """Ordered pairs of two people of one pool, at random without repeats."""
    every = [(f"person{s}", f"person{t}") for s in range(people) for t in range(people) if s != t]
    return [every[i] for i in np.random.default_rng(1).permutation(len(every))[:pairs]]


def frozen(protocol: str, split: str) -> Members:
    """Source and target of the frozen 300VW pairs of a split, every video taken as a person of its own."""
    listed = frozen_list("300vw", protocol)
    assert listed is not None
    return [(source, target) for _, of, source, target in listed["pairs"] if of == split]


DESIGNS: dict[str, Members] = {
    "self, 30 people": selves([1] * 30),
    "self, 12 people": selves([1] * 12),
    "self, 6 people": selves([1] * 6),
    "self, 12 people with 1 to 6 clips": selves([6, 5, 4, 3, 3, 2, 2, 1, 1, 1, 1, 1]),
    "cross, 24 sources x 6 targets, 30 pairs": disjoint(24, 6, 30),
    "cross, 6 sources x 6 targets, all 36 pairs": [(f"source{s}", f"target{t}") for s in range(6) for t in range(6)],
    "cross, 24 people, 30 pairs": one_pool(24, 30),
    "cross, 12 people, 30 pairs": one_pool(12, 30),
    "cross, 6 people, all 30 pairs": one_pool(6, 30),
    "300VW cross, unseen to unseen, 30 pairs": frozen("cross", "unseen-unseen"),
    "300VW cross-paper, 10 pairs": frozen("cross-paper", "all"),
}


def simulate(members: Members, effects: Effects, simulations: int, rng: np.random.Generator, skewed: bool) -> Array:
    """Frame values [simulations, pairs, FRAMES] with true mean 0; skewed: effects from a gamma with skewness 1.4."""

    def draw(*shape: int) -> Array:
        return (rng.gamma(2, size=shape) - 2) / np.sqrt(2) if skewed else rng.standard_normal(shape)

    column = {name: i for i, name in enumerate(sorted({name for pair in members for name in pair}))}
    source = [column[pair[0]] for pair in members]
    target = [column[pair[-1]] for pair in members]
    person = draw(simulations, len(column))
    means = (
        effects.source * draw(simulations, len(column))[:, source]
        + effects.target * draw(simulations, len(column))[:, target]
        + effects.person * (person[:, source] + person[:, target])
        + effects.pair * draw(simulations, len(members))
    )
    apart = np.abs(np.subtract.outer(np.arange(FRAMES), np.arange(FRAMES)))
    frames = rng.standard_normal((simulations, len(members), FRAMES)) @ np.linalg.cholesky(AUTOCORRELATION**apart).T
    return np.asarray(means[..., None] + frames)


def dyadic_error(values: Array, matrix: Array, correction: float) -> Array:
    """The shared-person standard error of the mean of values [..., n], never below that of independent pairs."""
    n = values.shape[-1]
    deviation = values - values.mean(-1, keepdims=True)
    shared = correction * (deviation @ matrix * deviation).sum(-1) / n**2
    error: Array = np.sqrt(np.maximum(shared, np.square(deviation).sum(-1) / (n * (n - 1))))
    return error


def independent_frames(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    pooled = frames.reshape(len(frames), -1)
    return around(pooled, 1.96 * pooled.std(-1, ddof=1) / np.sqrt(pooled.shape[-1]))


def independent_pairs(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    values, n = frames.mean(-1), len(members)
    return around(values, stdtrit(n - 1, 0.975) * values.std(-1, ddof=1) / np.sqrt(n))


def textbook_dyadic(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    """The shared-person variance with G / (G - 1) and G - 1 degrees of freedom for G people."""
    values, shared = frames.mean(-1), sharing(members)
    people = shared.clusters
    error = dyadic_error(values, shared.matrix, people / (people - 1))
    return around(values, stdtrit(people - 1, 0.975) * error)


def percentile(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    """People drawn with replacement; a pair counts (draws of its source) x (draws of its target) times."""
    means = np.stack([values for values, *_ in resampled(members, frames.mean(-1), resamples)])
    low, high = np.quantile(means, [0.025, 0.975], axis=0)
    return low, high


def studentised(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    """The same draws, each mean divided by its own shared-person standard error (copies of a person are strangers)."""
    values, shared = frames.mean(-1), sharing(members)
    statistics = np.stack(
        [np.abs(mean - values.mean(-1)) / error for mean, error in resampled(members, values, resamples)]
    )
    error = dyadic_error(values, shared.matrix, shared.correction)
    return around(values, np.quantile(statistics, 0.95, axis=0) * error)


def bca(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    """scipy.stats.bootstrap over people, bias-corrected and accelerated."""
    pools, places = pools_of(members)
    limits = []
    for values in frames.mean(-1):

        def mean(*draws: Any, axis: int = -1, values: Array = values) -> Array:
            counts = [(draw[..., None] == np.arange(size)).sum(-2) for draw, size in zip(draws, pools, strict=True)]
            weights = np.prod([counts[pool][..., columns] for pool, columns in places], axis=0)
            total = weights.sum(-1)
            means: Array = np.where(total > 0, weights @ values / np.maximum(total, 1), values.mean())
            return means

        data = tuple(np.arange(size) for size in pools)
        found = bootstrap(data, mean, n_resamples=resamples, vectorized=True, method="BCa", rng=3)
        limits.append(found.confidence_interval)
    low, high = np.transpose(limits)
    return low, high


def wild(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    """Residuals times a random sign a person (the mean of a cross pair's two), studentised as above."""
    values, shared = frames.mean(-1), sharing(members)
    rng = np.random.default_rng(2)
    pools, places = pools_of(members)
    residuals = values - values.mean(-1, keepdims=True)
    statistics = []
    for _ in range(resamples):
        signs = [rng.choice([-1.0, 1.0], size) for size in pools]
        again = residuals * np.mean([signs[pool][columns] for pool, columns in places], axis=0)
        error = dyadic_error(again, shared.matrix, shared.correction)
        with np.errstate(invalid="ignore"):  # every sign pair cancels: 0 / 0, no evidence
            statistics.append(np.nan_to_num(np.abs(again.mean(-1)) / error))
    error = dyadic_error(values, shared.matrix, shared.correction)
    return around(values, np.quantile(statistics, 0.95, axis=0) * error)


def chosen(members: Members, frames: Array, resamples: int) -> tuple[Array, Array]:
    values = frames.mean(-1)
    return around(values, half_width(values, sharing(members)))


METHODS: dict[str, Callable[[Members, Array, int], tuple[Array, Array]]] = {
    "frames independent": independent_frames,
    "pairs independent": independent_pairs,
    "percentile bootstrap": percentile,
    "BCa bootstrap": bca,
    "studentised bootstrap": studentised,
    "wild bootstrap": wild,
    "dyadic, G - 1": textbook_dyadic,
    "chosen": chosen,
}


def around(values: Array, half: Array) -> tuple[Array, Array]:
    centre = values.mean(-1)
    return centre - half, centre + half


def pools_of(members: Members) -> tuple[list[int], list[tuple[int, list[int]]]]:
    """Sizes of the pools people are drawn from, and for each role its pool and each pair's column in it."""
    roles = list(zip(*members, strict=True))
    pools = [sorted(set(role)) for role in roles]
    if set.intersection(*map(set, pools)):
        pools = [sorted({name for role in roles for name in role})]
    where = range(len(roles)) if len(pools) == len(roles) else [0] * len(roles)
    return [len(pool) for pool in pools], [
        (pool, [pools[pool].index(name) for name in role]) for pool, role in zip(where, roles, strict=True)
    ]


def resampled(members: Members, values: Array, resamples: int) -> Iterator[tuple[Array, Array]]:
    """Means [simulations] and standard errors of that many redrawn sets of people that leave an interval possible."""
    rng = np.random.default_rng(2)
    pools, places = pools_of(members)
    offsets = np.cumsum([0, *pools])
    belongs = np.zeros((len(members), offsets[-1]))
    for pool, columns in places:
        belongs[np.arange(len(members)), offsets[pool] + np.array(columns)] = 1
    twice = belongs @ belongs.T == 2
    made = 0
    while made < resamples:
        counts = np.concatenate([rng.multinomial(size, [1 / size] * size) for size in pools])
        weights = np.prod([counts[offsets[pool] + np.array(columns)] for pool, columns in places], axis=0)
        total = weights.sum()
        # How many couples of copies share a person: through either one, less those counted for both.
        couples = np.outer(weights, weights) * (belongs / np.maximum(counts, 1) @ belongs.T) - twice * weights
        if np.count_nonzero(weights) < 2 or couples.sum() > total**2 - 1:
            continue
        mean = values @ weights / total
        deviation = values - mean[:, None]
        shared = (deviation @ couples * deviation).sum(-1) / (total**2 - couples.sum())
        plain = (np.square(deviation) @ weights) / (total * (total - 1))
        yield mean, np.sqrt(np.maximum(shared, plain))
        made += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=399)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.perf_counter()
    for skewed in (False, True):
        print(f"\n{'Skewed' if skewed else 'Normal'} effects, coverage in %:\n")
        print_tables(given.simulations, given.resamples, given.seed, skewed)
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


def print_tables(simulations: int, resamples: int, seed: int, skewed: bool) -> None:
    """Every cell, then the range over the effects."""
    print_row("pairs", "effects", *METHODS)
    print_row("---", "---", *["---:"] * len(METHODS))
    coverage = np.zeros((len(DESIGNS), len(EFFECTS), len(METHODS)))
    width = np.zeros_like(coverage)
    for i, (design, members) in enumerate(DESIGNS.items()):
        for j, (name, effects) in enumerate(EFFECTS.items()):
            frames = simulate(members, effects, simulations, np.random.default_rng(seed), skewed)
            limits = [method(members, frames, resamples) for method in METHODS.values()]
            low, high = np.array(limits).swapaxes(0, 1)
            coverage[i, j] = 100 * ((low <= 0) & (high >= 0)).mean(-1)
            width[i, j] = (high - low).mean(-1)
            print_row(design, name, *(f"{value:.1f}" for value in coverage[i, j]))
    print("\nLowest and highest of them over the effects:\n")
    print_row("pairs", *METHODS)
    print_row("---", *["---:"] * len(METHODS))
    for design, cells in zip(DESIGNS, coverage, strict=True):
        print_row(design, *ranges(cells))
    print_row("**all**", *ranges(coverage.reshape(-1, len(METHODS))))
    print_row("mean width / chosen", *ranges((width / width[..., -1:]).reshape(-1, len(METHODS))))


def print_row(*cells: str) -> None:
    print("|", " | ".join(cells), "|", flush=True)


def ranges(cells: Array) -> list[str]:
    return [f"{low:.1f} to {high:.1f}" for low, high in zip(cells.min(0), cells.max(0), strict=True)]


if __name__ == "__main__":
    main()
