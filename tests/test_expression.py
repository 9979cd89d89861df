"""The expression metric sees shape and nothing of place, size or roll."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_metrics import scene

from reenactbench.metrics.expression import Expression, shape_distance


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return points @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), degrees=st.floats(-180, 180), scale=st.floats(0.1, 10), shift=st.floats(-99, 99))
def test_similarities_are_removed(seed: int, degrees: float, scale: float, shift: float) -> None:
    fixed = np.random.default_rng(seed).normal(size=(1, 51, 2))
    moved = scale * turned(fixed, degrees) + [shift, -shift]
    np.testing.assert_allclose(shape_distance(moved, fixed), 0, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), degrees=st.floats(-180, 180), scale=st.floats(0.1, 10))
def test_the_fit_is_the_best_one(seed: int, degrees: float, scale: float) -> None:
    """No other turn and scale leaves less: the residual of Umeyama's solution, found here by trying."""
    random = np.random.default_rng(seed)
    moved, fixed = random.normal(size=(2, 1, 8, 2))

    def residual(first: np.ndarray) -> float:
        centred = first - first.mean(axis=1, keepdims=True)
        return float((np.square(centred - fixed + fixed.mean(axis=1, keepdims=True))).sum())

    first, second = (points[..., 0] + 1j * points[..., 1] for points in (moved, fixed))
    first, second = (points - points.mean(axis=1, keepdims=True) for points in (first, second))
    factor = (first.conj() * second).sum() / (np.abs(first) ** 2).sum()
    best = turned(moved * abs(factor), np.degrees(np.angle(factor)))
    assert residual(best) <= residual(scale * turned(moved, degrees)) + 1e-9
    expected = np.abs(factor * first - second).mean()
    assert shape_distance(moved, fixed)[0] == pytest.approx(expected)


def test_a_mirrored_face_is_another_shape() -> None:
    fixed = np.random.default_rng(0).normal(size=(1, 51, 2))
    assert shape_distance(fixed * [-1, 1], fixed)[0] > 0.1


def test_by_hand() -> None:
    """A square against one whose corners lie 1 further out and 1 further in by turns: the best fit is the square."""
    square = np.array([[[3, 0], [0, 3], [-3, 0], [0, -3]]], float)
    other = np.array([[[4, 0], [0, 2], [-4, 0], [0, -2]]], float)
    assert shape_distance(square, other)[0] == pytest.approx(1)


def test_the_score_is_over_the_drivers_outer_eye_distance_and_without_the_jaw() -> None:
    random = np.random.default_rng(1)
    driving = random.normal(size=(3, 68, 2)).astype(np.float32)
    driving[:, 36], driving[:, 45] = (0, 0), (30, 40)
    generated = 2 * driving + 7
    generated[:, :17] = random.normal(size=(3, 17, 2))
    generated[2] = np.nan
    found = {"generated": {"landmarks": generated}, "driving": {"landmarks": driving}}
    values, reason = Expression().score(scene("cross", {"landmarks": found}))
    np.testing.assert_allclose(values, [0, 0, np.nan], atol=1e-6)
    assert reason.startswith("no face found")
    generated[:, 48] += 10
    values, _ = Expression().score(scene("cross", {"landmarks": found}))
    inner = [points[:, 17:].astype(float) for points in (generated, driving)]
    np.testing.assert_allclose(values[:2], shape_distance(*inner)[:2] / 50)
    assert values[0] > 0.001


def test_the_variant() -> None:
    names = {"detector": "yunet", "landmarks": "onnx68-pfld68"}
    assert Expression.variant(names) == "expression/onnx68-pfld68/inner51-procrustes-yunet@1"
