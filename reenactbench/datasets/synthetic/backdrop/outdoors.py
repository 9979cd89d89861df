"""Places out of doors: parks, streets by day, and streets in the evening."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from reenactbench.datasets.synthetic.backdrop.scenery import (
    COLOURS,
    PAINTS,
    SHIFT,
    SIDE,
    Array,
    Image,
    Map,
    blurred,
    coordinates,
    exposed,
    fixed,
    noise,
    pick,
)
from reenactbench.datasets.synthetic.parameters import Colour

_BULBS: tuple[Colour, ...] = (
    (1.0, 0.62, 0.25),
    (1.0, 0.78, 0.45),
    (1.0, 0.9, 0.75),
    (0.75, 0.88, 1.0),
    (1.0, 0.16, 0.07),
    (0.2, 0.9, 0.45),
    (0.35, 0.45, 1.0),
)
_WHITE_BULBS = _BULBS[:4]


def park(random: np.random.Generator) -> Image:
    """Lawn, a path, a row of trees, and perhaps near ones beside the person."""
    season = pick(random, ((0.1, 0.19, 0.035), (0.06, 0.14, 0.03), (0.15, 0.19, 0.04), (0.26, 0.14, 0.035)), 0.15)
    horizon = random.uniform(0.1, 0.5)
    sky = _gradient(np.array([0.45, 0.65, 1.0]), np.array([1.1, 1.1, 1.05])) * np.float32(random.uniform(0.6, 1.3))
    picture = sky * (1 + 0.1 * noise(random, 4))
    _, y = coordinates()
    grass = np.array([0.12, 0.19, 0.04], np.float32) * np.float32(np.exp(random.normal(0, 0.2)))
    lawn = grass * (1 + 0.15 * noise(random, 24))
    picture = np.where((y > horizon)[..., None], lawn, picture).astype(np.float32)
    if random.random() < 0.5:
        middle, width = random.uniform(-0.8, 0.8), random.uniform(0.3, 0.7)
        path = np.array([[middle, horizon], [middle + 0.06, horizon], [middle + width, 1], [middle - width, 1]])
        _polygon(picture, path, np.array([0.45, 0.4, 0.32]))
    for rise in (random.uniform(0.5, 1.2), random.uniform(0.1, 0.5)):  # trees, then bushes before them
        tops = horizon - rise * (1 + 0.35 * noise(random, 5)[0, :, 0])
        density = np.minimum((y - tops) / 0.25, (horizon + 0.04 - y) / 0.06).clip(-3, 1)
        picture = _foliage(random, picture, density, 0.6 - 1.2 * (y - tops) / rise, season * random.uniform(0.5, 1))
    picture = blurred(picture, random.uniform(3, 6))
    for side in (-1, 1):
        if random.random() < 0.5:
            picture = _tree(random, picture, side, season)
    return blurred(exposed(picture, random.uniform(0.2, 0.4)), random.uniform(2.5, 4.5))


def street(random: np.random.Generator) -> Image:
    """A street by day: houses with rows of windows, sky between them, trees and cars."""
    picture = _gradient(np.array([0.5, 0.68, 1.0]), np.array([1.05, 1.05, 1.05])) * np.float32(random.uniform(0.7, 1.2))
    horizon, sun = random.uniform(0.35, 0.65), random.uniform(0.5, 1)
    for left, right, top in _houses(random, -1.1, (0.35, 0.8), (-1.3, -0.2)):
        wall = pick(random, (*PAINTS[:6], (0.3, 0.12, 0.07))) * random.choice((0.35, sun))
        _rectangle(picture, left, top, right, horizon, wall)
        step, tall = random.uniform(0.14, 0.24), random.uniform(0.1, 0.16)
        for v in np.arange(top + 0.08, horizon - 0.3, tall * 1.8):
            for u in np.arange(left + 0.06, right - 0.1, step):
                glass = np.array([0.06, 0.08, 0.1]) * random.uniform(0.5, 4)
                _rectangle(picture, u, v, u + 0.55 * step, v + tall, glass)
        _rectangle(picture, left + 0.04, horizon - 0.2, right - 0.04, horizon, pick(random, COLOURS, 0.3) * 0.4)
    _rectangle(picture, -1, horizon, 1, 1, np.array([0.2, 0.2, 0.21]) * sun)
    for _ in range(random.integers(1, 5)):
        _car(random, picture, horizon, sun)
    picture = blurred(picture, random.uniform(2, 4))
    if random.random() < 0.6:
        picture = _tree(random, picture, random.choice((-1, 1)), np.array([0.1, 0.18, 0.04]))
    return blurred(exposed(picture, random.uniform(0.2, 0.4)), random.uniform(2.5, 5))


def night(random: np.random.Generator) -> Image:
    """A street in the evening: dim houses, shop windows, and lamps near and far as discs, mirrored in the road."""
    dusk = random.uniform(0.3, 1.5)
    sky = np.array([0.02, 0.03, 0.07]) if random.random() < 0.6 else np.array([0.05, 0.035, 0.03])
    picture = _gradient(sky, 1.6 * sky + 0.01) * np.float32(dusk)
    horizon = random.uniform(0.2, 0.6)
    for left, right, top in _houses(random, -1.05, (0.25, 0.7), (-1.2, -0.1)):
        _rectangle(picture, left, top, right, horizon, pick(random, PAINTS) * sky * random.uniform(0.5, 2.5) * dusk)
        for _ in range(random.integers(0, 7)):
            u, v = random.uniform(left, right - 0.07), random.uniform(top, horizon - 0.3)
            _rectangle(picture, u, v, u + 0.07, v + 0.1, pick(random, _WHITE_BULBS) * random.uniform(0.05, 0.5))
        if random.random() < 0.6:
            shop = pick(random, _WHITE_BULBS) * random.uniform(0.2, 0.9)
            _rectangle(picture, left + 0.03, horizon - random.uniform(0.15, 0.4), right - 0.03, horizon, shop)
    _rectangle(picture, -1, horizon, 1, 1, np.full(3, 0.015) * dusk)
    radius = random.uniform(4, 8)
    picture = blurred(picture, radius)
    for scale, most in ((0.6, 40), (1.0, 25), (1.7, 9)):  # far to near
        count = random.integers(most // 3, most)
        height = np.abs(random.normal(0, 0.3 + 0.25 * scale, count))
        places = np.stack([random.uniform(-1.05, 1.05, count), horizon - 0.04 - height], axis=1)
        colours = np.stack([pick(random, _BULBS, 0.2) for _ in range(count)])
        colours *= np.exp(random.normal(-1.3, 0.8, (count, 1))) * (scale * radius / 1.6) ** 2
        points = np.zeros_like(picture)
        _discs(points, places, np.full(count, 2 / SIDE), colours)
        picture += blurred(points, scale * radius)
    mirrored = cv2.blur(np.roll(picture[::-1], round(horizon * SIDE), axis=0), (5, 51))
    _, y = coordinates()
    return picture + np.where((y > horizon)[..., None], 0.4 * mirrored, 0)


def _houses(
    random: np.random.Generator, left: float, width: tuple[float, float], top: tuple[float, float]
) -> Iterator[tuple[float, float, float]]:
    """Left, right and top of houses side by side, with widths and tops in these ranges."""
    while left < 1:
        right = left + random.uniform(*width)
        yield left, right, random.uniform(*top)
        left = right


def _car(random: np.random.Generator, picture: Image, horizon: float, sun: float) -> None:
    """One with its lights on, before the houses."""
    left, bottom = random.uniform(-1, 0.8), horizon + random.uniform(0, 0.1)
    paint = pick(random, (*COLOURS, *PAINTS[:3]), 0.2) * sun
    _rectangle(picture, left, bottom - 0.12, left + 0.42, bottom + 0.04, paint)
    _rectangle(picture, left + 0.08, bottom - 0.21, left + 0.34, bottom - 0.12, 0.4 * paint + 0.03)
    lights = np.array([[left + 0.02, bottom - 0.06], [left + 0.4, bottom - 0.06]])
    _discs(picture, lights, np.full(2, 0.012), np.array([[3, 0.3, 0.2], [4, 4, 3.5]]))


def _tree(random: np.random.Generator, picture: Image, side: float, green: Array) -> Image:
    """The picture behind a near tree on one side, cut by the top edge."""
    x, y = coordinates()
    u, wide = side * random.uniform(0.6, 1.0), random.uniform(0.03, 0.08)
    bark = np.array([0.07, 0.05, 0.035]) * np.exp(random.normal(0, 0.3))
    for part, shade in ((1.0, 1.0), (0.35, 1.6)):  # lit on one side
        left, right = u - wide, u - wide + 2 * wide * part
        trunk = np.array([[left, -1], [right, -1], [right + 0.3 * wide, 1], [left - 0.3 * wide, 1]])
        _polygon(picture, trunk, shade * bark)
    across, down = random.uniform((0.4, 0.3), (0.8, 0.7))
    density = 1 - ((x - u) / across) ** 2 - ((y + 1.05) / down) ** 2
    return _foliage(random, picture, density, -0.4 - 0.5 * y, green)


def _foliage(random: np.random.Generator, picture: Image, density: Map, light: Map, green: Array) -> Image:
    """The picture behind leaves, which grow where density [SIDE,SIDE] is above 0, ragged at the edge.

    light: [SIDE,SIDE] how much sun comes down. Some gaps let the sky sparkle through.
    """
    ragged = density[..., None] + 0.35 * noise(random, 12) + 0.3 * noise(random, 44)
    alpha = (2.5 * ragged).clip(0, 1)
    shade = np.exp(0.45 * noise(random, 16) + 0.4 * noise(random, 56) + light[..., None] - 0.2)
    hue = 0.25 * noise(random, 30)
    leaves = green.astype(np.float32) * shade * np.concatenate([1 + hue, np.ones_like(hue), 1 - hue], axis=-1)
    covered: Image = (picture + alpha * (leaves - picture)).astype(np.float32)
    rows, columns = np.nonzero(density > 0.2)
    if len(rows):
        gaps = random.integers(len(rows), size=random.integers(4, 15))
        places = np.stack([columns[gaps], rows[gaps]], axis=1) / SIDE * 2 - 1
        sparkle = np.exp(random.normal(0, 0.8, (len(gaps), 1))) * random.choice([[0.9, 1, 1.1], [1, 1, 0.5]], len(gaps))
        _discs(covered, places, random.uniform(0.006, 0.013, len(gaps)), sparkle)
    return covered


def _gradient(top: Array, bottom: Array) -> Image:
    _, y = coordinates()
    mix = ((1 + y) / 2)[..., None]
    return (top * (1 - mix) + bottom * mix).astype(np.float32)


def _discs(picture: Image, places: Array, radii: Array, colours: Array) -> None:
    """Discs at places [K,2] (-1..1, y down) with radii [K] of the same unit, painted in order."""
    sizes = np.round(radii * SIDE / 2 * (1 << SHIFT)).astype(int)
    for place, size, colour in zip(fixed(places).tolist(), sizes.tolist(), colours.tolist(), strict=True):
        cv2.circle(picture, place, size, colour, -1, shift=SHIFT)


def _polygon(picture: Image, corners: Array, colour: Array) -> None:
    """A convex polygon with corners [K,2] (-1..1, y down)."""
    cv2.fillConvexPoly(picture, fixed(corners), colour.tolist(), shift=SHIFT)


def _rectangle(picture: Image, left: float, top: float, right: float, bottom: float, colour: Array) -> None:
    _polygon(picture, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), colour)
