"""Every number of crossid-flow and its training."""

from __future__ import annotations

from dataclasses import dataclass

from crossid_gan.layers import GROUP
from reenactbench.errors import ReenactbenchError
from reenactbench.training.recipe import check_range


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The defaults are the `demo` preset."""

    width: int = 16
    """Channels at 64 places a side; twice as many at 32, four times at 16."""
    code: int = 88
    """Channels of the codes of E_C and E_L, at 8 places a side."""
    motion_width: int = 384
    """Of the hidden layers of the motion networks."""
    motion_code: int = 24
    """Numbers in a motion code."""
    perceptual: str = "synthface"
    """One of `reenactbench.training.features.NETWORKS`."""

    batch: int = 8
    """Paired samples a step."""
    steps: int = 17_000
    rate: float = 1.5e-3
    """The highest learning rate of Adam, with 0.9 and 0.999."""
    rise: int = 100
    """Steps in which the rates rise to it; then they fall with a cosine over all steps to `last` of it."""
    last: float = 0.02
    clip: float = 1.0
    """Norm that gradients are cut to; 0: they are not."""
    ema: float = 0.999

    motion_batch: int = 128
    """Triples of landmarks a step; 0: the motion networks stay as they are, for data that know no such triples."""
    motion_rate: float = 1e-3
    motion_noise: float = 0.1
    """Deviation of what is added to motion codes in training."""

    face: float = 3.0
    """Extra weight of the pixels around landmarks in all losses of pixels."""
    perceptual_weight: float = 0.2
    crop: int = 64
    """Side in pixels of what the perceptual network sees of the inner face in every second step; else the frame."""
    edge_weight: float = 1.0
    """Of the differences between neighbouring pixels."""
    hallucination_weight: float = 0.5
    """Of the L1 of O alone."""
    warped_weight: float = 0.5
    """Of the L1 of the warped target alone."""
    mask_weight: float = 0.02
    """Of the mean of M in the last fifth of the steps: what the target's own pixels show is not drawn."""
    mask_bias: float = -1.0
    """Of M's logit at the start."""
    candidates: int = 3
    """Driving frames drawn for a sample, of which the one farthest from the target is taken."""
    augment: float = 0.7
    """Strength of `reenactbench.training.augment`."""
    degrade: float = 0.7
    """Strength of `reenactbench.training.degrade`, for pictures and landmarks."""

    def __post_init__(self) -> None:
        """Raises ReenactbenchError where no network has such widths, or no training such numbers."""
        check_range(self, "batch steps candidates motion_width motion_code crop", 1)
        check_range(self, "ema last", 0, below=1)
        check_range(self, "rise motion_batch rate motion_rate motion_noise clip face augment degrade", 0)
        check_range(self, " ".join(name for name in self.__slots__ if name.endswith("_weight")), 0)
        for name in ("width", "code"):
            value = getattr(self, name)
            if value < GROUP or value % GROUP:
                raise ReenactbenchError(f"--set {name}={value}: {name} is a multiple of {GROUP}, {GROUP} at least")


PRESETS = {"demo": Config()}
"""The first is the default."""
