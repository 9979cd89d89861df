"""Styles of hair, a row of numbers each."""

from __future__ import annotations

from typing import NamedTuple


class Style(NamedTuple):
    """How a style grows; pairs are its values at 0 and at 1 of the look that varies them."""

    locks: int
    points: int  # a lock
    width: float  # cm
    flow: str  # of hairflow.FLOWS
    top: tuple[float, float]  # length on top in cm, by hair_length
    side: tuple[float, float]  # length on the sides in cm, by hair_length
    end: tuple[float, float] | None  # for hair that hangs: the height y where it ends, by hair_length
    lift: tuple[float, float]  # cm above the skull on top, by hair_volume
    lift_side: tuple[float, float]  # cm above the skull on the sides, by hair_volume
    rise: float  # cm along a lock in which it gains its height
    sink: float  # cm a cm that it may come down again
    clump: float  # 0..1: how far the locks of a clump close up towards their tips
    clumps: int  # locks a clump
    wave: tuple[float, float]  # amplitude and length of waves, cm
    stray: float  # share of directions at random


STYLES = {
    "buzz": Style(4000, 4, 0.17, "whorl", (0.35, 0.9), (0.3, 0.7), None,
                  (0.12, 0.35), (0.1, 0.25), 0.4, 0.6, 0, 4, (0, 1), 0.5),
    "crop": Style(2200, 7, 0.2, "whorl", (2.4, 4.6), (1.2, 2.2), None,
                  (0.9, 2.2), (0.35, 0.8), 2.2, 0.6, 0.55, 7, (0, 1), 0.45),
    "side_part": Style(2000, 8, 0.2, "part", (6.0, 9.0), (2.0, 3.6), None,
                       (0.9, 2.3), (0.4, 0.9), 2.6, 0.6, 0.4, 8, (0.1, 5), 0.2),
    "swept_back": Style(2000, 8, 0.2, "back", (8.0, 12.0), (4.0, 7.0), None,
                        (0.8, 2.4), (0.35, 0.8), 2.6, 0.6, 0.45, 9, (0.1, 6), 0.15),
    "curly": Style(1600, 10, 0.24, "whorl", (4.5, 7.0), (2.6, 4.2), None,
                   (1.4, 3.2), (0.8, 1.8), 2.0, 0.6, 0.35, 4, (0.42, 2.3), 0.8),
    "afro": Style(2280, 7, 0.25, "out", (1.7, 2.4), (1.7, 2.4), None,
                  (2.2, 5.2), (1.7, 4.2), 0.3, 2.0, 0.0, 3, (0.26, 1.5), 1.4),
    "bob": Style(1050, 9, 0.29, "part", (0, 0), (0, 0), (-5.0, -9.5),
                 (0.6, 1.6), (0.7, 1.6), 3.0, 0.24, 0.4, 9, (0.1, 8), 0.08),
    "long": Style(1050, 9, 0.31, "part", (0, 0), (0, 0), (-10.0, -16.0),
                  (0.5, 1.5), (0.6, 1.5), 3.0, 0.16, 0.5, 10, (0.2, 10), 0.08),
    "wavy": Style(1050, 11, 0.31, "part", (0, 0), (0, 0), (-7.0, -16.0),
                  (0.8, 2.0), (1.0, 2.2), 3.0, 0.16, 0.6, 8, (0.6, 7.5), 0.12),
    "bun": Style(1380, 10, 0.22, "bun", (11, 11), (11, 11), None,
                 (0.35, 0.9), (0.2, 0.5), 2.0, 0.6, 0.3, 9, (0.05, 6), 0.06),
    "fringe": Style(1100, 9, 0.28, "part", (0, 0), (0, 0), (-4.5, -16.0),
                    (0.7, 1.6), (0.7, 1.5), 3.0, 0.18, 0.4, 9, (0.1, 8), 0.08),
}  # fmt: skip
