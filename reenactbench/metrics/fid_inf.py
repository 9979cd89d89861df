"""FID without its bias in the number of frames."""

from __future__ import annotations

from typing import ClassVar

from reenactbench.interfaces import Array
from reenactbench.metrics.frechet import frechet_infinity
from reenactbench.metrics.inception import InceptionMetric


class FIDInfinity(InceptionMetric):
    key: ClassVar[str] = "fid_inf"
    recipe: ClassVar[str] = "{inception}-pool3-split4"
    title: ClassVar[str] = "FID∞"
    definition: ClassVar[str] = (
        "FID extrapolated to infinitely many frames: the intercept of its line against 1/N (after Chong and Forsyth, "
        "CVPR 2020), from disjoint halves, thirds and quarters of both sets. An estimate; it can fall below 0."
    )

    def compare(self, generated: Array, reference: Array) -> float:
        return frechet_infinity(generated, reference)
