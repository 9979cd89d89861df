"""What the data sets made of video files have in common: listing, preparing in parallel, opening."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

import cv2

from reenactbench.cache import cache_folder
from reenactbench.datasets.prepare import (
    LandmarkFinder,
    RawClip,
    Recipe,
    prepare_clip,
    prepared_clip,
)
from reenactbench.datasets.video import nominal_frame_count
from reenactbench.errors import ReenactbenchError
from reenactbench.files import remove_leftovers
from reenactbench.interfaces import Dataset
from reenactbench.types import Clip, ClipInfo


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What the command line says of the data."""

    root: Path | None = None
    allow_missing: bool = False
    crop: str = "square@1"
    finder: Callable[[], LandmarkFinder] | None = None
    """Loads what finds landmarks in clips without; None where no landmark backbone was named."""


class VideoTree(Dataset):
    """A data set of `RawClip`s."""

    def __init__(self, raw: Mapping[str, RawClip], options: DataOptions) -> None:
        self._raw = dict(sorted(raw.items()))
        self._options = options
        self._opened: dict[str, Clip] = {}
        needs_finder = any(not clip.annotations for clip in self._raw.values())
        self.recipe = Recipe(
            self.image_size, options.crop, options.finder() if needs_finder and options.finder else None
        )

    def clips(self) -> Sequence[ClipInfo]:
        return [clip.info for clip in self._raw.values()]

    def missing(self) -> Sequence[str]:
        return []

    def raw(self) -> Sequence[RawClip]:
        """The files of every clip, sorted by id."""
        return list(self._raw.values())

    def prepared(self, clip_id: str) -> Clip | None:
        if clip_id not in self._opened:
            clip = prepared_clip(self._raw[clip_id], self.recipe, cache_folder())
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
        if jobs == 1 or len(todo) < 2 or self.recipe.finder is not None:  # the finder's networks use every core
            for raw in todo:
                progress(prepare_clip(raw, self.recipe, cache))
            return
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(min(jobs, len(todo)), mp_context=context, initializer=start_worker)
        try:
            for done in as_completed([pool.submit(prepare_clip, raw, self.recipe, cache) for raw in todo]):
                progress(done.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends a worker at once and without a traceback
    cv2.setNumThreads(1)  # there is a worker for every core
    parent = multiprocessing.parent_process()

    def die_with_parent() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=die_with_parent, daemon=True).start()


def data_root(options: DataOptions, dataset: str) -> Path:
    """The folder given by --data-root; raises ReenactbenchError where there is none."""
    if options.root is None:
        raise ReenactbenchError(f"data set {dataset} needs --data-root DIR, the folder that holds its clips")
    if not options.root.is_dir():
        raise ReenactbenchError(f"--data-root {options.root} is not a folder")
    return options.root


def annotations_of(folder: Path) -> dict[int, Path]:
    """Frame number -> .pts file in a clip's `annot` folder; files with other names are left to `data verify`."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    numbered = {name: os.path.splitext(name)[0] for name in names if name.endswith(".pts")}
    return {int(stem): folder / name for name, stem in numbered.items() if stem.isascii() and stem.isdigit()}
