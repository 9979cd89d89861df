"""What the data sets made of video files have in common: listing, preparing in parallel, opening."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from itertools import repeat
from pathlib import Path

from reenactbench.cache import cache_folder
from reenactbench.datasets.prepare import RawClip, Recipe, prepare_clip, prepared_clip
from reenactbench.datasets.verify import missing_clip, verify_clip
from reenactbench.datasets.video import nominal_frame_count
from reenactbench.datasets.workers import workers
from reenactbench.errors import ReenactbenchError
from reenactbench.files import remove_leftovers
from reenactbench.interfaces import DataOptions, Dataset, Finding, LandmarkFinder
from reenactbench.types import Clip, ClipInfo

CROP = "square@1"  # where none is named


class VideoTree(Dataset):
    """A data set of `RawClip`s."""

    def __init__(self, raw: Mapping[str, RawClip], options: DataOptions) -> None:
        self._raw = dict(sorted(raw.items()))
        self._options = options
        self.crop = options.crop or CROP
        self._opened: dict[str, Clip] = {}
        self._finder: LandmarkFinder | None = None

    def clips(self) -> Sequence[ClipInfo]:
        return [clip.info for clip in self._raw.values()]

    def missing(self) -> Sequence[str]:
        return []

    def raw(self) -> Sequence[RawClip]:
        """The files of every clip, sorted by id."""
        return list(self._raw.values())

    def recipe(self, raw: RawClip) -> Recipe:
        """How this clip is prepared; loads the landmark networks where it comes without landmarks."""
        if raw.annotations or self._options.finder is None:
            return Recipe(self.image_size, self.crop)
        self._finder = self._finder or self._options.finder()
        return Recipe(self.image_size, self.crop, self._finder)

    def prepared(self, clip_id: str) -> Clip | None:
        if clip_id not in self._opened:
            raw = self._raw[clip_id]
            clip = prepared_clip(raw, self.recipe(raw), cache_folder())
            if clip is None:
                return None
            self._opened[clip_id] = clip
        return self._opened[clip_id]

    def frame_count(self, clip_id: str) -> int:
        raw = self._raw[clip_id]
        return len(raw.annotations) or nominal_frame_count(raw.video)

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        cache = cache_folder()
        remove_leftovers(cache / "prepared")
        todo = [self._raw[clip_id] for clip_id in clip_ids if self.prepared(clip_id) is None]
        recipes = [self.recipe(raw) for raw in todo]
        if jobs == 1 or len(todo) < 2 or any(recipe.finder for recipe in recipes):  # its networks use every core
            for raw, recipe in zip(todo, recipes, strict=True):
                progress(prepare_clip(raw, recipe, cache))
            return
        with workers(min(jobs, len(todo))) as pool:
            started = [pool.submit(prepare_clip, *clip, cache) for clip in zip(todo, recipes, strict=True)]
            for done in as_completed(started):
                progress(done.result())

    def verify(self, allow_missing: bool, jobs: int) -> Iterator[Sequence[Finding]]:
        root = data_root(self._options, self.name)
        yield [missing_clip(clip, root, fatal=not allow_missing) for clip in self.missing()]
        with workers(min(jobs, len(self._raw))) as pool:
            yield from pool.map(verify_clip, self.raw(), repeat(root))


def data_root(options: DataOptions, dataset: str) -> Path:
    """The folder given by --data-root; raises ReenactbenchError where there is none."""
    if options.root is None:
        raise ReenactbenchError(f"data set {dataset} needs --data-root DIR, the folder that holds its clips")
    if not options.root.is_dir():
        raise ReenactbenchError(f"--data-root {options.root} is not a folder")
    return options.root


def annotations_of(folder: Path) -> dict[int, Path]:
    """Frame number -> .pts file in a clip's `annot` folder; files with other names are left to `data verify`.

    Raises ReenactbenchError for a frame 0, which would shift all others by one, and for two files of one frame.
    """
    found: dict[int, Path] = {}
    for name in sorted(os.listdir(folder)) if folder.is_dir() else []:
        stem, suffix = os.path.splitext(name)
        if suffix != ".pts" or not (stem.isascii() and stem.isdigit()):
            continue
        if int(stem) == 0 or int(stem) in found:
            taken = f"{found[int(stem)].name} is that frame already" if int(stem) else "frames are numbered from 1"
            raise ReenactbenchError(f"{folder / name} cannot be used: {taken}")
        found[int(stem)] = folder / name
    return found
