"""The control that keeps nothing of the target: what a method scores for motion when it copies the driver."""

from __future__ import annotations

from torch import Tensor

from reenactbench.interfaces import Method
from reenactbench.types import Frames


class CopyDriver(Method):
    """Every output frame is the driving frame itself: the ceiling of motion, the floor of identity."""

    def encode_target(self, targets: Frames) -> None:
        """Nothing of the target is used."""

    def reenact(self, identity: None, driving: Frames) -> Tensor:
        """The T driving images, bit for bit: [T,3,S,S] in 0..1."""
        return driving.images.clone()
