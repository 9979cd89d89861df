"""The strips of frames beside the runs of a group, read with suspicion: a run may come from anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from reenactbench.report.wording import REASON_LENGTH, shorten

if TYPE_CHECKING:
    from pathlib import Path

    from reenactbench.report.groups import Entrant, RunGroup

Images = npt.NDArray[np.uint8]
Pair = Mapping[str, Any]
"""A pair as run.json holds it."""
KEPT = 24  # strips in memory: those of one pair, and some of the next


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
        return self._read(entrant.run.path / "media", f"{pair['id']}/{entrant.method}.png", len(pair["frames"]))

    def _common(self, pair: Pair, name: str, count: int) -> Strip:
        strips = [self._read(run.path / "media", f"{pair['id']}/{name}.png", count) for run in self._group.runs]
        return next((strip for strip in strips if strip), strips[-1])


def _read(media: Path, name: str, count: int) -> Strip:
    try:
        path = media / name
        if not path.resolve().is_relative_to(media.resolve()):
            raise ValueError("outside of the run's media")
        with Image.open(path) as image:
            if image.height != image.width * count:
                raise ValueError(f"{image.width} x {image.height} pixels are not {count} square frames")
            pixels = np.asarray(image.convert("RGB"))
    except FileNotFoundError:
        return _nothing("no picture")
    except ValueError as error:
        return _nothing(f"no picture: {error}")
    except (OSError, Image.DecompressionBombError):
        return _nothing("no picture: its file cannot be read")
    return Strip(pixels.reshape(count, image.width, image.width, 3))


def _nothing(reason: str) -> Strip:
    return Strip(np.zeros((0, 0, 0, 3), np.uint8), reason)
