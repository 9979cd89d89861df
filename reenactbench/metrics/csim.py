"""CSIM: is it still the same person, and not the driver?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Pictures, Scene


class CSIM(FrameMetric):
    key: ClassVar[str] = "csim"
    recipe: ClassVar[str] = "{identity}/{cropping}{via}"
    title: ClassVar[str] = "CSIM"
    definition: ClassVar[str] = (
        "Cosine of the identity embeddings of the generated frame and of the target image (cross) or of the true frame "
        "(self); -1 to 1. `detect5`: every picture is aligned with the five points found in that very picture; `crop`: "
        "pictures are taken as they are. Frames without a found face have no value; face_rate counts them."
    )
    higher_is_better: ClassVar[bool | None] = True
    needs: ClassVar[tuple[str, ...]] = ("detector", "identity")

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        compared = scene.truth if scene.pair.kind == "self" and scene.truth is not None else scene.target
        return _similarity(scene, compared)


class CSIMDriver(FrameMetric):
    key: ClassVar[str] = "csim_driver"
    recipe: ClassVar[str] = "{identity}/{cropping}{via}"
    title: ClassVar[str] = "CSIM, driver"
    definition: ClassVar[str] = (
        "Cosine of the identity embeddings of the generated frame and of the driving frame; -1 to 1. What is above "
        "that of copy-target is the driver's own identity in the picture. Otherwise as csim."
    )
    higher_is_better: ClassVar[bool | None] = None  # in self the driver is who it should be
    needs: ClassVar[tuple[str, ...]] = ("detector", "identity")
    by_request: ClassVar[bool] = True

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        return _similarity(scene, scene.driving)


def _similarity(scene: Scene, compared: Pictures) -> tuple[npt.NDArray[np.float64], str]:
    generated, real = _units(scene, scene.generated), _units(scene, compared)
    values = (generated * real).sum(axis=1)
    if np.isnan(real).any(axis=1).all():
        return values, "no face found in the real picture"
    return values, "no face found"


def _units(scene: Scene, pictures: Pictures) -> npt.NDArray[np.float64]:
    """Embeddings of length 1; NaN where the detector finds no face, whatever the network makes of the picture."""
    embedding = scene.features("identity", pictures)["embedding"].astype(np.float64)
    embedding[np.isnan(scene.features("detector", pictures)["score"])] = np.nan
    return np.asarray(embedding / np.linalg.norm(embedding, axis=1, keepdims=True))
