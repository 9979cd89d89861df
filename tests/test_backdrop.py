"""Backdrops are pictures of places out of focus, the same at every size."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenactbench.datasets.synthetic.backdrop.backdrop import draw_backdrop

SEEDS = range(60)


def reduced(picture: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.resize(picture.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA), np.float32)


@given(st.integers(0, 2**31 - 1), st.sampled_from([16, 100, 192, 256, 300]))
@settings(deadline=None, max_examples=40)
def test_any_seed_is_a_picture(seed: int, size: int) -> None:
    picture = draw_backdrop(seed, size)
    assert picture.shape == (size, size, 3) and picture.dtype == np.uint8


def test_the_order_of_drawing_changes_nothing() -> None:
    forth = [draw_backdrop(seed, 64).tobytes() for seed in range(20)]
    back = [draw_backdrop(seed, 64).tobytes() for seed in reversed(range(20))]
    assert forth == back[::-1]


@pytest.mark.parametrize("size", [128, 192, 512])
def test_the_same_seed_at_another_size_is_the_same_picture(size: int) -> None:
    for seed in SEEDS:
        difference = reduced(draw_backdrop(seed, size), 64) - reduced(draw_backdrop(seed, 256), 64)
        assert np.abs(difference).mean() < 1.5


def test_seeds_are_different_pictures() -> None:
    pictures = np.stack([reduced(draw_backdrop(seed, 64), 16).ravel() for seed in SEEDS])
    distances = np.abs(pictures[:, None] - pictures).mean(axis=-1)
    assert distances[np.triu_indices(len(pictures), 1)].min() > 4


def test_backdrops_are_neither_black_nor_burnt_out() -> None:
    means = np.array([draw_backdrop(seed, 64).mean() for seed in SEEDS])
    assert means.min() > 15 and means.max() < 225
    assert np.ptp(means) > 80


def test_backdrops_are_out_of_focus() -> None:
    """What is finer than a face's features is grain."""
    for seed in SEEDS:
        picture = draw_backdrop(seed, 256).astype(np.float32)
        assert np.abs(picture - cv2.blur(picture, (5, 5))).mean() < 3


def test_smooth_places_have_no_bands() -> None:
    """Hardly a patch of 8 x 8 pixels shows a single code, unless it is black or white."""
    patches = np.concatenate([draw_backdrop(seed, 128).reshape(16, 8, 16, 8, 3).swapaxes(1, 2) for seed in SEEDS])
    patches = patches.reshape(-1, 64, 3)
    grey = (patches.min(axis=1) > 2) & (patches.max(axis=1) < 253)
    assert (np.ptp(patches, axis=1)[grey] == 0).mean() < 0.005
