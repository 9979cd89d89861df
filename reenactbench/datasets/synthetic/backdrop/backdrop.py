"""Places behind a person, out of focus: rooms, streets, parks, studios, walls.

A scene is painted in linear light at a fixed size, blurred with a disc as by a lens, exposed, and resized last, so that
one seed is the same picture at every size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.backdrop.interiors import home, library, office
from reenactbench.datasets.synthetic.backdrop.outdoors import night, park, street
from reenactbench.datasets.synthetic.backdrop.scenery import BRIGHTEST, Image, Map, coordinates, resized
from reenactbench.datasets.synthetic.backdrop.studio import curtain, masonry, studio

_SCENES: tuple[Callable[[np.random.Generator], Image], ...] = (
    *(home, home, home, home, office, office, office, library),
    *(park, park, street, night, studio, curtain, masonry),
)


def draw_backdrop(seed: int, size: int) -> npt.NDArray[np.uint8]:
    """The backdrop of this seed as uint8 [size,size,3], display-coded sRGB."""
    random = np.random.default_rng(seed)
    picture = _SCENES[random.integers(len(_SCENES))](random)
    picture *= _vignette(random.uniform(0.1, 0.35)) * np.exp(random.normal(0, 0.04, 3)).astype(np.float32)
    codes = resized(_encoded(picture), size)
    codes += random.random((size, size, 1), np.float32)  # rounded at random: no bands
    return codes.clip(0, 255).astype(np.uint8)


def _vignette(strength: float) -> Map:
    x, y = coordinates()
    return np.asarray(1 - strength * (x * x + y * y) / 2, np.float32)[..., None]


def _encoded(picture: Image) -> Image:
    """Linear light as sRGB codes, 0..255, not rounded, through a shoulder that keeps bright places from burning out."""
    curve = _tone_curve()
    codes: Image = curve[(picture * ((len(curve) - 1) / BRIGHTEST)).clip(0, len(curve) - 1).astype(np.uint16)]
    return codes


@cache
def _tone_curve() -> npt.NDArray[np.float32]:
    """sRGB codes of linear light from 0 to BRIGHTEST."""
    light = np.linspace(0, BRIGHTEST, 1 << 16)
    light = np.where(light < 0.6, light, 0.6 + 0.4 * (1 - np.exp((0.6 - light) / 0.4)))
    codes = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (255 * codes).astype(np.float32)
