"""How quantities rise and fall while a person moves, and when."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def minimum_jerk(progress: Array) -> Array:
    """0 to 1 as progress goes from 0 to 1, the way limbs and heads move (Flash and Hogan 1985)."""
    u = np.clip(progress, 0, 1)
    smooth: Array = u**3 * (10 - 15 * u + 6 * u**2)
    return smooth


def pulse(times: Array, start: float, rise: float, hold: float, fall: float) -> Array:
    """0, then 1 for `hold` seconds, then 0, with smooth flanks; [T]."""
    return minimum_jerk((times - start) / rise) - minimum_jerk((times - start - rise - hold) / fall)


def starts(random: np.random.Generator, end: float, gap: tuple[float, float]) -> Iterator[float]:
    """Moments before `end`, at random distances; the first may lie before 0."""
    moment = random.uniform(-0.5, 1) * gap[1]
    while moment < end:
        yield moment
        moment += random.uniform(*gap)
