"""More people out of few: samples moved, turned, stretched, mirrored and recoloured, landmarks with the pixels."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from reenactbench.landmarks68 import MIRRORED
from reenactbench.training.sampling import Draws, Pairs
from reenactbench.types import Frames

Array = npt.NDArray[np.float64]

TURN, SCALE, SHIFT, STRETCH = 10.0, (0.85, 1.15), 8.0, 0.08
"""Degrees to either side; the factor; pixels of a picture of 128 along each side; the sides against each other: that
makes other shapes of faces."""
MIRROR = 0.5
"""The share of samples that are mirrored."""
GAIN, GAMMA, MIX = 0.15, 0.2, 0.5
"""Deviations of the logarithms, a channel and a picture; how far the channels are mixed with each other at most."""


def augmented(pairs: Pairs, random: np.random.Generator, strength: float) -> Pairs:
    """The samples, disturbed on their device; strength 0 leaves them as they are, 1 is as the constants say.

    All frames of a sample's target are disturbed in the same way, and all of its driving; where both show the same
    identity, the two ways are the same, else of their own. The edge of a picture is drawn out where it moves inwards.
    """
    if strength == 0:
        return pairs
    same = (pairs.target_ids == pairs.driving_ids).cpu().numpy()
    of_targets, of_driving = _Ways(random, len(pairs), strength), _Ways(random, len(pairs), strength)
    of_driving.take(of_targets, same)
    return Pairs(
        of_targets.applied(pairs.targets), of_driving.applied(pairs.driving), pairs.target_ids, pairs.driving_ids
    )


def augmented_draw(draws: Draws, pairs: Pairs, strength: float) -> Pairs:
    """`augmented` in the way that follows from the step, and from whether these samples of it are paired."""
    kind = "paired" if bool((pairs.target_ids == pairs.driving_ids).all()) else "unpaired"
    return augmented(pairs, draws.random(f"augment {kind}"), strength)


def augmented_motions(
    driving: Tensor, own: Tensor, moved: Tensor, size: int, random: np.random.Generator, strength: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`Draws.same_motions` [B,68,2] in pixels of `size`, as if filmed by other cameras: one for the motion, so that
    driving and moved landmarks are disturbed alike, another for `own`. All three are mirrored, or none; none is
    stretched, which would make another shape of face."""
    of_motion = _Ways(random, len(own), strength, stretched=False)
    of_own = _Ways(random, len(own), strength, stretched=False, mirror=of_motion.mirror)
    return of_motion.moved(driving, size), of_own.moved(own, size), of_motion.moved(moved, size)


class _Ways:
    """A way of disturbing for each of B samples, drawn at random."""

    def __init__(
        self,
        random: np.random.Generator,
        samples: int,
        strength: float,
        stretched: bool = True,
        mirror: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """mirror: which are mirrored, where that is known already."""

        def within(least: float, most: float, *shape: int) -> Array:
            return strength * random.uniform(least, most, (samples, *shape))

        self.mirror = random.random(samples) < MIRROR * strength if mirror is None else mirror
        turn = within(-math.radians(TURN), math.radians(TURN))
        scale = np.exp(within(math.log(SCALE[0]), math.log(SCALE[1])))
        stretch = math.log1p(STRETCH) / 2 if stretched else 0.0
        ratio = np.exp(within(-stretch, stretch))
        sides = np.stack([scale * ratio * np.where(self.mirror, -1, 1), scale / ratio], 1)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).transpose(2, 0, 1)
        self.matrix = rotation * sides[:, None]
        """[B,2,2]: what happens to places relative to the middle."""
        self.shift = within(-SHIFT / 128, SHIFT / 128, 2)
        """[B,2] in sides of the picture."""
        mix = within(0, MIX)[:, None, None]
        mixed = (1 - mix) * np.eye(3) + mix * random.dirichlet(np.ones(3), (samples, 3))
        self.colours = mixed * np.exp(strength * random.normal(0, GAIN, (samples, 3, 1)))
        """[B,3,3]: what happens to the channels."""
        self.gamma = np.exp(strength * random.normal(0, GAMMA, samples))

    def take(self, other: _Ways, where: npt.NDArray[np.bool_]) -> None:
        """Do as the other does with these samples."""
        for name, own in vars(self).items():
            own[where] = vars(other)[name][where]

    def applied(self, frames: Frames) -> Frames:
        """frames: the samples' frames, equally many of each, side by side."""
        each, device, side = len(frames) // len(self.gamma), frames.images.device, frames.size

        def of_frames(values: Array) -> Tensor:
            return torch.from_numpy(values).to(device, torch.float32).repeat_interleave(each, dim=0)

        inverse = np.linalg.inv(self.matrix)
        back = np.concatenate([inverse, -inverse @ (2 * self.shift)[:, :, None]], 2)
        grid = functional.affine_grid(of_frames(back), list(frames.images.shape), align_corners=False)
        images = functional.grid_sample(frames.images, grid, "bilinear", "border", align_corners=False)
        images = images.clamp(0, 1) ** of_frames(self.gamma)[:, None, None, None]
        images = torch.einsum("nij,njhw->nihw", of_frames(self.colours), images).clamp(0, 1)
        return Frames(images, self.moved(frames.landmarks, side))

    def moved(self, points: Tensor, side: int) -> Tensor:
        """points [B*T,68,2] in pixels of a picture with that side, equally many rows of each sample, side by side."""
        each, middle = len(points) // len(self.mirror), (side - 1) / 2
        mirror = torch.from_numpy(self.mirror).to(points.device).repeat_interleave(each)
        matrix, shift = (
            torch.from_numpy(values).to(points.device, torch.float32).repeat_interleave(each, dim=0)
            for values in (self.matrix, self.shift)
        )
        moved = (points - middle) @ matrix.mT + middle + side * shift[:, None]
        return torch.where(mirror[:, None, None], moved[:, list(MIRRORED)], moved)
