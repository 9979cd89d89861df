"""Where eyes look, and when their lids close."""

from __future__ import annotations

import numpy as np

from reenactbench.datasets.synthetic.motion.timing import Array, minimum_jerk, pulse, starts

EYES_FOLLOW = 0.7  # part of a head turn that the eyes take back to stay on the camera
_LARGE_GAZE_SHIFT = 15.0  # degrees; most of these come with a blink


def gaze(random: np.random.Generator, times: Array, end: float, head: Array) -> tuple[Array, list[float]]:
    """Fixations and quick jumps between them, against the head's yaw and pitch [T,2], and the moments of large jumps.

    Eyes stay on a point in space while the head turns, and so turn the other way.
    """
    fps = len(times) / end
    point = np.zeros(2)
    points, shifts = np.zeros_like(head), []
    for moment in starts(random, end, (0.3, 1.4)):
        if random.random() < 0.55:
            following = random.normal(0, 1.0, 2)  # the camera
        else:
            ahead = head[int(np.clip((moment + 0.2) * fps, 0, len(times) - 1))]
            following = EYES_FOLLOW * ahead + random.normal(0, (9, 4))
        angle = float(np.hypot(*(following - point)))
        if angle > _LARGE_GAZE_SHIFT:
            shifts.append(moment)
        duration = 0.021 + 0.0022 * angle  # the main sequence (Bahill, Clark and Stark 1975)
        points += minimum_jerk((times - moment) / duration)[:, None] * (following - point)
        point = following
    return points - EYES_FOLLOW * head, shifts


def blinks(random: np.random.Generator, times: Array, end: float, shifts: list[float]) -> Array:
    """How far the lids of both eyes close [T,2], 0..1: every 2 to 5 seconds and at most large jumps of the gaze."""
    moments = list(starts(random, end, (2, 5))) + [shift - 0.05 for shift in shifts if random.random() < 0.6]
    last = -np.inf
    closed = np.zeros((len(times), 2))
    for moment in sorted(moments):
        sides = random.permutation((1.0, 0.15)) if random.random() < 0.04 else np.ones(2)
        if moment - last > 0.6:
            closing, opening = random.uniform((0.08, 0.14), (0.1, 0.18))
            closed += pulse(times, moment, closing, 0.04, opening)[:, None] * sides
            last = moment
    return closed
