"""What a run says in numbers: a row for every method, protocol, split and variant, as `reenactbench show` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from reenactbench.results import FAILED, GIVEN, NOT_COMPUTED, OK, RENDERED, Run
from reenactbench.stats import mean_interval
from reenactbench.types import ALL, SEEN, UNSEEN

if TYPE_CHECKING:
    import pandas as pd

ANY = "any"
"""The protocol of what is measured on the method itself, such as its speed."""
FRAME, SET, METHOD = "frame", "set", "method"
"""The kinds of a variant in run.json: a value a frame, a value a set of frames, a value a method."""

TRUE_FRAMES, RENDERED_FRAMES = "true frames", "true frames (rendered)"
OWN_FRAMES = "target's own frames"

SPLITS = (SEEN, UNSEEN, *(f"{source}-{target}" for source in (SEEN, UNSEEN) for target in (SEEN, UNSEEN)))

Record = Mapping[str, Any]
"""A row of a table of the run, or an entry of a list in run.json."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pairs whose mean is taken together."""

    protocol: str
    split: str
    pairs: Sequence[Record]
    """Entries of run.json's `pairs`, that is, the fields of `types.Pair`."""


def groups(pairs: Iterable[Record]) -> list[Group]:
    """The pairs by protocol (in the order given) and split (seen first); of several splits also pooled as `all`."""
    found: dict[str, dict[str, list[Record]]] = {}
    for pair in pairs:
        found.setdefault(pair["protocol"], {}).setdefault(pair["split"], []).append(pair)
    ordered = []
    for protocol, splits in found.items():
        ordered += [Group(protocol, split, splits[split]) for split in sorted(splits, key=split_order)]
        if len(splits) > 1:
            ordered.append(Group(protocol, ALL, [pair for members in splits.values() for pair in members]))
    return ordered


def split_order(split: str) -> tuple[int, str]:
    """Sorts splits for a reader: seen, unseen, the quadrants, others by name, `all`."""
    if split == ALL:
        return len(SPLITS) + 1, split
    return SPLITS.index(split) if split in SPLITS else len(SPLITS), split


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a run's table as dicts of plain Python values, None where there is none."""
    import pyarrow as pa

    return pa.Table.from_pandas(table, preserve_index=False).to_pylist()  # type: ignore[no-any-return]


def people(pair: Record) -> tuple[str, str]:
    """The identities in a pair, for `stats`; of a self pair the same one twice."""
    return pair["source_identity"], pair["target_identity"]


def summary_rows(run: Run) -> list[dict[str, Any]]:
    """What `reenactbench show --json` prints, by protocol, split (`all` last), variant and method.

    Every row has method, protocol, split, metric, variant, mean, ci_low, ci_high (95 %, `stats.mean_interval`; None for
    values of a set or a method), n_pairs and n_frames (measured, not planned), n_planned (pairs), coverage (n_pairs
    over n_planned, 0 to 1), higher_is_better, status (`ok`; `failed`: no pair has a value; `not computed`) and reason
    (why something has no value, else empty). None, never NaN, where there is no number. A variant that does not apply
    to a protocol, such as one that needs the truth where nobody knows it, or is not for that kind of pairs, has no row
    there. `against` says what the value compares with where that depends on the protocol: TRUE_FRAMES, RENDERED_FRAMES
    or OWN_FRAMES; else empty.
    """
    scores = {(row["method"], row["variant"], row["pair_id"]): row for row in records(run.pairs)}
    values = {(row["method"], row["variant"], row["protocol"], row["split"]): row for row in records(run.sets)}
    scored = {(row["protocol"], row["variant"]) for row in scores.values()}
    truth = known_truth(run.info)
    rows = []
    for group in _groups_with_sets(run.info, values):
        for entry in run.info["variants"]:
            if not _applies(entry, group, scored, truth):
                continue
            for method in run.methods:
                row = partial(_row, method, group, entry, _against(entry, group.protocol, truth))
                if entry["status"] == NOT_COMPUTED:
                    planned = len(group.pairs)
                    rows.append(row(None, n_planned=planned, status=NOT_COMPUTED, reason=entry["reason"]))
                elif entry["kind"] == FRAME:
                    found = [scores.get((method, entry["variant"], pair["id"])) for pair in group.pairs]
                    rows.append(row(**_mean_over_pairs(group.pairs, found)))
                elif value := values.get((method, entry["variant"], group.protocol, group.split)):
                    rows.append(row(**_one_value(value)))
    return rows


def _groups_with_sets(info: Record, values: Iterable[tuple[str, str, str, str]]) -> list[Group]:
    """The groups of the planned pairs, and those that only `sets` knows: the methods themselves, last."""
    planned = groups(info["pairs"])
    beside = {(protocol, split) for _, _, protocol, split in values}
    if any(entry["kind"] == METHOD for entry in info["variants"]):
        beside.add((ANY, ALL))
    beside -= {(group.protocol, group.split) for group in planned}
    order = [group.protocol for group in planned]
    every = planned + [Group(protocol, split, []) for protocol, split in beside]
    return sorted(every, key=lambda group: ([*order, group.protocol].index(group.protocol), split_order(group.split)))


def known_truth(info: Record) -> dict[str, str]:
    """Protocol -> how its true frames are known (GIVEN or RENDERED); those where nobody knows them are not in it."""
    recorded: dict[str, str] = info["dataset"].get("truth", {})
    return {pair["protocol"]: GIVEN for pair in info["pairs"] if pair["kind"] == "self"} | recorded


def _against(entry: Record, protocol: str, truth: Mapping[str, str]) -> str:
    if entry["kind"] == METHOD or not (entry["needs_truth"] or entry["kind"] == SET):
        return ""
    return {GIVEN: TRUE_FRAMES, RENDERED: RENDERED_FRAMES}.get(truth.get(protocol, ""), OWN_FRAMES)


def is_against_rendered(row: Record) -> bool:
    """Whether a summary row holds a value that compares with rendered true frames."""
    return row["against"] == RENDERED_FRAMES and row["mean"] is not None


def _applies(entry: Record, group: Group, scored: Collection[tuple[str, str]], truth: Collection[str]) -> bool:
    if (group.protocol == ANY) != (entry["kind"] == METHOD):
        return False
    if entry["status"] == NOT_COMPUTED:
        kinds = entry.get("kinds") or ("self", "cross")
        of_such_pairs = all(pair["kind"] in kinds for pair in group.pairs)
        return of_such_pairs and (group.protocol in truth or not entry["needs_truth"])
    return entry["kind"] != FRAME or (group.protocol, entry["variant"]) in scored


def _mean_over_pairs(pairs: Sequence[Record], scores: Sequence[Record | None]) -> dict[str, Any]:
    """scores: for each planned pair its row in `pairs`; None where the run did not reach it."""
    measured = [(pair, score) for pair, score in zip(pairs, scores, strict=True) if score and score["status"] == OK]
    interval = mean_interval([score["value"] for _, score in measured], [people(pair) for pair, _ in measured])
    failures = Counter(
        (score["reason"] or "no reason was recorded") if score else "not reached"
        for score in scores
        if not (score and score["status"] == OK)
    )
    return {
        "mean": interval.mean,
        "ci_low": interval.low,
        "ci_high": interval.high,
        "n_pairs": interval.n,
        "n_frames": sum(score["n_frames"] - score["n_failed"] for _, score in measured),
        "n_planned": len(pairs),
        "status": OK if measured else FAILED,
        "reason": "; ".join(f"{count} of {len(pairs)} pairs: {reason}" for reason, count in failures.items()),
    }


def _one_value(score: Record) -> dict[str, Any]:
    """The value of a whole set of frames, or of a method; one number, so without an interval."""
    return {
        "mean": score["value"],
        "n_pairs": score["n_pairs"],
        "n_frames": score["n_frames"],
        "n_planned": score["n_planned"],
        "status": score["status"],
        "reason": score["reason"],
    }


def _row(
    method: str,
    group: Group,
    entry: Record,
    against: str,
    mean: float | None,
    *,
    ci_low: float | None = None,
    ci_high: float | None = None,
    n_pairs: int = 0,
    n_frames: int = 0,
    n_planned: int,
    status: str,
    reason: str | None,
) -> dict[str, Any]:
    return {
        "method": method,
        "protocol": group.protocol,
        "split": group.split,
        "metric": entry["metric"],
        "variant": entry["variant"],
        "mean": mean,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "n_pairs": n_pairs,
        "n_frames": n_frames,
        "n_planned": n_planned,
        "coverage": n_pairs / n_planned if n_planned else 0.0,
        "higher_is_better": entry["higher_is_better"],
        "status": status,
        "reason": reason or "",
        "against": against,
    }
