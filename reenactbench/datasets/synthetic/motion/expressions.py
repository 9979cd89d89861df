"""Expressions: motions of the face alone, and what makes them look like a person's."""

from __future__ import annotations

import numpy as np

from reenactbench.datasets.synthetic.motion.timing import Array, minimum_jerk
from reenactbench.datasets.synthetic.parameters import MOTION, MOTION_INDEX

BLINKS = [MOTION_INDEX["blink_left"], MOTION_INDEX["blink_right"]]
BROWS = [MOTION_INDEX["brow_left"], MOTION_INDEX["brow_right"]]
SMILES = [MOTION_INDEX["smile_left"], MOTION_INDEX["smile_right"]]


def face(smile: float = 0, brow: float = 0, blink: float = 0, **others: float) -> Array:
    """One motion [19] from its parts that are not zero; smile, brow and blink are on both sides."""
    motion = np.zeros(len(MOTION))
    motion[SMILES], motion[BROWS], motion[BLINKS] = smile, brow, blink
    for name, value in others.items():
        motion[MOTION_INDEX[name]] = value
    return motion


EXPRESSIONS: dict[str, Array] = {
    "smile": face(smile=0.65, upper_lip=0.12, blink=0.1),
    "laugh": face(smile=1, jaw=0.45, upper_lip=0.3, blink=0.3, brow=0.1),
    "surprise": face(brow=0.9, jaw=0.4, blink=-0.22),
    "shout": face(jaw=1, brow=0.4, upper_lip=0.3, blink=-0.1),
    "anger": face(frown=0.9, brow=-0.35, press=0.4, smile=-0.2, blink=0.05),
    "sorrow": face(smile=-0.5, frown=0.5, brow=0.25, blink=0.1),
    "disgust": face(upper_lip=0.8, frown=0.5, smile=-0.2, blink=0.25, brow=-0.2),
    "doubt": face(brow_left=0.8, brow_right=-0.2, frown=0.2, smile_right=0.25),
    "pout": face(pucker=0.9, frown=0.25, brow=0.1),
    "restraint": face(press=0.8, smile=0.15, brow=0.1),
}
"""Motions [19] of the whole face at full strength."""


def asymmetric(random: np.random.Generator, expression: Array) -> Array:
    """The expression [19] a little stronger on one side; half of them mirrored."""
    expression = expression.copy()
    for sides in (SMILES, BROWS):
        expression[sides] *= random.uniform(0.8, 1, 2)
    if random.random() < 0.5:
        for left, right in (SMILES, BROWS, BLINKS):
            expression[[left, right]] = expression[[right, left]]
    return expression


def compatible(motion: Array) -> Array:
    """Motion [...,19] without what no mouth can do at once: pressed lips while it gapes, or puckered ones in a grin."""
    motion = motion.copy()
    jaw, smile = motion[..., MOTION_INDEX["jaw"]], motion[..., SMILES].mean(axis=-1)
    motion[..., MOTION_INDEX["press"]] *= 1 - minimum_jerk(jaw / 0.6)
    motion[..., MOTION_INDEX["pucker"]] *= 1 - 0.8 * minimum_jerk(smile / 0.9)
    return motion
