"""Plain places, lit unevenly: studios, curtains, and walls of brick, tiles or boards."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.backdrop.scenery import (
    COLOURS,
    PAINTS,
    SIDE,
    WOODS,
    Array,
    Image,
    blurred,
    coordinates,
    exposed,
    noise,
    pick,
)
from reenactbench.datasets.synthetic.parameters import Colour

_GREYS: tuple[Colour, ...] = ((0.5, 0.48, 0.45), (0.12, 0.12, 0.12))
_REDS: tuple[Colour, ...] = ((0.3, 0.1, 0.055), (0.42, 0.3, 0.2))


class _Bond(NamedTuple):
    """How stones or boards make up a wall."""

    rows: int
    columns: float
    joint: float  # its width, of a row
    offset: float  # of each row against the one above, of a stone
    spread: float  # of the logarithm of their brightness
    paints: tuple[Colour, ...]


_BRICKS = _Bond(15, 5, 0.08, 0.5, 0.2, (*_REDS, *_GREYS))
_TILES = _Bond(8, 8, 0.04, 0.0, 0.04, (*PAINTS, *_GREYS))
_BOARDS = _Bond(8, 0.7, 0.015, 0.37, 0.12, WOODS)
_BONDS = (_BRICKS, _TILES, _BOARDS)


def studio(random: np.random.Generator) -> Image:
    """Paper or painted canvas with a pool of light."""
    x, y = coordinates()
    u, v = random.uniform(-0.6, 0.6), random.uniform(-0.5, 0.4)
    pool = np.exp(-((x - u) ** 2 + (y - v) ** 2) / random.uniform(0.6, 2.5))[..., None]
    paint = _muted(random)
    mottle = sum(noise(random, cells) / cells**0.5 for cells in (4, 9, 20))
    rough = random.choice((0.0, 0.03, 0.2))
    picture = paint * (random.uniform(0.1, 0.4) + pool) * np.exp(rough * mottle)
    return _dimmed(random, picture, 1.5, paint)


def curtain(random: np.random.Generator) -> Image:
    """Hanging cloth in folds, lit from one side."""
    x, y = coordinates()
    warp = x + 0.02 * noise(random, 4)[..., 0] + 0.03 * y * np.sin(3 * x + random.uniform(0, 6))
    slope = np.zeros_like(x)
    for rate in random.uniform((7, 13, 22), (11, 20, 40)):
        slope += np.sin(rate * warp + random.uniform(0, 6)) * np.float32(random.uniform(0.4, 1))
    side = random.choice((-1, 1))
    light = (0.62 + 0.15 * slope + 0.03 * slope**2) * (1 + 0.3 * side * x)
    cloth = _muted(random)
    return _dimmed(random, light.clip(0.06)[..., None] * cloth, random.uniform(1.2, 3), cloth)


def masonry(random: np.random.Generator) -> Image:
    """A wall of bricks, tiles or boards, with the light falling off to one side."""
    x, y = coordinates()
    bond = _BONDS[random.integers(len(_BONDS))]
    lean = random.uniform(-0.15, 0.15)
    v = (y * (1 + lean * x) + 1) / 2 * bond.rows + random.uniform(0, 1)
    row = np.floor(v)
    u = (x + 0.5 * lean * x * x + 1) / 2 * bond.columns + (4 + row * bond.offset)
    column = np.floor(u)
    shades = random.normal(0, bond.spread, (64, 64, 1)) + random.normal(0, 0.1 * bond.spread, (64, 64, 3))
    stone = np.exp(shades)[row.astype(int) % 64, column.astype(int) % 64]
    across = np.minimum(u - column, column + 1 - u) * bond.rows / bond.columns
    down = np.minimum(v - row, row + 1 - v)
    inside = np.clip((np.minimum(across, down) - bond.joint) / 0.06, 0, 1)[..., None]
    paint = pick(random, bond.paints)
    mortar = 0.35 * paint + (0.0 if bond is _BOARDS else random.choice((0.02, 0.2)))
    light = np.exp(random.uniform(-0.7, 0.7) * x + random.uniform(-0.4, 0.2) * y)[..., None]
    if bond is _BOARDS:
        light = light * (1 + 0.06 * _grain(random))
    picture = (paint * stone * inside + mortar * (1 - inside)) * light * (1 + 0.06 * noise(random, 5))
    return _dimmed(random, picture, random.uniform(1.4, 3.2), paint)


def _grain(random: np.random.Generator) -> npt.NDArray[np.float32]:
    """Noise [SIDE,SIDE,1] drawn out to the sides."""
    return np.asarray(cv2.resize(noise(random, 96)[:, :24], (SIDE, SIDE)), np.float32)[..., None]


def _muted(random: np.random.Generator) -> Array:
    """A colour [3] half way to grey."""
    colour = pick(random, (*PAINTS, *COLOURS), 0.2)
    muted: Array = (colour + colour.mean()) / 2
    return muted


def _dimmed(random: np.random.Generator, picture: npt.NDArray[np.floating], radius: float, paint: Array) -> Image:
    """The picture of nothing but this paint, out of focus and not quite as well lit as a face."""
    mean = paint.mean() * random.uniform(0.35, 0.85) + 0.01
    return exposed(blurred(picture.astype(np.float32), radius), float(mean))
