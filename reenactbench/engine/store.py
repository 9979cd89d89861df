"""The content-addressed store `OUT/.store`, shared by all runs under OUT: what was made once is never made again.

`generated/<key>.png` holds a cell's frames, one under the other, without loss; `generated/<key>.json` how it went, and
is written last. `features/<key>.npz` and `scores/<key>.json` likewise follow from their keys alone. Each holds a digest
of itself: what is not to the last bit as it was written counts as not there.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.errors import Damaged
from reenactbench.files import SEAL, accessing, read_sealed, write_bytes, write_sealed

Images = npt.NDArray[np.uint8]
PNG_EFFORT = 1  # more saves a tenth of the bytes and costs ten times the time


class Store:
    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, phase: str, key: str, suffix: str) -> Path:
        return self.root / phase / key[:2] / f"{key}{suffix}"

    def record(self, phase: str, key: str) -> dict[str, Any] | None:
        """What was written last under the key; None where nothing was."""
        try:
            return read_sealed(self.path(phase, key, ".json"))
        except Damaged:
            return None

    def write_record(self, phase: str, key: str, value: dict[str, Any]) -> None:
        write_sealed(self.path(phase, key, ".json"), value)

    def write_frames(self, key: str, images: Images, record: dict[str, Any]) -> None:
        """Keep the frames of a cell, and how it went."""
        strip = encode_strip(images)
        write_bytes(self.path("generated", key, ".png"), strip)
        self.write_record("generated", key, {**record, "png": hashlib.sha256(strip).hexdigest()})

    def strip(self, key: str) -> bytes:
        """The frames of a cell as PNG; raises Damaged where they are not those of its record."""
        path, record = self.path("generated", key, ".png"), self.record("generated", key)
        with accessing(path):
            content = path.read_bytes() if path.is_file() else b""
        if record is None or record.get("png") != hashlib.sha256(content).hexdigest():
            raise Damaged(f"{path} is damaged; the same command makes it again")
        return content

    def features(self, key: str) -> dict[str, npt.NDArray[Any]] | None:
        path = self.path("features", key, ".npz")
        if not path.is_file():
            return None
        try:
            with ZipFile(path) as file:
                if any(member.compress_type != ZIP_STORED for member in file.infolist()):
                    return None  # nor is more in it than its size
            with np.load(path) as file:
                arrays = dict(file)
            seal = arrays.pop(SEAL).item()
        except Exception:  # zipfile and numpy raise a dozen kinds
            return None
        return arrays if seal == _arrays_key(key, arrays) else None

    def write_features(self, key: str, arrays: dict[str, npt.NDArray[Any]]) -> None:
        content = BytesIO()
        np.savez(content, **arrays, **{SEAL: np.array(_arrays_key(key, arrays))})  # type: ignore[arg-type]  # its stub
        write_bytes(self.path("features", key, ".npz"), content.getbuffer())


def _arrays_key(key: str, arrays: dict[str, npt.NDArray[Any]]) -> str:
    """sha256 of the key and of the arrays, with their names, types and shapes."""
    digest = hashlib.sha256(key.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def pixel_hash(images: Images) -> str:
    """sha256 of the shape and the pixels."""
    return hashlib.sha256(str(images.shape).encode() + np.ascontiguousarray(images).tobytes()).hexdigest()


def encode_strip(images: Images) -> bytes:
    """Frames uint8 [T,S,S,3] RGB as one lossless picture, the first on top."""
    strip = images.reshape(-1, *images.shape[2:])
    done, encoded = cv2.imencode(".png", strip[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])
    if not done:
        raise ValueError(f"frames of shape {images.shape} could not be encoded as PNG")
    return encoded.tobytes()


def decode_strip(content: bytes) -> Images:
    """The frames [T,S,S,3] RGB of a strip."""
    strip = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert strip is not None
    side = strip.shape[1]
    return np.ascontiguousarray(strip[..., ::-1]).reshape(-1, side, side, 3).astype(np.uint8, copy=False)
