"""One face is followed through a clip, whoever else is in the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import faces
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.backbones.detector import Detector
from reenactbench.backbones.landmarks import Landmarks
from reenactbench.datasets.following import JUMPS, NO_FACE, follow
from reenactbench.datasets.geometry import box_of, distance, jumps, mirrored, outside
from reenactbench.engine.networks import BackboneFinder
from reenactbench.interfaces import Backbone, LandmarkFinder

FACE = faces.landmarks(1, 1).astype(np.float32)
WIDTH = float(np.ptp(FACE[:, 0]))


def moved(widths: float, scale: float = 1) -> npt.NDArray[np.float32]:
    """The face so many of its widths farther to the right."""
    centre = (FACE.min(axis=0) + FACE.max(axis=0)) / 2
    return np.asarray((FACE - centre) * scale + centre + np.array([widths * WIDTH, 0]), np.float32)


class Scripted(LandmarkFinder):
    """Frame k, an image of value k, shows faces so many widths to the right, each of a scale."""

    key = "scripted"

    def __init__(self, frames: Sequence[Sequence[tuple[float, float]]]) -> None:
        self.frames = frames

    def faces(self, image):
        boxes = [box_of(moved(*face)) for face in self.frames[image[0, 0, 0]]]
        return {"box": np.array(boxes).reshape(-1, 4), "place": np.array(self.frames[image[0, 0, 0]]).reshape(-1, 2)}

    def landmarks(self, image, face):
        assert len(face["box"]) == 1
        return moved(*face["place"][0])


def followed(frames: Sequence[Sequence[tuple[float, float]]]) -> list[float | str]:
    """Where the face is that is followed, in widths, or the reason why it is not there."""
    images = (np.full((140, 2000, 3), number, np.uint8) for number in range(len(frames)))
    return [
        found if isinstance(found, str) else round(float(np.median(found[:, 0]) - np.median(FACE[:, 0])) / WIDTH, 2)
        for found in follow(images, Scripted(frames))
    ]


ALONE, OTHER = [(0.0, 1.0)], [(2.65, 1.3)]


@pytest.mark.parametrize(
    ("frames", "places"),
    [
        ([ALONE] * 2 + [ALONE + OTHER] * 2 + [ALONE], [0, 0, 0, 0, 0]),  # a larger face beside it
        ([ALONE] * 2 + [OTHER + ALONE] * 2 + [ALONE], [0, 0, 0, 0, 0]),
        ([ALONE] * 2 + [OTHER] * 5 + [ALONE], [0, 0, *[JUMPS] * 5, 0]),  # hidden, however long
        ([ALONE, [], [], [], [], OTHER, ALONE], [0, *[NO_FACE] * 4, JUMPS, 0]),
        ([[], OTHER + ALONE, ALONE + OTHER], [NO_FACE, 2.65, 2.65]),  # first the largest
        ([[(x, 1)] for x in (0, 0.9, 1.8, 2.7)], [0, 0.9, 1.8, 2.7]),  # walking very fast
        ([[(0, 1)], [(1.1, 1)], [(0.2, 1)]], [0, JUMPS, 0.2]),
        ([[(0, 0.3)], [(0.5, 2)], [(0.1, 0.3)]], [0, JUMPS, 0.1]),  # the width of the narrower one counts
        ([ALONE, [(-3, 1)]], [0, JUMPS]),
        ([[(-3, 1)], ALONE], [NO_FACE, 0]),  # landmarks outside the picture are none
    ],
)
def test_the_nearest_face_is_followed_and_a_jump_is_none(frames, places) -> None:
    assert followed(frames) == places


class TwoFaces(Detector):
    def detect(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        return np.array([[9, 9, 19, 29, *range(10), 0.8], [50, 20, 80, 60, *range(10), 0.9]])


class BoxCorners(Landmarks):
    def find(self, images, boxes):
        return np.repeat(boxes[:, None, :2], 68, axis=1).astype(np.float32)


def test_a_finder_of_backbones_gives_every_face_and_the_landmarks_of_one() -> None:
    detector, landmarks = TwoFaces(), BoxCorners()
    detector.name = landmarks.name = detector.sha256 = landmarks.sha256 = "x"
    finder = BackboneFinder(detector, landmarks)
    image = np.zeros((100, 100, 3), np.uint8)
    found = finder.faces(image)
    assert found["box"].tolist() == [[9, 9, 19, 29], [50, 20, 80, 60]]
    second = {name: rows[1:] for name, rows in found.items()}
    assert finder.landmarks(image, second).tolist() == [[50, 20]] * 68
    assert detector.extract(image[None], {})["box"].tolist() == [[50, 20, 80, 60]]  # metrics look at the largest


class OfAPlugin(Backbone):
    kind = "detector"

    def __init__(self, box: list[float]) -> None:
        self.box = box

    def extract(self, images, context):
        return {"box": np.array([self.box] * len(images)), "score": np.full(len(images), 0.9)}


@pytest.mark.parametrize("box", [[3, 4, 50, 60], [np.nan] * 4])
def test_a_detector_of_a_plugin_gives_the_one_face_that_it_finds(box: list[float]) -> None:
    detector, landmarks = OfAPlugin(box), BoxCorners()
    detector.name = landmarks.name = detector.sha256 = landmarks.sha256 = "x"
    found = BackboneFinder(detector, landmarks).faces(np.zeros((100, 100, 3), np.uint8))
    assert found["box"].tolist() == [row for row in [box] if np.isfinite(row).all()]


def track(places: Mapping[int, float]) -> dict[int, npt.NDArray[np.float32]]:
    return {number: moved(place) for number, place in places.items()}


@pytest.mark.parametrize(
    ("places", "away"),
    [
        ({1: 0, 2: 0.9, 3: 0, 4: -0.9}, ()),
        ({1: 0, 2: 0, 3: 2, 4: 0, 5: 0}, (3,)),  # one frame's landmarks are another's
        ({1: 0, 2: 0, 3: 0, 4: 3, 5: 3.1, 6: 0.5, 7: 0}, (4, 5)),  # another person's meanwhile
        ({1: 4, 2: 0, 3: 0, 4: 0}, (1,)),
        ({1: 0, 2: 0, 3: 0, 4: 4}, (4,)),
        ({1: 0, 2: 0, 3: 4, 4: 4, 5: 4}, (1, 2)),  # a cut: the longer part is used
        ({1: 0, 2: 4, 3: 0, 4: 4, 5: 0, 6: 4}, (2, 4, 6)),
        ({1: 0, 2: 4, 3: 8, 4: 4.2, 5: 4}, (1, 3)),
        ({1: 0, 2: 0, 6: 3.9, 7: 3.9}, ()),  # of the frames between nobody knows
        ({1: 0, 2: 0, 6: 4.1}, (6,)),
        ({1: 0, 2: 0, 6: 4.1, 7: 0}, (6,)),
        ({1: 0}, ()),
        ({}, ()),
    ],
)
def test_jumps_of_given_landmarks(places: dict[int, float], away: tuple[int, ...]) -> None:
    assert jumps(track(places)) == away


@given(scale=st.floats(0.1, 30), steps=st.lists(st.floats(-3, 3), min_size=2, max_size=8))
def test_jumps_do_not_depend_on_the_resolution(scale: float, steps: list[float]) -> None:
    places = dict(enumerate(1.03 * np.round(np.cumsum(steps), 1), start=1))
    larger = {number: points * np.float32(scale) for number, points in track(places).items()}
    assert jumps(larger) == jumps(track(places))


def test_a_distance_is_symmetric_and_counts_widths_of_the_narrower_face() -> None:
    small, large = np.array([0.0, 0, 10, 20]), np.array([30.0, 40, 70, 100])
    assert distance(small, large) == distance(large, small) == pytest.approx(np.hypot(45, 60) / 10)


@pytest.mark.parametrize(
    ("points", "is_outside"),
    [
        (moved(0), False),
        (moved(0) - np.array([FACE[:, 0].max() + 1, 0]), True),
        (moved(0) - np.array([FACE[:, 0].min() + 0.49 * WIDTH, 0]), False),  # cut by the border
        (moved(0) * 4, True),
        (moved(0) + np.array([0, 150]), True),
        (moved(0, 3), False),  # so near that the picture holds a part of it
        (np.where(np.arange(68)[:, None] == 5, [-161, 3], moved(0)), True),  # one wild point
        (np.where(np.arange(68)[:, None] == 5, [3, 301], moved(0)), True),
    ],
)
def test_what_lies_outside_the_picture(points: npt.NDArray[np.float32], is_outside: bool) -> None:
    assert outside(points, faces.WIDTH, faces.HEIGHT) is is_outside


@given(turn=st.floats(-np.pi, np.pi), scale=st.floats(0.1, 10))
def test_mirrored_landmarks_are_told_however_the_head_is_tilted(turn: float, scale: float) -> None:
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert not mirrored(FACE @ rotation.T)
    assert mirrored(FACE[:, ::-1] @ rotation.T)  # x and y exchanged
    assert mirrored(FACE * [1, -1] @ rotation.T)  # y counted from below
    assert mirrored(FACE * [-1, 1] @ rotation.T)  # a mirrored picture
