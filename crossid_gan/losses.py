"""The losses of the paper, Eqs. 1 to 6; each is the mean over its batch.

As printed, (2), (5) and (6) let a discriminator win by giving 0 to real and fake alike. Meant is, and computed here,
the non-saturating GAN of Goodfellow et al. (NIPS 2014), on logits.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from crossid_gan.heatmaps import gaussians

FACE_DEVIATION = 8.0
"""Pixels of 128 around a landmark that count as face."""


def squared_error(images: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """The first term of Eq. 1, a pixel: images and truth [N,3,S,S]; weights [N,1,S,S], or 1."""
    error = (images - truth).square()
    return (error if weights is None else error * weights).mean()


def absolute_error(images: Tensor, truth: Tensor, weights: Tensor | None = None) -> Tensor:
    """As `squared_error`, with the L1 norm."""
    error = (images - truth).abs()
    return (error if weights is None else error * weights).mean()


def perceptual(features: Sequence[Tensor], truth: Sequence[Tensor]) -> Tensor:
    """The second term of Eq. 1: over the layers, the sum of the mean absolute differences of feature maps."""
    return torch.stack([(a.float() - b.float()).abs().mean() for a, b in zip(features, truth, strict=True)]).sum()


def face_weights(landmarks: Tensor, size: int, extra: float) -> Tensor:
    """[N,1,size,size]: 1 far from all landmarks [N,68,2], 1 + extra near them."""
    across, down = gaussians(landmarks, size, FACE_DEVIATION)
    return 1 + extra * (down.mT @ across).clamp(max=1)[:, None]


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
