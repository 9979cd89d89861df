"""The synthetic face world as a data set: everything is rendered, so everything about it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import as_completed
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from reenactbench.cache import cache_folder
from reenactbench.datasets.arrays import unseal
from reenactbench.datasets.synthetic.films import (
    META,
    SIZE,
    Film,
    cast,
    check_all,
    open_film,
    performance,
    remove_unused,
    render_all,
    rendered,
)
from reenactbench.datasets.synthetic.geometry import same_motions
from reenactbench.datasets.synthetic.world import FRAMES, HELD_OUT, Person, extra, extra_number, takes
from reenactbench.datasets.w300vw import W300VW
from reenactbench.datasets.workers import workers
from reenactbench.errors import ReenactbenchError
from reenactbench.files import remove_leftovers
from reenactbench.interfaces import DataOptions, Dataset
from reenactbench.types import Clip, ClipInfo, Finding, Pair

ALL_FRAMES = tuple(range(1, FRAMES + 1))
EXTRA_FRAMES = (1, 2, *range(3, FRAMES, 5))  # few of each person, far apart, and three in a row


class Labels(NamedTuple):
    """What else is known of a clip, exactly."""

    motion: npt.NDArray[np.float32]
    """[T,19], the columns of `parameters.MOTION`."""
    visible: npt.NDArray[np.bool_]
    """[T,68]: whether nothing hides that landmark."""
    pose: npt.NDArray[np.float32]
    """[T,3] yaw, pitch and roll in degrees."""


class Synthetic(Dataset):
    """64 people who do not exist, one clip each, and the true frames of any of them moving like any other.

    Of the seen ones there are also takes to train on, which are no clips of the benchmark, and any number of extras.
    """

    name: ClassVar[str] = "synthetic"
    image_size: ClassVar[int] = SIZE
    backbones: ClassVar[dict[str, str]] = {
        **W300VW.backbones,
        "detector": "synthface:landmarks.safetensors",
        "identity": "synthface:identity.safetensors",
        "landmarks": "synthface:landmarks.safetensors",
    }
    by_request: ClassVar[tuple[str, ...]] = ("lpips", "fid", "fid_inf", "kid")
    makes_truth: ClassVar[bool] = True
    makes_people: ClassVar[bool] = True
    frozen = True

    def __init__(self, options: DataOptions) -> None:
        if options.root is not None:
            raise ReenactbenchError(
                f"data set {self.name} takes no --data-root, it is rendered; for files name --dataset 300vw or folder"
            )
        if options.crop is not None:
            raise ReenactbenchError(f"data set {self.name} takes no --crop, it is rendered as it is")
        self._people = options.people
        self._opened: dict[Film, Clip] = {}
        self._truths: set[Film] = set()

    def clips(self) -> Sequence[ClipInfo]:
        return [_info(person) for person in cast().values()]

    def training_clips(self) -> Sequence[ClipInfo]:
        extras = map(extra, range(HELD_OUT + 1, HELD_OUT + 1 + self._people))
        return sorted([*super().training_clips(), *map(_info, (*takes(), *extras))], key=lambda clip: clip.id)

    def validation_clips(self) -> Sequence[ClipInfo]:
        return [_info(extra(number)) for number in range(1, HELD_OUT + 1)] if self._people else []

    def same_motions(self) -> npt.NDArray[np.float32]:
        return same_motions()

    def missing(self) -> Sequence[str]:
        return []

    def frame_count(self, clip_id: str) -> int:
        return len(_own_film(clip_id).numbers)

    def prepared(self, clip_id: str) -> Clip | None:
        return self._open(_own_film(clip_id))

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        self._render(map(_own_film, clip_ids), progress, jobs)

    def truth(self, pair: Pair) -> Clip | None:
        if pair.kind == "self":
            return self.prepared(pair.source)
        film = _true_film(pair)
        return self._open(film) if film in self._truths else None

    def prepare_truth(self, pairs: Sequence[Pair], progress: Callable[[int], None], jobs: int) -> None:
        films = dict.fromkeys(map(_true_film, pairs))
        progress(sum(len(film.numbers) for film in films if self._open(film) is not None))
        self._render(films, progress, jobs)
        self._truths.update(films)

    def labels(self, clip_id: str) -> Labels:
        """The exact labels of a prepared clip."""
        if self.prepared(clip_id) is None:
            raise ReenactbenchError(f"clip {clip_id} is not rendered yet; `reenactbench data prepare` does that")
        _, arrays = unseal(_own_film(clip_id).folder, META)
        return Labels(arrays["motion"], arrays["visible"], arrays["motion"][:, :3])

    def verify(self, allow_missing: bool, jobs: int) -> Iterator[Sequence[Finding]]:
        absent = [clip for clip in self.clips() if not _own_film(clip.id).folder.is_dir()]
        reason = f"{len(absent)} clips are not rendered yet; `reenactbench data prepare` does that"
        yield [Finding(".", reason, fatal=False)] if absent else []
        by_target = list(rendered().values())
        with workers(min(jobs, len(by_target))) as pool:
            yield from pool.map(check_all, by_target)

    def _open(self, film: Film) -> Clip | None:
        if film not in self._opened:
            clip = open_film(film, _info(performance(film.target)))
            if clip is None:
                return None
            self._opened[film] = clip
        return self._opened[film]

    def _render(self, films: Iterable[Film], progress: Callable[[int], None], jobs: int) -> None:
        """Always in workers: the number of threads of this process must not touch a byte."""
        remove_leftovers(cache_folder() / self.name)
        remove_unused()
        todo: dict[str, list[tuple[Film, Path]]] = {}
        for film in dict.fromkeys(films):
            if self._open(film) is None:
                todo.setdefault(film.target, []).append((film, film.folder))
        longest_first = sorted(todo.values(), key=len, reverse=True)
        with workers(min(jobs, len(todo))) as pool:
            for done in as_completed([pool.submit(render_all, of_target) for of_target in longest_first]):
                progress(done.result())


def _info(person: Person) -> ClipInfo:
    return ClipInfo(person.id, identity=person.identity_id, split=person.split)


def _own_film(clip_id: str) -> Film:
    return Film(clip_id, clip_id, ALL_FRAMES if extra_number(clip_id) is None else EXTRA_FRAMES)


def _true_film(pair: Pair) -> Film:
    return Film(pair.target, pair.source, pair.frames)
