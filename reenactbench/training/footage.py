"""The footage that methods are trained on: every training clip opened once, its pixels memory-mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt

from reenactbench.errors import ReenactbenchError
from reenactbench.files import content_key
from reenactbench.interfaces import Array, Dataset
from reenactbench.preparing import prepare_clips, say_findings
from reenactbench.progress import say
from reenactbench.types import Clip, ClipInfo

CONSECUTIVE = 3
"""Frames in a row that a clip must have, and one more to be the target image: what a video discriminator looks at."""

Indices = npt.NDArray[np.int64]


class Footage:
    """Clips of two identities or more. Nothing is read before it is drawn."""

    def __init__(self, clips: Sequence[Clip], same_motions: Callable[[], Array | None] = lambda: None) -> None:
        """same_motions: that of the data set."""
        self.clips = tuple(clips)
        self._same_motions = same_motions
        self.identities = tuple(sorted({clip.info.identity for clip in clips}))
        """Names, sorted; an identity's number is its place here."""
        numbers = {name: number for number, name in enumerate(self.identities)}
        self.owner: Indices = np.array([numbers[clip.info.identity] for clip in clips], np.int64)
        """[clips] numbers of the identities."""
        self._starts = cache(self._find_starts)

    @cached_property
    def by_identity(self) -> tuple[Indices, ...]:
        """The clips of each identity."""
        return tuple(np.flatnonzero(self.owner == number) for number in range(len(self.identities)))

    @cached_property
    def same_motions(self) -> Array | None:
        """`Dataset.same_motions`, asked for when it is first used."""
        return self._same_motions()

    @property
    def size(self) -> int:
        """Side S of the pictures in pixels."""
        return int(self.clips[0].images.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the clips' fingerprints, in order."""
        return content_key([clip.fingerprint for clip in self.clips])

    def starts(self, clip: int, length: int) -> Indices:
        """The places in a clip's `images` where `length` frames begin that follow each other in the video.

        Raises ReenactbenchError where there is none, or no other frame beside them.
        """
        return self._starts(clip, length)

    def _find_starts(self, clip: int, length: int) -> Indices:
        found = _starts(self.clips[clip], length)
        if not len(found):
            name = self.clips[clip].info.id
            raise ReenactbenchError(
                f"clip {name} has no {length} usable frames in a row and another one; train on shorter sequences"
            )
        return found


def open_footage(dataset: Dataset, limit: int | None = None) -> Footage:
    """The training clips of a data set, those that are not prepared yet prepared with all cores and a progress bar.

    limit: only the first so many identities. Clips without CONSECUTIVE usable frames in a row and another one are left
    out, with a line on standard error. Raises ReenactbenchError where fewer than two identities are left.
    """
    infos = _first_identities(dataset.training_clips(), limit)
    if not infos:
        raise ReenactbenchError(f"data set {dataset.name} has no clips to train on; name another --dataset")
    footage = Footage(_opened(dataset, infos), dataset.same_motions)
    if len(footage.identities) < 2:
        raise ReenactbenchError(
            f"training takes two identities at least, and data set {dataset.name} has {len(footage.identities)} here; "
            "name another --dataset or a larger --limit"
        )
    return footage


def open_validation(dataset: Dataset) -> Footage | None:
    """The clips of people who are not trained on, prepared in the same way; None where the data set names none."""
    infos = dataset.validation_clips()
    return Footage(_opened(dataset, infos)) if infos else None


def _opened(dataset: Dataset, infos: Sequence[ClipInfo]) -> list[Clip]:
    prepare_clips(dataset, [info.id for info in infos])
    say_findings(dataset, [info.id for info in infos])
    clips = []
    for info in infos:
        clip = dataset.prepared(info.id)
        if clip is None:  # it turned out to be unusable, and that was said
            continue
        if len(_starts(clip, CONSECUTIVE)):
            clips.append(clip)
        else:
            say(f"clip {info.id} is left out: it has no {CONSECUTIVE} usable frames in a row and another one")
    return clips


def _first_identities(infos: Sequence[ClipInfo], limit: int | None) -> list[ClipInfo]:
    names = sorted({info.identity for info in infos})[:limit]
    return [info for info in infos if info.identity in names]


def _starts(clip: Clip, length: int) -> Indices:
    if len(clip.numbers) <= length:
        return np.empty(0, np.int64)
    spans = clip.numbers[length - 1 :] - clip.numbers[: len(clip.numbers) - length + 1]
    return np.flatnonzero(spans == length - 1).astype(np.int64)
