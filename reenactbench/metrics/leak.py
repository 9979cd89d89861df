"""Leak: how much of who drives is in the motion code?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.interfaces import CodeMetric, Codes, Quantity
from reenactbench.types import ClipInfo

Array = npt.NDArray[np.floating]

BLOCKS = 4
RIDGE = 0.001
"""Added to the variance of each dimension within people, whose variance over all is 1."""


def _quantities(recipe: str, held_out: str) -> dict[str, Quantity]:
    accuracy = (
        "Share of held-out frames in which a linear probe names the driver from the motion code alone, 0 to 1. "
        f"{held_out} The people and frames are those that methods are trained on, at most 16 evenly spaced frames a "
        f"clip. Probe: codes standardised, linear discriminant analysis, {RIDGE} added to the variances within people."
    )
    above = "(accuracy - chance) / (1 - chance) of the same probe: 0 at chance, 1 where it names every driver."
    chance = "1 over the number of people, the accuracy of a guess: what a code without identity has."
    return {
        recipe: Quantity("Leak", accuracy, "", 3, False),
        f"{recipe}-above-chance": Quantity("Leak above chance", above, "", 3, False),
        f"{recipe}-chance": Quantity("Leak by chance", chance, "", 3, None),
    }


class Leak(CodeMetric):
    """Accuracy of a linear probe on held-out frames, which is at chance for a motion code free of identity.

    The probe is a discriminant analysis because other linear ones find less, and so flatter a code. Of the synthetic
    people it knows 1.00 from bare landmarks; least squares with a penalty 0.97 and logistic regression 0.87 in twice
    the time, each with the constant that is best for it. A tenth of RIDGE and ten times as much change the number by
    0.03 at most.
    """

    key: ClassVar[str] = "leak"
    title: ClassVar[str] = "Leak"
    definition: ClassVar[str] = "Accuracy with which a linear probe names the driver from the motion code."
    higher_is_better: ClassVar[bool | None] = False
    by_request: ClassVar[bool] = True  # it takes more footage than the pairs do
    quantities: ClassVar[Mapping[str, Quantity]] = {
        **_quantities(
            "linear-takes",
            "One clip of each person is held out in turn, so the probe is asked about a motion and a place that it has "
            "not seen.",
        ),
        **_quantities(
            "linear-blocks",
            "Each clip is cut into four blocks of neighbouring frames, which are held out in turn. Weaker than holding "
            "out whole clips: frames of one video resemble each other whoever it shows, so the probe may know the "
            "clip and not the person.",
        ),
    }

    def recipes(self, clips: Sequence[ClipInfo]) -> Sequence[str]:
        recipe = _recipe((clip.identity, clip.id) for clip in clips)
        return [name for name in self.quantities if name.startswith(recipe)]

    def measure(self, codes: Codes) -> Mapping[str, float | str]:
        recipe = _recipe(zip(codes.identities.tolist(), codes.clips.tolist(), strict=True))
        people, owners = np.unique(codes.identities, return_inverse=True)
        if len(people) < 2:
            return dict.fromkeys(self.quantities, "there is footage of one person, and telling people apart takes two")
        parts = _takes(codes) if recipe == "linear-takes" else _blocks(codes)
        accuracy, chance = probe_accuracy(codes.values, owners, parts), 1 / len(people)
        return {
            recipe: accuracy,
            f"{recipe}-above-chance": (accuracy - chance) / (1 - chance),
            f"{recipe}-chance": chance,
        }


def probe_accuracy(values: Array, owners: npt.NDArray[np.intp], parts: npt.NDArray[np.intp]) -> float:
    """Share of the rows of values [N,D] whose owner [N] a linear probe names that was fitted to all other parts [N]."""
    from sklearn.preprocessing import StandardScaler  # slow to import, and every run looks at this module

    wide, right = values.astype(np.float64), 0
    for part in np.unique(parts):
        held_out = parts == part
        scaler = StandardScaler().fit(wide[~held_out])
        weights, offsets, people = discriminants(scaler.transform(wide[~held_out]), owners[~held_out])
        named = people[(scaler.transform(wide[held_out]) @ weights + offsets).argmax(axis=1)]
        right += int((named == owners[held_out]).sum())
    return right / len(wide)


def discriminants(codes: Array, owners: npt.NDArray[np.intp]) -> tuple[Array, Array, npt.NDArray[np.intp]]:
    """Weights [D,K] and offsets [K] of the linear discriminants of the K owners in codes [N,D], and these owners [K].

    Regularised discriminant analysis (Friedman, 1989) with equal priors: the covariance S = R'R / N + RIDGE of what is
    left of the codes without their owner's mean. D may be far above N, so S^-1 is taken through the N x N matrix RR'
    (Woodbury's identity).
    """
    from scipy.linalg import solve

    people, places = np.unique(owners, return_inverse=True)
    means = np.stack([codes[places == place].mean(axis=0) for place in range(len(people))])
    rest = codes - means[places]
    gram = rest @ rest.T
    gram[np.diag_indices_from(gram)] += len(codes) * RIDGE
    weights = (means.T - rest.T @ solve(gram, rest @ means.T, assume_a="pos")) / RIDGE
    return weights, -0.5 * (means * weights.T).sum(axis=1), people


def _recipe(shown: Iterable[tuple[str, str]]) -> str:
    """How frames are held out where these (identity, clip) are shown: whole clips if nobody is in one clip only."""
    clips = Counter(identity for identity, _ in set(shown))
    return "linear-takes" if min(clips.values(), default=0) > 1 else "linear-blocks"


def _takes(codes: Codes) -> npt.NDArray[np.intp]:
    """[N]: the place of each frame's clip among the clips of its person."""
    places: dict[str, dict[str, int]] = {}
    for identity, clip in zip(codes.identities.tolist(), codes.clips.tolist(), strict=True):
        places.setdefault(identity, {}).setdefault(clip, len(places[identity]))
    return np.array([places[i][c] for i, c in zip(codes.identities.tolist(), codes.clips.tolist(), strict=True)])


def _blocks(codes: Codes) -> npt.NDArray[np.intp]:
    """[N]: in which quarter of its clip's frames each frame is."""
    parts = np.empty(len(codes.clips), np.intp)
    for clip in np.unique(codes.clips):
        (rows,) = np.nonzero(codes.clips == clip)
        parts[rows] = BLOCKS * np.arange(len(rows)) // len(rows)
    return parts
