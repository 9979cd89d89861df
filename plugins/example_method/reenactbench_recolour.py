"""A face reenactment method for reenactbench. What it does so far: the driving frames in the target's colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reenactbench import Frames, Method, hookimpl

if TYPE_CHECKING:  # a plugin is imported whenever reenactbench starts, so it leaves torch until a method works
    from reenactbench.hookspecs import Register
    from torch import Tensor


@hookimpl
def register_methods(register: Register) -> None:
    """Tell reenactbench the method's name and class. A class in a module that is slow to import is named instead, as
    "module:Class", and imported when it is first used."""
    register(
        "recolour",
        Recolour,
        summary="the driving frames with the target's mean and standard deviation of each colour channel",
        licence="Apache-2.0",
        citation="Reinhard et al., Color Transfer between Images, IEEE Computer Graphics and Applications 2001",
    )


class Colours(NamedTuple):
    """Mean and standard deviation of each colour channel, both [T,3,1,1]."""

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, images: Tensor) -> Colours:
        """The colours of each of the images [T,3,S,S]."""
        return cls(images.mean((2, 3), keepdim=True), images.std((2, 3), keepdim=True))


class Recolour(Method):
    """Moves exactly as the driver and has the target's colours, but the driver's face (Reinhard et al., 2001)."""

    image_size = 128
    shots = 3

    def encode_target(self, targets: Frames) -> Colours:
        """The colours of the target, averaged over its one to three images: each [1,3,1,1]."""
        mean, deviation = Colours.of(targets.images)
        return Colours(mean.mean(0, keepdim=True), deviation.mean(0, keepdim=True))

    def reenact(self, identity: Colours, driving: Frames) -> Tensor:
        """Each frame on its own, so that the others of its batch never change it: [T,3,S,S] in 0..1."""
        mean, deviation = Colours.of(driving.images)
        standard = (driving.images - mean) / deviation.clamp(min=1e-6)
        return (standard * identity.deviation + identity.mean).clamp(0, 1)
