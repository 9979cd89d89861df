"""What the data sets made of video files have in common: listing, preparing in parallel, opening."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path

from reenactbench.cache import cache_folder
from reenactbench.datasets.prepare import Recipe, prepare_clip, prepared_clip
from reenactbench.datasets.reading import RawClip, Refused, refuse
from reenactbench.datasets.verify import verify_clip
from reenactbench.datasets.video import nominal_frame_count
from reenactbench.datasets.workers import workers
from reenactbench.errors import ReenactbenchError
from reenactbench.files import remove_leftovers
from reenactbench.interfaces import DataOptions, Dataset, LandmarkFinder
from reenactbench.progress import say
from reenactbench.types import Clip, ClipInfo, Finding

CROP = "square@1"  # where none is named
VIDEO = "vid.avi"  # what 300VW calls each of its videos


class VideoTree(Dataset):
    """A data set of `RawClip`s."""

    def __init__(self, raw: Mapping[str, RawClip], options: DataOptions, skipped: Sequence[Finding] = ()) -> None:
        self._raw = dict(sorted(raw.items()))
        self._options = options
        self._skipped = skipped
        """Notes on what lies there and is no clip."""
        self._left_out: set[str] = set()
        self.crop = options.crop or CROP
        self._opened: dict[str, Clip] = {}
        self._finder: LandmarkFinder | None = None

    def clips(self) -> Sequence[ClipInfo]:
        return [clip.info for clip in self._raw.values() if clip.info.id not in self._left_out]

    def missing(self) -> Sequence[str]:
        return sorted(self._left_out)

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
            if not self._options.allow_missing:
                refuse(raw, clip.findings)
            self._opened[clip_id] = clip
        return self._opened[clip_id]

    def frame_count(self, clip_id: str) -> int:
        raw = self._raw[clip_id]
        return len(raw.annotations.numbers) or nominal_frame_count(raw.video)

    def findings(self, clip_ids: Sequence[str]) -> Sequence[Finding]:
        return [*self._skipped, *super().findings(clip_ids)]

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        cache = cache_folder()
        remove_leftovers(cache / "prepared")
        todo = [self._raw[clip_id] for clip_id in clip_ids if self.prepared(clip_id) is None]
        recipes = [self.recipe(raw) for raw in todo]
        allow_missing = self._options.allow_missing
        if jobs == 1 or len(todo) < 2 or any(recipe.finder for recipe in recipes):  # its networks use every core
            for raw, recipe in zip(todo, recipes, strict=True):
                progress(self._unless_refused(raw, partial(prepare_clip, raw, recipe, cache, allow_missing)))
            return
        with workers(min(jobs, len(todo))) as pool:
            started = {
                pool.submit(prepare_clip, raw, recipe, cache, allow_missing): raw
                for raw, recipe in zip(todo, recipes, strict=True)
            }
            for done in as_completed(started):
                progress(self._unless_refused(started[done], done.result))

    def _unless_refused(self, raw: RawClip, prepared: Callable[[], int]) -> int:
        """The frames handled; a clip that cannot be used is left out and told of, where that is allowed."""
        try:
            return prepared()
        except Refused as error:
            if not self._options.allow_missing:
                raise
            self._left_out.add(raw.info.id)
            for finding in error.findings:
                say(f"clip {raw.info.id} is left out: {finding.path}: {finding.reason}")
            return 0

    def verify(self, allow_missing: bool, jobs: int) -> Iterator[Sequence[Finding]]:
        root = data_root(self._options, self.name)
        yield [*(missing_clip(clip, root, fatal=not allow_missing) for clip in self.missing()), *self._skipped]
        with workers(min(jobs, len(self._raw))) as pool:
            yield from pool.map(verify_clip, self.raw())


def data_root(options: DataOptions, dataset: str) -> Path:
    """The folder given by --data-root; raises ReenactbenchError where there is none."""
    if options.root is None:
        raise ReenactbenchError(f"data set {dataset} needs --data-root DIR, the folder that holds its clips")
    if not options.root.is_dir():
        raise ReenactbenchError(f"--data-root {options.root} is not a folder")
    return options.root


def video_in(folder: Path, *names: str) -> list[Path]:
    """The files of a folder with one of these names, compared without case; sorted."""
    files = [path for path in folder.iterdir() if path.name.lower() in names] if folder.is_dir() else []
    return sorted(path for path in files if path.is_file())


def missing_clip(clip: str, root: Path, fatal: bool) -> Finding:
    """What there is to say of a clip that is not here, or not whole."""
    if video_in(root / clip, VIDEO):
        return Finding(f"{clip}/annot", "holds no landmarks", fatal)
    return Finding(f"{clip}/{VIDEO}", "is missing", fatal)
