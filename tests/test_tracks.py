"""Tracks move like a person who talks to a camera, and never leave their ranges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets.synthetic.motion.expressions import EXPRESSIONS
from reenactbench.datasets.synthetic.motion.tracks import (
    CALM,
    CHARACTERS,
    EXTREME,
    LIVELY,
    Character,
    draw_motion,
    motion_track,
    neutral,
)
from reenactbench.datasets.synthetic.parameters import MOTION, MOTION_INDEX, Vector

LOW, HIGH = (np.array(ends, np.float32) for ends in zip(*((p.low, p.high) for p in MOTION), strict=True))
FPS = 25.0


def tracks(character: Character, count: int = 40, frames: int = 96) -> Vector:
    """[count,frames,19]."""
    return np.stack([motion_track(np.random.default_rng(seed), frames, FPS, character) for seed in range(count)])


def column(track: Vector, name: str) -> Vector:
    return track[..., MOTION_INDEX[name]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.sampled_from([15.0, 25.0, 30.0]), st.sampled_from(CHARACTERS))
def test_any_track_is_within_the_ranges(seed: int, frames: int, fps: float, character: Character) -> None:
    track = motion_track(np.random.default_rng(seed), frames, fps, character)
    assert track.shape == (frames, len(MOTION)) and track.dtype == np.float32
    assert (track >= LOW).all() and (track <= HIGH).all()


def test_the_same_seed_is_the_same_track_and_another_is_not() -> None:
    first, again, other = (motion_track(np.random.default_rng(seed), 50) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("character", CHARACTERS)
def test_all_but_lids_and_gaze_is_smooth(character: Character) -> None:
    """Degrees or units a second, and a second squared: what people filmed while they talk stay under."""
    track = tracks(character)
    speed = np.abs(np.diff(track, axis=1)).max(axis=(0, 1)) * FPS
    change = np.abs(np.diff(track, 2, axis=1)).max(axis=(0, 1)) * FPS**2
    for name, most_speed, most_change in (
        ("yaw", 160, 900),
        ("pitch", 110, 1000),
        ("roll", 90, 600),
        ("x", 0.4, 3),
        ("y", 0.4, 3),
        ("scale", 0.8, 6),
        ("jaw", 18, 450),
        ("pucker", 18, 550),
        ("upper_lip", 14, 350),
        ("press", 26, 850),  # lips meet and part within three frames
        ("smile_left", 9, 220),
        ("brow_left", 7, 90),
        ("frown", 6, 60),
    ):
        assert column(speed, name) < most_speed, name
        assert column(change, name) < most_change, name


def test_a_blink_closes_faster_than_it_opens() -> None:
    lids = column(tracks(CALM, count=60, frames=250), "blink_left")
    closed = lids > 0.98
    starts = closed[:, 1:] & ~closed[:, :-1]
    seconds = lids.size / FPS
    assert 2 < seconds / starts.sum() < 5
    closing, opening = [], []
    for clip, frame in zip(*np.nonzero(starts), strict=True):
        if 10 < frame < 230:
            around = lids[clip, frame - 9 : frame + 18] > 0.25
            closing.append(int(around[:10].sum()))
            opening.append(int(around[10:].sum()))
    assert 1 <= np.mean(closing) <= 3  # frames of 40 ms, without the first closed one
    assert np.mean(opening) > np.mean(closing)


def test_eyes_nearly_always_blink_together() -> None:
    track = tracks(LIVELY, count=60)
    left, right = column(track, "blink_left") > 0.9, column(track, "blink_right") > 0.9
    assert 0.9 < (left & right).sum() / (left | right).sum() < 1


def test_speech_has_the_rhythm_of_syllables() -> None:
    """Most of what the jaw does faster than 1.5 a second lies between 2 and 6 a second."""
    jaw = column(tracks(LIVELY, count=60, frames=250), "jaw")
    power = (np.abs(np.fft.rfft(jaw - jaw.mean(axis=1, keepdims=True), axis=1)) ** 2).mean(axis=0)
    rate = np.fft.rfftfreq(250, 1 / FPS)
    fast = rate > 1.5
    assert power[(rate >= 2) & (rate <= 6)].sum() > 0.7 * power[fast].sum()


def test_pressed_lips_close_the_mouth() -> None:
    track = tracks(LIVELY)
    pressed = column(track, "press") > 0.8
    assert pressed.any()
    assert column(track, "jaw")[pressed].max() < 0.3


def test_smiles_are_nearly_symmetric() -> None:
    track = tracks(LIVELY)
    left, right = column(track, "smile_left"), column(track, "smile_right")
    assert left.max() > 0.6
    assert 0 < np.abs(left - right)[left > 0.5].mean() < 0.15


def test_eyes_turn_against_the_head_and_jump() -> None:
    track = tracks(LIVELY)
    yaw, gaze = np.diff(column(track, "yaw"), axis=1), np.diff(column(track, "gaze_x"), axis=1)
    turning, jumping = np.abs(yaw) > 1, np.abs(gaze) > 2.5
    assert np.corrcoef(yaw[turning & ~jumping], gaze[turning & ~jumping])[0, 1] < -0.8
    assert 0.5 < jumping.sum() / (track.shape[0] * track.shape[1] / FPS) < 5  # frames of a jump a second


def test_characters_differ() -> None:
    calm, lively, extreme = (np.abs(column(tracks(character), "yaw")).max(axis=1) for character in CHARACTERS)
    assert calm.mean() < 12 < lively.mean() < 28 < extreme.mean()
    assert extreme.min() > 25 and extreme.max() > 38
    everything = tracks(EXTREME)
    assert np.abs(column(everything, "pitch")).max() > 18 and np.abs(column(everything, "roll")).max() > 13
    assert column(everything, "jaw").max() > 0.9


def test_a_drawn_motion_may_be_anything_within_the_ranges() -> None:
    random = np.random.default_rng(0)
    motions = np.stack([draw_motion(random) for _ in range(2000)])
    assert motions.dtype == np.float32
    assert (motions >= LOW).all() and (motions <= HIGH).all()
    for name in ("yaw", "pitch", "roll"):
        counts, _ = np.histogram(column(motions, name), 8, (LOW[MOTION_INDEX[name]], HIGH[MOTION_INDEX[name]]))
        assert counts.min() > 0.7 * 250  # uniform
    for name in ("jaw", "smile_left", "smile_right", "pucker", "press", "brow_left", "blink_left", "blink_right"):
        assert column(motions, name).max() > 0.9, name
    still = np.abs(motions[:, 6:17]).max(axis=1) == 0
    assert 0.1 < still.mean() < 0.25


def test_every_expression_and_the_neutral_motion_are_within_the_ranges() -> None:
    assert not neutral().any() and neutral().shape == (len(MOTION),)
    for name, motion in EXPRESSIONS.items():
        assert (motion >= LOW).all() and (motion <= HIGH).all() and motion.any(), name
