"""Speech as the motion of a mouth: visemes, and syllables that run into each other."""

from __future__ import annotations

import numpy as np

from reenactbench.datasets.synthetic.motion.expressions import face
from reenactbench.datasets.synthetic.motion.timing import Array
from reenactbench.datasets.synthetic.parameters import MOTION

VOWELS = np.array(
    [
        face(jaw=0.75, upper_lip=0.2),  # aa
        face(jaw=0.5, upper_lip=0.3, smile=0.12),  # eh
        face(jaw=0.18, upper_lip=0.5, smile=0.3),  # ee
        face(jaw=0.5, pucker=0.5),  # oh
        face(jaw=0.2, pucker=0.9),  # oo
        face(jaw=0.32, upper_lip=0.1, pucker=0.08),  # uh
    ]
)
"""[6,19]."""
CONSONANTS = np.array(
    [
        face(press=1),  # m, b, p
        face(jaw=0.06, press=0.4, upper_lip=0.35),  # f, v
        face(jaw=0.1, upper_lip=0.3, smile=0.1),  # s, t, d, n
        face(jaw=0.14, pucker=0.55, upper_lip=0.25),  # sh, ch, r
        face(jaw=0.1, pucker=0.85),  # w
        face(jaw=0.3, upper_lip=0.1),  # k, g, h, l
    ]
)
"""[6,19]."""

_CONSONANT_WEIGHTS = (0.22, 0.1, 0.3, 0.12, 0.06, 0.2)
_EMPHASIS_SPACING = 1.0  # seconds, at least


def speech(random: np.random.Generator, times: Array, end: float, loudness: float) -> tuple[Array, list[float]]:
    """Phrases of syllables with pauses between them, as motion [T,19], and the moments of stressed vowels.

    Each syllable is a consonant and a vowel; every frame is an average of all visemes weighted by their dominance at
    that time, so that neighbours colour each other (Cohen and Massaro 1993).
    """
    total, weight = np.zeros((len(times), len(MOTION))), np.full(len(times), 0.03)
    stresses: list[float] = []

    def say(viseme: Array, moment: float, width: float, strength: float) -> None:
        dominance = strength * np.exp(-(((times - moment) / width) ** 2))
        total[...] += dominance[:, None] * viseme
        weight[...] += dominance

    moment = random.uniform(-1.5, 0.3)
    while moment < end:
        syllables = random.integers(3, 13)
        rate, level = random.uniform(3.4, 5.6), loudness * random.uniform(0.75, 1.1)
        for _ in range(syllables):
            length = np.clip(random.uniform(0.75, 1.3) / rate, 1 / 6, 1 / 3)
            stress = random.uniform(0.55, 1.15)
            consonant = random.choice(len(CONSONANTS), p=_CONSONANT_WEIGHTS)
            strength = 2.0 if consonant < 2 else 0.7  # lips that must touch do
            say(CONSONANTS[consonant], moment, 0.22 * length, strength)
            say(level * stress * VOWELS[random.integers(len(VOWELS))], moment + 0.5 * length, 0.33 * length, 1)
            if stress > 0.95 and (not stresses or moment - stresses[-1] > _EMPHASIS_SPACING):
                stresses.append(moment)
            moment += length
        moment += random.uniform(0.25, 0.9)
    return total / weight[:, None], stresses
