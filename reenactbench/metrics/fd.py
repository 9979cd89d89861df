"""FD: FID's arithmetic in the features of an identity network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reenactbench.interfaces import Array, SetMetric
from reenactbench.metrics.frechet import frechet_by_parts, frechet_distance


class FD(SetMetric):
    key: ClassVar[str] = "fd"
    recipe: ClassVar[str] = "{identity}/{cropping}{via}"
    title: ClassVar[str] = "FD"
    definition: ClassVar[str] = (
        "Frechet distance of the generated frames to real ones (the true frames where they are known, else the target "
        "clips' own) in the identity network's embeddings before their length is taken away, float64. `detect5`: every "
        "picture is aligned with the five points found in it; a name without it: pictures are taken as they are. It is "
        "not FID, and falls as N grows: compare equal N of one variant only."
    )
    higher_is_better: ClassVar[bool | None] = False
    digits: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("detector", "identity")
    through: ClassVar[str] = "identity"
    feature: ClassVar[str] = "embedding"

    @classmethod
    def variant(cls, names: Mapping[str, str], recipe: str | None = None) -> str:
        """Without cropping and detector where the network takes pictures as they are: neither decides anything then."""
        return super().variant(names, "{identity}" if names["cropping"] == "crop" else recipe)

    def compare(self, generated: Array, reference: Array) -> float:
        for name, features in (("generated", generated), ("real", reference)):
            without = int(np.isnan(features).any(axis=1).sum())
            if without:
                raise ValueError(f"{without} of {len(features)} {name} frames have no face, so no features")
        return frechet_distance(generated, reference)

    def by_parts(self, generated: Array, reference: Array) -> Mapping[int, float]:
        return frechet_by_parts(generated, reference)
