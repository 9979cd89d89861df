"""Face detectors: the boxes and the five points (eyes, nose, mouth corners) of faces."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.backbones.onnx import insightface_model
from reenactbench.backbones.scaling import reduced
from reenactbench.backbones.weights import weights_file
from reenactbench.errors import ReenactbenchError
from reenactbench.files import sha256_file
from reenactbench.interfaces import Backbone, Features

YUNET_SCORE, YUNET_NMS, YUNET_TOP = 0.7, 0.3, 50
SCRFD_SCORE = 0.5

SIDE, SMALL_SIDE = 640, 320
"""Longer sides of the pictures that detectors look at: the one of WIDER FACE crops that both networks were trained on,
and one for close-ups."""
LARGEST_FACE = 300
"""In pixels, of those that YuNet was made for: 10 to 300 (OpenCV Zoo)."""


class Detector(Backbone):
    """`box` [T,4] (left, top, right, bottom), `points` [T,5,2] in pixels, `score` [T]; NaN where no face is found.

    Of several faces in a picture the largest. Pictures are reduced to the sizes that the networks were made for.
    """

    kind: ClassVar[str] = "detector"

    @abstractmethod
    def detect(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        """Every face in an image [H,W,3] with sides of at most `SIDE`, a row each: left, top, right, bottom, ten
        coordinates, score."""

    def extract(self, images: Any, context: Any) -> Features:
        rows = np.full((len(images), 15), np.nan, np.float32)
        for row, image in zip(rows, images, strict=True):
            faces = self._faces(image)
            if len(faces):
                row[:] = faces[np.argmax(_sides(faces).prod(axis=1))]
        return _features(rows)

    def every_face(self, image: npt.NDArray[np.uint8]) -> Features:
        """The features of all faces in an image [H,W,3] RGB, a row each."""
        return _features(self._faces(image).astype(np.float32))

    def _faces(self, image: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        """As `detect`, of an image [H,W,3] RGB of any size."""
        bgr = np.ascontiguousarray(image[..., ::-1])
        longer = max(bgr.shape[:2])
        for side in (SIDE, SMALL_SIDE):
            small = reduced(bgr, longer / side)
            faces = self.detect(small.image)
            if longer <= SMALL_SIDE or (len(faces) and _sides(faces).max() <= LARGEST_FACE):
                break
        places = small.back(faces[:, :14].reshape(-1, 7, 2)).reshape(-1, 14)
        return np.concatenate([places, faces[:, 14:]], axis=1)


def _sides(faces: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return faces[:, 2:4] - faces[:, :2]


def _features(rows: npt.NDArray[np.float32]) -> Features:
    return {"box": rows[:, :4], "points": rows[:, 4:14].reshape(-1, 5, 2), "score": rows[:, 14]}


class YuNet(Detector):
    """YuNet (Wu et al., Machine Intelligence Research 2023) through OpenCV's FaceDetectorYN."""

    def __init__(self, path: Path) -> None:
        self.sha256 = sha256_file(path)
        try:
            self._net = cv2.FaceDetectorYN.create(str(path), "", (128, 128), YUNET_SCORE, YUNET_NMS, YUNET_TOP)
        except cv2.error as error:
            raise ReenactbenchError(f"OpenCV cannot load {path.name} as a YuNet detector") from error

    def detect(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        self._net.setInputSize((bgr.shape[1], bgr.shape[0]))
        _, found = self._net.detect(bgr)
        faces = np.empty((0, 15)) if found is None else np.asarray(found, np.float64)
        faces[:, 2:4] += faces[:, :2]
        return faces


class SCRFD(Detector):
    """SCRFD (Guo et al., ICLR 2022) through insightface."""

    def __init__(self, path: Path, device: str) -> None:
        self.sha256 = sha256_file(path)
        self._model = insightface_model(path, device, "detection")
        self._model.prepare(0, det_thresh=SCRFD_SCORE)

    def detect(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        side = SMALL_SIDE if max(bgr.shape[:2]) <= SMALL_SIDE else SIDE  # insightface enlarges what is smaller
        boxes, points = self._model.detect(bgr, input_size=(side, side))
        return np.concatenate([boxes[:, :4], points.reshape(-1, 10), boxes[:, 4:5]], axis=1).astype(np.float64)


def load_yunet(argument: str, device: str) -> YuNet:
    return YuNet(weights_file(argument))


def load_insightface(argument: str, device: str) -> SCRFD:
    return SCRFD(weights_file(argument, "det_10g.onnx"), device)
