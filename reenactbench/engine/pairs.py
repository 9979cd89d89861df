"""The pairs of a run: the protocols' lists, cut to what was asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import Dataset, Protocol
from reenactbench.protocols.builtin import frozen_list, list_hash
from reenactbench.registry import Registry
from reenactbench.types import Pair

PART = re.compile(r"[^/\\\x00-\x1f.][^/\\\x00-\x1f]*")  # of a pair's id: a folder name that climbs nowhere


def plan_pairs(
    registry: Registry, dataset: Dataset, names: Sequence[str], splits: Sequence[str], limit: int | None
) -> tuple[list[Pair], list[dict[str, Any]]]:
    """The pairs of all protocols in order, without frames, and what run.json says of each protocol."""
    clips = dataset.clips()
    pairs: list[Pair] = []
    parts: list[dict[str, Any]] = []
    known_splits: set[str] = set()
    for name in dict.fromkeys(names):
        protocol: Protocol = registry.find("protocols", name).load()()
        listed = protocol.pairs(clips)
        sha256 = list_hash(listed)
        frozen = frozen_list(dataset.name, name) if dataset.frozen else None
        if frozen is not None and frozen["sha256"] != sha256:
            raise ReenactbenchError(
                f"the frozen list of {name} on {dataset.name} is not what its rule gives; reinstall"
            )
        known_splits |= {pair.split for pair in listed}
        chosen = [pair for pair in listed if not splits or pair.split in _split_names(splits, pair.kind)][:limit]
        pairs += chosen
        parts.append(
            {
                "name": name,
                "version": protocol.version,
                "sha256": sha256,
                "frozen": frozen is not None,
                "n_pairs": len(chosen),
                "n_listed": len(listed),
            }
        )
    _refuse_unusable(dataset, pairs, parts, splits, known_splits)
    return pairs, parts


def _refuse_unusable(
    dataset: Dataset,
    pairs: Sequence[Pair],
    parts: Sequence[dict[str, Any]],
    splits: Sequence[str],
    known_splits: set[str],
) -> None:
    """Raises ReenactbenchError for unknown splits, no pairs, and ids that are no folder names or not unique."""
    protocols = ", ".join(part["name"] for part in parts)
    clips = f"the {len(dataset.clips())} clips of {dataset.name}"
    unknown = [split for split in splits if not known_splits & {split, f"{split}-{split}"}]
    if unknown:
        raise ReenactbenchError(
            f"--split {', '.join(unknown)}: no pair of protocol {protocols} is in it; "
            f"there are {', '.join(sorted(known_splits)) or 'none'} on {clips}"
        )
    if not pairs:
        raise ReenactbenchError(f"protocol {protocols} has no pair on {clips}; a pair of two people needs two")
    for pair in pairs:
        if not all(PART.fullmatch(part) for part in pair.id.split("/")):
            raise ReenactbenchError(f"pair {pair.id!r} cannot be a folder's name; rename its clips")
    repeated = [pair_id for pair_id, count in Counter(pair.id for pair in pairs).items() if count > 1]
    if repeated:
        raise ReenactbenchError(f"protocol {protocols} gives the id {repeated[0]!r} to two pairs")


def _split_names(splits: Sequence[str], kind: str) -> set[str]:
    """For `cross`, plain `seen` means `seen-seen`."""
    return {f"{split}-{split}" if kind == "cross" and split in ("seen", "unseen") else split for split in splits}
