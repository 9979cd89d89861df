"""t-SNE of motion codes, as in the paper's Figure 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from reenactbench.protocols.pairing import rank
from reenactbench.types import Clip

VERSION = 1  # part of the key of every map: raise it when maps of the same codes change
PEOPLE, FRAMES = 10, 20
PERPLEXITY = 30.0


def shown_frames(clips: Sequence[Clip], seed: int) -> Iterator[tuple[Clip, tuple[int, ...]]]:
    """20 frames, drawn by seed, of each of the first 10 people (paper, 4.6), over all the clips of a person."""
    people = list(dict.fromkeys(clip.info.identity for clip in clips))[:PEOPLE]
    for identity in people:
        own = {clip.info.id: clip for clip in clips if clip.info.identity == identity}
        frames = [(clip.info.id, int(number)) for clip in own.values() for number in clip.numbers]
        drawn = sorted(frames, key=lambda frame: rank("tsne@1", str(seed), frame[0], str(frame[1])))[:FRAMES]
        for clip_id, clip in own.items():
            numbers = tuple(sorted(number for name, number in drawn if name == clip_id))
            if numbers:
                yield clip, numbers


def flattened(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The map [N,2] of codes [N,D], N >= 2: exact t-SNE (van der Maaten and Hinton, 2008), started from the PCA.

    The paper gives no settings: perplexity 30 (less for under 91 codes) and the others of scikit-learn. Codes that
    are all the same are all at the origin.
    """
    from sklearn.manifold import TSNE  # slow to import, and most runs ask for no map

    wide = values.astype(np.float64)
    if not np.ptp(wide, axis=0).any():
        return np.zeros((len(wide), 2))
    if wide.shape[1] == 1:
        wide = np.pad(wide, ((0, 0), (0, 1)))  # the PCA takes two dimensions
    perplexity = min(PERPLEXITY, (len(wide) - 1) / 3)
    return np.asarray(
        TSNE(perplexity=perplexity, init="pca", method="exact", random_state=0).fit_transform(wide), np.float64
    )
