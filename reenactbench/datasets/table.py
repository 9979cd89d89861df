"""The landmarks of a whole video in one file, as other tools write them: `annot.npy` and `annot.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.pts import LIMIT, OF_66, POINTS, BadLandmarks, content_of

FRAMES = 500_000
"""Five hours at 25 frames a second."""
JSON_SIZE = 64 << 20
"""Bytes; they take ten times as much memory while they are read."""

Array = npt.NDArray[np.floating]


def read_npy(path: Path) -> dict[int, npt.NDArray[np.float32]]:
    """Landmarks float32 [68,2] in 0-based pixels by 1-based frame number, of a float32 or float64 array [T,68,2] whose
    row k is frame k + 1. Frames whose row holds a NaN have none.

    Raises BadLandmarks for anything else, before memory is taken for it.
    """
    if not path.is_file():
        raise BadLandmarks("is no file")
    try:
        rows = np.lib.format.open_memmap(path, mode="r")
    except OSError as error:
        raise BadLandmarks(f"cannot be read: {error.strerror}") from error
    except Exception as error:  # NumPy evaluates the header; of bytes that are none it raises what they make it raise
        raise BadLandmarks(f"is no .npy file of numbers: {error}") from error
    if rows.shape[1:] == (66, 2):
        raise BadLandmarks(OF_66)
    if rows.dtype.newbyteorder("=") not in (np.float32, np.float64) or rows.shape[1:] != (POINTS, 2):
        shape = ",".join(map(str, rows.shape))
        raise BadLandmarks(f"expected [T,{POINTS},2] of float32 or float64, found [{shape}] of {rows.dtype}")
    if len(rows) > FRAMES:
        raise BadLandmarks(f"holds {len(rows):,} frames; at most {FRAMES:,} are read")
    return _usable(enumerate(np.asarray(rows), start=1))


def read_json(path: Path) -> dict[int, npt.NDArray[np.float32]]:
    """As `read_npy`, of an object `{"1": [[x, y], ...], ...}` by 1-based frame number, or of an array with an item a
    frame, `null` where it has no landmarks."""
    content = content_of(path, JSON_SIZE)
    try:
        frames = json.loads(content, parse_int=float, object_pairs_hook=_distinct)
    except (ValueError, RecursionError) as error:
        raise BadLandmarks(f"is no JSON file: {error}") from error
    if isinstance(frames, dict):
        items = [(_number(key), points) for key, points in frames.items()]
        if len(dict(items)) < len(items):
            raise BadLandmarks("two keys are the number of one frame")
    elif isinstance(frames, list):
        items = list(enumerate(frames, start=1))
    else:
        raise BadLandmarks(f"expected {POINTS} pairs [x, y] for each frame number, found {str(frames)[:40]}")
    return _usable((number, _array(number, points)) for number, points in items if points is not None)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _number(key: str) -> int:
    if key.isascii() and key.isdigit() and len(key) <= 10 and 0 < int(key) <= FRAMES:
        return int(key)
    raise BadLandmarks(f"{key[:40]!r} is no number of a frame; they are counted from 1")


def _array(number: int, points: Any) -> Array:
    pairs = points if isinstance(points, list) else []
    if len(pairs) == 66:
        raise BadLandmarks(f"frame {number}: {OF_66}")
    good = len(pairs) == POINTS and all(isinstance(pair, list) and len(pair) == 2 for pair in pairs)
    if not (good and all(type(value) is float for pair in pairs for value in pair)):
        raise BadLandmarks(f"frame {number}: expected {POINTS} pairs [x, y] of numbers")
    return np.array(pairs)


def _usable(frames: Iterable[tuple[int, Array]]) -> dict[int, npt.NDArray[np.float32]]:
    usable = {}
    for number, points in frames:
        if np.isnan(points).any():
            continue
        if np.abs(points).max() > LIMIT:
            raise BadLandmarks(f"frame {number}: expected numbers of at most {LIMIT:,.0f} pixels")
        usable[number] = np.asarray(points, np.float32)
    return usable
