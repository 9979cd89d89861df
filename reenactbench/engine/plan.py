"""The cells of a run, and what is known of each: the dry run, the resume and the progress bar in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reenactbench.engine.setup import MethodSpec
from reenactbench.engine.store import Store
from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import content_key
from reenactbench.interfaces import Dataset
from reenactbench.protocols.sampling import RULE, with_frames
from reenactbench.results import FAILED, OK
from reenactbench.types import Pair

SCHEMA = 1  # part of every cell's key: raise it when the harness hands methods other inputs or stores other outputs

CACHED, MISSING, IMPOSSIBLE = "cached", "missing", "impossible"


@dataclass(slots=True)
class Cell:
    """(method, pair, seed): the unit of work, of resume and of failure."""

    method: MethodSpec
    pair: Pair
    key: str | None
    """Of what is generated; None while the pair's clips are not prepared or cannot be used."""
    state: str
    """`cached`, `missing`, `failed` (last time; it is tried again) or `impossible`."""
    reason: str


def resolve_pairs(dataset: Dataset, pairs: Sequence[Pair]) -> tuple[list[Pair], dict[str, str]]:
    """The pairs with their frame numbers where the clips are prepared, and pair id -> reason for those that cannot."""
    resolved, impossible = [], {}
    for pair in pairs:
        source, target = dataset.prepared(pair.source), dataset.prepared(pair.target)
        if source is not None and target is not None:
            try:
                pair = with_frames(pair, source, target)
            except ReenactbenchError as error:
                impossible[pair.id] = str(error)
        resolved.append(pair)
    return resolved, impossible


def plan_cells(
    dataset: Dataset,
    methods: Sequence[MethodSpec],
    pairs: Sequence[Pair],
    impossible: dict[str, str],
    seed: int,
    store: Store,
) -> list[Cell]:
    """One cell for every method and pair, in the order they are worked on."""
    return [
        _cell(dataset, method, pair, impossible.get(pair.id, ""), seed, store) for method in methods for pair in pairs
    ]


def _cell(dataset: Dataset, method: MethodSpec, pair: Pair, impossible: str, seed: int, store: Store) -> Cell:
    if impossible:
        return Cell(method, pair, None, IMPOSSIBLE, impossible)
    source, target = dataset.prepared(pair.source), dataset.prepared(pair.target)
    if source is None or target is None or not pair.frames:
        return Cell(method, pair, None, MISSING, "its clips are not prepared yet")
    key = content_key(
        {
            "schema": SCHEMA,
            "method": method.identity(),
            "source": source.fingerprint,
            "target": target.fingerprint,
            "pair": asdict(pair),
            "size": dataset.image_size,
            "seed": seed,
        }
    )
    record = store.record("generated", key)
    if record is None or (record["status"] == OK and not store.path("generated", key, ".png").is_file()):
        return Cell(method, pair, key, MISSING, "not generated yet")
    return Cell(method, pair, key, CACHED if record["status"] == OK else FAILED, record["reason"])


def forget_damaged(cells: Sequence[Cell], store: Store) -> None:
    """Cells whose frames are not as they were written are to be generated again."""
    for cell in cells:
        if cell.state == CACHED and cell.key is not None:
            try:
                store.strip(cell.key)
            except Damaged as error:
                cell.state, cell.reason = MISSING, str(error)


def protocol_hash(parts: Sequence[dict[str, Any]], pairs: Sequence[Pair]) -> str:
    """sha256 over the protocols and the pairs as they are run, with every frame number."""
    return content_key({"rule": RULE, "lists": [part["sha256"] for part in parts], "pairs": [asdict(p) for p in pairs]})


def dataset_fingerprint(dataset: Dataset, pairs: Sequence[Pair]) -> str:
    """sha256 over the prepared clips that the pairs use, and the true frames of two people where they are known."""
    ids = sorted({clip for pair in pairs for clip in (pair.source, pair.target)})
    clips = {clip_id: dataset.prepared(clip_id) for clip_id in ids}
    truths = {pair.id: dataset.truth(pair) for pair in pairs if pair.kind != "self"}
    return content_key({name: clip.fingerprint for name, clip in (clips | truths).items() if clip is not None})


def describe(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """How many cells of each method, protocol and split are in which state, and the reasons for those not cached."""
    groups: dict[tuple[str, str, str], Counter[tuple[str, str]]] = {}
    for cell in cells:
        group = groups.setdefault((cell.method.name, cell.pair.protocol, cell.pair.split), Counter())
        group[cell.state, cell.reason] += 1
    return [
        {
            "method": method,
            "protocol": protocol,
            "split": split,
            "cells": counts.total(),
            "states": [{"state": state, "cells": count, "reason": reason} for (state, reason), count in counts.items()],
        }
        for (method, protocol, split), counts in groups.items()
    ]
