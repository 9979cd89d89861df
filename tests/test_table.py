"""`annot.npy` and `annot.json`: the landmarks of a whole video in one file."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import faces
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenactbench.datasets import table
from reenactbench.datasets.pts import LIMIT, BadLandmarks, read_pts
from reenactbench.datasets.table import read_json, read_npy

POINTS = np.stack([faces.landmarks(1, frame) for frame in range(4)])
MISSING = np.where(np.arange(4)[:, None, None] == 2, np.nan, POINTS)
PAIRS = POINTS[0].tolist()


def refused(read: Any, path: Path) -> str:
    with pytest.raises(BadLandmarks) as error:
        read(path)
    return str(error.value)


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f4", ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_row_k_of_an_array_is_frame_k_plus_1(tmp_path: Path, dtype: str, order: Any) -> None:
    np.save(tmp_path / "annot.npy", np.asarray(MISSING, dtype, order=order))
    found = read_npy(tmp_path / "annot.npy")
    assert list(found) == [1, 2, 4]  # a row of NaN is a frame without landmarks
    for number, points in found.items():
        assert points.dtype == np.float32
        np.testing.assert_array_equal(points, POINTS[number - 1].astype(np.float32))  # 0-based pixels, as they are


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (POINTS[:, :66], "66 points lack the two inner corners of the mouth, the 61st and 65th of 68; nothing can"),
        (POINTS[0], "expected [T,68,2] of float32 or float64, found [68,2] of float64"),
        (POINTS[..., :1], "found [4,68,1] of float64"),
        (np.dstack([POINTS, POINTS[..., :1]]), "found [4,68,3] of float64"),
        (POINTS.astype(np.float16), "found [4,68,2] of float16"),
        (POINTS.astype(int), "found [4,68,2] of int64"),
        (POINTS.astype(str), "found [4,68,2] of <U32"),
        (POINTS.astype(object), "is no .npy file of numbers: "),
        (np.float64(3), "found [] of float64"),
        (np.where(POINTS[1, 5, 0] == POINTS, np.inf, POINTS), "frame 2: expected numbers of at most 100,000 pixels"),
        (POINTS * 1e5, "frame 1: expected numbers of at most 100,000 pixels"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, array: Any, message: str) -> None:
    np.save(tmp_path / "annot.npy", array)
    assert message in refused(read_npy, tmp_path / "annot.npy")


def test_an_array_of_any_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "annot.npy"
    header = {"descr": "<f4", "fortran_order": False, "shape": (table.FRAMES + 1, 68, 2)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + (table.FRAMES + 1) * 68 * 2 * 4)  # a hole, which takes no room on the disk
    assert refused(read_npy, path) == "holds 500,001 frames; at most 500,000 are read"
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {**header, "shape": (10**15, 68, 2)})
    assert "is no .npy file of numbers" in refused(read_npy, path)


@pytest.mark.parametrize(
    "frames",
    [
        {"1": PAIRS, "2": POINTS[1].tolist(), "4": POINTS[3].tolist()},
        {"000002": POINTS[1].tolist(), "000001": PAIRS, "4": POINTS[3].tolist(), "3": None},
        [PAIRS, POINTS[1].tolist(), None, POINTS[3].tolist()],
        MISSING.tolist(),  # Python writes NaN
    ],
)
def test_json_by_frame_number_or_an_item_a_frame(tmp_path: Path, frames: Any) -> None:
    (tmp_path / "annot.json").write_text(json.dumps(frames))
    found = read_json(tmp_path / "annot.json")
    assert sorted(found) == [1, 2, 4]
    for number, points in found.items():
        np.testing.assert_array_equal(points, POINTS[number - 1].astype(np.float32))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON file: "),
        ("[" * 100_000, "is no JSON file: "),
        ("3", "expected 68 pairs [x, y] for each frame number, found 3.0"),
        ('{"0": null}', "'0' is no number of a frame; they are counted from 1"),
        ('{"frame_1": null}', "'frame_1' is no number of a frame; they are counted from 1"),
        ('{"\\u0661": null}', "is no number of a frame"),
        ('{"99999999999999999999": null}', "is no number of a frame"),
        ('{"1": null, "1": null}', "is no JSON file: a key stands twice in one object"),
        ('{"1": null, "01": null}', "two keys are the number of one frame"),
        (json.dumps([PAIRS[:66]]), "frame 1: 66 points lack the two inner corners of the mouth"),
        (json.dumps([PAIRS[:67]]), "frame 1: expected 68 pairs [x, y] of numbers"),
        (json.dumps([POINTS[0].ravel().tolist()]), "frame 1: expected 68 pairs [x, y] of numbers"),
        (json.dumps({"7": [[*PAIRS[0], 1], *PAIRS[1:]]}), "frame 7: expected 68 pairs [x, y] of numbers"),
        (json.dumps([[["1", "2"], *PAIRS[1:]]]), "frame 1: expected 68 pairs [x, y] of numbers"),
        (json.dumps([[[True, 2], *PAIRS[1:]]]), "frame 1: expected 68 pairs [x, y] of numbers"),
        (json.dumps([[{"x": 1, "y": 2}] * 68]), "frame 1: expected 68 pairs [x, y] of numbers"),
        (json.dumps([[[10**400, 2], *PAIRS[1:]]]), "frame 1: expected numbers of at most 100,000 pixels"),
        (json.dumps([[[-1e6, 2], *PAIRS[1:]]]), "frame 1: expected numbers of at most 100,000 pixels"),
    ],
)
def test_other_json_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "annot.json").write_text(text)
    assert message in refused(read_json, tmp_path / "annot.json")


def test_json_too_large_to_parse_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "annot.json").write_text(" " * (1 << 20) + "[]")
    assert read_json(tmp_path / "annot.json") == {}
    monkeypatch.setattr(table, "JSON_SIZE", 1 << 20)
    assert refused(read_json, tmp_path / "annot.json") == "is larger than 1,048,576 bytes"


@pytest.mark.parametrize("read", [read_pts, read_npy, read_json])
def test_what_is_no_file_is_refused(tmp_path: Path, read: Any) -> None:
    os.mkfifo(tmp_path / "pipe")  # which to read from would never end
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "link"):
        assert refused(read, path) == "is no file"


def damaged_npy() -> st.SearchStrategy[bytes]:
    """Arrays whose header or shape was edited at a few places."""
    buffer = io.BytesIO()
    np.save(buffer, POINTS[:1].astype(np.float32))
    whole = buffer.getvalue()

    def damaged(edits: list[tuple[int, int]]) -> bytes:
        data = bytearray(whole)
        for place, byte in edits:
            data[place] = byte
        return bytes(data)

    return st.lists(st.tuples(st.integers(0, 140), st.integers(0, 255)), max_size=4).map(damaged)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
JSON = st.lists(VALUES, max_size=3) | st.dictionaries(st.sampled_from(["1", "01", "-1", "x", "9" * 30]), VALUES)


def damaged_frames(edits: list[tuple[int, Any]]) -> Any:
    frames = [[list(pair) for pair in PAIRS] for _ in range(2)]
    for place, value in edits:
        frames[place % 2][place % 68] = value if place % 3 else [value, value]
    return frames


FRAMES = st.lists(st.tuples(st.integers(0, 140), VALUES), max_size=4).map(damaged_frames)


@settings(max_examples=100, deadline=None)
@given(
    case=st.tuples(st.just(read_npy), st.binary(max_size=200) | damaged_npy())
    | st.tuples(
        st.just(read_json), st.binary(max_size=50) | (JSON | FRAMES).map(lambda frames: json.dumps(frames).encode())
    )
)
def test_whatever_the_bytes_landmarks_are_in_range_or_refused(tmp_path_factory, case) -> None:
    read, content = case
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    try:
        found = read(path)
    except BadLandmarks:
        return
    for number, points in found.items():
        assert number >= 1
        assert points.shape == (68, 2)
        assert points.dtype == np.float32
        assert np.abs(points).max() <= LIMIT
