"""Two methods on the same pairs: paired differences with intervals, and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from reenactbench.errors import ReenactbenchError
from reenactbench.results import COMPUTED, OK, Run, find_run, read_run
from reenactbench.stats import holm, paired_test
from reenactbench.summary import ANY, FRAME, METHOD, SET, Group, Record, groups, people, records
from reenactbench.types import ALL

if TYPE_CHECKING:
    import pandas as pd

Scores = dict[tuple[str, str], Record]
"""Rows of `pairs` of one method by variant and pair id."""
Values = dict[tuple[str, str, str], Record]
"""Rows of `sets` of one method by variant, protocol and split."""

IDENTICAL = "identical"
INDISTINGUISHABLE = "not distinguishable"
DIFFERS = "differs"
NO_TEST = "no test"
SIGNIFICANCE = 0.05

NO_COMMON_PAIR = "no pair was measured on both sides"
TOO_FEW = "too few pairs without a common person to tell how far the difference would move with other people"
ONE_VALUE = {
    SET: "one value for a whole set of frames: no pair has a value of its own that could be paired",
    METHOD: "one value for the method, measured once a run",
}


@dataclass(frozen=True)
class Side:
    """One of the two that are compared; a report compares each with many."""

    run: Run
    method: str

    @cached_property
    def scores(self) -> Scores:
        return {(row["variant"], row["pair_id"]): row for row in self._own(self.run.pairs)}

    @cached_property
    def values(self) -> Values:
        return {(row["variant"], row["protocol"], row["split"]): row for row in self._own(self.run.sets)}

    def _own(self, table: pd.DataFrame) -> list[dict[str, Any]]:
        return records(table[table["method"] == self.method])


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A variant within a protocol and split, over the pairs that both sides have measured."""

    protocol: str
    split: str
    metric: str
    variant: str
    mean_a: float | None
    mean_b: float | None
    higher_is_better: bool | None
    difference: float | None
    """Mean of A - B over the pairs; of a set's or method's values their difference."""
    ci_low: float | None
    """95 % interval of the difference, `stats.paired_test`; None where there is none."""
    ci_high: float | None
    n_pairs: int | None
    p_value: float | None
    """Two-sided; None where there is no test."""
    p_corrected: float | None
    """Holm's, over the variants tested in this protocol and split."""
    verdict: str
    """`NAME better`, `differs` (no direction is better), `not distinguishable`, `identical` or `no test`."""
    reason: str
    """Why there is no test, else empty."""


def compare(a: Side, b: Side) -> list[ComparisonRow]:
    """A against B by protocol, split (`all` last) and variant, pair by pair.

    Only variants that both runs computed under the same name with the same backbone file. A difference counts as one
    where `p_corrected` is below 0.05. Raises ReenactbenchError where the runs differ in data, pairs or frames, share no
    variant, or have no pair that was measured on both sides.
    """
    _refuse_different_subjects(a.run, b.run)
    variants = _common_variants(a.run, b.run)
    names = (a.method, b.method) if a.method != b.method else (f"{a.run.name}/{a.method}", f"{b.run.name}/{b.method}")
    rows = []
    for group in [*groups(a.run.info["pairs"]), Group(ANY, ALL, [])]:
        members = [people(pair) for pair in group.pairs]
        found = [
            _paired_row(group, members, entry, a.scores, b.scores)
            if entry["kind"] == FRAME
            else _untested_row(group, entry, a.values, b.values)
            for entry in variants
        ]
        rows += _judged([row for row in found if row is not None], names)
    if all(row.difference is None for row in rows):
        raise ReenactbenchError(f"{names[0]} and {names[1]} cannot be compared, because {NO_COMMON_PAIR}")
    return rows


def resolve_sides(out: Path, a: str, b: str, run: str | None = None) -> tuple[Side, Side]:
    """What A and B on the command line mean: METHOD in one run, RUN with a single method, or RUN/METHOD.

    out: the folder of runs. run: the run, by name or path, whose methods METHOD means; None: the newest. A method's
    name goes before a run's. Raises ReenactbenchError for a name that is neither, and for a run with several methods.
    """
    base: Run | ReenactbenchError
    try:
        base = read_run(find_run(out, run))
    except ReenactbenchError as error:
        base = error  # The newest run may be under way; A and B can still name others.
    return _side(out, a, base), _side(out, b, base)


def _side(out: Path, text: str, base: Run | ReenactbenchError) -> Side:
    if isinstance(base, Run) and text in base.methods:
        return Side(base, text)
    if (named := _run_called(out, text)) is not None:
        if len(named.methods) != 1:
            raise ReenactbenchError(
                f"run {text!r} holds the methods {', '.join(named.methods)}; write one of them as {text}/METHOD"
            )
        return Side(named, named.methods[0])
    name, _, method = text.rpartition("/")
    if name and (named := _run_called(out, name)) is not None:
        if method not in named.methods:
            raise ReenactbenchError(f"run {name!r} has no method {method!r}, only {', '.join(named.methods)}")
        return Side(named, method)
    if isinstance(base, ReenactbenchError):
        raise base
    raise ReenactbenchError(
        f"{text!r} is neither a method of run {base.name!r} ({', '.join(base.methods)}), nor a run in {out}, "
        "nor RUN/METHOD"
    )


def _run_called(out: Path, name: str) -> Run | None:
    try:
        path = find_run(out, name)
    except ReenactbenchError:
        return None
    return read_run(path)


def _refuse_different_subjects(a: Run, b: Run) -> None:
    for what, part, key, advice in (
        ("data sets", "dataset", "name", "compare runs on the same one"),
        ("pairs or frames", "protocol", "sha256", "run both with the same --protocol, --split and --limit"),
        ("prepared clips", "dataset", "fingerprint", "run both on the same files with the same crop"),
    ):
        mine, theirs = a.info[part][key], b.info[part][key]
        if mine != theirs:
            raise ReenactbenchError(
                f"runs {a.name!r} and {b.name!r} cannot be compared, because they used different {what} "
                f"({mine[:12]} and {theirs[:12]}); {advice}"
            )


def _common_variants(a: Run, b: Run) -> list[Record]:
    """Entries of A's `variants` that B computed too, with the same backbone file."""
    known = {
        (entry["variant"], entry["backbone_sha256"]) for entry in b.info["variants"] if entry["status"] == COMPUTED
    }
    variants = [
        entry
        for entry in a.info["variants"]
        if entry["status"] == COMPUTED and (entry["variant"], entry["backbone_sha256"]) in known
    ]
    if not variants:
        raise ReenactbenchError(
            f"runs {a.name!r} and {b.name!r} cannot be compared, because they have no metric in common that was "
            "computed with the same backbone file"
        )
    return variants


def _paired_row(
    group: Group, members: Sequence[tuple[str, str]], entry: Record, scores_a: Scores, scores_b: Scores
) -> ComparisonRow | None:
    """None where the variant does not apply to the group's pairs on both sides. members: the people in each pair."""
    keys = [(entry["variant"], pair["id"]) for pair in group.pairs]
    if not any(key in scores_a for key in keys) or not any(key in scores_b for key in keys):
        return None
    measured = [
        (one["value"], other["value"], both)
        for key, both in zip(keys, members, strict=True)
        if (one := scores_a.get(key)) and (other := scores_b.get(key)) and one["status"] == other["status"] == OK
    ]
    differences = [one - other for one, other, _ in measured]
    interval, p_value = paired_test(differences, [both for *_, both in measured])
    return ComparisonRow(
        protocol=group.protocol,
        split=group.split,
        metric=entry["metric"],
        variant=entry["variant"],
        higher_is_better=entry["higher_is_better"],
        mean_a=fmean(one for one, _, _ in measured) if measured else None,
        mean_b=fmean(other for _, other, _ in measured) if measured else None,
        difference=interval.mean,
        ci_low=interval.low,
        ci_high=interval.high,
        n_pairs=interval.n,
        p_value=p_value,
        p_corrected=None,
        verdict=IDENTICAL if measured and not any(differences) else NO_TEST,
        reason=NO_COMMON_PAIR if not measured else TOO_FEW if p_value is None else "",
    )


def _untested_row(group: Group, entry: Record, values_a: Values, values_b: Values) -> ComparisonRow | None:
    """The values of a set or a method side by side; None where one side has none, not even a failed one."""
    key = (entry["variant"], group.protocol, group.split)
    if key not in values_a or key not in values_b:
        return None
    mine, theirs = values_a[key], values_b[key]
    known = mine["value"] is not None and theirs["value"] is not None
    reason = ONE_VALUE[entry["kind"]]
    if mine["n_pairs"] != theirs["n_pairs"]:
        reason += f"; over {mine['n_pairs']} pairs against {theirs['n_pairs']}, which alone can move it"
    return ComparisonRow(
        protocol=group.protocol,
        split=group.split,
        metric=entry["metric"],
        variant=entry["variant"],
        higher_is_better=entry["higher_is_better"],
        mean_a=mine["value"],
        mean_b=theirs["value"],
        difference=mine["value"] - theirs["value"] if known else None,
        ci_low=None,
        ci_high=None,
        n_pairs=mine["n_pairs"] if mine["n_pairs"] == theirs["n_pairs"] else None,
        p_value=None,
        p_corrected=None,
        verdict=NO_TEST,
        reason=reason,
    )


def _judged(rows: list[ComparisonRow], names: tuple[str, str]) -> list[ComparisonRow]:
    """The rows of one protocol and split with corrected p-values and the verdicts that follow."""
    corrected = iter(holm([row.p_value for row in rows if row.p_value is not None]))
    judged = []
    for row in rows:
        if row.p_value is not None and row.difference is not None:
            p_corrected = next(corrected)
            row = replace(row, p_corrected=p_corrected, verdict=_verdict(row, row.difference, p_corrected, names))
        judged.append(row)
    return judged


def _verdict(row: ComparisonRow, difference: float, p_corrected: float, names: tuple[str, str]) -> str:
    if row.verdict == IDENTICAL:
        return IDENTICAL
    if p_corrected >= SIGNIFICANCE:
        return INDISTINGUISHABLE
    if row.higher_is_better is None:
        return DIFFERS
    return f"{names[0] if (difference > 0) == row.higher_is_better else names[1]} better"
