"""Which frames of a clip drive, and which are the target images: rule `windows4x16@1`.

Driving frames are four windows of 16 consecutive usable frames, the first at the start of the clip, the last at its
end: consecutive, because motion is judged over time; spread, because neighbours hardly differ. Target images are taken
in the middle of the gaps between the windows: at 1/2, 1/6 and 5/6 of the clip.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reenactbench.errors import ReenactbenchError
from reenactbench.types import Clip, Pair

RULE = "windows4x16@1"
WINDOWS, WINDOW, TARGETS = 4, 16, (3, 1, 5)  # targets in sixths of the clip


def driving_positions(count: int) -> list[int]:
    """Positions among `count` usable frames; all of them where there are no more than 64."""
    length = min(WINDOW, count)
    starts = [round(window * (count - length) / (WINDOWS - 1)) for window in range(WINDOWS)]
    return sorted({start + step for start in starts for step in range(length)})


def target_positions(count: int) -> list[int]:
    """Up to three different positions among `count` usable frames, the one in the middle first."""
    return list(dict.fromkeys(round(sixths * (count - 1) / 6) for sixths in TARGETS))


def with_frames(pair: Pair, source: Clip, target: Clip) -> Pair:
    """The pair with its frame numbers. In a `self` pair no target frame drives; every one needs at least 2 frames."""
    targets = [int(number) for number in target.numbers[target_positions(len(target.numbers))]]
    driving = [int(number) for number in source.numbers[driving_positions(len(source.numbers))]]
    if pair.kind == "self":
        if len(driving) <= len(targets):
            targets = targets[:1]
        driving = [number for number in driving if number not in targets]
    if not driving:
        raise ReenactbenchError(f"clip {pair.source} has one usable frame; reconstructing itself takes at least two")
    return replace(pair, frames=tuple(driving), target_frames=tuple(targets))


def reference_numbers(clip: Clip) -> tuple[int, ...]:
    """Real frames that stand for the clip's identity when distributions are compared: those that would drive."""
    return tuple(int(number) for number in np.asarray(clip.numbers)[driving_positions(len(clip.numbers))])
