"""Landmark networks: 68 points in iBUG order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.backbones.onnx import BATCH, insightface_model, session
from reenactbench.backbones.scaling import reduced
from reenactbench.backbones.weights import weights_file
from reenactbench.errors import ReenactbenchError
from reenactbench.files import sha256_file
from reenactbench.interfaces import Backbone, Features

ONNX68_MARGIN, ONNX68_SIZE = 1.1, 112
INSIGHTFACE68_MARGIN = 1.5  # of the square that insightface itself cuts out


class Landmarks(Backbone):
    """`landmarks` [T,68,2] in 0-based pixels; NaN where no face is found."""

    kind: ClassVar[str] = "landmarks"
    needs: ClassVar[tuple[str, ...]] = ("detector",)

    @abstractmethod
    def find(self, images: Any, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """Landmarks [n,68,2] in images [n,H,W,3] RGB with one face box each."""

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        boxes = np.asarray(context["detector"]["box"], np.float64)
        landmarks = np.full((len(images), 68, 2), np.nan, np.float32)
        found = np.flatnonzero(np.isfinite(boxes).all(axis=1))
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            landmarks[batch] = self.find(images[batch], boxes[batch])
        return {"landmarks": landmarks}


class Onnx68(Landmarks):
    """A network from a square crop of 1.1 x the face box, [N,3,112,112] BGR 0..1, to [N,136] in 0..1 of the crop."""

    def __init__(self, path: Path, device: str) -> None:
        self.sha256 = sha256_file(path)
        self._session = session(path, device)
        self._input = self._session.get_inputs()[0].name
        if list(self._session.get_inputs()[0].shape[1:]) != [3, ONNX68_SIZE, ONNX68_SIZE]:
            raise ReenactbenchError(f"{path.name} does not take [N,3,112,112], so it is no onnx68 landmark network")

    def find(self, images: Any, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        sides = ONNX68_MARGIN * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
        corners = (boxes[:, :2] + boxes[:, 2:] - sides[:, None]) / 2
        crops = np.stack([_square(*item) for item in zip(images, corners, sides, strict=True)])
        batch = crops[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
        (output,) = self._session.run(None, {self._input: np.ascontiguousarray(batch)})
        points = output.reshape(len(images), 68, 2) * sides[:, None, None] + corners[:, None]
        return np.asarray(points, np.float32)


def _square(image: npt.NDArray[np.uint8], corner: npt.NDArray[np.float64], side: float) -> npt.NDArray[np.uint8]:
    scale = side / ONNX68_SIZE
    small = reduced(image, int(scale))
    (scale_x, scale_y), (left, top) = scale * small.ratio, small.there(corner)
    to_image = np.array([[scale_x, 0, left], [0, scale_y, top]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(small.image, to_image, (ONNX68_SIZE, ONNX68_SIZE), flags=flags), np.uint8)


class Insightface68(Landmarks):
    """insightface's 1k3d68: 68 points in 3-D, of which x and y are taken."""

    def __init__(self, path: Path, device: str) -> None:
        self.sha256 = sha256_file(path)
        self._model = insightface_model(path, device, "landmark_3d_68")

    def find(self, images: Any, boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        from insightface.app.common import Face

        found = []
        for image, box in zip(images, boxes, strict=True):
            crop = INSIGHTFACE68_MARGIN * (box[2:] - box[:2]).max()
            small = reduced(np.ascontiguousarray(image[..., ::-1]), int(crop / self._model.input_size[0]))
            face = Face(bbox=small.there(box.reshape(2, 2)).ravel())
            found.append(small.back(self._model.get(small.image, face)[:, :2]))
        return np.stack(found).astype(np.float32)


def load_onnx68(argument: str, device: str) -> Onnx68:
    return Onnx68(weights_file(argument), device)


def load_insightface(argument: str, device: str) -> Insightface68:
    return Insightface68(weights_file(argument, "1k3d68.onnx"), device)
