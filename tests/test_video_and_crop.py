"""Pixels arrive as they are in the file: RGB, upright, in order, cropped to sub-pixel precision."""

from __future__ import annotations

from pathlib import Path

import cv2
import faces
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenactbench.datasets.crop import POLICIES, crop, policy, square, tight, to_crop
from reenactbench.datasets.video import frame_rate, nominal_frame_count, read_video
from reenactbench.errors import ReenactbenchError


def test_colours_are_rgb(tmp_path: Path) -> None:
    red, green, blue = (220, 30, 30), (30, 200, 30), (30, 30, 210)
    frames = [np.full((64, 80, 3), colour, np.uint8) for colour in (red, green, blue)]
    faces.write_video(tmp_path / "vid.avi", frames)
    means = [frame.reshape(-1, 3).mean(axis=0) for frame in read_video(tmp_path / "vid.avi")]
    np.testing.assert_allclose(means, [red, green, blue], atol=8)  # JPEG's own error


@pytest.mark.parametrize(("size", "fps"), [((96, 64), 15.0), ((322, 244), 29.97), ((1280, 720), 30.0)])
def test_any_size_and_rate(tmp_path: Path, size: tuple[int, int], fps: float) -> None:
    frames = [np.full((size[1], size[0], 3), 20 * number, np.uint8) for number in range(1, 6)]
    faces.write_video(tmp_path / "vid.avi", frames, fps)
    read = list(read_video(tmp_path / "vid.avi"))
    assert [round(float(frame.mean()) / 20) for frame in read] == [1, 2, 3, 4, 5]
    assert {frame.shape for frame in read} == {(size[1], size[0], 3)}
    assert frame_rate(tmp_path / "vid.avi") == pytest.approx(fps, abs=0.02)
    assert nominal_frame_count(tmp_path / "vid.avi") == 5


def test_a_rotated_video_is_turned_upright(tmp_path: Path) -> None:
    frame = np.zeros((64, 96, 3), np.uint8)
    frame[:, :48] = 250  # bright on the left as stored
    path = tmp_path / "vid.mp4"
    faces.write_video(path, [frame] * 3, codec="mp4v")
    path.write_bytes(rotated(path.read_bytes()))
    (first, *_) = read_video(path)
    assert first.shape == (96, 64, 3)
    assert first[:40].mean() > 200  # after a quarter turn clockwise, left is up
    assert first[56:].mean() < 50


def rotated(mp4: bytes) -> bytes:
    """The file with the track's display matrix set to a quarter turn clockwise (ISO/IEC 14496-12, 8.3.2)."""
    track_header = mp4.index(b"tkhd")
    assert mp4[track_header + 4] == 0  # version 0: the matrix stands 40 bytes behind the version
    matrix = track_header + 4 + 40
    turn = [0, 0x10000, 0, -0x10000, 0, 0, 64 << 16, 0, 0x40000000]
    return mp4[:matrix] + b"".join(value.to_bytes(4, "big", signed=True) for value in turn) + mp4[matrix + 36 :]


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "vid.avi").write_text("not a video")
    with pytest.raises(ReenactbenchError, match=r"vid\.avi cannot be read as a video"):
        list(read_video(tmp_path / "vid.avi"))


def test_crop_of_the_whole_picture_is_the_picture() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(crop(image, np.array([0, 0, 64, 64.0]), 64), image)


def test_crop_at_whole_pixels_is_a_slice() -> None:
    image = np.random.default_rng(1).integers(0, 256, (90, 120, 3), np.uint8)
    np.testing.assert_array_equal(crop(image, np.array([17, 9, 64, 64.0]), 64), image[9:73, 17:81])


def test_halving_averages_two_by_two() -> None:
    image = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    expected = image.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(crop(image, np.array([0, 0, 64, 64.0]), 32), expected, atol=0.51)


def test_outside_the_picture_its_border_goes_on() -> None:
    image = np.full((32, 32, 3), 99, np.uint8)
    np.testing.assert_array_equal(crop(image, np.array([-20, -20, 72, 72.0]), 24), 99)


@settings(max_examples=40, deadline=None)
@given(x=st.floats(60, 240), y=st.floats(60, 180), side=st.floats(100, 400), size=st.sampled_from([64, 128]))
def test_landmarks_stay_on_what_they_mark(x: float, y: float, side: float, size: int) -> None:
    image = np.zeros((240, 300, 3), np.uint8)
    scale = 16  # cv2 draws a circle with a centre of 1/16 pixel
    cv2.circle(image, (round(x * scale), round(y * scale)), 9 * scale, (255, 255, 255), -1, cv2.LINE_AA, 4)
    box = np.array([x - 0.4 * side, y - 0.6 * side, side, side])
    picture = crop(image, box, size)[..., 0].astype(float)
    (landmark,) = to_crop(np.array([[[x, y]]]), box[None], size)[0]
    rows, columns = np.indices(picture.shape)
    centroid = np.array([(columns * picture).sum(), (rows * picture).sum()]) / picture.sum()
    np.testing.assert_allclose(centroid, landmark, atol=0.12)


def track(positions: np.ndarray) -> np.ndarray:
    """A face of 40 x 50 pixels at the given centres."""
    shape = np.array([[-20, -25], [20, 25], *[[0, 0]] * 66])
    return shape + np.asarray(positions, float)[:, None]


def test_square_keeps_one_size_and_follows_a_walking_person() -> None:
    positions = np.stack([np.linspace(100, 400, 200), np.full(200, 150)], axis=1)
    boxes = square(track(positions), np.arange(1, 201, dtype=np.int32), fps=25)
    assert set(np.round(boxes[:, 2:].ravel(), 6)) == {1.9 * 50}
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    np.testing.assert_allclose(centres[50:150, 0], positions[50:150, 0] + 0.5, atol=0.5)
    np.testing.assert_allclose(centres[:, 1], 150.5 - 0.2 * 50)


def test_square_leaves_a_quick_nod_in_the_picture() -> None:
    nod = 8 * np.exp(-0.5 * ((np.arange(100) - 50) / 3) ** 2)  # a quarter of a second
    boxes = square(track(np.stack([np.full(100, 90), 90 + nod], axis=1)), np.arange(1, 101, dtype=np.int32), fps=25)
    moved = boxes[:, 1].max() - boxes[:, 1].min()
    assert moved < 0.3 * nod.max()


def test_square_does_not_shift_where_frames_are_missing() -> None:
    positions = np.stack([np.linspace(100, 300, 101), np.full(101, 80)], axis=1)
    numbers = np.arange(1, 102, dtype=np.int32)
    kept = np.r_[0:40, 60:101]
    whole = square(track(positions), numbers, fps=25)[kept]
    np.testing.assert_allclose(square(track(positions[kept]), numbers[kept], fps=25), whole, atol=1e-9)


def test_tight_takes_the_motion_out() -> None:
    boxes = tight(track(np.array([[50, 60], [90, 20]])), np.array([1, 2], np.int32), 25)
    crops = to_crop(track(np.array([[50, 60], [90, 20]])), boxes, 128)
    np.testing.assert_allclose(crops[0], crops[1], atol=1e-5)


def test_an_unknown_crop_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ReenactbenchError, match="square@1, tight@1"):
        policy("oval@1")
    assert set(POLICIES) == {"square@1", "tight@1"}
