"""The control that never moves: what a method scores for identity when it ignores the driver."""

from __future__ import annotations

from torch import Tensor

from reenactbench.interfaces import Method
from reenactbench.types import Frames


class CopyTarget(Method):
    """Every output frame is the first target image: the ceiling of identity, the floor of motion."""

    def encode_target(self, targets: Frames) -> Tensor:
        """The first target image, [1,3,S,S]."""
        return targets.images[:1]

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        """That image once for each of the T driving frames, bit for bit: [T,3,S,S] in 0..1."""
        return identity.repeat(len(driving), 1, 1, 1)
