"""The protocols of the CrossID-GAN paper's evaluation, and their frozen lists for the full 300VW."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, ClassVar

from reenactbench.files import content_key
from reenactbench.interfaces import Protocol
from reenactbench.protocols.pairing import (
    QUADRANTS,
    balanced,
    cross_candidates,
    cross_pair,
    interleaved,
    quadrant,
    rank,
    self_pair,
)
from reenactbench.types import ALL, SEEN, UNSEEN, ClipInfo, Pair

PAIRS_A_QUADRANT = 30
PAIRS_OF_THE_PAPER = 10
MATRIX_DRIVERS, MATRIX_TARGETS = 4, 5


class SelfReenactment(Protocol):
    """Each clip reconstructs itself (the paper's Table 3)."""

    name: ClassVar[str] = "self"

    def pairs(self, clips: Sequence[ClipInfo]) -> list[Pair]:
        order = sorted(clips, key=lambda clip: rank("self@1", clip.id))
        by_split = [[clip for clip in order if clip.split == split] for split in ("seen", "unseen")]
        return [self_pair(self.name, clip) for clip in interleaved(by_split)]


class Cross(Protocol):
    """30 pairs in each quadrant of source seen/unseen x target seen/unseen, balanced over identities."""

    name: ClassVar[str] = "cross"

    def pairs(self, clips: Sequence[ClipInfo]) -> list[Pair]:
        candidates = cross_candidates(clips)
        chosen = []
        for name in QUADRANTS:
            within = [pair for pair in candidates if quadrant(*pair) == name]
            picked = balanced(within, PAIRS_A_QUADRANT, f"cross@1/{name}")
            chosen.append([cross_pair(self.name, *pair, split=name) for pair in picked])
        return interleaved(chosen)


class CrossPaper(Protocol):
    """10 random pairs of source video and target image of two identities (the paper's Table 2)."""

    name: ClassVar[str] = "cross-paper"

    def pairs(self, clips: Sequence[ClipInfo]) -> list[Pair]:
        order = sorted(cross_candidates(clips), key=lambda pair: rank("cross-paper@1", pair[0].id, pair[1].id))
        return [cross_pair(self.name, *pair, split=ALL) for pair in order[:PAIRS_OF_THE_PAPER]]


class Matrix(Protocol):
    """Each of 4 unseen drivers with each of 5 other targets (the paper's Figure 6), a clip a person."""

    name: ClassVar[str] = "matrix"

    def pairs(self, clips: Sequence[ClipInfo]) -> list[Pair]:
        order = sorted(clips, key=lambda clip: rank("matrix@1", clip.id))
        people = list({clip.identity: clip for clip in reversed(order)}.values())[::-1]
        by_split = [[clip for clip in people if clip.split == split] for split in (SEEN, UNSEEN)]
        drivers = [*by_split[1], *by_split[0]][: min(MATRIX_DRIVERS, len(people) // 2)]
        others = [[clip for clip in members if clip not in drivers] for members in by_split]
        targets = interleaved(others)[:MATRIX_TARGETS]
        return [cross_pair(self.name, driver, target, split=ALL) for driver in drivers for target in targets]


def pair_list(pairs: Sequence[Pair]) -> list[list[str]]:
    """What a frozen list holds of each pair: id, split, source, target."""
    return [[pair.id, pair.split, pair.source, pair.target] for pair in pairs]


def list_hash(pairs: Sequence[Pair]) -> str:
    """sha256 of a list of pairs, as run.json records it."""
    return content_key(pair_list(pairs))


def frozen_list(dataset: str, protocol: str) -> dict[str, Any] | None:
    """The list shipped with the package: {sha256, pairs}; None where there is none for that data set."""
    path = files(__package__) / "frozen" / f"{dataset}-{protocol}.json"
    if not path.is_file():
        return None
    frozen: dict[str, Any] = json.loads(path.read_text())
    return frozen
