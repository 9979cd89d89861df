"""Every number of the model and its training: the `paper` preset, and `demo`, small enough for two CPU cores."""

from __future__ import annotations

from dataclasses import dataclass

from crossid_gan.layers import GROUP
from reenactbench.errors import ReenactbenchError
from reenactbench.training.recipe import check_range

VARIANTS = ("full", "sup", "sup+dc")
"""The paper's ablation (4.4): all of it; Eq. 7 alone; that and D_C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The defaults are the `paper` preset. What the paper leaves open is marked so; departures from it come last."""

    width: int = 64
    """Channels after the first convolution of E_L and E_C. Open: doubled with each halving, up to `code`."""
    code: int = 256
    """Channels of the codes: 8 x 8 x 256."""
    judge_width: int = 64
    """Channels after the first convolution of D_I and D_tmp. 64 is CycleGAN's."""
    extractor_width: int = 64
    """Channels after the first convolution of F. 64 is pix2pix's."""
    perceptual: str = "vgg19"
    """The network of Eq. 1: one of `reenactbench.training.features.NETWORKS`."""
    siamese: str = "alexnet"
    """The network of D_id, as well."""

    batch: int = 8
    """Paired samples a step, and unpaired ones. Open."""
    steps: int = 255_000
    """Of E_L, E_C and G. Open: here 20 epochs of 102 videos."""
    extractor_steps: int = 25_500
    """In which F is trained, before all else (in `full`, and beside the warm-up). Open: 2 epochs."""
    rate: float = 2e-4
    """Of Adam (Kingma and Ba, 2015), with `momentum` and 0.999. Open: pix2pix's, as the next."""
    momentum: float = 0.5
    clip: float = 0.0
    """Norm that gradients are cut to, but for D_C's; 0: they are not."""
    ema: float = 0.0
    """Decay a step of averaged weights; 0: none."""

    reconstruction_weight: float = 1.0
    """Of the first term of Eq. 1."""
    perceptual_weight: float = 1.0
    image_weight: float = 1.0
    """Of L_adv^img, and so on: Eqs. 7 and 8 give all of them 1."""
    reversal_weight: float = 1.0
    consistency_weight: float = 1.0
    identity_weight: float = 1.0
    video_weight: float = 1.0

    # Departures from the paper, all off here.
    warm_up: int = 0
    """Steps at the start with Eq. 1 alone, in every variant; D_C learns beside, and E_L does not hear of it."""
    warm_up_rate: float = 2e-4
    """The learning rate of these."""
    l1: bool = False
    """The L1 norm instead of the squared L2 in Eq. 1."""
    face: float = 0.0
    """Extra weight of the pixels around landmarks in the first term of Eq. 1."""
    unmasked: int = 0
    """Steps at the start in which M is 1, so that the frame is O."""
    hallucination_weight: float = 0.0
    """Of the same first term for O alone, as if M were 1: copying the target can then not be the whole answer."""
    mask_bias: float = 0.0
    """Of M's logit at the start: above 0 the generator begins with what it draws, not with what it copies."""
    mask_by_truth: bool = False
    """M learns from Eq. 1 alone: the gradients of judges and of unpaired samples pass it by."""
    candidates: int = 1
    """Driving frames drawn for a paired sample, of which the one farthest from the target is taken."""
    augment: float = 0.0
    """Strength of `reenactbench.training.augment`."""
    classifier_batch: int = 0
    """Frames a step, drawn for D_C and E_L alone from all videos and not augmented, beside those of the samples."""
    classifier_rate: float = 2e-4
    """The learning rate of D_C."""
    classifier_scaled: bool = False
    """D_C sees the codes of a step divided by their common deviation."""
    classifier_smoothing: float = 0.0
    """Share of each label of D_C that is spread over all identities (Szegedy et al., CVPR 2016). A D_C that is sure of
    itself is steep: where E_L turns against it, the reversed gradient drowns all others."""
    reversal_rise: int = 0
    """Steps after the warm-up in which the weight of the reversed gradient rises to `reversal_weight` in a line."""
    unpaired: int = 0
    """Unpaired samples a step, where they are fewer than `batch`; 0: as many."""
    extractor_points: bool = False
    """F is trained with cross-entropy alone, and E_L takes the mean places under its maps instead of the maps."""
    absolute_siamese: bool = False
    """D_id sees the absolute difference of the features."""
    frozen_siamese: bool = False
    """D_id learns its last layer only."""

    def __post_init__(self) -> None:
        """Raises ReenactbenchError where no network has such widths, or no training such numbers."""
        check_range(self, "batch steps candidates", 1)
        check_range(self, "momentum ema classifier_smoothing", 0, below=1)
        check_range(self, "extractor_steps warm_up unmasked reversal_rise classifier_batch unpaired", 0)
        check_range(self, "rate warm_up_rate classifier_rate clip face augment", 0)
        check_range(self, " ".join(name for name in self.__slots__ if name.endswith("_weight")), 0)
        for name in ("width", "code", "judge_width", "extractor_width"):
            value = getattr(self, name)
            if value < GROUP or value % GROUP:
                raise ReenactbenchError(f"--set {name}={value}: {name} is a multiple of {GROUP}, {GROUP} at least")


PRESETS = {
    "demo": Config(
        width=16,
        code=72,
        judge_width=16,
        extractor_width=16,
        perceptual="synthface",
        siamese="synthface",
        batch=8,
        steps=14_600,
        extractor_steps=2_000,
        rate=3e-4,
        clip=1.0,
        ema=0.999,
        reconstruction_weight=1.0,
        perceptual_weight=0.2,
        image_weight=0.05,
        reversal_weight=0.03,
        consistency_weight=0.02,
        identity_weight=0.05,
        video_weight=0.2,
        warm_up=11_600,
        warm_up_rate=1e-3,
        l1=True,
        face=3.0,
        unmasked=5_000,
        hallucination_weight=0.5,
        mask_bias=2.0,
        mask_by_truth=True,
        candidates=3,
        augment=0.7,
        classifier_batch=16,
        classifier_rate=1e-3,
        classifier_scaled=True,
        classifier_smoothing=0.1,
        reversal_rise=300,
        unpaired=2,
        extractor_points=True,
        absolute_siamese=True,
        frozen_siamese=True,
    ),
    "paper": Config(),
}
"""The first is the default."""
