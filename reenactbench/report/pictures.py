"""The paper's Figures 3, 4 and 6: methods side by side, trainings of a method side by side, drivers by targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reenactbench.protocols.pairing import is_matrix
from reenactbench.report.album import BRIGHTEST, Album, Spot, frame_number, pair_title
from reenactbench.report.wording import NO_BREAK, shorten
from reenactbench.types import Pair as PlannedPair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reenactbench.report.groups import Entrant, RunGroup
    from reenactbench.report.strips import Pair

FRAMES_SHOWN = 3
CHOSEN = "The pairs were chosen before anything was scored."
ERRORS = (
    f"Under a picture its error: the absolute difference from the true frame, black where there is none, lightest at "
    f"{100 * BRIGHTEST:.0f}{NO_BREAK}% of the range or more."
)


@dataclass(frozen=True, slots=True)
class Line:
    """One frame of a pair from everybody."""

    frame: str
    """The number of the driver's frame."""
    spots: list[Spot]
    """Driver, truth where the figure has that column, then the entrants."""


@dataclass(frozen=True, slots=True)
class Block:
    """One pair, its frames from top to bottom."""

    title: str
    pair: str
    target: Spot
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Entrants side by side."""

    number: int
    title: str
    caption: str
    columns: list[str]
    """Headings over the target and over `Line.spots`."""
    blocks: list[Block]

    @property
    def has_errors(self) -> bool:
        return any(spot.error for block in self.blocks for line in block.lines for spot in line.spots)


@dataclass(frozen=True, slots=True)
class Grid:
    """One entrant: drivers from top to bottom, targets from left to right."""

    number: int
    name: str
    title: str
    caption: str
    targets: list[tuple[str, Spot]]
    rows: list[tuple[str, Spot, list[Spot]]]
    """The driver's name, the driver, and what the entrant made of each target."""


def shown_pairs(group: RunGroup) -> list[Pair]:
    """The pairs that the runs chose to show, before they scored anything."""
    pairs = {pair["id"]: pair for pair in group.info["pairs"]}
    return [pairs[name] for name in dict.fromkeys(name for run in group.runs for name in run.info["shown"])]


def matrix_protocols(group: RunGroup) -> list[str]:
    """Those that pair every driver with every target."""
    pairs = [PlannedPair(**pair) for pair in group.info["pairs"]]
    return [name for name in dict.fromkeys(pair.protocol for pair in pairs) if is_matrix(pairs, name)]


def comparisons(group: RunGroup, album: Album, numbers: Iterator[int]) -> Iterator[Comparison]:
    """The methods on each protocol that has pairs to show, then the trainings of each method that several runs have."""
    whole = matrix_protocols(group)
    shown = [pair for pair in shown_pairs(group) if pair["protocol"] not in whole]
    for protocol in dict.fromkeys(pair["protocol"] for pair in shown):
        pairs = [pair for pair in shown if pair["protocol"] == protocol]
        title = f"Methods side by side, protocol {shorten(protocol)}"
        like = " Made as the paper's Figure 3." if pairs[0]["kind"] == "cross" else ""
        yield _comparison(album, next(numbers), title, like, group.main, pairs)
    driven = [pair for pair in shown if pair["kind"] == "cross"] or shown
    for method in dict.fromkeys(entrant.method for entrant in group.entrants):
        versions = [entrant for entrant in group.entrants if entrant.method == method]
        if len(versions) > 1 and driven:
            title = f"{shorten(method)} of several runs side by side"
            yield _comparison(album, next(numbers), title, " Made as the paper's Figure 4.", versions, driven)


def _comparison(
    album: Album, number: int, title: str, like: str, entrants: Sequence[Entrant], pairs: Sequence[Pair]
) -> Comparison:
    with_truth = any(pair["kind"] != "self" and album.strips.truth(pair) for pair in pairs)
    is_truth = all(pair["kind"] == "self" for pair in pairs)
    blocks = []
    for pair in pairs:
        lines = []
        for position in _positions(pair):
            beside = [album.truth(pair, position)] if with_truth else []
            made = [album.made(entrant, pair, position) for entrant in entrants]
            lines.append(Line(frame_number(pair, position), [album.driver(pair, position), *beside, *made]))
        blocks.append(Block(pair_title(pair), pair["id"], album.target(pair), lines))
    driver = "Driver (truth)" if is_truth else "Driver"
    columns = ["Target", driver, *(["Truth"] if with_truth else []), *(entrant.label for entrant in entrants)]
    figure = Comparison(number, title, f"{CHOSEN}{like}", columns, blocks)
    return Comparison(number, title, f"{figure.caption} {ERRORS}", columns, blocks) if figure.has_errors else figure


def _positions(pair: Pair) -> list[int]:
    """Which of the pair's frames are shown: spread evenly, none at the very ends; one where it has none, to say why."""
    n, parts = len(pair["frames"]), 2 * FRAMES_SHOWN
    return sorted({n * part // parts for part in range(1, parts, 2)}) if n else [0]


def grids(group: RunGroup, album: Album, numbers: Iterator[int]) -> Iterator[Grid]:
    """For each protocol that pairs every driver with every target, one an entrant."""
    for protocol in matrix_protocols(group):
        pairs = {(pair["source"], pair["target"]): pair for pair in shown_pairs(group) if pair["protocol"] == protocol}
        drivers, targets = (list(dict.fromkeys(pair[place] for pair in pairs)) for place in (0, 1))
        if not all((driver, target) in pairs for driver in drivers for target in targets):
            continue
        caption = (
            "Each row is one frame of a driver, that in which the head is turned most; each column a target. "
            f"{CHOSEN} Made as the paper's Figure 6."
        )
        for entrant in group.entrants:
            rows = []
            for driver in drivers:
                own = [pairs[driver, target] for target in targets]
                position = _most_turned(group, own[0])
                spots = [album.made(entrant, pair, position) for pair in own]
                rows.append((shorten(driver), album.driver(own[0], position), spots))
            heads = [(shorten(target), album.target(pairs[drivers[0], target])) for target in targets]
            title = f"{entrant.label}: drivers by targets, protocol {shorten(protocol)}"
            yield Grid(next(numbers), entrant.label, title, caption, heads, rows)


def _most_turned(group: RunGroup, pair: Pair) -> int:
    """The place of the frame in which the driver's head is turned most; the middle one where no run recorded it."""
    frames = list(pair["frames"])
    driving = next((run.driving for run in group.runs if run.driving is not None), None)
    if driving is not None:
        own = driving[(driving["clip"] == pair["source"]) & driving["frame"].isin(frames)].dropna(subset=["yaw"])
        if len(own):
            return frames.index(int(own.loc[own["yaw"].abs().idxmax(), "frame"]))
    return len(frames) // 2
