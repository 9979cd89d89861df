"""Drawn pictures with landmarks, as small as can be, and the door that clips come in through."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt

from benchmarks.fuzz.door import serial
from benchmarks.fuzz.judgement import WRONG, Found
from reenactbench.datasets.folder import Folder
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import DataOptions
from reenactbench.metrics.mean_face import MEAN_FACE
from reenactbench.types import Clip, Finding

Images = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
WIDTH, HEIGHT, FRAMES = 96, 80, 8


def pictures(person: int = 0) -> Images:
    """[FRAMES,HEIGHT,WIDTH,3] RGB: waves that a codec keeps well, other ones in each frame."""
    frame, y, x = np.ogrid[:FRAMES, :HEIGHT, :WIDTH]
    waves = [np.sin((2 + c) * x / 17 + frame * (1 + c) + person) + np.cos(y / (9 + c) - frame) for c in range(3)]
    return np.asarray(127 + 55 * np.stack(np.broadcast_arrays(*waves), axis=-1), np.uint8)


def landmarks(frame: int) -> Points:
    """[68,2] in 0-based pixels; the face moves to the right."""
    return np.asarray(MEAN_FACE[:, :2] * [2.4, -2.4] + [WIDTH / 2 - 4 + frame, HEIGHT / 2 + 6])


def pts(points: Points) -> str:
    return "\n".join(["version: 1", "n_points: 68", "{", *(f"{x + 1:.3f} {y + 1:.3f}" for x, y in points), "}", ""])


def write_clip(folder: Path, video: bytes, points: Mapping[int, Points], suffix: str = ".avi") -> None:
    """`vid.*` and one .pts file a frame, by its 1-based number."""
    (folder / "annot").mkdir(parents=True)
    (folder / f"vid{suffix}").write_bytes(video)
    for number, shape in points.items():
        (folder / "annot" / f"{number:06d}.pts").write_text(pts(shape))


def write_tree(root: Path) -> None:
    """Two seen people and an unseen one in the layout of 300VW."""
    root.mkdir()
    for person, name in enumerate(("001", "002", "541")):
        film = encoded(root / "film.avi", pictures(person), "ffv1", "bgr0")
        write_clip(root / name, film, {1 + frame: landmarks(frame) for frame in range(FRAMES)})
    (root / "film.avi").unlink()


def encoded(path: Path, images: Images, codec: str, pixels: str, options: Mapping[str, str] | None = None) -> bytes:
    """The film, 25 frames a second, which is left at the path too."""
    with av.open(str(path), "w") as container:
        stream = cast(av.VideoStream, container.add_stream(codec, rate=Fraction(25), options=dict(options or {})))
        stream.height, stream.width, stream.pix_fmt, stream.thread_count = HEIGHT, WIDTH, pixels, 1
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def read_clip(root: Path, name: str) -> tuple[list[Finding], Clip]:
    """What `data verify` finds in a folder's clip and what `data prepare` makes of it, both in this process.

    Raises ReenactbenchError where it is refused, and Found where one accepts what the other calls fatal.
    """
    try:
        with serial():
            dataset = Folder(DataOptions(root))
            findings = [finding for part in dataset.verify(allow_missing=False, jobs=1) for finding in part]
            dataset.prepare([name], lambda frames: None, jobs=1)
    except OSError as error:  # of which the command line makes a sentence too
        raise ReenactbenchError(str(error)) from error
    clip = dataset.prepared(name)
    assert clip is not None
    for finding in findings:
        if finding.fatal:
            raise Found(WRONG, f"prepare takes what verify calls fatal: {finding.reason}")
    return findings, clip
