"""Face recognition networks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from reenactbench.backbones.onnx import BATCH, insightface_model
from reenactbench.backbones.weights import weights_file
from reenactbench.files import sha256_file
from reenactbench.interfaces import Backbone, Features


class ArcFace(Backbone):
    """ArcFace (Deng et al., CVPR 2019) through insightface: its loader, its alignment to five points.

    `embedding` [T,D], not normalised; NaN where no face is found.
    """

    kind: ClassVar[str] = "identity"
    needs: ClassVar[tuple[str, ...]] = ("detector",)

    def __init__(self, path: Path, device: str) -> None:
        self.sha256 = sha256_file(path)
        self._model = insightface_model(path, device, "recognition")

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        from insightface.utils import face_align

        points = context["detector"]["points"]
        found = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
        aligned = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of skimage, about how insightface calls it
            for index in found:
                bgr = np.ascontiguousarray(images[index][..., ::-1])
                aligned.append(face_align.norm_crop(bgr, points[index], self._model.input_size[0]))
        width = self._model.output_shape[1]
        embedding = np.full((len(images), width), np.nan, np.float32)
        for start in range(0, len(found), BATCH):
            embedding[found[start : start + BATCH]] = self._model.get_feat(aligned[start : start + BATCH])
        return {"embedding": embedding}


def load_insightface(argument: str, device: str) -> ArcFace:
    return ArcFace(weights_file(argument, "w600k_r50.onnx"), device)
