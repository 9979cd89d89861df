"""What lies beside a video is landmarks that belong to its pictures, or a finding; never passed over in silence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import faces
import numpy as np
import pytest

from reenactbench.datasets.annotations import (
    NO_EXTENT,
    OUTSIDE,
    UNREADABLE,
    Annotations,
    annotations_of,
    landmark_problems,
)
from reenactbench.datasets.following import JUMPS
from reenactbench.datasets.problem import Problem
from reenactbench.errors import ReenactbenchError

TEXT = faces.pts_text(faces.landmarks(1, 1))
POINTS = {number: faces.landmarks(1, number).astype(np.float32) for number in range(1, 5)}


def clip(folder: Path, *names: str) -> Path:
    """A clip's folder with a video, and with files of those names."""
    for name in ("vid.avi", *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(TEXT)
    return folder


def said(annotations: Annotations) -> list[tuple[str, str, bool]]:
    return [(problem.where, problem.reason, problem.fatal) for problem in annotations.problems]


def test_pts_files_are_read_by_frame_number_whatever_their_zeros(tmp_path: Path) -> None:
    found = annotations_of(
        clip(tmp_path, "annot/10.pts", "annot/000002.pts", "annot/0000000000003.pts", "annot/.hidden")
    )
    assert found.numbers == (2, 3, 10)
    assert [file.name for file in found.files] == ["000002.pts", "0000000000003.pts", "10.pts"]
    assert found.problems == ()
    landmarks, problems = found.read()
    assert sorted(landmarks) == [2, 3, 10]
    assert problems == []


def test_a_clip_without_landmarks_is_false(tmp_path: Path) -> None:
    assert not annotations_of(clip(tmp_path))
    assert not annotations_of(clip(tmp_path, "annot/.DS_Store", "vid.info.json", "readme.txt"))
    assert not annotations_of(tmp_path / "absent")


@pytest.mark.parametrize("number", ["99999999999999999999", "2000000000", "100000000"])
def test_a_frame_number_of_any_size_costs_nothing(tmp_path: Path, number: str) -> None:
    found = annotations_of(clip(tmp_path, "annot/1.pts", f"annot/{number}.pts"))
    assert found.numbers == (1, int(number))
    assert sorted(found.read()[0]) == [1, int(number)]


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (
            [f"annot/frame_00000{number}.pts" for number in range(1, 5)],
            ("annot", "holds 4 .pts files, none is called NNNNNN.pts", True),
        ),
        (["annot/1_.pts", "annot/readme.txt"], ("annot", "holds 1 .pts files, none is called NNNNNN.pts", True)),
        (["annot/000001.PTS"], ("annot", "holds 1 .pts files, none is called NNNNNN.pts", True)),
        (["annot/\u0661.pts", "annot/\u00b2.pts"], ("annot", "holds 2 .pts files, none is called NNNNNN.pts", True)),
        (["annot/-1.pts"], ("annot", "holds 1 .pts files, none is called NNNNNN.pts", True)),
        (["annot/000001.txt"], ("annot", "holds 1 files, none is called NNNNNN.pts", True)),
        (["annot/deeper/000001.pts"], ("annot", "holds 1 files, none is called NNNNNN.pts", True)),
        (
            ["annot/1.pts", "annot/readme.txt"],
            ("annot", "1 entries are no NNNNNN.pts and are not read: readme.txt", False),
        ),
        (
            ["annot/1.pts", *(f"annot/f{number:02}.pts" for number in range(65))],
            ("annot", "65 entries are no NNNNNN.pts and are not read: f00.pts, ...", False),
        ),
        (
            ["annot.npz"],
            ("annot.npz", "is no file annot/NNNNNN.pts, annot.npy or annot.json, and is not read", True),
        ),
        (["annot"], ("annot", "is no file annot/NNNNNN.pts, annot.npy or annot.json, and is not read", True)),
        (["Annot/1.pts"], ("Annot", "is no file annot/NNNNNN.pts, annot.npy or annot.json, and is not read", True)),
        (
            ["000001.pts"],
            ("000001.pts", "is no file annot/NNNNNN.pts, annot.npy or annot.json, and is not read", True),
        ),
        (
            ["annot/1.pts", "annot_old/1.pts"],
            ("annot_old", "is no file annot/NNNNNN.pts, annot.npy or annot.json, and is not read", False),
        ),
        (["annot/1.pts", "annot.npy"], ("annot", "annot and annot.npy both hold landmarks; keep one of them", True)),
        (["annot/x1.pts", "annot.npy"], ("annot", "annot and annot.npy both hold landmarks; keep one of them", True)),
        (["annot.json", "annot.npy"], ("annot.npy", "annot.npy and annot.json both hold landmarks; keep one", True)),
    ],
)
def test_names_that_are_not_read_are_told(tmp_path: Path, names: list[str], problem: tuple[str, str, bool]) -> None:
    found = annotations_of(clip(tmp_path, *names))
    (only,) = said(found)
    assert only[0] == problem[0]
    assert only[1].startswith(problem[1])
    assert only[2] == problem[2]
    assert found  # so that no network's landmarks stand in


@pytest.mark.parametrize(("name", "why"), [("000000.pts", "numbered from 1"), ("1.pts", "000001.pts is that frame")])
def test_names_that_would_shift_the_frames_are_refused(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(ReenactbenchError, match=f"{name} cannot be used: .*{why}"):
        annotations_of(clip(tmp_path, "annot/000001.pts", f"annot/{name}"))


def test_a_file_that_cannot_be_read_is_named_whatever_its_folder(tmp_path: Path) -> None:
    folder = clip(tmp_path / "a, b", "annot/1.pts", "annot/2.pts")
    (folder / "annot/2.pts").write_text(TEXT.replace("{", "["))
    landmarks, problems = annotations_of(folder).read()
    assert list(landmarks) == [1]
    assert problems == [Problem("annot/2.pts", "line 3: expected '{', found '['", True, UNREADABLE, (2,))]


@pytest.mark.parametrize("name", ["annot.npy", "annot.json"])
def test_a_table_beside_the_video(tmp_path: Path, name: str) -> None:
    rows = np.stack([POINTS[1], np.full((68, 2), np.nan), POINTS[3]])
    if name == "annot.npy":
        np.save(clip(tmp_path) / name, rows)
    else:
        (clip(tmp_path) / name).write_text(json.dumps({"1": rows[0].tolist(), "3": rows[2].tolist()}))
    found = annotations_of(tmp_path)
    assert found.files == (tmp_path / name,)
    assert found.numbers == (1, 3)
    landmarks, problems = found.read()
    np.testing.assert_array_equal(landmarks[3], POINTS[3])
    assert problems == []


@pytest.mark.parametrize("name", ["annot.npy", "annot.json"])
def test_a_table_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    found = annotations_of(clip(tmp_path, name))
    assert found
    assert found.numbers == ()
    landmarks, (problem,) = found.read()
    assert landmarks == {}
    assert (problem.where, problem.fatal) == (name, True)


def judged(points: dict[int, np.ndarray]) -> list[Problem]:
    return landmark_problems("annot", points, faces.WIDTH, faces.HEIGHT)


def changed(number: int, points: np.ndarray) -> dict[int, np.ndarray]:
    return {**POINTS, number: points.astype(np.float32)}


def test_good_landmarks_have_no_problem() -> None:
    assert judged(POINTS) == []
    assert judged({}) == []


@pytest.mark.parametrize(
    ("points", "problem"),
    [
        (
            {number: 4 * points for number, points in POINTS.items()},
            Problem(
                "annot", "the landmarks of 4 frames lie outside the 160x140 picture: 1-4", True, OUTSIDE, (1, 2, 3, 4)
            ),
        ),
        (
            changed(2, np.where(np.arange(68)[:, None] == 30, 1e5, POINTS[2])),
            Problem("annot", "the landmarks of 1 frames lie outside the 160x140 picture: 2", True, OUTSIDE, (2,)),
        ),
        (
            {number: points / [160, 140] for number, points in POINTS.items()},
            Problem(
                "annot",
                "the landmarks of every frame lie within 3 pixels; they have to be pixels of the 160x140 picture",
                True,
            ),
        ),
        (
            changed(3, np.full((68, 2), 50.0)),
            Problem("annot", "1 frames have all landmarks in one place", False, NO_EXTENT, (3,)),
        ),
        (
            {number: points[:, ::-1] for number, points in POINTS.items()},
            Problem(
                "annot",
                "the landmarks of 4 frames are mirrored: x and y, left and right, or up and down are exchanged",
                True,
            ),
        ),
        (
            changed(3, (POINTS[3] - POINTS[3].min(axis=0)) / 2),
            Problem(
                "annot",
                "the face jumps; 1 frames are left out, in which it is elsewhere: 3",
                False,
                JUMPS,
                (3,),
            ),
        ),
    ],
)
def test_landmarks_that_are_not_this_pictures(points: dict[int, np.ndarray], problem: Problem) -> None:
    assert judged(points) == [problem]


def test_one_mirrored_frame_is_a_head_turned_far_away() -> None:
    assert judged(changed(2, POINTS[2] * [-1, 1] + [faces.WIDTH, 0])) == []


def test_what_is_no_file_is_not_even_opened(tmp_path: Path) -> None:
    clip(tmp_path, "annot/000001.pts")
    os.mkfifo(tmp_path / "annot/000002.pts")
    (tmp_path / "annot/000003.pts").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "annot.npy")
    found = annotations_of(tmp_path)
    assert [file.name for file in found.files] == ["000001.pts"]
    assert said(found) == [
        ("annot.npy", "is no file annot/NNNNNN.pts, annot.npy or annot.json, and is not read", False),
        ("annot", "2 entries are no NNNNNN.pts and are not read: 000002.pts, ...", False),
    ]


def test_a_point_that_stands_for_no_landmarks_is_not_outside() -> None:
    for value in (0, -1):
        assert [problem.exclusion for problem in judged(changed(2, np.full((68, 2), value)))] == [NO_EXTENT]
