"""Face detectors: the box and the five points (eyes, nose, mouth corners) of the largest face."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.backbones.onnx import insightface_model
from reenactbench.backbones.weights import weights_file
from reenactbench.errors import ReenactbenchError
from reenactbench.files import sha256_file
from reenactbench.interfaces import Backbone, Features

YUNET_SCORE, YUNET_NMS, YUNET_TOP = 0.7, 0.3, 50
SCRFD_SIZE, SCRFD_SCORE = (320, 320), 0.5


class Detector(Backbone):
    """`box` [T,4] (left, top, right, bottom), `points` [T,5,2] in pixels, `score` [T]; NaN where no face is found."""

    kind: ClassVar[str] = "detector"

    @abstractmethod
    def faces(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        """Every face in an image [H,W,3], a row each: left, top, right, bottom, ten coordinates, score."""

    def extract(self, images: Any, context: Any) -> Features:
        rows = np.full((len(images), 15), np.nan, np.float32)
        for row, image in zip(rows, images, strict=True):
            faces = self.faces(np.ascontiguousarray(image[..., ::-1]))
            if len(faces):
                sides = faces[:, 2:4] - faces[:, :2]
                row[:] = faces[np.argmax(sides.prod(axis=1))]
        return {"box": rows[:, :4], "points": rows[:, 4:14].reshape(-1, 5, 2), "score": rows[:, 14]}


class YuNet(Detector):
    """YuNet (Wu et al., Machine Intelligence Research 2023) through OpenCV's FaceDetectorYN."""

    def __init__(self, path: Path) -> None:
        self.sha256 = sha256_file(path)
        try:
            self._net = cv2.FaceDetectorYN.create(str(path), "", (128, 128), YUNET_SCORE, YUNET_NMS, YUNET_TOP)
        except cv2.error as error:
            raise ReenactbenchError(f"OpenCV cannot load {path.name} as a YuNet detector") from error

    def faces(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
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
        self._model.prepare(0, input_size=SCRFD_SIZE, det_thresh=SCRFD_SCORE)

    def faces(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        boxes, points = self._model.detect(bgr)
        return np.concatenate([boxes[:, :4], points.reshape(-1, 10), boxes[:, 4:5]], axis=1).astype(np.float64)


def load_yunet(argument: str, device: str) -> YuNet:
    return YuNet(weights_file(argument))


def load_insightface(argument: str, device: str) -> SCRFD:
    return SCRFD(weights_file(argument, "det_10g.onnx"), device)
