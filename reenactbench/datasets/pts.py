"""The `.pts` landmark file of 300-W and 300VW."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reenactbench.errors import ReenactbenchError

POINTS = 68
LIMIT = 100_000.0
"""No picture has so many pixels in a row, and float32 tells 1/128 of a pixel up to there."""
SIZE = 100_000
"""Bytes; a file with six decimals has 1,500."""
OF_66 = f"66 points lack the two inner corners of the mouth, the 61st and 65th of {POINTS}; nothing can stand for them"

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_ROW = re.compile(rf"[ \t]*{_NUMBER}[ \t]+{_NUMBER}[ \t]*")
_BLANKS = " \t"  # to Python other control characters are blanks, too; here one is damage


class BadLandmarks(ReenactbenchError):
    """A file whose landmarks cannot be read; the message is the reason alone."""


def content_of(path: Path, size: int) -> bytes:
    """The bytes of a file; raises BadLandmarks where it is none, as a pipe is, or larger than `size`."""
    if not path.is_file():
        raise BadLandmarks("is no file")
    try:
        with path.open("rb") as file:
            content = file.read(size + 1)
    except OSError as error:
        raise BadLandmarks(f"cannot be read: {error.strerror}") from error
    if len(content) > size:
        raise BadLandmarks(f"is larger than {size:,} bytes")
    return content


def read_pts(path: Path) -> npt.NDArray[np.float32]:
    """Landmarks float32 [68,2] (x, y) in 0-based pixels, none of them farther than `LIMIT` from 0.

    The file holds 1-based (Matlab) pixels: `version: 1` or `1.0`, `n_points: 68`, `{`, 68 lines `x y`, `}`; CRLF or LF,
    any decimals, blank lines at the end. Anything else raises BadLandmarks naming the line.
    """
    try:
        lines = content_of(path, SIZE).decode("ascii").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadLandmarks("is no text in ASCII, as .pts files are") from error
    while lines and not lines[-1].strip(_BLANKS):
        lines.pop()

    def fail(number: int, expected: str) -> BadLandmarks:
        found = repr(lines[number - 1][:40]) if number <= len(lines) else "the end of the file"
        return BadLandmarks(f"line {number}: expected {expected}, found {found}")

    def header(number: int, key: str, values: tuple[str, ...]) -> None:
        name, _, value = (lines[number - 1] if number <= len(lines) else "").partition(":")
        if name.strip(_BLANKS) != key or value.strip(_BLANKS) not in values:
            raise fail(number, " or ".join(f"'{key}: {value}'" for value in values))

    header(1, "version", ("1", "1.0"))
    if len(lines) > 1 and re.fullmatch(r"n_points:[ \t]*66[ \t]*", lines[1]):
        raise BadLandmarks(f"line 2: {OF_66}")
    header(2, "n_points", (str(POINTS),))
    if len(lines) < 3 or lines[2].strip(_BLANKS) != "{":
        raise fail(3, "'{'")
    points = np.empty((POINTS, 2), np.float64)
    for row in range(POINTS):
        number = row + 4
        words = _ROW.fullmatch(lines[number - 1]) if number <= len(lines) else None
        if words is None:
            raise fail(number, "two numbers 'x y'")
        x, y = float(words[1]), float(words[2])
        if abs(x) > LIMIT or abs(y) > LIMIT:
            raise fail(number, f"two numbers 'x y' of at most {LIMIT:,.0f} pixels")
        points[row] = x, y
    closing = POINTS + 4
    if len(lines) < closing or lines[closing - 1].strip(_BLANKS) != "}":
        raise fail(closing, "'}'")
    if len(lines) > closing:
        raise fail(closing + 1, "the end of the file")
    return (points - 1).astype(np.float32)
