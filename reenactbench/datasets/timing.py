"""The frame rate that time stamps give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

UNKNOWN = 25.0
"""Frames a second where nothing usable is said."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How the frames of a video follow each other."""

    fps: float
    variable: str = ""
    """`from A to B ms`, the lengths of its frames, where they are not the same but for the clock's rounding."""


def timing(times: Sequence[int], tick: Fraction, said: Sequence[Fraction | None]) -> Timing:
    """The rate of frames at ascending times, in ticks of so many seconds.

    It is frames over duration, or a rate that fits all times within a tick: one of those that the container says, a
    whole number, its 1000/1001, or one with a half. So a clock of 1 ms gives 25 and 24000/1001 as the exact numbers do.
    """
    duration = (times[-1] - times[0]) * tick if times else Fraction(0)
    if not duration > 0:
        return Timing(next((float(rate) for rate in said if rate and 1 <= rate <= 1000), UNKNOWN))
    mean = (len(times) - 1) / duration
    nearest = max(1, round(mean))
    candidates = [rate for rate in said if rate]
    candidates += [Fraction(nearest), Fraction(nearest * 1000, 1001), Fraction(round(2 * mean), 2)]
    fps = float(next((rate for rate in candidates if _deviation(times, tick * rate) <= tick * rate), mean))
    variable = ""
    if _deviation(times, tick * mean) > max(2 * tick * mean, Fraction(1, 10)):
        steps = [(after - before) * tick * 1000 for before, after in pairwise(times)]
        variable = f"from {float(min(steps)):.4g} to {float(max(steps)):.4g} ms"
    return Timing(fps if fps <= 1000 else UNKNOWN, variable)


def _deviation(times: Sequence[int], frames_a_tick: Fraction) -> Fraction:
    """How far a time lies from where it would be at this rate, at most, in frames."""
    step = float(frames_a_tick)
    return Fraction(max(abs((time - times[0]) * step - number) for number, time in enumerate(times)))
