"""Every number of the model and its training: the presets `paper` and `greyeye`, and `demo`, small enough for one CPU
thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reenactbench.errors import ReenactbenchError
from reenactbench.training.recipe import check_range
from reenactbench_baselines.talking_head.layers import NARROWING
from reenactbench_baselines.talking_head.networks import LEAST_SIZE, Shape

PAPER, COMPAT = "paper", "greyeye-compat"
VARIANTS = (PAPER, COMPAT)
"""As the paper says it; and with what the public code does otherwise, which docs/talking-head.md lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The defaults are the `paper` preset. What the paper leaves open is marked so; departures from it come last."""

    size: int = 256
    """Side of the pictures that the networks see and make; frames of another size are resized on their device."""
    width: int = 64
    """Channels after the first halving, doubled with each further one."""
    code: int = 512
    """Channels at most, and length of the code e."""
    blocks: int = 5
    """Residual blocks at the generator's bottom."""
    perceptual: str = "vgg19"
    """The network of the first content term: one of `reenactbench.training.features.NETWORKS`."""
    recogniser: str = "synthface"
    """The network of the second one, in the place of VGGFace, whose weights cannot be had."""

    shots: int = 8
    """K, the target images of a sample."""
    fewest_shots: int = 8
    """K is drawn for each step between this and `shots`."""
    batch: int = 8
    """Samples a step. Open."""
    steps: int = 255_000
    """Open: here 20 epochs of 102 videos."""
    rate: float = 5e-5
    """Of embedder and generator; of Adam (Kingma and Ba, 2015), with `momentum` and 0.999."""
    judge_rate: float = 2e-4
    """Of the discriminator."""
    judge_steps: int = 2
    """Updates of the discriminator for each of embedder and generator."""
    momentum: float = 0.5
    """Open."""
    finetune_rate: float = 5e-5
    """Of the generator when it is fine-tuned to a person. Open: the same."""
    clip: float = 0.0
    """Norm that gradients are cut to; 0: they are not."""
    ema: float = 0.0
    """Decay a step of averaged weights; 0: none."""

    perceptual_weight: float = 1.5e-1
    """Of L_CNT's first term; this and the next four as published in the second version of arXiv 1905.08233."""
    recogniser_weight: float = 2.5e-2
    adversarial_weight: float = 1.0
    features_weight: float = 10.0
    """Of the feature matching."""
    match_weight: float = 10.0

    # Departures from the paper, all off here.
    warm_up: int = 0
    """Steps at the start with the content and pixel terms alone; the W_i learn beside what the embedder says."""
    warm_up_rate: float = 5e-5
    """The learning rate of these, the discriminator's vectors included."""
    pixel_weight: float = 0.0
    """Of the mean absolute difference of pixels."""
    face: float = 0.0
    """Extra weight of the pixels around landmarks in it."""
    candidates: int = 1
    """Driving frames drawn for a sample, of which the one farthest from the first target is taken."""
    augment: float = 0.0
    """Strength of `reenactbench.training.augment`."""

    def __post_init__(self) -> None:
        """Raises ReenactbenchError where no network has such sizes, or no training such numbers."""
        check_range(self, "batch steps candidates judge_steps shots fewest_shots", 1)
        check_range(self, "momentum ema", 0, below=1)
        check_range(self, "blocks warm_up rate judge_rate finetune_rate warm_up_rate clip face augment", 0)
        check_range(self, " ".join(name for name in self.__slots__ if name.endswith("_weight")), 0)
        for name in ("width", "code"):
            value = getattr(self, name)
            if value < NARROWING or value % NARROWING:
                raise ReenactbenchError(
                    f"--set {name}={value}: {name} is a multiple of {NARROWING}, {NARROWING} at least"
                )
        if self.size < LEAST_SIZE or self.size.bit_count() != 1:
            raise ReenactbenchError(f"--set size={self.size}: size is a power of 2, {LEAST_SIZE} at least")
        if self.fewest_shots > self.shots:
            raise ReenactbenchError(
                f"--set fewest_shots={self.fewest_shots}: fewest_shots is shots at most, which is {self.shots}"
            )

    @property
    def shape(self) -> Shape:
        return Shape(self.size, self.width, self.code, self.blocks)


PRESETS = {
    "demo": Config(
        size=128,
        width=16,
        code=112,
        perceptual="synthface",
        shots=3,
        fewest_shots=1,
        steps=12_000,
        rate=3e-4,
        judge_rate=3e-4,
        judge_steps=1,
        finetune_rate=3e-4,
        clip=1.0,
        ema=0.999,
        perceptual_weight=0.1,
        recogniser_weight=0.1,
        adversarial_weight=0.02,
        features_weight=1.0,
        match_weight=0.007,
        warm_up=9_000,
        warm_up_rate=1e-3,
        pixel_weight=1.0,
        face=3.0,
        candidates=3,
        augment=0.7,
    ),
    "paper": Config(),
    "greyeye": replace(
        Config(), batch=3, perceptual_weight=1e-2, recogniser_weight=2e-3, features_weight=0.0, match_weight=80.0
    ),
}
"""The first is the default; the last has the numbers of the public code, and is meant for its variant."""
