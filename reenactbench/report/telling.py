"""Where each method is at its worst, and how it does ordinarily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reenactbench.report.album import Album, Spot, frame_number, pair_title
from reenactbench.report.wording import number
from reenactbench.results import WORST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenactbench.report.frame_values import FrameValues, Values
    from reenactbench.report.groups import Entrant
    from reenactbench.report.strips import Pair
    from reenactbench.report.tables import Builder, Column


@dataclass(frozen=True, slots=True)
class Example:
    """A pair that tells how a method does by a metric."""

    column: Column
    what: str
    """`worst` or `median`."""
    value: str
    title: str
    pair: str
    frame: str
    """The frame shown: the pair's worst by that metric, or for a median pair the nearest to its mean."""
    spots: list[Spot]
    """Target, driver, truth where the examples have that column, and what was made."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Those of one entrant."""

    label: str
    columns: list[str]
    examples: list[Example]


def examples(builder: Builder, album: Album, values: FrameValues) -> Iterator[Examples]:
    """For each entrant the worst and the median pair by each metric, as its run chose them after scoring."""
    pairs = {pair["id"]: pair for pair in builder.group.info["pairs"]}
    columns = {column.variant: column for column in builder.columns}
    for entrant in builder.group.entrants:
        told = [item for item in entrant.run.info.get("telling", []) if item["method"] == entrant.method]
        known = [item for item in told if item["pair_id"] in pairs and item["variant"] in columns]
        with_truth = any(pairs[item["pair_id"]]["kind"] != "self" for item in known) and any(
            album.strips.truth(pairs[item["pair_id"]]) for item in known
        )
        found = [
            _example(album, values, entrant, pairs[item["pair_id"]], columns[item["variant"]], item["what"], with_truth)
            for item in known
        ]
        if found:
            truth = ["Truth"] if with_truth else []
            yield Examples(entrant.label, ["Target", "Driver", *truth, "Output"], found)


def _example(
    album: Album, values: FrameValues, entrant: Entrant, pair: Pair, column: Column, what: str, with_truth: bool
) -> Example:
    rows = entrant.run.pairs
    own = (rows["method"] == entrant.method) & (rows["pair_id"] == pair["id"]) & (rows["variant"] == column.variant)
    mean = float(rows.loc[own, "value"].iloc[0])
    position = _place(values.of(entrant, pair, column), pair, column, what, mean)
    beside = [album.truth(pair, position)] if with_truth else []
    return Example(
        column=column,
        what=what,
        value=number(mean, column.digits),
        title=pair_title(pair),
        pair=pair["id"],
        frame=frame_number(pair, position),
        spots=[album.target(pair), album.driver(pair, position), *beside, album.made(entrant, pair, position)],
    )


def _place(values: Values, pair: Pair, column: Column, what: str, mean: float) -> int:
    """The place of the pair's telling frame; the first one's where no frame has a value."""
    known = [(values[frame], place) for place, frame in enumerate(pair["frames"]) if frame in values]
    if not known:
        return 0
    if what == WORST:
        return (min if column.higher_is_better else max)(known)[1]
    return min(known, key=lambda item: abs(item[0] - mean))[1]
