"""The strips of frames beside the runs of a group, read with suspicion: a run may come from anybody."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from reenactbench.foreign import plain_file
from reenactbench.report.wording import REASON_LENGTH, shorten

if TYPE_CHECKING:
    from pathlib import Path

    from reenactbench.report.groups import Entrant, RunGroup
    from reenactbench.results import Run

Images = npt.NDArray[np.uint8]
Pair = Mapping[str, Any]
"""A pair as run.json holds it."""
KEPT = 24  # strips in memory: those of one pair, and some of the next
MOST_PIXELS = 1 << 26  # of a strip: 256 frames of 512 x 512
HEADER = struct.Struct(">16s2I5B")
START, FORM = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", (8, 2, 0, 0, 0)
"""How every PNG begins; and ours go on after width and height: 8 bits a channel, RGB, no interlacing."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A pair's frames [T,S,S,3] RGB in the pair's order; or none, and the words why."""

    images: Images
    reason: str = ""

    @property
    def side(self) -> int:
        return int(self.images.shape[1])

    def __bool__(self) -> bool:
        return len(self.images) > 0


class Strips:
    """Who is seen in a pair, from whichever run has it."""

    def __init__(self, group: RunGroup) -> None:
        self._group = group
        self._read = lru_cache(maxsize=KEPT)(_read)

    def target(self, pair: Pair) -> Strip:
        return self._common(pair, "target", len(pair["target_frames"]))

    def driver(self, pair: Pair) -> Strip:
        return self._common(pair, "driver", len(pair["frames"]))

    def truth(self, pair: Pair) -> Strip:
        """What a method should have made; where a clip drives itself, the driver."""
        return self.driver(pair) if pair["kind"] == "self" else self._common(pair, "truth", len(pair["frames"]))

    def made(self, entrant: Entrant, pair: Pair) -> Strip:
        """What the entrant made."""
        for failure in entrant.run.info["failures"]:
            if (failure["method"], failure["pair_id"]) == (entrant.method, pair["id"]):
                return _nothing(f"failed: {shorten(failure['reason'], REASON_LENGTH)}")
        return self._of(entrant.run, f"{pair['id']}/{entrant.method}.png", len(pair["frames"]))

    def _common(self, pair: Pair, name: str, count: int) -> Strip:
        strips = [self._of(run, f"{pair['id']}/{name}.png", count) for run in self._group.runs]
        return next((strip for strip in strips if strip), strips[-1])

    def _of(self, run: Run, name: str, count: int) -> Strip:
        return self._read(run.path, f"media/{name}", count, run.info["dataset"]["image_size"])


def _read(folder: Path, name: str, count: int, side: int) -> Strip:
    """A run's strip of so many frames of side x side pixels; a file that holds anything else is not decoded."""
    try:
        path = plain_file(folder, name)
        with path.open("rb") as stream:
            _check_header(stream.read(HEADER.size), count, side)
    except FileNotFoundError:
        return _nothing("no picture")
    except ValueError as error:
        return _nothing(f"no picture: {error}")
    except OSError:
        return _nothing("no picture: its file cannot be read")
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return Strip(np.asarray(image).reshape(count, side, side, 3))
    except Exception:  # Pillow raises errors of many kinds at a damaged file
        return _nothing("no picture: its file cannot be read")


def _check_header(start: bytes, count: int, side: int) -> None:
    """Raises ValueError where a file does not begin as a PNG of such a strip."""
    if len(start) < HEADER.size or not start.startswith(START):
        raise ValueError("its file is no PNG")
    _, width, height, *form = HEADER.unpack(start)
    if (width, height) != (side, count * side):
        raise ValueError(f"{width} x {height} pixels are not {count} frames of {side} x {side}")
    if tuple(form) != FORM:
        raise ValueError("it is not in RGB of 8 bits a channel")
    if width * height > MOST_PIXELS:
        raise ValueError(f"{width} x {height} pixels are too many")


def _nothing(reason: str) -> Strip:
    return Strip(np.zeros((0, 0, 0, 3), np.uint8), reason)
