"""Rooms behind a person: homes, offices and libraries, each with its own kinds of furniture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reenactbench.datasets.synthetic.backdrop.furniture import (
    board,
    cabinet,
    desk,
    door,
    frames,
    lamp,
    plant,
    shelf,
    window,
)
from reenactbench.datasets.synthetic.backdrop.room import Room, Wall
from reenactbench.datasets.synthetic.backdrop.scenery import DAYLIGHT, LAMPLIGHT, PAINTS, Image, blurred, exposed, pick

_Item = Callable[[np.random.Generator, Wall, float, float], None]


def home(random: np.random.Generator) -> Image:
    return _interior(random, (window, door, shelf, frames, frames, lamp, plant, cabinet, cabinet, _nothing))


def office(random: np.random.Generator) -> Image:
    return _interior(random, (window, door, shelf, board, desk, desk, plant, cabinet, _nothing))


def library(random: np.random.Generator) -> Image:
    return _interior(random, (shelf, shelf, shelf, lamp, window))


def _nothing(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    pass


def _interior(random: np.random.Generator, items: tuple[_Item, ...]) -> Image:
    """A room with such items along its walls, by day or by lamplight."""
    paint = pick(random, PAINTS)
    light = (DAYLIGHT if random.random() < 0.6 else LAMPLIGHT) * random.uniform(0.5, 0.9)
    room = Room(random, paint, light)
    ceiling_lamp = np.array([random.uniform(-1, 1), room.height - 0.2, -random.uniform(0.5, 2.5)])
    room.shine(ceiling_lamp, random.uniform(0.5, 2) * LAMPLIGHT)
    for wall in room.walls():
        wall.flat((0, 0, wall.length, 0.1), np.full(3, 0.65), 0.01)
        along = random.uniform(0.1, 0.5)
        while along < wall.length - 0.6:
            width = random.uniform(0.6, 1.5)
            items[random.integers(len(items))](random, wall, along, min(along + width, wall.length - 0.1))
            along += width + random.uniform(0.15, 0.6)
    mean = random.uniform(0.3, 0.65) * np.sqrt(0.4 * paint.mean())
    return blurred(exposed(room.picture(random), mean), random.uniform(2.5, 5.5))
