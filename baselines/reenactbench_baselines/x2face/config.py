"""Every number of the model and its training: `paper`, `paper-128`, and `demo`, small enough for two CPU cores."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reenactbench.errors import ReenactbenchError
from reenactbench.training.recipe import check_range

VARIANTS = ("full", "stage1")
"""Both stages of the paper; the first alone, which is what the authors' released code trains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The defaults are the `paper` preset. What paper and code leave open is marked so; departures come last."""

    width: int = 64
    """Channels after the first convolution: doubled with each halving, up to eight times."""
    levels: int = 8
    """Halvings: pictures are of 2^levels pixels, here 256."""
    shots: int = 3
    """Source frames a sample. Open: the released code trains with one, which teaches no confidence."""
    perceptual: str = "vgg19"
    """The content network of stage 2: one of `reenactbench.training.features.NETWORKS`. The paper's is a VGG-11 that
    the authors trained on VGG-Face and did not publish."""
    content_layers: str = "2 3 4 5"
    """Which of its maps, counted from 1, the content loss compares: those that stand for the paper's conv2-5, conv7."""
    identity_layers: str = "4 5"
    """The same for the identity loss: for conv6 and conv7."""

    batch: int = 16
    """Paired samples a step, and unpaired ones."""
    steps: int = 127_500
    """Open: here 20 epochs of 102 videos."""
    first_stage: int = 63_750
    """Steps with the photometric loss alone. Open: until it converges; here 10 epochs."""
    rate: float = 1e-3
    """Of stochastic gradient descent with `momentum`."""
    momentum: float = 0.9
    clip: float = 0.0
    """Norm that gradients are cut to; 0: they are not."""
    ema: float = 0.0
    """Decay a step of averaged weights; 0: none."""

    photometric_weight: float = 1.0
    """Of the L1 distance to the driving frame. Open, as the next two."""
    content_weight: float = 1.0
    """Of the content loss, where the driver is of the same video."""
    identity_weight: float = 0.1
    """Of the content loss against the source, where the driver is of another."""

    # Departures from paper and code, all off here.
    adam: bool = False
    """Adam with `momentum` and 0.999 instead of stochastic gradient descent."""
    start: float = 1.0
    """Factor of the last layers' weights at the start: with 0 all offsets begin at 0, and frames as their sources."""
    warm_up: int = 0
    """Steps at the start with one source frame a sample: several make a blur of a face, from which no motion is learnt,
    until their embedded faces agree."""
    warm_up_rate: float = 1e-3
    """The learning rate of these."""
    landmark_weight: float = 0.0
    """Of the landmark loss in the warm-up: how far from the source's landmarks the two networks together sample the
    driver's. A photometric loss knows no way from one place of a face to another that it does not touch already."""
    face: float = 0.0
    """Extra weight of the pixels around landmarks in the photometric loss."""
    candidates: int = 1
    """Driving frames drawn for a paired sample, of which the one farthest from the first source frame is taken."""
    augment: float = 0.0
    """Strength of `reenactbench.training.augment`."""
    unpaired: int = 0
    """Unpaired samples a step, where they are fewer than `batch`; 0: as many."""

    def __post_init__(self) -> None:
        """Raises ReenactbenchError where there is no such network, or no training has such numbers."""
        check_range(self, "width shots batch steps candidates", 1)
        check_range(self, "levels", 2)
        check_range(self, "momentum ema", 0, below=1)
        check_range(self, "first_stage warm_up unpaired rate warm_up_rate clip start face augment", 0)
        check_range(self, "photometric_weight content_weight identity_weight landmark_weight", 0)

    def layers(self, name: str, most: int) -> list[int]:
        """What the setting of that name says, counted from 0; raises ReenactbenchError where it is no numbers of layers
        from 1 to `most`."""
        text = getattr(self, name)
        found = [int(word) - 1 if word.isdecimal() else -1 for word in text.split()]
        if not found or not all(0 <= layer < most for layer in found):
            raise ReenactbenchError(
                f"--set {name}={text}: write numbers of layers of {self.perceptual}, from 1 to {most}"
            )
        return found


PRESETS = {
    "demo": Config(
        width=16,
        levels=7,
        perceptual="synthface",
        content_layers="1 2 3 4",
        identity_layers="3 4",
        batch=8,
        steps=23_000,
        first_stage=20_000,
        rate=3e-4,
        clip=1.0,
        ema=0.999,
        content_weight=0.2,
        identity_weight=0.02,
        adam=True,
        start=0.1,
        warm_up=12_000,
        warm_up_rate=1e-3,
        landmark_weight=1.0,
        face=3.0,
        candidates=3,
        augment=0.7,
        unpaired=2,
    ),
    "paper": Config(),
    "paper-128": replace(Config(), levels=7),
}
"""The first is the default."""
