"""Drawn landmarks: lines worked out by hand, and whole faces against OpenCV's lines at eight times the size."""

from __future__ import annotations

from itertools import pairwise

import cv2
import faces
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reenactbench_baselines.talking_head import drawing
from reenactbench_baselines.talking_head.drawing import BLUE, GREEN, LINES, ORANGE, PURPLE, RED, drawn
from torch import Tensor

FAR = -1000.0
LINE = 2 * 100 / 72 / 256
"""2 points at 100 dots per inch, in sides of a picture of 256 pixels."""


def face(*frames: int) -> Tensor:
    """Landmarks [N,68,2] of a drawn person in pixels of 128."""
    points = np.stack([faces.landmarks(1, frame) - [16, 6] for frame in frames])
    return torch.from_numpy(points.astype(np.float32))


def only(points: dict[int, tuple[float, float]], size: int = 128) -> Tensor:
    """The picture [3,size,size] of these landmarks. All others of their lines lie on the nearest of them, and all
    other lines out of sight."""
    landmarks = torch.full((1, 68, 2), FAR)
    for line in (line for _, lines in LINES for line in lines if points.keys() & set(line)):
        for landmark in line:
            nearest = min(points.keys() & set(line), key=lambda given: abs(given - landmark))
            landmarks[0, landmark] = torch.tensor(points[nearest])
    return drawn(landmarks, size)[0]


# --- Lines


@pytest.mark.parametrize(
    ("first", "second", "colour"),
    [
        (0, 1, GREEN),
        (15, 16, GREEN),
        (17, 18, ORANGE),
        (25, 26, ORANGE),
        (27, 28, BLUE),
        (34, 35, BLUE),
        (36, 37, RED),
        (46, 47, RED),
        (48, 49, PURPLE),
        (58, 59, PURPLE),
    ],
)
def test_neighbours_are_joined_in_the_colour_of_their_part(first: int, second: int, colour: tuple[int, ...]) -> None:
    picture = only({first: (20, 50), second: (60, 50)})
    assert (picture[:, 50, 20:61].T * 255).round().int().tolist() == [list(colour)] * 41
    picture[:, 49:52, 19:62] = 1
    assert (picture == 1).all()


@pytest.mark.parametrize(
    ("first", "second"),
    [(16, 17), (21, 22), (26, 27), (30, 31), (35, 36), (36, 41), (42, 47), (48, 59), (59, 60), (60, 61), (60, 67)],
)
def test_lines_are_open_and_the_inner_mouth_is_not_drawn(first: int, second: int) -> None:
    """Half-way between the two nothing is, whatever way their line takes."""
    between = dict.fromkeys(range(first + 1, second), (40.0, 100.0))
    assert (only({first: (20.0, 50.0), second: (60.0, 50.0)} | between)[:, 50, 40] == 1).all()


SIDE = (128 * LINE - 1) / 2
"""What a line leaves to either side of the pixel in whose middle it is."""


@pytest.mark.parametrize(
    ("x", "shares"),
    [(40, [SIDE, 1, SIDE]), (40.25, [0, SIDE + 0.75, SIDE + 0.25]), (39.5, [SIDE + 0.5, SIDE + 0.5, 0])],
)
def test_a_line_covers_pixels_by_how_near_they_are(x: float, shares: list[float]) -> None:
    """In red, only red light is left where it covers a pixel."""
    picture = only({36: (x, 30), 37: (x, 90)})
    torch.testing.assert_close(1 - picture[1, 60, 39:42], torch.tensor(shares, dtype=torch.float32))
    assert (picture[0] == 1).all()


def test_lines_are_two_points_wide_at_256_and_as_wide_for_their_size_at_any() -> None:
    for size, pixels in ((128, 25 / 18), (256, 25 / 9), (512, 50 / 9)):
        picture = only({36: (size / 4 + 0.3, 10), 37: (size / 4 + 0.3, size - 10)}, size)
        assert float((1 - picture[1, size // 2]).sum()) == pytest.approx(pixels, abs=1e-4), size


def test_later_parts_lie_above_earlier_ones() -> None:
    picture = only({27: (60, 20), 28: (60, 100), 48: (20, 60), 49: (100, 60)})
    assert (picture[:, 60, 60] * 255).round().int().tolist() == list(PURPLE)


# --- Faces


def by_opencv(landmarks: Tensor, size: int) -> Tensor:
    """Thick lines, of a whole number of pixels, on a picture that is finer, made small by taking means."""
    finer = 2304 // size
    picture = np.full((size * finer, size * finer, 3), 255, np.uint8)
    for colour, lines in LINES:
        for line in lines:
            points = (landmarks[list(line)].double().numpy() + 0.5) * finer - 0.5
            ends = [np.round(points * 16).astype(np.int32)]
            cv2.polylines(picture, ends, False, colour, round(LINE * size * finer), cv2.LINE_8, 4)
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(small.transpose(2, 0, 1).copy()).float() / 255


@pytest.mark.parametrize("size", [128, 256])
def test_a_face_looks_as_opencv_draws_it(size: int) -> None:
    landmarks = (face(3, 40) + 0.5) * (size / 128) - 0.5
    pictures = drawn(landmarks, size)
    assert (pictures.shape, pictures.dtype) == ((2, 3, size, size), torch.float32)
    for picture, points in zip(pictures, landmarks, strict=True):
        wanted = by_opencv(points, size)
        apart = (picture - wanted).abs()
        assert apart.mean() < 0.12 * (1 - wanted).mean()
        assert apart.max() < 0.4


def test_a_picture_hangs_on_no_other_and_on_no_order() -> None:
    landmarks = face(*range(6))
    landmarks[4, 5] = torch.tensor([-40.0, 300.0])  # a stroke across the whole picture makes the windows as large
    whole = drawn(landmarks, 128)
    alone = torch.cat([drawn(one[None], 128) for one in landmarks])
    assert torch.equal(whole, alone)
    assert torch.equal(drawn(landmarks.flip(0), 128).flip(0), whole)


def test_however_few_places_are_looked_at_together_the_picture_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    landmarks = face(*range(5))
    pictures = drawn(landmarks, 128)
    monkeypatch.setattr(drawing, "PLACES_AT_ONCE", 1)
    assert torch.equal(drawn(landmarks, 128), pictures)


def by_definition(landmarks: Tensor, size: int) -> Tensor:
    """Every pixel against every stroke: [3,size,size]."""
    y, x = np.mgrid[:size, :size]
    picture, reach = np.ones((size, size, 3)), LINE * size / 2 + 0.5
    for colour, lines in LINES:
        share = np.zeros((size, size))
        for start, end in (ends for line in lines for ends in pairwise(landmarks[list(line)].double().numpy())):
            along, from_start = end - start, np.stack([x, y], 2) - start
            at = np.clip(from_start @ along / (along @ along), 0, 1)
            share = np.maximum(share, np.clip(reach - np.linalg.norm(from_start - at[..., None] * along, axis=2), 0, 1))
        picture += share[..., None] * (np.array(colour) / 255 - picture)
    return torch.from_numpy(picture.transpose(2, 0, 1)).float()


def test_no_pixel_is_missed_wherever_the_landmarks_are() -> None:
    torch.manual_seed(0)
    landmarks = 160 * torch.rand(2, 68, 2) - 16
    landmarks = torch.cat([landmarks, landmarks[:, :1] + 12 * torch.rand(2, 68, 2)])
    wanted = torch.stack([by_definition(points, 128) for points in landmarks])
    torch.testing.assert_close(drawn(landmarks, 128), wanted, atol=1e-4, rtol=0)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=136, max_size=136))
@settings(max_examples=25, deadline=None)
def test_any_landmarks_make_a_picture(values: list[float]) -> None:
    pictures = drawn(torch.tensor(values).view(1, 68, 2), 32)
    assert pictures.isfinite().all() and pictures.min() >= 0 and pictures.max() <= 1


def test_landmarks_in_one_place_make_a_dot_and_landmarks_out_of_sight_nothing() -> None:
    assert (drawn(torch.full((1, 68, 2), FAR), 128) == 1).all()
    picture = drawn(torch.full((1, 68, 2), 20.0), 128)[0]
    assert (picture != 1).any(0).nonzero().tolist() == [[19, 20], [20, 19], [20, 20], [20, 21], [21, 20]]


def test_no_picture_of_no_landmarks() -> None:
    assert drawn(torch.empty(0, 68, 2), 64).shape == (0, 3, 64, 64)


def test_the_landmarks_stay_as_they_were_and_get_no_gradient() -> None:
    landmarks = face(1).requires_grad_()
    before = landmarks.detach().clone()
    assert not drawn(landmarks, 128).requires_grad
    assert torch.equal(landmarks, before)


@pytest.mark.gpu
def test_a_gpu_draws_the_same() -> None:
    landmarks = face(*range(4))
    torch.testing.assert_close(drawn(landmarks.cuda(), 128).cpu(), drawn(landmarks, 128), atol=1e-5, rtol=0)
