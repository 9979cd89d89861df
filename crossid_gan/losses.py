"""The losses of the paper, Eqs. 2 to 6; each is the mean over its batch. Eq. 1 is of `reenactbench.training.losses`.

As printed, (2), (5) and (6) let a discriminator win by giving 0 to real and fake alike. Meant is, and computed here,
the non-saturating GAN of Goodfellow et al. (NIPS 2014), on logits.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from reenactbench.training.gaussians import gaussians


def fooling(fake: Tensor) -> Tensor:
    """What the generator minimises in Eqs. 2, 5 and 6: -log D(fake), of logits."""
    return functional.softplus(-fake.float()).mean()


def telling(real: Tensor, fake: Tensor) -> Tensor:
    """What a discriminator minimises: -log D(real) - log(1 - D(fake)), of logits."""
    return functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean()


def identity_cross_entropy(logits: Tensor, identities: Tensor, smoothing: float = 0.0) -> Tensor:
    """-log P of Eq. 3: logits [N,n], identities int64 [N]. D_C minimises it and E_L maximises it; as printed, the two
    signs are the other way round. smoothing: share of each label that is spread over all n."""
    return functional.cross_entropy(logits.float(), identities, label_smoothing=smoothing)


def consistency(of_output: Tensor, of_source: Tensor) -> Tensor:
    """Eq. 4: the mean absolute difference of two motion codes."""
    return (of_output.float() - of_source.float()).abs().mean()


def heatmap_cross_entropy(logits: Tensor, landmarks: Tensor) -> Tensor:
    """How far the softmax of each map of logits [N,68,S,S] is from the heatmap of its landmark [N,68,2], as
    distributions. A landmark outside the picture has no heatmap and does not count.

    Of the heatmap only its two factors are made: the cross-entropy is linear in it.
    """
    across, down = gaussians(landmarks, logits.shape[-1])
    under = ((logits.float() @ across[..., None])[..., 0] * down).sum(2)
    mass = across.sum(2) * down.sum(2)
    return ((mass * logits.float().flatten(2).logsumexp(2) - under) / mass.clamp(min=1.0)).mean()
