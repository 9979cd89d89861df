"""The `.pts` landmark file of 300-W and 300VW."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reenactbench.errors import ReenactbenchError

POINTS = 68


def read_pts(path: Path) -> npt.NDArray[np.float32]:
    """Landmarks float32 [68,2] (x, y) in 0-based pixels.

    The file holds 1-based (Matlab) pixels: `version: 1` or `1.0`, `n_points: 68`, `{`, 68 lines `x y`, `}`; CRLF or LF,
    any decimals, blank lines at the end. Anything else raises ReenactbenchError naming the file and the line.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ReenactbenchError(f"{path} cannot be read as a .pts file: {error}") from error
    while lines and not lines[-1].strip():
        lines.pop()

    def fail(number: int, expected: str) -> ReenactbenchError:
        found = repr(lines[number - 1][:40]) if number <= len(lines) else "the end of the file"
        return ReenactbenchError(f"{path}, line {number}: expected {expected}, found {found}")

    def header(number: int, key: str, values: tuple[str, ...]) -> None:
        name, _, value = (lines[number - 1] if number <= len(lines) else "").partition(":")
        if name.strip() != key or value.strip() not in values:
            raise fail(number, " or ".join(f"'{key}: {value}'" for value in values))

    header(1, "version", ("1", "1.0"))
    header(2, "n_points", (str(POINTS),))
    if len(lines) < 3 or lines[2].strip() != "{":
        raise fail(3, "'{'")
    points = np.empty((POINTS, 2), np.float64)
    for row in range(POINTS):
        number = row + 4
        words = lines[number - 1].split() if number <= len(lines) else []
        try:
            x, y = (float(word) for word in words)
        except ValueError:
            raise fail(number, "two numbers 'x y'") from None
        if not (math.isfinite(x) and math.isfinite(y)):
            raise fail(number, "two finite numbers 'x y'")
        points[row] = x, y
    closing = POINTS + 4
    if len(lines) < closing or lines[closing - 1].strip() != "}":
        raise fail(closing, "'}'")
    if len(lines) > closing:
        raise fail(closing + 1, "the end of the file")
    return (points - 1).astype(np.float32)
