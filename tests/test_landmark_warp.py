"""landmark-warp, as a specification.

Most pictures here are ramps, whose colour says where a pixel came from: so a point of the target can be found again in
the output, wherever it went.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reenactbench_methods.landmark_warp.fit import face, fit, rotation_matrices
from reenactbench_methods.landmark_warp.mesh import EDGE, IS_BACKGROUND, IS_MOUTH, TRIANGLES, TWIN, head
from reenactbench_methods.landmark_warp.method import LandmarkWarp
from reenactbench_methods.landmark_warp.mirror import borrowed
from reenactbench_methods.landmark_warp.motion import Motion
from reenactbench_methods.landmark_warp.raster import rasterise
from reenactbench_methods.landmark_warp.shape import (
    EXPRESSION,
    EXPRESSION_MODES,
    IDENTITY,
    IDENTITY_MODES,
    MEAN,
    MIRROR,
    Array,
)

from reenactbench.types import Frames

SIZE = 128
METHOD = LandmarkWarp(torch.device("cpu"))


def coefficients(modes: dict[str, Array], **values: float) -> Array:
    """[1,K]: coefficients by the names of their modes, with _ for a blank."""
    named = {name.replace("_", " "): value for name, value in values.items()}
    assert named.keys() <= modes.keys()
    return np.array([[named.get(name, 0.0) for name in modes]])


def landmarks(
    turn: tuple[float, float, float] = (0, 0, 0),
    *,
    scale: float = 40,
    at: tuple[float, float] = (64, 50),
    identity: dict[str, float] | None = None,
    expression: dict[str, float] | None = None,
) -> Array:
    """[1,68,2]: landmarks of a face of the model; `turn` is a rotation vector in degrees (nod, turn, tilt)."""
    rotation = rotation_matrices(np.radians([turn]))
    who = coefficients(IDENTITY_MODES, **(identity or {}))
    points = face(rotation, who, coefficients(EXPRESSION_MODES, **(expression or {})))
    return (scale * points @ rotation.transpose(0, 2, 1))[..., :2] + at


def ramp() -> torch.Tensor:
    """[1,3,S,S]: red says the column, green the row, blue is half."""
    line = torch.arange(SIZE) / SIZE
    return torch.stack([line.expand(SIZE, SIZE), line[:, None].expand(SIZE, SIZE), torch.full((SIZE, SIZE), 0.5)])[None]


def texture(seed: int = 0) -> torch.Tensor:
    """[1,3,S,S]: noise, the hardest picture to interpolate."""
    return torch.rand(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))


def frames(points: Array, image: torch.Tensor | None = None) -> Frames:
    images = ramp() if image is None else image
    return Frames(images.expand(len(points), -1, -1, -1), torch.from_numpy(points).float())


def reenact(target: Frames, driving: Frames) -> torch.Tensor:
    return METHOD.reenact(METHOD.encode_target(target), driving)


def find(point: Array, output: torch.Tensor) -> Array:
    """Where in the output [3,S,S] of a ramp the point (x, y) of the target went."""
    away = (output[0] * SIZE - point[0]) ** 2 + (output[1] * SIZE - point[1]) ** 2
    row, column = divmod(int(away.argmin()), SIZE)
    return np.array([column, row])


def moving(count: int) -> Array:
    """[count,68,2]: a head that turns, nods, speaks and blinks."""
    return np.concatenate([
        landmarks(
            (4 * np.sin(t), 25 * np.sin(0.7 * t), 6 * np.cos(t)),
            scale=38 + np.cos(t),
            at=(62 + 3 * np.sin(t), 52),
            identity={"wide_face": -0.5},
            expression={"jaw_opens": 1 + np.sin(2 * t), "left_eye_closes": np.cos(t)},
        )
        for t in range(count)
    ])  # fmt: skip


class TestWarp:
    @pytest.mark.parametrize("count", [1, 3])
    def test_gives_one_picture_a_driving_frame(self, count: int) -> None:
        output = reenact(frames(landmarks(), texture()), frames(moving(count)))
        assert output.shape == (count, 3, SIZE, SIZE)
        assert output.dtype == torch.float32
        assert output.min() >= 0 and output.max() <= 1

    @pytest.mark.parametrize("turn", [(0, 0, 0), (5, 35, -10)])
    @pytest.mark.parametrize("opening", [0, 2.5])
    def test_a_face_that_drives_itself_stays_as_it_is(self, turn: tuple[float, float, float], opening: float) -> None:
        own = landmarks(turn, expression={"jaw_opens": opening}) + np.random.default_rng(0).normal(0, 1, (1, 68, 2))
        target = frames(own, texture())
        torch.testing.assert_close(reenact(target, target), target.images, atol=1e-4, rtol=0)

    def test_a_frame_does_not_depend_on_its_batch(self) -> None:
        target = METHOD.encode_target(frames(landmarks((0, -20, 0)), texture()))
        driving = frames(moving(7))
        together = METHOD.reenact(target, driving)
        alone = torch.cat([METHOD.reenact(target, driving[t : t + 1]) for t in range(7)])
        backwards = METHOD.reenact(target, Frames(driving.images.flip(0), driving.landmarks.flip(0))).flip(0)
        torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
        torch.testing.assert_close(together, backwards, atol=1e-5, rtol=0)

    def test_the_driving_image_is_not_looked_at(self) -> None:
        target = METHOD.encode_target(frames(landmarks(), texture()))
        points = moving(1)
        assert torch.equal(
            METHOD.reenact(target, frames(points, texture(1))), METHOD.reenact(target, frames(points, texture(2)))
        )

    def test_the_border_of_the_picture_stands_still(self) -> None:
        output = reenact(
            frames(landmarks(scale=25, at=(64, 64))), frames(landmarks((0, 20, 10), scale=25, at=(64, 64)))
        )
        border = torch.ones(SIZE, SIZE, dtype=torch.bool)
        border[2:-2, 2:-2] = False
        assert (output - ramp())[0, :, border].abs().max() < 1.5 / SIZE

    def test_works_at_any_size(self) -> None:
        small = frames(landmarks(), texture()).resized(96)
        assert reenact(small, frames(moving(2)).resized(96)).shape == (2, 3, 96, 96)

    @pytest.mark.parametrize("seed", range(3))
    def test_no_landmarks_however_wild_break_it(self, seed: int) -> None:
        wild = np.random.default_rng(seed).uniform(-40, 170, (2, 68, 2))
        output = reenact(frames(wild[:1], texture()), frames(wild[1:]))
        assert torch.isfinite(output).all()


class TestMotion:
    def test_the_mouth_opens_with_the_drivers(self) -> None:
        own = landmarks(identity={"wide_mouth": 2})
        driver = landmarks(expression={"jaw_opens": 2.5})
        output = reenact(frames(own), frames(driver))[0]
        upper, lower = find(own[0, 51], output), find(own[0, 57], output)
        assert own[0, 57, 1] - own[0, 51, 1] < 9
        assert lower[1] - upper[1] == pytest.approx(driver[0, 57, 1] - driver[0, 51, 1], abs=2)

    def test_proportions_stay_the_targets(self) -> None:
        own = landmarks(identity={"wide_face": 1.5, "long_from_eyes_to_nose": -2})[0]
        driver = landmarks((0, 0, 10), identity={"wide_face": -1.5, "long_from_eyes_to_nose": 2})
        output = reenact(frames(own[None]), frames(driver))[0]

        def proportions(points: Array) -> Array:
            lengths = np.linalg.norm(points[[16, 33]] - points[[0, 27]], axis=1)
            return np.asarray(lengths / np.linalg.norm(points[45] - points[36]))

        found = proportions(np.stack([find(point, output) for point in own]))
        own_proportions, drivers_proportions = proportions(own), proportions(driver[0])
        assert np.abs(own_proportions - drivers_proportions).min() > 0.15
        assert np.abs(found - own_proportions).max() < 0.04

    def test_the_head_turns_with_the_drivers(self) -> None:
        own, driver = landmarks(), landmarks((0, 25, 0))
        output = reenact(frames(own), frames(driver))[0]
        found = np.stack([find(point, output) for point in own[0, [27, 30, 33, 48, 54]]])
        assert np.abs(found - driver[0, [27, 30, 33, 48, 54]]).max() < 2.5

    def test_place_and_size_in_the_picture_are_the_drivers(self) -> None:
        own, driver = landmarks(), landmarks(scale=34, at=(70, 56))
        output = reenact(frames(own), frames(driver))[0]
        found = np.stack([find(point, output) for point in own[0, 17:48]])
        assert np.abs(found - driver[0, 17:48]).max() < 2

    def test_closed_eyes_are_closed_for_everybody(self) -> None:
        own = fit(landmarks(expression={"left_eye_closes": -1, "right_eye_closes": -1}))
        closed = landmarks(expression={"left_eye_closes": 1.9, "right_eye_closes": 1.9})
        motion = Motion.of(closed, fit(closed))
        model = face(motion.rotation, own.identity, motion.expression)
        moved = motion.place(head(model, motion.rotation))[0]
        lids = moved[[41, 40, 47, 46], 1] - moved[[37, 38, 43, 44], 1]
        assert np.abs(lids - (closed[0, [41, 40, 47, 46], 1] - closed[0, [37, 38, 43, 44], 1])).max() < 1e-6

    def test_a_mouth_torn_open_is_dark_inside(self) -> None:
        output = reenact(frames(landmarks()), frames(landmarks(expression={"jaw_opens": 3})))[0]
        driver = landmarks(expression={"jaw_opens": 3})[0]
        column, row = (0.7 * driver[62] + 0.3 * driver[66]).round().astype(int)
        assert (output[:, row, column] < 0.4 * ramp()[0, :, row, column]).all()

    def test_the_code_is_all_that_passes(self) -> None:
        driving = frames(moving(3))
        code = METHOD.motion_code(driving)
        assert code.shape == (3, 6 + 3 + len(EXPRESSION) + 7)
        assert torch.isfinite(code).all()
        torch.testing.assert_close(METHOD.motion_code(driving[1:2]), code[1:2])


class TestBadLandmarks:
    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            (lambda points: points * np.nan, "not finite"),
            (lambda points: points * 0 + 64, "in one spot or on one line"),
            (lambda points: points * (1, 0), "in one spot or on one line"),
        ],
    )
    def test_are_refused_with_a_sentence(self, spoil, why: str) -> None:  # type: ignore[no-untyped-def]
        good = landmarks()
        with pytest.raises(ValueError, match=f"target landmarks of frame 0 of 1 .* {why}"):
            METHOD.encode_target(frames(spoil(good)))
        target = METHOD.encode_target(frames(good))
        with pytest.raises(ValueError, match=f"driving landmarks of frame 1 of 2 .* {why}"):
            METHOD.reenact(target, frames(np.concatenate([good, spoil(good)])))

    def test_of_another_layout_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"must have the shape \[T,68,2\]"):
            fit(np.zeros((1, 5, 2)))


class TestFit:
    @settings(max_examples=25, deadline=None)
    @given(
        nod=st.floats(-15, 15),
        turn=st.floats(-35, 35),
        tilt=st.floats(-20, 20),
        scale=st.floats(15, 80),
        opening=st.floats(0, 3),
        smile=st.floats(-1, 1.5),
        width=st.floats(-1.5, 1.5),
    )
    def test_finds_the_pose_and_expression_of_the_model(
        self, nod: float, turn: float, tilt: float, scale: float, opening: float, smile: float, width: float
    ) -> None:
        points = landmarks(
            (nod, turn, tilt),
            scale=scale,
            at=(100, 40),
            identity={"wide_face": width},
            expression={"jaw_opens": opening, "smile": smile},
        )
        found = fit(points)
        rotation = rotation_matrices(np.radians([[nod, turn, tilt]]))
        cosine = (np.einsum("tij,tij->t", found.rotation, rotation) - 1) / 2
        assert np.degrees(np.arccos(cosine.clip(-1, 1))).max() < 4
        assert found.scale == pytest.approx(scale, rel=0.05)
        expression = dict(zip(EXPRESSION_MODES, found.expression[0], strict=True))
        assert expression["jaw opens"] == pytest.approx(opening, abs=0.8)  # the prior draws it towards the mean
        assert expression["smile"] == pytest.approx(smile, abs=0.8)
        model = face(found.rotation, found.identity, found.expression) @ found.rotation.transpose(0, 2, 1)
        error = found.scale * model[..., :2] + found.shift - points
        assert np.linalg.norm(error, axis=-1).mean() < 0.02 * scale

    def test_does_not_depend_on_the_batch(self) -> None:
        points = moving(9)
        together, alone = fit(points), fit(points[4:5])
        assert np.array_equal(together.rotation[4:5], alone.rotation)
        assert np.array_equal(together.expression[4:5], alone.expression)


class TestModel:
    def test_is_symmetric(self) -> None:
        flip = np.array([-1, 1, 1])
        assert np.allclose(MEAN[MIRROR] * flip, MEAN)
        for mode in IDENTITY:
            assert np.allclose(mode[MIRROR] * flip, mode)
        layout = head(MEAN[None], np.eye(3)[None])[0]
        assert np.allclose(layout[TWIN] * flip, layout)

    def test_has_the_outer_eye_distance_as_its_unit(self) -> None:
        assert MEAN[45, 0] - MEAN[36, 0] == 1

    def test_expressions_leave_the_eye_corners_in_place(self) -> None:
        assert not EXPRESSION[:, [36, 39, 42, 45]].any()


class TestMesh:
    def test_triangles_use_every_point(self) -> None:
        points = head(MEAN[None], np.eye(3)[None]).shape[1] + len(EDGE)
        assert set(TRIANGLES.flat) == set(range(points))

    def test_the_inside_of_the_mouth_is_a_closed_polygon(self) -> None:
        assert IS_MOUTH.sum() == 8 - 2

    def test_the_head_at_rest_has_no_folds(self) -> None:
        layout = head((MEAN + EXPRESSION_MODES["jaw opens"])[None], np.eye(3)[None])[0, :, :2]
        x, y = layout[TRIANGLES[~IS_BACKGROUND]].T
        area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
        assert (area > 0).all() or (area < 0).all()


class TestMirror:
    def test_a_face_from_the_front_borrows_nothing(self) -> None:
        assert not borrowed(np.eye(3), rotation_matrices(np.radians([[0, 40, 0], [10, -40, 5]]))).any()

    def test_a_pose_that_stays_borrows_nothing(self) -> None:
        turned = rotation_matrices(np.radians([[0, 40, 0]]))
        assert not borrowed(turned[0], turned).any()

    @pytest.mark.parametrize("side", [1, -1])
    def test_a_turned_face_lends_its_near_half_to_the_far_one(self, side: int) -> None:
        turned = rotation_matrices(np.radians([[0, 40 * side, 0]]))
        share = borrowed(turned[0], np.eye(3)[None])[0]
        depth = MEAN @ turned[0, 2]
        far = depth > depth[MIRROR]
        assert share[:68][far].max() == 1
        assert not share[:68][~far].any()


class TestRaster:
    def test_a_pixel_belongs_to_the_triangle_that_holds_its_centre(self) -> None:
        square = np.array([[[0, 0], [4, 0], [0, 4]], [[4, 0], [4, 4], [0, 4]]], dtype=float)
        covered = rasterise(square - 0.5, 5)
        row, column = np.mgrid[:5, :5]
        inside = (row < 4) & (column < 4)
        assert ((covered >= 0) == inside).all()
        assert (covered[inside & (row + column < 3)] == 0).all()
        assert (covered[inside & (row + column > 3)] == 1).all()

    def test_later_triangles_hide_earlier_ones(self) -> None:
        large = np.array([[-9, -9], [30, -9], [-9, 30]], dtype=float)
        small = np.array([[2, 2], [5, 2], [2, 5]], dtype=float)
        covered = rasterise(np.stack([large, small]), 8)
        assert covered[2, 2] == 1 and covered[0, 0] == 0
        assert (rasterise(np.stack([small, large]), 8) == 0).sum() == 0

    def test_triangles_without_area_cover_nothing(self) -> None:
        assert (rasterise(np.array([[[1, 1], [5, 5], [3, 3]], [[2, 2], [2, 2], [2, 2]]], dtype=float), 8) == -1).all()

    @settings(max_examples=50, deadline=None)
    @given(st.lists(st.floats(-6, 14), min_size=6, max_size=6))
    def test_agrees_with_testing_every_pixel(self, numbers: list[float]) -> None:
        corners = np.array(numbers).reshape(1, 3, 2)
        (ax, ay), (bx, by), (cx, cy) = corners[0]
        y, x = np.mgrid[:8, :8]
        sides = np.stack([
            (bx - ax) * (y - ay) - (by - ay) * (x - ax),
            (cx - bx) * (y - by) - (cy - by) * (x - bx),
            (ax - cx) * (y - cy) - (ay - cy) * (x - cx),
        ])  # fmt: skip
        surely = (sides > 1e-3).all(axis=0) | (sides < -1e-3).all(axis=0)
        surely_not = (sides > 1e-3).any(axis=0) & (sides < -1e-3).any(axis=0)
        covered = rasterise(corners, 8) == 0
        assert covered[surely].all()
        assert not covered[surely_not].any()
