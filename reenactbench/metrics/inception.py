"""What FID and its relatives have in common."""

from __future__ import annotations

from typing import ClassVar

from reenactbench.interfaces import SetMetric


class InceptionMetric(SetMetric):
    """A distance of two sets of frames in pool3 features of the FID Inception network."""

    higher_is_better: ClassVar[bool | None] = False
    digits: ClassVar[int] = 2
    needs: ClassVar[tuple[str, ...]] = ("inception",)
    through: ClassVar[str] = "inception"
    feature: ClassVar[str] = "pool3"
