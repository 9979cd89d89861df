"""Data sets each of which is wrong in one way; its docstring says in which, its name which check finds it."""

from __future__ import annotations

import inspect
import itertools
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reenactbench import Clip, ClipInfo, DataOptions, Dataset, Pair, ReenactbenchError, hookimpl
from reenactbench.conformance.samples import sample
from reenactbench.hookspecs import Register


class Right(Dataset):
    """Two people of eight frames each, and nothing wrong with it."""

    name: ClassVar[str] = "right"

    def __init__(self, options: DataOptions) -> None:
        if options.root is not None:
            raise ReenactbenchError("it takes no --data-root")
        self._clips: dict[str, Clip] = {}

    def clips(self) -> Sequence[ClipInfo]:
        return [ClipInfo("a", "ann", "seen"), ClipInfo("b", "bob", "unseen")]

    def missing(self) -> Sequence[str]:
        return []

    def frame_count(self, clip_id: str) -> int:
        return 8

    def prepared(self, clip_id: str) -> Clip | None:
        return self._clips.get(clip_id)

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        for info in self.clips():
            if info.id in clip_ids:
                clip = sample().driving if info.id == "a" else sample().target
                self._clips[info.id] = self.made(replace(clip, info=info))
                progress(8)

    def made(self, clip: Clip) -> Clip:
        """What becomes of a clip that is right."""
        return clip


class Metadata(Right):
    """is registered without a summary"""


class Licence(Right):
    """is registered without a licence"""


class Starts(Right):
    """counts on a variable of the environment"""

    def __init__(self, options: DataOptions) -> None:
        super().__init__(options)
        self._place = os.environ["PLACE_OF_MY_DATA"]


class BadFolder(Right):
    """takes a folder that is not there without a word"""

    def __init__(self, options: DataOptions) -> None:
        super().__init__(DataOptions())


class Clips(Right):
    """lists its clips as the file system does, in any order"""

    def clips(self) -> Sequence[ClipInfo]:
        return super().clips()[::-1]


class People(Right):
    """splits by clip, so that one person is seen and unseen"""

    def clips(self) -> Sequence[ClipInfo]:
        return [ClipInfo("a", "ann", "seen"), ClipInfo("b", "ann", "unseen")]

    def training_clips(self) -> Sequence[ClipInfo]:
        return []


class Missing(Right):
    """lists a clip as missing that is there"""

    def missing(self) -> Sequence[str]:
        return ["b"]


class TrainingClips(Right):
    """trains on everybody"""

    def training_clips(self) -> Sequence[ClipInfo]:
        return self.clips()


class Prepares(Right):
    """skips a clip that it cannot read, and says nothing"""

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        super().prepare(["a"], progress, jobs)


class Frames(Right):
    """gives images in 0..1 as floats"""

    def made(self, clip: Clip) -> Clip:
        return replace(clip, images=np.asarray(clip.images / 255, np.float32))  # type: ignore[arg-type]


class Landmarks(Right):
    """gives landmarks in 0..1"""

    def made(self, clip: Clip) -> Clip:
        return replace(clip, landmarks=clip.landmarks / 128)


class Fingerprint(Right):
    """gives a clip a new fingerprint every time"""

    clock = itertools.count(1)

    def made(self, clip: Clip) -> Clip:
        return replace(clip, fingerprint=f"made at {next(self.clock)}")


class Pairs(Right):
    """keeps one frame of a clip"""

    def made(self, clip: Clip) -> Clip:
        return replace(clip, numbers=clip.numbers[:1], images=clip.images[:1], landmarks=clip.landmarks[:1])


class Truth(Right):
    """says that it makes true frames, and does not"""

    makes_truth = True

    def prepare_truth(self, pairs: Sequence[Pair], progress: Callable[[int], None], jobs: int) -> None:
        progress(sum(len(pair.frames) for pair in pairs))


class RandomState(Right):
    """shuffles with the generator of the process"""

    def made(self, clip: Clip) -> Clip:
        random.shuffle([1, 2, 3])
        return clip


class GlobalState(Right):
    """changes into the folder of its data"""

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        os.chdir(os.sep)
        super().prepare(clip_ids, progress, jobs)


WRONG = [
    item for item in list(globals().values()) if inspect.isclass(item) and issubclass(item, Right) and item is not Right
]


@hookimpl
def register_datasets(register: Register) -> None:
    register("right", Right, summary="nothing wrong with it", licence="MIT")
    for dataset in WRONG:
        dataset.name = dataset.__name__
        summary, licence = "" if dataset is Metadata else "wrong in one way", "" if dataset is Licence else "MIT"
        register(dataset.name, dataset, summary=summary, licence=licence)
