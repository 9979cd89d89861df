"""The synthetic heads: exact labels, independent motion, the same bytes every time."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets.synthetic.actor import Actor, Shot
from reenactbench.datasets.synthetic.body.anatomy import controls, shape_modes
from reenactbench.datasets.synthetic.body.chart import EYES, chart, spline_weights, spread
from reenactbench.datasets.synthetic.body.head import Head, topology
from reenactbench.datasets.synthetic.drawing import camera, light
from reenactbench.datasets.synthetic.hair.ribbons import ribbon_faces
from reenactbench.datasets.synthetic.motion.tracks import draw_motion, neutral
from reenactbench.datasets.synthetic.parameters import MOTION, MOTION_INDEX, SHAPE, Light, Vector
from reenactbench.datasets.synthetic.posing import head_rotation
from reenactbench.datasets.synthetic.world import people


def motion(**values: float) -> Vector:
    made = neutral()
    for name, value in values.items():
        made[MOTION_INDEX[name]] = value
    return made


@cache
def actor(number: int = 0) -> Actor:
    person = people()[number]
    return Actor(person.identity, person.setting)


@cache
def shot(number: int = 0, **values: float) -> Shot:
    return actor(number).render(motion(**values))


def test_vertices_are_linear_in_the_controls_and_landmarks_are_vertices() -> None:
    mean = controls()
    assert np.allclose((spread() @ mean.points)[chart().landmarks], mean.points[:68], atol=1e-4)
    assert len(set(chart().landmarks)) == 68


@given(st.integers(0, 10_000))
def test_a_thin_plate_spline_is_exact_at_its_centres_and_keeps_planes(seed: int) -> None:
    random = np.random.default_rng(seed)
    centres, elsewhere = random.uniform(-5, 5, (2, 12, 2)).astype(np.float32)
    plane = random.standard_normal(3)
    values = plane[0] + centres @ plane[1:]
    assert np.allclose(spline_weights(centres, centres) @ values, values, atol=1e-3)
    assert np.allclose(spline_weights(elsewhere, centres) @ values, plane[0] + elsewhere @ plane[1:], atol=2e-3)


def test_the_mesh_leaves_eyes_and_mouth_open() -> None:
    points, faces = chart().points, chart().faces
    centres = points[faces].mean(axis=1)
    eye = controls().chart[list(EYES[1])].mean(axis=0)
    mouth = controls().chart[60:68].mean(axis=0)
    for hole in (eye, mouth):
        assert np.linalg.norm(centres - hole, axis=1).min() > 0.1
    a, b, c = (points[faces[:, k]] for k in range(3))
    assert ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0] > 0).all()
    assert topology()[0].max() + 1 == len(Head(np.zeros(len(SHAPE), np.float32)).vertices(neutral()))


def test_the_mean_face_is_symmetric() -> None:
    skin = Head(np.zeros(len(SHAPE), np.float32)).neutral
    landmarks = skin[chart().landmarks]
    assert np.allclose(landmarks[36] * [-1, 1, 1], landmarks[45], atol=1e-4)
    assert np.allclose(landmarks[:8] * [-1, 1, 1], landmarks[16:8:-1], atol=1e-4)


def test_every_shape_parameter_changes_the_face_or_the_ear() -> None:
    moved = np.abs(shape_modes(controls())).max(axis=(1, 2))
    still = {parameter.name for parameter, by in zip(SHAPE, moved, strict=True) if by < 0.02}
    assert still == {"ear_size", "ear_angle"}
    assert moved.max() < 1  # cm a standard deviation


@pytest.mark.parametrize("name", [parameter.name for parameter in MOTION])
def test_every_motion_changes_the_picture(name: str) -> None:
    high = {parameter.name: parameter.high for parameter in MOTION}[name]
    changed = shot(0, **{name: high}).image.astype(int) - shot(0).image
    assert (np.abs(changed) > 12).any(axis=2).sum() >= 6


def test_the_motions_go_where_their_names_say() -> None:
    rest = shot().landmarks
    nose, brow, corner = 30, 24, 54
    assert shot(yaw=20).landmarks[nose, 0] > rest[nose, 0] + 3
    assert shot(pitch=15).landmarks[nose, 1] < rest[nose, 1] - 2
    rolled = shot(roll=12).landmarks
    assert rolled[27, 0] > rolled[8, 0] + 3  # the top of the head leans to the right of the picture
    assert np.allclose(shot(x=0.05).landmarks - rest, [6.4, 0], atol=1)
    assert np.allclose(shot(y=0.05).landmarks - rest, [0, 6.4], atol=1)
    assert np.ptp(shot(scale=0.1).landmarks[:, 0]) / np.ptp(rest[:, 0]) == pytest.approx(np.exp(0.1), rel=0.02)
    assert shot(brow_right=1).landmarks[brow, 1] < rest[brow, 1] - 1.5
    assert abs(shot(brow_left=1).landmarks[brow, 1] - rest[brow, 1]) < 0.3
    assert shot(smile_right=1).landmarks[corner, 0] > rest[corner, 0] + 1
    assert shot(smile_right=1).landmarks[corner, 1] < rest[corner, 1] - 1
    mouth = lambda found: float(np.linalg.norm(found[54] - found[48]))  # noqa: E731
    assert mouth(shot(pucker=1).landmarks) < 0.85 * mouth(rest)


@pytest.mark.parametrize(("side", "upper", "lower"), [("left", 37, 41), ("right", 44, 46)])
def test_lids_close(side: str, upper: int, lower: int) -> None:
    def opening(closed: float, gaze: float = 0.0) -> float:
        found = shot(0, gaze_y=gaze, **{f"blink_{side}": closed}).landmarks
        return float(found[lower, 1] - found[upper, 1])

    assert opening(-0.25) > opening(0) > opening(0.5) > opening(1)
    assert opening(0, 20) > opening(0) > opening(0, -20)  # lids follow the gaze
    for gaze in (-20, 0, 20):
        assert abs(opening(1, gaze)) < 0.02 * opening(0)


def test_a_closed_eye_mirrors_no_lamp() -> None:
    lit = actor(0).with_setting(replace(people()[0].setting, key=Light(15, 15, (1.0, 1.0, 1.0))))
    opened, closed = lit.render(motion(blink_left=-0.2)), lit.render(motion(blink_left=1))
    left, top = opened.landmarks[36:42].min(axis=0).astype(int) + 1
    right, bottom = opened.landmarks[36:42].max(axis=0).astype(int)
    eye = slice(top, bottom), slice(left, right)
    assert closed.image[eye].min(axis=2).max() < opened.image[eye].min(axis=2).max() - 40  # white, unlike skin


def test_the_jaw_opens_the_mouth() -> None:
    gaps = [float(np.linalg.norm(found[66] - found[62])) for found in (shot(0, jaw=j).landmarks for j in (0, 0.3, 1))]
    assert gaps[0] < 1 and gaps[0] + 2 < gaps[1] < gaps[2]


def test_the_whole_range_of_motion_stays_in_the_picture() -> None:
    random = np.random.default_rng(0)
    for _ in range(10):
        found = actor().render(draw_motion(random)).landmarks
        assert np.isfinite(found).all() and found.min() > -13 and found.max() < 141


def test_far_landmarks_are_hidden_when_the_head_turns() -> None:
    bald = next(index for index, person in enumerate(people()) if person.identity.looks.hair == "bald")
    assert shot(bald).visible[17:60].mean() > 0.95
    turned = shot(bald, yaw=40).visible
    assert turned[:5].mean() > 0.5 and not turned[13:17].any()
    assert not shot(bald, x=0.08, yaw=40, scale=0.12).visible[[45, 16]].all()


def test_landmarks_scale_with_the_picture() -> None:
    small, large = shot(), actor().render(neutral(), size=256)
    assert large.image.shape == (256, 256, 3)
    assert np.allclose((large.landmarks + 0.5) / 2 - 0.5, small.landmarks, atol=1e-3)
    halved = large.image.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small.image).mean() < 3


def test_a_motion_is_the_same_for_everyone_and_a_setting_does_not_move_anyone() -> None:
    other = actor(0).with_setting(people()[3].setting)
    turned = other.render(motion(yaw=20))
    assert np.array_equal(turned.landmarks, shot(0, yaw=20).landmarks)
    assert np.abs(turned.image.astype(int) - shot(0, yaw=20).image).mean() > 10
    assert np.array_equal(actor(0).render(motion(yaw=20)).image, shot(0, yaw=20).image)  # it is left as it was
    assert np.abs(shot(3, yaw=20).landmarks - turned.landmarks).mean() > 0.5


def test_a_lamp_on_the_right_lights_the_cheek_on_the_right() -> None:
    person = people()[0]
    dark = Light(0, 0, (0.0, 0.0, 0.0))

    def cheeks(azimuth: float) -> list[float]:
        lit = replace(person.setting, key=Light(azimuth, 20, (1.0, 1.0, 1.0)), fill=dark, rim=dark)
        image = actor(0).with_setting(lit).render(neutral()).image.astype(float)
        found = shot(0).landmarks.astype(int)
        return [image[found[3, 1], found[k, 0] + inwards].mean() for k, inwards in ((3, 8), (13, -8))]

    left, right = cheeks(60)
    assert right > left + 30
    left, right = cheeks(-60)
    assert left > right + 30


def test_hair_over_a_landmark_hides_it() -> None:
    beard = next(index for index, person in enumerate(people()) if person.identity.looks.beard == "full")
    shaved = replace(people()[beard].identity, looks=replace(people()[beard].identity.looks, beard="none"))
    assert shot(beard).visible[6:11].sum() <= 2
    assert Actor(shaved, people()[beard].setting).render(neutral()).visible[6:11].all()


def test_ribbons_are_as_many_as_asked_for() -> None:
    for strands in (0, 1, 4000, 5000):
        assert ribbon_faces(4, strands).shape == (strands * 6, 3)
    assert ribbon_faces(4, 5000).max() == 5000 * 8 - 1


def test_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib\n"
        "from reenactbench.datasets.synthetic.actor import Actor\n"
        "from reenactbench.datasets.synthetic.world import people, track\n"
        "order = [5, 2]\n"
        "made = {n: Actor(people()[n].identity, people()[n].setting) for n in order}\n"
        "made[5].render(track('002')[3])\n"
        "shot = made[2].render(track('006')[7])\n"
        "print(hashlib.sha256(shot.image.tobytes() + shot.landmarks.tobytes()).hexdigest())\n"
    )
    from reenactbench.datasets.synthetic.world import track

    here = actor(2).render(track("006")[7])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == hashlib.sha256(here.image.tobytes() + here.landmarks.tobytes()).hexdigest()


@given(st.tuples(*(st.floats(-40, 40) for _ in range(3))))
def test_head_rotations_are_rotations(angles: tuple[float, float, float]) -> None:
    rotation = head_rotation(motion(yaw=angles[0], pitch=angles[1], roll=angles[2]))
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-5)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-5)
    forward = rotation @ [0, 0, 1]
    assert np.sign(round(float(forward[0]), 6)) in (0, np.sign(round(angles[0], 6))) or angles[2]


@pytest.mark.parametrize("place", [(0, 0, 0), (5, 4, 8), (-7, -9, 2), (3.3, 9.1, -4)])
def test_the_rasteriser_draws_where_the_projection_says(place: tuple[float, float, float]) -> None:
    around = 0.8 * np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    square = (np.array(place, np.float32) + around).astype(np.float32)
    picture, depth = np.zeros((256, 256, 3), np.float32), camera.blank_depth(256)
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    camera.draw(square, faces, np.ones((4, 3), np.float32), picture, depth, two_sided=False)
    rows, columns = np.nonzero(picture[..., 0])
    expected = camera.pixels(np.array([place], np.float32), 256)[0]
    assert np.allclose([columns.mean(), rows.mean()], expected, atol=0.5)
    assert depth[rows, columns] == pytest.approx(camera.DISTANCE - place[2], abs=0.01)


def test_a_roof_keeps_the_light_from_above_away() -> None:
    roof = 6 * np.array([[-1, 0, 1], [1, 0, 1], [1, 0, -1], [-1, 0, -1]], np.float32) + np.float32([0, 5, 0])
    faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
    nothing = np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32)
    point, up = np.zeros((1, 3), np.float32), np.array([[0, 1, 0]], np.float32)
    free = light.Shadows(nothing, nothing).reached(point, up)
    covered = light.Shadows((roof, faces), nothing).reached(point, up)
    overhead = light.directions()[:, 1] > 0.8
    assert free[0, overhead].all() and not covered[0, overhead].any()
    assert covered[0, light.directions()[:, 1] < 0.3].sum() == free[0, light.directions()[:, 1] < 0.3].sum()
    assert light.ambient_opening(covered, up)[0] < 0.6 < light.ambient_opening(free, up)[0] <= 1


@given(st.floats(0, 2), st.integers(0, 40))
def test_power(base: float, exponent: int) -> None:
    made: npt.NDArray[np.float32] = light.power(np.array([base], np.float32), exponent)
    assert made[0] == pytest.approx(base**exponent, rel=1e-4, abs=1e-30)
