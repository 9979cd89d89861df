"""Tools to paint scenes with: colours, noise, lens blur and exposure, in linear light on a square of a fixed size."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.parameters import Colour

Array = npt.NDArray[np.float64]
Map = npt.NDArray[np.floating]
"""[SIDE,SIDE,1] or [SIDE,SIDE], one number a pixel."""
Image = npt.NDArray[np.float32]
"""[SIDE,SIDE,3] linear RGB."""

SIDE = 192
SHIFT = 4
BRIGHTEST = 4.0  # linear light that the tone curve still tells apart

PAINTS: tuple[Colour, ...] = (
    (0.75, 0.74, 0.71),
    (0.68, 0.6, 0.47),
    (0.45, 0.46, 0.47),
    (0.3, 0.38, 0.3),
    (0.26, 0.35, 0.43),
    (0.58, 0.4, 0.36),
    (0.05, 0.11, 0.13),
    (0.06, 0.062, 0.07),
    (0.5, 0.33, 0.13),
    (0.2, 0.24, 0.3),
)
WOODS: tuple[Colour, ...] = ((0.3, 0.17, 0.085), (0.12, 0.055, 0.028), (0.5, 0.36, 0.22), (0.6, 0.58, 0.55))
COLOURS: tuple[Colour, ...] = (
    (0.45, 0.05, 0.035),
    (0.05, 0.12, 0.3),
    (0.06, 0.2, 0.12),
    (0.55, 0.36, 0.06),
    (0.65, 0.6, 0.5),
    (0.04, 0.04, 0.05),
    (0.3, 0.1, 0.05),
    (0.2, 0.3, 0.36),
    (0.12, 0.03, 0.09),
    (0.7, 0.3, 0.12),
)
DAYLIGHT = np.array([0.92, 1.0, 1.12])
LAMPLIGHT = np.array([1.25, 0.95, 0.6])


def pick(random: np.random.Generator, colours: Sequence[Colour], spread: float = 0.1) -> Array:
    """One of the colours [3], a little brighter or darker."""
    colour: Array = np.array(random.choice(colours)) * np.exp(random.normal(0, spread))
    return colour


@cache
def coordinates(side: int = SIDE) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """x to the right and y down at the pixels' centres, -1..1; [side,side] each."""
    along = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)
    x, y = np.meshgrid(along, along)
    return x, y


def fixed(places: Array) -> npt.NDArray[np.int32]:
    """Places [...,2] in -1..1 (y down) as pixels with SHIFT bits behind the point."""
    return np.round(((places + 1) / 2 * SIDE - 0.5) * (1 << SHIFT)).astype(np.int32)


def resized(picture: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    method = cv2.INTER_AREA if size < len(picture) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size, size), interpolation=method), np.float32)


def noise(random: np.random.Generator, cells: int) -> Map:
    """Smooth noise [SIDE,SIDE,1] about 0 with a deviation of about 1."""
    return resized(random.standard_normal((cells, cells), np.float32), SIDE)[..., None]


def blurred(picture: Image, radius: float) -> Image:
    """Out of focus: every point becomes a disc of this radius in pixels, here and beyond the edges."""
    reach = int(np.ceil(radius))
    along = np.arange(-reach, reach + 1)
    disc = np.clip(radius + 0.5 - np.hypot(along[:, None], along), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT), np.float32)


def exposed(picture: Image, mean: float) -> Image:
    """Brighter or darker, so that this is about the mean."""
    return picture * np.float32(mean / np.minimum(picture, 1).mean())
