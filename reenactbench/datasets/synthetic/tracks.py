"""How people move in front of a camera while they talk: tracks, and single motions for training and judging."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.parameters import MOTION, MOTION_INDEX, Vector

Array = npt.NDArray[np.float64]

_LOW = np.array([parameter.low for parameter in MOTION])
_HIGH = np.array([parameter.high for parameter in MOTION])
_POSE = [MOTION_INDEX[name] for name in "yaw pitch roll x y scale".split()]
_POSE_DRIFT = np.array([1.2, 0.9, 0.6, 0.004, 0.004, 0.004])
_BLINKS = [MOTION_INDEX["blink_left"], MOTION_INDEX["blink_right"]]
_BROWS = [MOTION_INDEX["brow_left"], MOTION_INDEX["brow_right"]]
_SMILES = [MOTION_INDEX["smile_left"], MOTION_INDEX["smile_right"]]
_GAZE = [MOTION_INDEX["gaze_x"], MOTION_INDEX["gaze_y"]]
_EMPHASIS_SPACING = 1.0  # seconds, at least
_EYES_FOLLOW = 0.7  # part of a head turn that the eyes take back to stay on the camera
_LARGE_GAZE_SHIFT = 15.0  # degrees; most of these come with a blink


def _motion(smile: float = 0, brow: float = 0, blink: float = 0, **others: float) -> Array:
    """One motion [19] from its parts that are not zero; smile, brow and blink are on both sides."""
    motion = np.zeros(len(MOTION))
    motion[_SMILES], motion[_BROWS], motion[_BLINKS] = smile, brow, blink
    for name, value in others.items():
        motion[MOTION_INDEX[name]] = value
    return motion


_VOWELS = np.array(
    [
        _motion(jaw=0.75, upper_lip=0.2),  # aa
        _motion(jaw=0.5, upper_lip=0.3, smile=0.12),  # eh
        _motion(jaw=0.18, upper_lip=0.5, smile=0.3),  # ee
        _motion(jaw=0.5, pucker=0.5),  # oh
        _motion(jaw=0.2, pucker=0.9),  # oo
        _motion(jaw=0.32, upper_lip=0.1, pucker=0.08),  # uh
    ]
)
_CONSONANTS = np.array(
    [
        _motion(press=1),  # m, b, p
        _motion(jaw=0.06, press=0.4, upper_lip=0.35),  # f, v
        _motion(jaw=0.1, upper_lip=0.3, smile=0.1),  # s, t, d, n
        _motion(jaw=0.14, pucker=0.55, upper_lip=0.25),  # sh, ch, r
        _motion(jaw=0.1, pucker=0.85),  # w
        _motion(jaw=0.3, upper_lip=0.1),  # k, g, h, l
    ]
)
_CONSONANT_WEIGHTS = (0.22, 0.1, 0.3, 0.12, 0.06, 0.2)

EXPRESSIONS: dict[str, Array] = {
    "smile": _motion(smile=0.65, upper_lip=0.12, blink=0.1),
    "laugh": _motion(smile=1, jaw=0.45, upper_lip=0.3, blink=0.3, brow=0.1),
    "surprise": _motion(brow=0.9, jaw=0.4, blink=-0.22),
    "shout": _motion(jaw=1, brow=0.4, upper_lip=0.3, blink=-0.1),
    "anger": _motion(frown=0.9, brow=-0.35, press=0.4, smile=-0.2, blink=0.05),
    "sorrow": _motion(smile=-0.5, frown=0.5, brow=0.25, blink=0.1),
    "disgust": _motion(upper_lip=0.8, frown=0.5, smile=-0.2, blink=0.25, brow=-0.2),
    "doubt": _motion(brow_left=0.8, brow_right=-0.2, frown=0.2, smile_right=0.25),
    "pout": _motion(pucker=0.9, frown=0.25, brow=0.1),
    "restraint": _motion(press=0.8, smile=0.15, brow=0.1),
}
"""Motions [19] of the whole face at full strength."""


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
    track, stresses = _speech(random, times, end, character.loudness)
    track += _expressions(random, times, end, character)
    track[:, _POSE] += _poses(random, times, end, character)
    _emphasise(random, times, stresses, character.strength, track)
    track = _compatible(track)
    track[:, _GAZE], shifts = _gaze(random, times, end, track[:, _POSE[:2]])
    _blink(random, times, end, shifts, track)
    return _rounded(_limited(track))


def draw_motion(random: np.random.Generator) -> Vector:
    """One motion, float32 [19], for training and judging: the pose is uniform over its range, the expression any.

    One in six has a neutral face. Half of the others look into the camera as far as their eyes can turn.
    """
    motion = np.zeros(len(MOTION))
    if random.random() > 1 / 6:
        if random.random() < 0.6:
            viseme = _VOWELS if random.random() < 0.6 else _CONSONANTS
            motion += random.uniform(0.4, 1.3) * viseme[random.integers(len(viseme))]
        if random.random() < 0.6:
            names = list(EXPRESSIONS)
            motion += _asymmetric(random, random.uniform(0.2, 1) * EXPRESSIONS[names[random.integers(len(names))]])
        if random.random() < 0.3:
            motion[_BROWS] += random.uniform(-0.4, 0.9)
        motion[_BROWS] += random.normal(0, 0.06, 2)
        motion[_SMILES] += random.normal(0, 0.05, 2)
        motion = _compatible(motion)
        closed = random.uniform(0.1, 1) if random.random() < 0.25 else 0.0
        sides = (1.0, 0.1) if random.random() < 0.15 else (1.0, 1.0)
        motion[_BLINKS] = np.maximum(motion[_BLINKS] + random.normal(0, 0.04), closed * random.permutation(sides))
    pose = random.uniform(_LOW[_POSE], _HIGH[_POSE])
    pose[3:] *= 0.75
    looks_at_camera = random.random() < 0.5
    aside = random.uniform(-1, 1, 2) * (22, 14)
    motion[_GAZE] = -_EYES_FOLLOW * pose[:2] if looks_at_camera else aside
    motion[_POSE] = pose
    return _rounded(np.clip(motion, _LOW, _HIGH))


def _minimum_jerk(progress: Array) -> Array:
    """0 to 1 as progress goes from 0 to 1, the way limbs and heads move (Flash and Hogan 1985)."""
    u = np.clip(progress, 0, 1)
    smooth: Array = u**3 * (10 - 15 * u + 6 * u**2)
    return smooth


def _pulse(times: Array, start: float, rise: float, hold: float, fall: float) -> Array:
    """0, then 1 for `hold` seconds, then 0, with smooth flanks; [T]."""
    return _minimum_jerk((times - start) / rise) - _minimum_jerk((times - start - rise - hold) / fall)


def _drift(random: np.random.Generator, times: Array) -> Array:
    """Slow wandering about 0 with a deviation of about 1; [T]."""
    rates, phases = random.uniform(0.1, 0.7, (4, 1)), random.uniform(0, 1, (4, 1))
    waves: Array = np.sin(2 * np.pi * (rates * times + phases)).sum(axis=0) / np.sqrt(2)
    return waves


def _starts(random: np.random.Generator, end: float, gap: tuple[float, float]) -> Iterator[float]:
    """Moments before `end`, at random distances; the first may lie before 0."""
    moment = random.uniform(-0.5, 1) * gap[1]
    while moment < end:
        yield moment
        moment += random.uniform(*gap)


def _speech(random: np.random.Generator, times: Array, end: float, loudness: float) -> tuple[Array, list[float]]:
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
        syllables = int(random.integers(3, 13))
        rate, level = random.uniform(3.4, 5.6), loudness * random.uniform(0.75, 1.1)
        for _ in range(syllables):
            length = np.clip(random.uniform(0.75, 1.3) / rate, 1 / 6, 1 / 3)
            stress = random.uniform(0.55, 1.15)
            consonant = random.choice(len(_CONSONANTS), p=_CONSONANT_WEIGHTS)
            strength = 2.0 if consonant < 2 else 0.7  # lips that must touch do
            say(_CONSONANTS[consonant], moment, 0.22 * length, strength)
            say(level * stress * _VOWELS[random.integers(len(_VOWELS))], moment + 0.5 * length, 0.33 * length, 1)
            if stress > 0.95 and (not stresses or moment - stresses[-1] > _EMPHASIS_SPACING):
                stresses.append(moment)
            moment += length
        moment += random.uniform(0.25, 0.9)
    return total / weight[:, None], stresses


def _asymmetric(random: np.random.Generator, expression: Array) -> Array:
    """The expression [19] a little stronger on one side; half of them mirrored."""
    expression = expression.copy()
    for sides in (_SMILES, _BROWS):
        expression[sides] *= random.uniform(0.8, 1, 2)
    if random.random() < 0.5:
        for left, right in (_SMILES, _BROWS, _BLINKS):
            expression[[left, right]] = expression[[right, left]]
    return expression


def _expressions(random: np.random.Generator, times: Array, end: float, character: Character) -> Array:
    """Expressions that rise, stay and fall, one after the other; motion [T,19]."""
    track = np.zeros((len(times), len(MOTION)))
    for start in _starts(random, end, (1.8, 3.6)):
        name = character.expressions[random.integers(len(character.expressions))]
        rise, hold, fall = random.uniform((0.35, 0.2, 0.45), (0.6, 0.9, 0.8))
        strength = character.strength * random.uniform(0.7, 1)
        pulse = _pulse(times, start, rise, hold, fall)
        track += strength * pulse[:, None] * _asymmetric(random, EXPRESSIONS[name])
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
        track += _minimum_jerk((times - moment) / duration)[:, None] * (following - pose)
        pose = following
        moment += duration + random.uniform(*character.hold)
    drift = np.stack([_drift(random, times) for _ in range(6)], axis=1)
    return track + _POSE_DRIFT * drift


def _emphasise(random: np.random.Generator, times: Array, stresses: list[float], strength: float, track: Array) -> None:
    """Adds raised brows and nods at stressed syllables to the track [T,19]."""
    for moment in stresses:
        if random.random() < 0.7:
            brow = strength * random.uniform(0.2, 0.6) * random.uniform(0.85, 1, 2)
            track[:, _BROWS] += brow * _pulse(times, moment - 0.15, 0.25, 0.1, 0.35)[:, None]
        if random.random() < 0.6:
            nod = strength * random.uniform(2, 6)
            track[:, MOTION_INDEX["pitch"]] -= nod * _pulse(times, moment - 0.1, 0.26, 0.02, 0.32)


def _compatible(motion: Array) -> Array:
    """Motion [...,19] without what no mouth can do at once: pressed lips while it gapes, or puckered ones in a grin."""
    motion = motion.copy()
    jaw, smile = motion[..., MOTION_INDEX["jaw"]], motion[..., _SMILES].mean(axis=-1)
    motion[..., MOTION_INDEX["press"]] *= 1 - _minimum_jerk(jaw / 0.6)
    motion[..., MOTION_INDEX["pucker"]] *= 1 - 0.8 * _minimum_jerk(smile / 0.9)
    return motion


def _gaze(random: np.random.Generator, times: Array, end: float, head: Array) -> tuple[Array, list[float]]:
    """Fixations and quick jumps between them, against the head's yaw and pitch [T,2], and the moments of large jumps.

    Eyes stay on a point in space while the head turns, and so turn the other way.
    """
    fps = len(times) / end
    point = np.zeros(2)
    points, shifts = np.zeros_like(head), []
    for moment in _starts(random, end, (0.3, 1.4)):
        if random.random() < 0.55:
            following = random.normal(0, 1.0, 2)  # the camera
        else:
            ahead = head[int(np.clip((moment + 0.2) * fps, 0, len(times) - 1))]
            following = _EYES_FOLLOW * ahead + random.normal(0, (9, 4))
        angle = float(np.hypot(*(following - point)))
        if angle > _LARGE_GAZE_SHIFT:
            shifts.append(moment)
        duration = 0.021 + 0.0022 * angle  # the main sequence (Bahill, Clark and Stark 1975)
        points += _minimum_jerk((times - moment) / duration)[:, None] * (following - point)
        point = following
    return points - _EYES_FOLLOW * head, shifts


def _blink(random: np.random.Generator, times: Array, end: float, shifts: list[float], track: Array) -> None:
    """Closes the lids of the track [T,19] every 2 to 5 seconds and at most large jumps of the gaze."""
    moments = list(_starts(random, end, (2, 5))) + [shift - 0.05 for shift in shifts if random.random() < 0.6]
    last = -np.inf
    closed = np.zeros((len(times), 2))
    for moment in sorted(moments):
        sides = random.permutation((1.0, 0.15)) if random.random() < 0.04 else np.ones(2)
        if moment - last > 0.6:
            closing, opening = random.uniform((0.08, 0.14), (0.1, 0.18))
            closed += _pulse(times, moment, closing, 0.04, opening)[:, None] * sides
            last = moment
    track[:, _BLINKS] += closed * (1 - track[:, _BLINKS])


def _limited(track: Array) -> Array:
    """The track [T,19] within the ranges of MOTION, bent near their ends so that it stays smooth; lids are cut off."""
    bound = np.where(track < 0, -_LOW, _HIGH)
    bent: Array = track / (1 + np.abs(track / np.maximum(bound, 1e-9)) ** 16) ** (1 / 16)
    bent[:, _BLINKS] = track[:, _BLINKS]
    bent.clip(_LOW, _HIGH, out=bent)
    return bent


def _rounded(motion: Array) -> Vector:
    """To four decimals, which hides that platforms differ in the last bits of their sines."""
    return motion.round(4).astype(np.float32)
