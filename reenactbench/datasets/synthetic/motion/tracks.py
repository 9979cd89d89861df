"""How people move in front of a camera while they talk: tracks, and single motions for training and judging."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from reenactbench.datasets.synthetic.motion.expressions import (
    BLINKS,
    BROWS,
    EXPRESSIONS,
    SMILES,
    asymmetric,
    compatible,
)
from reenactbench.datasets.synthetic.motion.gaze import EYES_FOLLOW, blinks, gaze
from reenactbench.datasets.synthetic.motion.speech import CONSONANTS, VOWELS, speech
from reenactbench.datasets.synthetic.motion.timing import Array, minimum_jerk, pulse, starts
from reenactbench.datasets.synthetic.parameters import MOTION, MOTION_INDEX, Vector

_LOW = np.array([parameter.low for parameter in MOTION])
_HIGH = np.array([parameter.high for parameter in MOTION])
_POSE = [MOTION_INDEX[name] for name in "yaw pitch roll x y scale".split()]
_POSE_DRIFT = np.array([1.2, 0.9, 0.6, 0.004, 0.004, 0.004])
_GAZE = [MOTION_INDEX["gaze_x"], MOTION_INDEX["gaze_y"]]


class Character(NamedTuple):
    """How a person moves."""

    reach: tuple[float, ...]  # the farthest held pose, in the units of yaw, pitch, roll, x, y, scale
    least_turn: float  # of the farthest yaw, 0..1
    hold: tuple[float, float]  # seconds between two moves of the head
    loudness: float  # of speech, 0..1
    strength: float  # of expressions, 0..1
    expressions: tuple[str, ...]  # those that come up


CALM = Character(
    reach=(9, 5, 3, 0.012, 0.012, 0.02),
    least_turn=0.0,
    hold=(0.8, 2.2),
    loudness=0.75,
    strength=0.6,
    expressions=("smile", "smile", "restraint", "doubt"),
)
LIVELY = Character(
    reach=(22, 10, 7, 0.03, 0.025, 0.05),
    least_turn=0.2,
    hold=(0.3, 1.2),
    loudness=1.0,
    strength=0.9,
    expressions=("smile", "smile", "laugh", "surprise", "doubt", "sorrow", "pout", "restraint"),
)
EXTREME = Character(
    reach=(42, 21, 15, 0.06, 0.05, 0.1),
    least_turn=0.7,
    hold=(0.1, 0.5),
    loudness=1.2,
    strength=1.0,
    expressions=("shout", "shout", "laugh", "surprise", "anger", "disgust", "pout"),
)
CHARACTERS = (CALM, LIVELY, EXTREME)


def neutral() -> Vector:
    """The motion [19] of a person who looks straight into the camera and does nothing: zeros."""
    return np.zeros(len(MOTION), np.float32)


def motion_track(
    random: np.random.Generator, frames: int, fps: float = 25.0, character: Character | None = None
) -> Vector:
    """The motion of a person who talks to a camera: float32 [frames,19] in the columns and ranges of MOTION.

    The head moves between held poses, the mouth speaks in phrases, expressions come and go, eyes jump and lids blink.
    All but gaze and lids is smooth. `character` is drawn from CHARACTERS if it is not given.
    """
    if character is None:
        character = CHARACTERS[random.integers(len(CHARACTERS))]
    times = np.arange(frames) / fps
    end = frames / fps
    track, stresses = speech(random, times, end, character.loudness)
    track += _expressions(random, times, end, character)
    track[:, _POSE] += _poses(random, times, end, character)
    _emphasise(random, times, stresses, character.strength, track)
    track = compatible(track)
    track[:, _GAZE], shifts = gaze(random, times, end, track[:, _POSE[:2]])
    track[:, BLINKS] += blinks(random, times, end, shifts) * (1 - track[:, BLINKS])
    return _rounded(_limited(track))


def draw_motion(random: np.random.Generator) -> Vector:
    """One motion, float32 [19], for training and judging: the pose is uniform over its range, the expression any.

    One in six has a neutral face. Half of the others look into the camera as far as their eyes can turn.
    """
    motion = np.zeros(len(MOTION))
    if random.random() > 1 / 6:
        if random.random() < 0.6:
            viseme = VOWELS if random.random() < 0.6 else CONSONANTS
            motion += random.uniform(0.4, 1.3) * viseme[random.integers(len(viseme))]
        if random.random() < 0.6:
            names = list(EXPRESSIONS)
            motion += asymmetric(random, random.uniform(0.2, 1) * EXPRESSIONS[names[random.integers(len(names))]])
        if random.random() < 0.3:
            motion[BROWS] += random.uniform(-0.4, 0.9)
        motion[BROWS] += random.normal(0, 0.06, 2)
        motion[SMILES] += random.normal(0, 0.05, 2)
        motion = compatible(motion)
        closed = random.uniform(0.1, 1) if random.random() < 0.25 else 0.0
        sides = (1.0, 0.1) if random.random() < 0.15 else (1.0, 1.0)
        motion[BLINKS] = np.maximum(motion[BLINKS] + random.normal(0, 0.04), closed * random.permutation(sides))
    pose = random.uniform(_LOW[_POSE], _HIGH[_POSE])
    pose[3:] *= 0.75
    looks_at_camera = random.random() < 0.5
    aside = random.uniform(-1, 1, 2) * (22, 14)
    motion[_GAZE] = -EYES_FOLLOW * pose[:2] if looks_at_camera else aside
    motion[_POSE] = pose
    return _rounded(np.clip(motion, _LOW, _HIGH))


def _expressions(random: np.random.Generator, times: Array, end: float, character: Character) -> Array:
    """Expressions that rise, stay and fall, one after the other; motion [T,19]."""
    track = np.zeros((len(times), len(MOTION)))
    for start in starts(random, end, (1.8, 3.6)):
        name = character.expressions[random.integers(len(character.expressions))]
        rise, hold, fall = random.uniform((0.35, 0.2, 0.45), (0.6, 0.9, 0.8))
        strength = character.strength * random.uniform(0.7, 1)
        shown = strength * pulse(times, start, rise, hold, fall)
        track += shown[:, None] * asymmetric(random, EXPRESSIONS[name])
    return track


def _poses(random: np.random.Generator, times: Array, end: float, character: Character) -> Array:
    """Held poses with moves between them, and drift: yaw, pitch, roll, x, y, scale [T,6]."""
    reach, least = np.array(character.reach), np.zeros(6)
    least[0] = character.least_turn
    side = random.choice((-1.0, 1.0))

    def draw() -> Array:
        nonlocal side
        side *= random.choice((-1.0, -1.0, 1.0))
        signs = random.choice((-1.0, 1.0), 6)
        signs[0] = side
        rest = 0.2 if random.random() < 0.2 else 1.0  # now and then back towards the camera
        drawn: Array = rest * reach * signs * random.uniform(least, 1)
        return drawn

    pose = draw()
    track = np.tile(pose, (len(times), 1))
    moment = random.uniform(*character.hold)
    while moment < end:
        following = draw()
        duration = random.uniform(0.9, 1.2) * (0.4 + np.abs(following - pose)[:3].max() / 90)
        track += minimum_jerk((times - moment) / duration)[:, None] * (following - pose)
        pose = following
        moment += duration + random.uniform(*character.hold)
    drift = np.stack([_drift(random, times) for _ in range(6)], axis=1)
    return track + _POSE_DRIFT * drift


def _drift(random: np.random.Generator, times: Array) -> Array:
    """Slow wandering about 0 with a deviation of about 1; [T]."""
    rates, phases = random.uniform(0.1, 0.7, (4, 1)), random.uniform(0, 1, (4, 1))
    waves: Array = np.sin(2 * np.pi * (rates * times + phases)).sum(axis=0) / np.sqrt(2)
    return waves


def _emphasise(random: np.random.Generator, times: Array, stresses: list[float], strength: float, track: Array) -> None:
    """Adds raised brows and nods at stressed syllables to the track [T,19]."""
    for moment in stresses:
        if random.random() < 0.7:
            brow = strength * random.uniform(0.2, 0.6) * random.uniform(0.85, 1, 2)
            track[:, BROWS] += brow * pulse(times, moment - 0.15, 0.25, 0.1, 0.35)[:, None]
        if random.random() < 0.6:
            nod = strength * random.uniform(2, 6)
            track[:, MOTION_INDEX["pitch"]] -= nod * pulse(times, moment - 0.1, 0.26, 0.02, 0.32)


def _limited(track: Array) -> Array:
    """The track [T,19] within the ranges of MOTION, bent near their ends so that it stays smooth; lids are cut off."""
    bound = np.where(track < 0, -_LOW, _HIGH)
    bent: Array = track / (1 + np.abs(track / np.maximum(bound, 1e-9)) ** 16) ** (1 / 16)
    bent[:, BLINKS] = track[:, BLINKS]
    bent.clip(_LOW, _HIGH, out=bent)
    return bent


def _rounded(motion: Array) -> Vector:
    """To four decimals, which hides that platforms differ in the last bits of their sines."""
    return motion.round(4).astype(np.float32)
