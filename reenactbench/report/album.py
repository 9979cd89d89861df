"""Single frames as pictures of the page, each with the words for those who do not see it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from PIL import Image

from reenactbench.report.strips import Images, Pair, Strip, Strips
from reenactbench.report.wording import identities, shorten

if TYPE_CHECKING:
    from reenactbench.report.assets import Assets
    from reenactbench.report.groups import Entrant, RunGroup

BRIGHTEST = 0.4
"""The difference, in parts of the range 0 to 1, from which an error map is at its brightest."""
FALSE_COLOURS = "inferno"


@dataclass(frozen=True, slots=True)
class Picture:
    source: str
    side: int
    """Its width and height in pixels."""
    alt: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell of a figure: a picture, and where the truth is known how far it is from it; or the words why not."""

    picture: Picture | None = None
    error: Picture | None = None
    reason: str = ""


class Album:
    """Makes the spots of a group's figures."""

    def __init__(self, group: RunGroup, assets: Assets) -> None:
        self.strips = Strips(group)
        self._assets = assets

    def target(self, pair: Pair) -> Spot:
        """The target image that every method is given."""
        number = pair["target_frames"][0] if pair["target_frames"] else "–"
        return self._spot(self.strips.target(pair), 0, f"Target {shorten(pair['target'])}, frame {number}")

    def driver(self, pair: Pair, position: int) -> Spot:
        alt = f"Driver {shorten(pair['source'])}, frame {frame_number(pair, position)}"
        return self._spot(self.strips.driver(pair), position, alt)

    def truth(self, pair: Pair, position: int) -> Spot:
        return self._spot(self.strips.truth(pair), position, f"Truth: {_doing(pair, position)}")

    def made(self, entrant: Entrant, pair: Pair, position: int) -> Spot:
        """The entrant's frame, with its error map where the truth is known."""
        strip, truth = self.strips.made(entrant, pair), self.strips.truth(pair)
        alt = f"{entrant.label}: {_doing(pair, position)}"
        spot = self._spot(strip, position, alt)
        if not strip or not truth or strip.side != truth.side:
            return spot
        pixels = error_map(strip.images[position], truth.images[position])
        error = self._picture(pixels, f"Error of {alt}", lossless=False)
        return Spot(spot.picture, error)

    def _spot(self, strip: Strip, position: int, alt: str) -> Spot:
        if not strip:
            return Spot(reason=strip.reason)
        return Spot(self._picture(strip.images[position], alt, lossless=True))

    def _picture(self, pixels: Images, alt: str, lossless: bool) -> Picture:
        encoded = BytesIO()
        Image.fromarray(pixels).save(encoded, "WEBP", lossless=lossless, quality=75)
        return Picture(self._assets.address(encoded.getvalue(), "image/webp"), pixels.shape[1], alt)


def error_map(picture: Images, truth: Images) -> Images:
    """The absolute difference of two pictures [S,S,3], mean over the three colours, in false colours [S,S,3]: black is
    none, the lightest is BRIGHTEST of the range or more."""
    difference = np.abs(picture.astype(np.float64) - truth).mean(axis=2) / 255
    coloured = mpl.colormaps[FALSE_COLOURS](np.minimum(difference / BRIGHTEST, 1))
    return np.asarray((coloured[..., :3] * 255).round(), np.uint8)


def pair_title(pair: Pair) -> str:
    whom = "itself" if pair["kind"] == "self" else shorten(pair["target"])
    return f"{shorten(pair['source'])} drives {whom} ({identities(pair['quadrant'])})"


def frame_number(pair: Pair, position: int) -> str:
    """The driver's frame at that place; a dash where the pair has no frames."""
    return str(pair["frames"][position]) if pair["frames"] else "–"


def _doing(pair: Pair, position: int) -> str:
    return f"{shorten(pair['target'])} driven by frame {frame_number(pair, position)} of {shorten(pair['source'])}"
