"""The rules behind the frozen lists: deterministic, and the same for the full 300VW, a part of it, and any folder.

Everything is ordered by sha256 of names, so no process, platform or directory order can change a list.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from typing import Any

from reenactbench.types import SEEN, UNSEEN, ClipInfo, Pair

QUADRANTS = tuple(f"{source}-{target}" for source in (SEEN, UNSEEN) for target in (SEEN, UNSEEN))


def rank(*words: str) -> str:
    """A fixed pseudo-random place in the order."""
    return hashlib.sha256("\0".join(words).encode()).hexdigest()


def cross_candidates(clips: Iterable[ClipInfo]) -> list[tuple[ClipInfo, ClipInfo]]:
    """Every ordered (source, target) of two identities."""
    listed = sorted(clips, key=lambda clip: clip.id)
    return [(source, target) for source in listed for target in listed if source.identity != target.identity]


def quadrant(source: ClipInfo, target: ClipInfo) -> str:
    return f"{source.split}-{target.split}"


def balanced(candidates: Sequence[tuple[ClipInfo, ClipInfo]], count: int, salt: str) -> list[tuple[ClipInfo, ClipInfo]]:
    """`count` of the candidates (or all), so that every identity is source and target about equally often.

    Greedy: next comes the pair whose people were used least so far; sha256 breaks ties.
    """
    left = sorted(candidates, key=lambda pair: rank(salt, pair[0].id, pair[1].id))
    as_source: Counter[str] = Counter()
    as_target: Counter[str] = Counter()
    chosen: list[tuple[ClipInfo, ClipInfo]] = []
    while left and len(chosen) < count:

        def cost(pair: tuple[ClipInfo, ClipInfo]) -> tuple[int, int]:
            uses = as_source[pair[0].identity], as_target[pair[1].identity]
            return max(uses), sum(uses)

        unused = (pair for pair in left if cost(pair) == (0, 0))
        best = next(unused, None) or min(left, key=cost)
        left.remove(best)
        as_source[best[0].identity] += 1
        as_target[best[1].identity] += 1
        chosen.append(best)
    return chosen


def interleaved(lists: Iterable[Sequence[Any]]) -> list[Any]:
    """One of each list in turn, so that the first N cover all lists."""
    return [item for item in chain.from_iterable(zip_longest(*lists)) if item is not None]


def cross_pair(protocol: str, source: ClipInfo, target: ClipInfo, split: str) -> Pair:
    return Pair(
        id=f"{protocol}/{source.id}/{target.id}",
        protocol=protocol,
        kind="cross",
        split=split,
        quadrant=quadrant(source, target),
        source=source.id,
        target=target.id,
        source_identity=source.identity,
        target_identity=target.identity,
    )


def self_pair(protocol: str, clip: ClipInfo) -> Pair:
    return Pair(
        id=f"{protocol}/{clip.id}",
        protocol=protocol,
        kind="self",
        split=clip.split,
        quadrant=clip.split,
        source=clip.id,
        target=clip.id,
        source_identity=clip.identity,
        target_identity=clip.identity,
    )


def is_matrix(pairs: Sequence[Pair], protocol: str) -> bool:
    """Whether that protocol's pairs are several drivers, each of whom drives the same several targets."""
    drives: dict[str, set[str]] = {}
    for pair in pairs:
        if pair.protocol == protocol:
            drives.setdefault(pair.source, set()).add(pair.target)
    return (
        len(drives) > 1
        and len(set.intersection(*drives.values())) > 1
        and len(set(map(frozenset, drives.values()))) == 1
    )
