"""Every number of the model and its training: `paper`, and `demo`, small enough for two CPU cores."""

from __future__ import annotations

from dataclasses import dataclass

from reenactbench.training.recipe import check_range

MASKED, PLAIN = "masked", "plain"
VARIANTS = (MASKED, PLAIN)
"""The paper's generator, which makes colours and a mask; that of the authors' released training code, colours alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The defaults are the `paper` preset. What paper and code leave open is marked so; departures come last."""

    width: int = 64
    """Channels after the first convolutions, doubled with each halving; the discriminator has them after its first."""
    blocks: int = 6
    """Residual blocks of the generator."""
    perceptual: str = "vgg19"
    """The content network: one of `reenactbench.training.features.NETWORKS`. The authors' is VGG-16."""

    batch: int = 64
    """Paired samples a step."""
    steps: int = 31_875
    """Open: here 20 epochs of 102 videos."""
    rate: float = 1e-4
    """Of generator and discriminator; of Adam (Kingma and Ba, 2015), with `momentum` and 0.999."""
    momentum: float = 0.5
    """Open: as in StarGAN, whose networks these are."""
    judge_steps: int = 5
    """Updates of the discriminator for each of the generator. Open: as in StarGAN."""
    clip: float = 0.0
    """Norm that gradients are cut to; 0: they are not."""
    ema: float = 0.0
    """Decay a step of averaged weights; 0: none."""

    adversarial_weight: float = 0.01
    """As released; the weights that the released code does not name are 1."""
    penalty_weight: float = 10.0
    """Of the gradient penalty, as in WGAN-GP."""
    pixel_weight: float = 1.0
    """Of the L1 distance to the driving frame."""
    cycle_weight: float = 1.0
    """Of the way back to the target."""
    triple_weight: float = 1.0
    """Of the triple consistency."""
    perceptual_weight: float = 0.1
    variation_weight: float = 1e-8
    """Of the total variation, summed over a picture."""

    # Departures from the paper, all off here.
    halvings: int = 2
    """How often the generator halves the sides."""
    warm_up: int = 0
    """Steps at the start with the pixel and perceptual terms alone."""
    warm_up_rate: float = 1e-4
    """The learning rate of these."""
    unmasked: int = 0
    """Steps of the warm-up that colours alone have to make the frame: a mask is quick to keep the picture as it is."""
    returning: int = 0
    """Samples of a step whose frames go through the generator again, where they are fewer than `batch`; 0: all."""
    face: float = 0.0
    """Extra weight of the pixels around landmarks in the pixel term."""
    candidates: int = 1
    """Driving frames drawn for a sample, of which the one farthest from the target is taken."""
    augment: float = 0.0
    """Strength of `reenactbench.training.augment`."""

    def __post_init__(self) -> None:
        """Raises ReenactbenchError where there is no such network, or no training has such numbers."""
        check_range(self, "width batch steps judge_steps candidates", 1)
        check_range(self, "halvings", 1, below=6)
        check_range(self, "momentum ema", 0, below=1)
        check_range(self, "blocks warm_up unmasked returning rate warm_up_rate clip face augment", 0)
        check_range(self, " ".join(name for name in self.__slots__ if name.endswith("_weight")), 0)


PRESETS = {
    "demo": Config(
        width=16,
        perceptual="synthface",
        batch=8,
        steps=17_000,
        rate=3e-4,
        judge_steps=1,
        clip=1.0,
        ema=0.999,
        perceptual_weight=0.1,
        halvings=3,
        warm_up=12_000,
        warm_up_rate=1e-3,
        unmasked=5_000,
        returning=2,
        face=3.0,
        candidates=3,
        augment=0.7,
    ),
    "paper": Config(),
}
"""The first is the default."""
