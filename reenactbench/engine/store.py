"""The content-addressed store `OUT/.store`, shared by all runs under OUT: what was made once is never made again.

`generated/<key>.png` holds a cell's frames, one under the other, without loss; `generated/<key>.json` how it went, and
is written last. `features/<key>.npz` and `scores/<key>.json` likewise follow from their keys alone.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.files import read_json, replacing, write_json

Images = npt.NDArray[np.uint8]
PNG_EFFORT = 1  # more saves a tenth of the bytes and costs ten times the time


class Store:
    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, phase: str, key: str, suffix: str) -> Path:
        return self.root / phase / key[:2] / f"{key}{suffix}"

    def record(self, phase: str, key: str) -> dict[str, Any] | None:
        """What was written last under the key; None where nothing was."""
        path = self.path(phase, key, ".json")
        return read_json(path) if path.is_file() else None

    def write_record(self, phase: str, key: str, value: dict[str, Any]) -> None:
        write_json(self.path(phase, key, ".json"), value)

    def features(self, key: str) -> dict[str, npt.NDArray[Any]] | None:
        path = self.path("features", key, ".npz")
        if not path.is_file():
            return None
        with np.load(path) as arrays:
            return dict(arrays)

    def write_features(self, key: str, arrays: dict[str, npt.NDArray[Any]]) -> None:
        with replacing(self.path("features", key, ".npz")) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]  # its stub takes the arrays for allow_pickle


def pixel_hash(images: Images) -> str:
    """sha256 of the shape and the pixels."""
    return hashlib.sha256(str(images.shape).encode() + np.ascontiguousarray(images).tobytes()).hexdigest()


def write_strip(path: Path, images: Images) -> None:
    """Frames uint8 [T,S,S,3] RGB as one lossless picture, the first on top."""
    strip = images.reshape(-1, *images.shape[2:])
    done, encoded = cv2.imencode(".png", strip[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    if not done:
        raise OSError(f"{path.name} could not be encoded as PNG")
    with replacing(path) as temporary:
        temporary.write_bytes(encoded.tobytes())


def read_strip(path: Path) -> Images:
    """The frames [T,S,S,3] RGB of a strip."""
    strip = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if strip is None:
        raise OSError(f"{path.name} is not a readable PNG")
    side = strip.shape[1]
    return np.ascontiguousarray(strip[..., ::-1]).reshape(-1, side, side, 3).astype(np.uint8, copy=False)
