"""The .pts reader: what it takes, and what it says of what it does not."""

from __future__ import annotations

from pathlib import Path

import faces
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets.pts import read_pts
from reenactbench.errors import ReenactbenchError

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
        (lambda text: [text[0], "n_points: 66", *text[2:]], 2, "expected 'n_points: 68', found 'n_points: 66'"),
        (lambda text: [*text[:2], "[", *text[3:]], 3, "expected '{', found '['"),
        (lambda text: [*text[:10], "12.5", *text[11:]], 11, "expected two numbers 'x y', found '12.5'"),
        (lambda text: [*text[:10], "a b", *text[11:]], 11, "expected two numbers 'x y', found 'a b'"),
        (lambda text: [*text[:10], "nan 3", *text[11:]], 11, "expected two finite numbers 'x y', found 'nan 3'"),
        (lambda text: text[:40], 41, "expected two numbers 'x y', found the end of the file"),
        (lambda text: text[:-1], 72, "expected '}', found the end of the file"),
        (lambda text: [*text, "1 2"], 73, "expected the end of the file, found '1 2'"),
        (lambda text: [], 1, "expected 'version: 1' or 'version: 1.0', found the end of the file"),
    ],
)
def test_anything_else_is_an_error_naming_file_and_line(tmp_path: Path, change, line: int, message: str) -> None:
    path = tmp_path / "000007.pts"
    path.write_text("\n".join(change(lines())))
    with pytest.raises(ReenactbenchError) as error:
        read_pts(path)
    assert str(error.value) == f"{path}, line {line}: {message}"


def test_a_binary_file_is_an_error_naming_it(tmp_path: Path) -> None:
    path = tmp_path / "000007.pts"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReenactbenchError, match=r"000007\.pts cannot be read as a \.pts file"):
        read_pts(path)
