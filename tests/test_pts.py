"""The .pts reader: what it takes, and what it says of what it does not."""

from __future__ import annotations

from pathlib import Path

import faces
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reenactbench.datasets.pts import LIMIT, SIZE, BadLandmarks, read_pts

POINTS = faces.landmarks(clip=1, frame=3)


@pytest.mark.parametrize("version", ["1", "1.0"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("decimals", [3, 6])
def test_reads_every_form_that_300vw_has(tmp_path: Path, version: str, newline: str, decimals: int) -> None:
    path = tmp_path / "000001.pts"
    path.write_bytes(faces.pts_text(POINTS, version, newline, decimals).encode())
    np.testing.assert_allclose(read_pts(path), POINTS, atol=0.6 * 10**-decimals + 1e-5)


@given(x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4))
def test_pixels_become_0_based(tmp_path_factory: pytest.TempPathFactory, x: float, y: float) -> None:
    path = tmp_path_factory.getbasetemp() / "any.pts"
    path.write_text(faces.pts_text(np.tile([x, y], (68, 1)), decimals=6))
    np.testing.assert_allclose(read_pts(path), np.tile([x, y], (68, 1)), rtol=1e-6, atol=1e-3)


def lines() -> list[str]:
    return faces.pts_text(POINTS).splitlines()


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (lambda text: ["version: 2", *text[1:]], 1, "expected 'version: 1' or 'version: 1.0', found 'version: 2'"),
        (lambda text: [text[0], "n_points: 5", *text[2:]], 2, "expected 'n_points: 68', found 'n_points: 5'"),
        (
            lambda text: [text[0], "n_points: 66", *text[2:-3], "}"],
            2,
            "66 points lack the two inner corners of the mouth, the 61st and 65th of 68; nothing can stand for them",
        ),
        (lambda text: [*text[:2], "[", *text[3:]], 3, "expected '{', found '['"),
        (lambda text: [*text[:10], "12.5", *text[11:]], 11, "expected two numbers 'x y', found '12.5'"),
        (lambda text: [*text[:10], "a b", *text[11:]], 11, "expected two numbers 'x y', found 'a b'"),
        (lambda text: [*text[:10], "nan 3", *text[11:]], 11, "expected two numbers 'x y', found 'nan 3'"),
        (lambda text: [*text[:10], "-inf 3", *text[11:]], 11, "expected two numbers 'x y', found '-inf 3'"),
        (lambda text: [*text[:10], "1_0 3", *text[11:]], 11, "expected two numbers 'x y', found '1_0 3'"),
        (lambda text: [*text[:10], "\x1f9 3", *text[11:]], 11, r"expected two numbers 'x y', found '\x1f9 3'"),
        (lambda text: [*text[:10], "1 2\v3 4", *text[12:]], 11, r"expected two numbers 'x y', found '1 2\x0b3 4'"),
        (lambda text: [*text[:10], "1 2 3", *text[11:]], 11, "expected two numbers 'x y', found '1 2 3'"),
        *[
            (
                lambda text, word=word: [*text[:10], f"3 {word}", *text[11:]],
                11,
                f"expected two numbers 'x y' of at most 100,000 pixels, found '3 {word}'",
            )
            for word in ("1e39", "-1e6", "100000.1", "9" * 30)
        ],
        (lambda text: text[:40], 41, "expected two numbers 'x y', found the end of the file"),
        (lambda text: text[:-1], 72, "expected '}', found the end of the file"),
        (lambda text: [*text, "1 2"], 73, "expected the end of the file, found '1 2'"),
        (lambda text: [], 1, "expected 'version: 1' or 'version: 1.0', found the end of the file"),
    ],
)
def test_anything_else_is_an_error_naming_the_line(tmp_path: Path, change, line: int, message: str) -> None:
    path = tmp_path / "000007.pts"
    path.write_text("\n".join(change(lines())))
    with pytest.raises(BadLandmarks) as error:
        read_pts(path)
    assert str(error.value) == f"line {line}: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "is no text in ASCII, as .pts files are"),
        ("version: 1\nn_points: \u0666\u0668\n".encode(), "is no text in ASCII, as .pts files are"),
        (faces.pts_text(POINTS).encode() + b"\n" * SIZE, "is larger than 100,000 bytes"),
    ],
)
def test_a_file_that_is_no_small_text(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "000007.pts"
    path.write_bytes(content)
    with pytest.raises(BadLandmarks) as error:
        read_pts(path)
    assert str(error.value) == message


WORDS = st.sampled_from(
    ["1", "-2.5", "3e4", "1e39", "nan", "inf", "", "}", "{", "1_0", "0x1", "\t7", "n_points: 68", "\r"]
)


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=200)
    | st.lists(st.tuples(st.integers(0, 75), WORDS, WORDS), min_size=1, max_size=5).map(
        lambda edits: "\n".join(
            next((f"{x} {y}" for at, x, y in edits if at == row), line) for row, line in enumerate(lines())
        ).encode()
    )
)
def test_whatever_the_bytes_landmarks_are_in_range_or_refused(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.pts"
    path.write_bytes(content)
    try:
        points = read_pts(path)
    except BadLandmarks:
        return
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    assert np.abs(points).max() <= LIMIT + 1
