"""What stands or hangs at a wall, between two places `left` and `right` along it in metres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from reenactbench.datasets.synthetic.backdrop.room import Wall
from reenactbench.datasets.synthetic.backdrop.scenery import COLOURS, DAYLIGHT, LAMPLIGHT, PAINTS, WOODS, pick


def window(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """Ground and sky behind bars, perhaps with curtains or a blind."""
    low, high = random.uniform(0.5, 1.0), random.uniform(2.1, 2.35)
    frame = pick(random, ((0.75, 0.75, 0.73), (0.75, 0.75, 0.73), (0.06, 0.06, 0.06), (0.2, 0.11, 0.05)))
    wall.box((left - 0.07, low - 0.07, right + 0.07, high + 0.07), frame, 0.04)
    strips = 16
    edges = np.linspace(low, high, strips + 1)
    height = np.linspace(0, 1, strips)[:, None]
    horizon = random.uniform(0.15, 0.6)
    ground = pick(random, ((0.25, 0.4, 0.12), (0.4, 0.36, 0.3), (0.12, 0.22, 0.08)), 0.3)
    ground = ground * random.uniform(0.6, 1.3, (strips, 1))
    outside = np.where(height < horizon, ground, DAYLIGHT * (1.2 + 0.8 * height))
    wall.flat((left, edges[:-1], right, edges[1:]), random.uniform(1.6, 2.6) * outside, 0.04, glow=True)
    u = np.linspace(left, right, random.integers(1, 4) + 1)[1:-1]
    v = np.linspace(low, high, random.integers(2, 4) + 1)[1:-1]
    wall.flat((u - 0.025, low, u + 0.025, high), 0.4 * frame, 0.045)
    wall.flat((left, v - 0.02, right, v + 0.02), 0.4 * frame, 0.045)
    if random.random() < 0.5:
        cloth = pick(random, PAINTS)
        for begin, end in ((left - 0.3, left + 0.1), (right - 0.1, right + 0.3)):
            folds = np.linspace(begin, end, 9)
            shades = (1 + 0.35 * np.sin(np.arange(8) * 2.3 + random.uniform(0, 6)))[:, None]
            wall.flat((folds[:-1], 0.05, folds[1:], high + 0.15), cloth * shades, 0.1)
    elif random.random() < 0.4:
        slats = np.arange(low + 0.4 * (high - low), high, 0.07)
        wall.flat((left, slats, right, slats + 0.045), np.array([0.75, 0.72, 0.66]), 0.06)
    wall.room.shine(wall.at((left + right) / 2, (low + high) / 2, 0.5), 1.6 * (right - left) * DAYLIGHT)


def door(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """A closed one with panels, or an open one with another room behind."""
    right = left + min(0.9, right - left)
    colour = pick(random, ((0.72, 0.71, 0.68), *WOODS))
    wall.box((left - 0.09, 0, right + 0.09, 2.14), 0.9 * colour, 0.03)
    if random.random() < 0.35:
        wall.flat((left, 0, right, 2.05), random.uniform(0.4, 1.2) * LAMPLIGHT * pick(random, PAINTS), 0.03, glow=True)
        wall.flat((left, 0, right, random.uniform(0.1, 0.5)), pick(random, WOODS), 0.035)
        return
    wall.flat((left, 0, right, 2.05), colour, 0.02)
    middle = (left + right) / 2
    for low, high in ((0.25, 0.95), (1.1, 1.9)):
        for begin, end in ((left + 0.1, middle - 0.04), (middle + 0.04, right - 0.1)):
            wall.flat((begin, low, end, high), 0.7 * colour, 0.025)
            wall.flat((begin + 0.03, low + 0.01, end - 0.01, high - 0.04), 1.05 * colour, 0.025)
    wall.box((right - 0.09, 1.0, right - 0.03, 1.06), np.array([0.5, 0.42, 0.25]), 0.08)


def shelf(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """Rows of books with gaps between them."""
    wood, top = pick(random, WOODS), random.uniform(1.9, 2.3)
    wall.box((left, 0, right, top), 0.35 * wood, 0.03)
    for low, high in pairwise(np.linspace(0.1, top, random.integers(5, 8))):
        widths = random.uniform(0.018, 0.055, int((right - left) / 0.034))
        ends = left + 0.03 + np.cumsum(widths)
        tops = low + (high - low) * random.uniform(0.6, 0.9, len(ends))
        kept = (ends < right - 0.03) & (random.random() + 0.35 * np.sin(5 * ends + random.uniform(0, 6)) > 0.12)
        colours = np.array(COLOURS)[random.integers(len(COLOURS), size=len(ends))]
        colours *= random.uniform(0.6, 1.3, (len(ends), 1))
        wall.flat(((ends - widths)[kept], low, ends[kept], tops[kept]), colours[kept], 0.22)
        wall.box((left, low - 0.025, right, low), wood, 0.28, 0.03)
    for side in (left, right):
        wall.box((side - 0.02, 0, side + 0.02, top), wood, 0.28, 0.03)


def frames(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """One to three framed pictures at eye level."""
    count = 1 if right - left < 0.9 else random.integers(1, 4)
    for start in np.linspace(left, right, count + 1)[:-1]:
        width = (right - left) / count * random.uniform(0.55, 0.85)
        tall = width * random.uniform(0.7, 1.4)
        low = random.uniform(1.55, 1.75) - tall / 2
        wall.box((start, low, start + width, low + tall), pick(random, ((0.03, 0.03, 0.03), *WOODS)), 0.04)
        edge = 0.03 + 0.1 * width * float(random.random() < 0.6)
        wall.flat((start + 0.03, low + 0.03, start + width - 0.03, low + tall - 0.03), np.full(3, 0.7), 0.042)
        for _ in range(5):
            u, v = np.sort(random.uniform(0, 1, (2, 2)), axis=1)
            u, v = start + edge + u * (width - 2 * edge), low + edge + v * (tall - 2 * edge)
            wall.flat((u[0], v[0], u[1], v[1]), pick(random, COLOURS), 0.044)


def lamp(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """A lit shade on a stand."""
    u, low = (left + right) / 2, random.uniform(1.2, 1.6)
    wide, tall = random.uniform(0.13, 0.22), random.uniform(0.2, 0.32)
    wall.box((u - 0.015, 0, u + 0.015, low), np.full(3, 0.05), 0.3, 0.27)
    steps = np.linspace(-1, 1, 9)
    shades = (1.1 - 0.6 * ((steps[:-1] + steps[1:]) / 2) ** 2)[:, None]
    shade = (u + wide * steps[:-1], low, u + wide * steps[1:], low + tall)
    wall.flat(shade, random.uniform(1.2, 2.2) * shades * LAMPLIGHT, 0.3, glow=True)
    for height in (low - 0.1, low + tall + 0.1):
        wall.room.shine(wall.at(u, height, 0.3), 0.5 * LAMPLIGHT)


def plant(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """Leaves in a pot on a stool."""
    u, top = (left + right) / 2, random.uniform(0.8, 1.2)
    wall.box((u - 0.16, top - 0.35, u + 0.16, top), pick(random, (*PAINTS, *WOODS)), 0.5, 0.2)
    wall.box((u - 0.2, 0, u + 0.2, top - 0.35), pick(random, WOODS), 0.55, 0.1)
    leaves = 70
    angle, length = random.uniform(0.15, np.pi - 0.15, leaves), random.uniform(0.2, 0.75, leaves)
    tip = np.stack([u + 0.6 * length * np.cos(angle), top + length * np.sin(angle)], 1)
    base = np.stack([u + 0.3 * length * np.cos(angle), top + 0.35 * length * np.sin(angle)], 1)
    across = np.stack([-np.sin(angle), np.cos(angle)], 1) * random.uniform(0.02, 0.05, (leaves, 1))
    points = np.stack([base, (base + tip) / 2 + across, tip, (base + tip) / 2 - across], axis=1)
    greens = np.array([0.07, 0.17, 0.04]) * np.exp(random.normal(0, 0.5, (leaves, 1)))
    wall.room.quads(wall.at(points[..., 0], points[..., 1], 0.35), greens)


def cabinet(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """A low one with things on it, perhaps under pictures."""
    colour, top = pick(random, (*WOODS, *PAINTS)), random.uniform(0.8, 1.15)
    wall.box((left, 0, right, top), colour, 0.45)
    for u in np.arange(left + 0.1, right - 0.1, 0.16):
        if random.random() < 0.7:
            tall = random.uniform(0.08, 0.35)
            wall.box((u, top, u + random.uniform(0.05, 0.14), top + tall), pick(random, COLOURS), 0.3, 0.2)
    if random.random() < 0.6:
        frames(random, wall, left + 0.1, right - 0.1)


def board(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """A whiteboard with strokes."""
    wall.box((left, 0.95, right, 2.0), np.full(3, 0.35), 0.03)
    wall.flat((left + 0.03, 0.98, right - 0.03, 1.97), np.full(3, 0.8), 0.035)
    for _ in range(12):
        u, v = random.uniform(left + 0.1, right - 0.4), random.uniform(1.1, 1.85)
        wall.flat((u, v, u + random.uniform(0.1, 0.35), v + 0.02), pick(random, COLOURS), 0.04)


def desk(random: np.random.Generator, wall: Wall, left: float, right: float) -> None:
    """One with lit screens, perhaps under pictures."""
    if random.random() < 0.7:
        frames(random, wall, left + 0.2, right)
    wood = pick(random, WOODS)
    wall.box((left, 0, right, 0.7), 0.5 * wood, 0.6)
    wall.box((left, 0.7, right, 0.74), wood, 0.7)
    for u in np.arange(left + 0.05, right - 0.5, 0.7):
        wall.box((u + 0.25, 0.74, u + 0.33, 0.95), np.full(3, 0.05), 0.32, 0.3)
        wall.box((u, 0.9, u + 0.58, 1.26), np.full(3, 0.02), 0.35, 0.3)
        screen = random.uniform(0.2, 0.9) * pick(random, ((0.6, 0.78, 1.0), (0.9, 0.9, 0.9), (0.1, 0.14, 0.2)))
        wall.flat((u + 0.02, 0.92, u + 0.56, 1.24), screen, 0.355, glow=True)
