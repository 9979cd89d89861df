"""FID: does the set of generated frames look like real frames?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from reenactbench.interfaces import Array
from reenactbench.metrics.frechet import frechet_by_parts, frechet_distance
from reenactbench.metrics.inception import InceptionMetric


class FID(InceptionMetric):
    key: ClassVar[str] = "fid"
    recipe: ClassVar[str] = "{inception}-pool3"
    title: ClassVar[str] = "FID"
    definition: ClassVar[str] = (
        "Frechet Inception distance of the generated frames to real ones (the true frames where they are known, else "
        "the target clips' own), pool3 features of pytorch-fid's network, float64. It falls as N grows: compare "
        "equal N only."
    )

    def compare(self, generated: Array, reference: Array) -> float:
        return frechet_distance(generated, reference)

    def by_parts(self, generated: Array, reference: Array) -> Mapping[int, float]:
        return frechet_by_parts(generated, reference)
