"""CSIM: is it still the same person?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import FrameMetric, Scene


class CSIM(FrameMetric):
    key: ClassVar[str] = "csim"
    recipe: ClassVar[str] = "{identity}/detect5{via}"
    title: ClassVar[str] = "CSIM"
    definition: ClassVar[str] = (
        "Cosine of the identity embeddings of the generated frame and of the target image (cross) or of the true frame "
        "(self); -1 to 1. Every picture is aligned with the five points found in that very picture. Frames without a "
        "found face have no value; face_rate counts them."
    )
    higher_is_better: ClassVar[bool | None] = True
    needs: ClassVar[tuple[str, ...]] = ("detector", "identity")

    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        compared = scene.truth if scene.pair.kind == "self" and scene.truth is not None else scene.target
        generated = _unit(scene.features("identity", scene.generated)["embedding"])
        real = _unit(scene.features("identity", compared)["embedding"])
        values = (generated * real).sum(axis=1)
        if np.isnan(real).any(axis=1).all():
            return values, "no face found in the real picture"
        return values, "no face found"


def _unit(embedding: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    wide = embedding.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True))
