"""The pose metric recovers rotations exactly where its model holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from test_metrics import scene

from reenactbench.datasets.synthetic.body import anatomy
from reenactbench.metrics.mean_face import MEAN_FACE
from reenactbench.metrics.pose import Pose, angles, head_rotations, scaled_orthographic

DEGREES = st.floats(-60, 60)


def seen(rotation: np.ndarray, scale: float = 4.0, at: tuple[float, float] = (64, 60)) -> np.ndarray:
    """The mean face's landmarks [68,2] in pixels, y down, through a scaled orthographic camera."""
    turned = MEAN_FACE @ rotation.T
    return scale * turned[:, :2] * [1, -1] + at


@settings(max_examples=200, deadline=None)
@given(yaw=DEGREES, pitch=DEGREES, roll=st.floats(-180, 180), scale=st.floats(0.5, 20), x=st.floats(-99, 99), y=DEGREES)
def test_any_rotation_of_the_mean_face_is_recovered(
    yaw: float, pitch: float, roll: float, scale: float, x: float, y: float
) -> None:
    rotation = Rotation.from_euler("yxz", [yaw, pitch, roll], degrees=True).as_matrix()
    found = head_rotations(seen(rotation, scale, (x, y))[None].astype(np.float64))
    np.testing.assert_allclose(found[0], rotation, atol=1e-9)


def test_signs_are_those_of_the_picture() -> None:
    """A nose to the right of the picture is a turn about the upward axis, and y grows downwards in pixels."""
    right = head_rotations(seen(Rotation.from_euler("y", 30, degrees=True).as_matrix())[None])[0]
    assert right[0, 2] == pytest.approx(0.5)  # the face's forward axis points to the right
    up = head_rotations(seen(Rotation.from_euler("x", -30, degrees=True).as_matrix())[None])[0]
    assert up[1, 2] == pytest.approx(0.5)


@settings(max_examples=100, deadline=None)
@given(angle=st.floats(0, 180), seed=st.integers(0, 10**6))
def test_angles_are_geodesic(angle: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    axis = random.normal(size=3)
    first = Rotation.random(rng=random)
    second = first * Rotation.from_rotvec(angle * axis / np.linalg.norm(axis), degrees=True)
    assert angles(first.as_matrix()[None], second.as_matrix()[None])[0] == pytest.approx(angle, abs=1e-5)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_points_of_no_face_still_give_rotations(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(0, 128, (3, 68, 2))
    found = scaled_orthographic(MEAN_FACE, points)
    np.testing.assert_allclose(found @ found.swapaxes(1, 2), np.broadcast_to(np.eye(3), (3, 3, 3)), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(found), 1)


def test_the_score_is_the_angle_between_the_two_heads() -> None:
    turn = Rotation.from_euler("y", 12, degrees=True).as_matrix()
    generated = np.stack([seen(turn), seen(np.eye(3)), np.full((68, 2), np.nan)]).astype(np.float32)
    driving = np.stack([seen(np.eye(3), 3.0)] * 3).astype(np.float32)
    found = {"generated": {"landmarks": generated}, "driving": {"landmarks": driving}}
    values, reason = Pose().score(scene("cross", {"landmarks": found}))
    np.testing.assert_allclose(values, [12, 0, np.nan], atol=1e-3)
    assert reason.startswith("no face found")


def test_the_variant_names_the_method_and_the_network() -> None:
    assert Pose.variant({"detector": "synthface", "landmarks": "synthface"}) == (
        "pose/synthface/scaled-orthographic-mean@1"
    )


def test_the_mean_face_is_a_face() -> None:
    assert MEAN_FACE.shape == (68, 3)
    np.testing.assert_allclose(MEAN_FACE[:17], MEAN_FACE[16::-1] * [-1, 1, 1])
    assert MEAN_FACE[30, 2] == MEAN_FACE[:, 2].max()  # the nose tip is in front
    assert np.linalg.norm(MEAN_FACE[36] - MEAN_FACE[45]) == pytest.approx(9, abs=0.5)  # outer corners of the eyes, cm


def test_the_mean_face_is_that_of_the_synthetic_world() -> None:
    off = np.linalg.norm(MEAN_FACE - anatomy.controls().points[:68], axis=1)
    assert off.max() < 0.15  # cm
