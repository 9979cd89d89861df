"""What a data set promises: what `interfaces.Dataset` asks for, and clips that protocols and methods can work with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from reenactbench.conformance.checks import Failed, Skipped, Suite, described
from reenactbench.conformance.common import (
    Subject,
    check_global_state,
    check_licence,
    check_random_state,
    check_summary,
)
from reenactbench.engine.pairs import PART
from reenactbench.engine.setup import DatasetOptions, load_dataset
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import Dataset
from reenactbench.preparing import available_cores
from reenactbench.protocols.sampling import with_frames
from reenactbench.registry import Entry, Registry
from reenactbench.types import SEEN, UNSEEN, Clip, ClipInfo, Pair

NOWHERE = Path("a folder that is not there")
CLIPS = 2

DATASET_CHECKS: Suite[DatasetSubject] = Suite()
check = DATASET_CHECKS.check


class DatasetSubject(Subject):
    """A data set under its checks, and two of its clips."""

    def __init__(
        self, entry: Entry, registry: Registry, data_root: Path | None = None, allow_missing: bool = False
    ) -> None:
        super().__init__(entry)
        self._registry, self.data_root, self._allow_missing = registry, data_root, allow_missing

    def construct(self, data_root: Path | None) -> Dataset:
        options = DatasetOptions(self.entry.name, data_root, self._allow_missing)
        return self.watch("its constructor", lambda: load_dataset(self._registry, options, "cpu"))

    @cached_property
    def dataset(self) -> Dataset:
        return self.construct(self.data_root)

    @cached_property
    def clips(self) -> Sequence[ClipInfo]:
        return self.watch("clips", self.dataset.clips)

    @cached_property
    def chosen(self) -> list[str]:
        """Ids of the shortest clips, of different people where there are any."""
        by_length = sorted(self.clips, key=lambda clip: self.dataset.frame_count(clip.id))
        people = {clip.identity: clip.id for clip in reversed(by_length)}
        return ([clip.id for clip in by_length if people[clip.identity] == clip.id] * CLIPS)[:CLIPS]

    @cached_property
    def prepared(self) -> list[Clip]:
        """The two clips; raises Failed where preparing them leaves one unprepared."""
        dataset, done = self.dataset, list[int]()
        self.watch("prepare", lambda: dataset.prepare(self.chosen, done.append, available_cores()))
        return [self.opened(dataset, clip_id) for clip_id in self.chosen]

    def opened(self, dataset: Dataset, clip_id: str) -> Clip:
        clip = self.watch("prepared", lambda: dataset.prepared(clip_id))
        if not isinstance(clip, Clip):
            raise Failed(f"after `prepare`, prepared({clip_id!r}) returned {described(clip)}, expected a Clip")
        return clip

    def pair(self, kind: str) -> Pair:
        """The second clip driven by itself or by the first, with frame numbers."""
        source, target = self.prepared if kind == "cross" else self.prepared[1:] * 2
        pair = Pair(
            id=f"{kind}/{source.info.id}/{target.info.id}",
            protocol=kind,
            kind=kind,
            split="all",
            quadrant="",
            source=source.info.id,
            target=target.info.id,
            source_identity=source.info.identity,
            target_identity=target.info.identity,
        )
        return with_frames(pair, source, target)


# What is registered

check("metadata", asks="is registered with a summary", mend='say what it holds: register(..., summary="...")')(
    check_summary
)
check("licence", asks="is registered with its licence", mend='say who may use it: register(..., licence="CC BY 4.0")')(
    check_licence
)


@check(
    "starts",
    asks="is a reenactbench.Dataset, constructed with DataOptions",
    mend="look at the error; a folder of files is given with --data-root DIR",
)
def starts(subject: DatasetSubject) -> str:
    try:
        dataset = subject.dataset
    except ReenactbenchError as error:
        if subject.data_root is None and "--data-root" in str(error):
            raise Skipped(str(error)) from error
        raise Failed(str(error)) from error
    if not isinstance(dataset, Dataset):
        raise Failed(f"it is constructed as {described(dataset)}, expected a reenactbench.Dataset")
    if dataset.name != subject.entry.name:
        raise Failed(f"its name is {dataset.name!r}, registered is {subject.entry.name!r}")
    return f"image_size {dataset.image_size}"


@check(
    "bad-folder",
    needs=["starts"],
    asks="says in a sentence that a folder is not there, or that it takes none",
    mend='raise reenactbench.ReenactbenchError(f"{root} is not a folder; ...") in the constructor',
)
def bad_folder(subject: DatasetSubject) -> str:
    try:
        subject.construct(NOWHERE)
    except ReenactbenchError as error:
        return str(error)
    except Exception as error:
        raise Failed(f"given a folder that is not there, it raised {type(error).__name__}: {error}") from error
    raise Failed("given a folder that is not there, it says nothing")


# What it lists


@check(
    "clips",
    needs=["starts"],
    asks="lists its clips by id, each once, with identity and split",
    mend="return sorted ClipInfos whose ids can be the names of folders, with split `seen` or `unseen`",
)
def clips(subject: DatasetSubject) -> str:
    ids = [clip.id for clip in subject.clips]
    if not ids:
        raise Failed("it lists no clip")
    if ids != sorted(set(ids)):
        raise Failed("its clips are not sorted by id, or two have the same")
    for clip in subject.clips:
        if not PART.fullmatch(clip.id):
            raise Failed(f"clip {clip.id!r} cannot be the name of a folder")
        if not clip.identity or clip.split not in (SEEN, UNSEEN):
            raise Failed(f"clip {clip.id!r} has identity {clip.identity!r} and split {clip.split!r}")
    return f"{len(ids)} clips of {len({clip.identity for clip in subject.clips})} people"


@check(
    "people",
    needs=["clips"],
    asks="has nobody who is both seen and unseen",
    mend="split by identity, not by clip",
)
def people(subject: DatasetSubject) -> None:
    by_split = {split: {clip.identity for clip in subject.clips if clip.split == split} for split in (SEEN, UNSEEN)}
    both = sorted(by_split[SEEN] & by_split[UNSEEN])
    if both:
        raise Failed(f"seen in one clip and unseen in another: {', '.join(both[:3])}")


@check(
    "missing",
    needs=["clips"],
    asks="lists what is missing by id, and nothing that is there",
    mend="return the ids that belong to the data set and are not among `clips`",
)
def missing(subject: DatasetSubject) -> str:
    absent = subject.watch("missing", subject.dataset.missing)
    there = sorted(set(absent) & {clip.id for clip in subject.clips})
    if there:
        raise Failed(f"{', '.join(there[:3])} is listed as missing, and as a clip")
    return f"{len(absent)} missing"


@check(
    "training-clips",
    needs=["clips"],
    asks="trains on seen people only",
    mend="return from `training_clips` clips of seen identities, sorted by id; or leave it as it is inherited",
)
def training_clips(subject: DatasetSubject) -> str:
    footage = subject.watch("training_clips", subject.dataset.training_clips)
    unseen = {clip.identity for clip in subject.clips if clip.split == UNSEEN}
    wrong = [clip.id for clip in footage if clip.split != SEEN or clip.identity in unseen]
    if wrong:
        raise Failed(f"clip {wrong[0]!r} shows somebody unseen")
    ids = [clip.id for clip in footage]
    if ids != sorted(set(ids)):
        raise Failed("they are not sorted by id, or two have the same")
    return f"{len(ids)} clips"


# What a clip holds


@check(
    "prepares",
    needs=["clips"],
    asks="prepares two clips and opens them",
    mend="make in `prepare` what `prepared` opens, and call progress(frames) as frames are done",
)
def prepares(subject: DatasetSubject) -> str:
    ready = all(subject.dataset.prepared(clip_id) is not None for clip_id in subject.chosen)
    start = time.perf_counter()
    frames = sum(len(clip.numbers) for clip in subject.prepared)
    if ready:
        return "they were prepared already"
    return f"{1000 * (time.perf_counter() - start) / max(frames, 1):.1f} ms a frame"


@check(
    "frames",
    needs=["prepares"],
    asks="gives images uint8 [T,S,S,3] at image_size, with a landmark row and a number for each",
    mend="crop to squares of image_size; images uint8 RGB, landmarks float32 [T,68,2], numbers ascending from 1",
)
def frames(subject: DatasetSubject) -> str:
    size = subject.dataset.image_size
    for clip in subject.prepared:
        count, who = len(clip.numbers), f"clip {clip.info.id!r}"
        if count == 0:
            raise Failed(f"{who} has no frame")
        for name, shape, dtype in (("images", (size, size, 3), np.uint8), ("landmarks", (68, 2), np.float32)):
            array = getattr(clip, name)
            if array.shape != (count, *shape) or array.dtype != dtype:
                wanted = f"{np.dtype(dtype)} {(count, *shape)}"
                raise Failed(f"the {name} of {who} are {array.dtype} {array.shape}, expected {wanted}")
        if clip.numbers[0] < 1 or any(after <= before for before, after in pairwise(clip.numbers.tolist())):
            raise Failed(f"the numbers of {who} do not ascend from 1 or more")
        if not clip.fps > 0:
            raise Failed(f"the fps of {who} is {clip.fps}")
    return ", ".join(f"{clip.info.id}: {len(clip.numbers)} frames" for clip in subject.prepared)


@check(
    "landmarks",
    needs=["frames"],
    asks="gives 68 landmarks of a face in pixels of the crop, in iBUG order",
    mend="bring them to pixels of the crop, 0-based, x before y; jaw 0-16, brows, nose, eyes from 36, mouth from 48",
)
def landmarks(subject: DatasetSubject) -> None:
    for clip in subject.prepared:
        points, size = np.median(np.asarray(clip.landmarks, np.float64), axis=0), subject.dataset.image_size
        who = f"of clip {clip.info.id!r}"
        if not np.isfinite(clip.landmarks).all():
            raise Failed(f"landmarks {who} are not finite; frames without landmarks are left out")
        if np.ptp(points, axis=0).min() < size / 8:
            low, high = points.min(), points.max()
            raise Failed(f"the landmarks {who} lie in {low:.3g} to {high:.3g}: no face in a picture of {size} pixels")
        inside = ((points > -size / 4) & (points < 1.25 * size)).all(axis=1).mean()
        if inside < 0.9:
            raise Failed(f"{1 - inside:.0%} of the landmarks {who} lie outside the picture")
        eyes, mouth = points[36:48].mean(axis=0), points[48:].mean(axis=0)
        if not (points[36:42, 0].mean() < points[42:48, 0].mean() and eyes[1] < mouth[1] < points[8, 1]):
            raise Failed(f"the landmarks {who} are in another order: eyes, mouth and chin are not where they should be")


@check(
    "fingerprint",
    needs=["frames"],
    asks="gives each clip a fingerprint of its content, the same again from a new object",
    mend="hash all that the crops are made from: files, crop, code version; no time, no path, no random number",
)
def fingerprint(subject: DatasetSubject) -> None:
    again = subject.construct(subject.data_root)
    subject.watch("prepare", lambda: again.prepare(subject.chosen, lambda frames: None, 1))
    for clip in subject.prepared:
        second = subject.opened(again, clip.info.id)
        if not clip.fingerprint or second.fingerprint != clip.fingerprint:
            raise Failed(f"clip {clip.info.id!r} has fingerprint {clip.fingerprint!r}, then {second.fingerprint!r}")
        if not np.array_equal(second.images, clip.images):
            raise Failed(f"clip {clip.info.id!r} shows other pixels under the same fingerprint")
    prints = {clip.info.id: clip.fingerprint for clip in subject.prepared}
    if len(set(prints.values())) < len(prints):
        raise Failed(f"clips {', '.join(prints)} have the same fingerprint")


# What protocols and metrics do with it


@check(
    "pairs",
    needs=["frames"],
    asks="has clips that can reconstruct themselves and each other",
    mend="list clips with two usable frames or more",
)
def pairs(subject: DatasetSubject) -> str:
    counts = {kind: len(subject.pair(kind).frames) for kind in ("self", "cross")}
    return ", ".join(f"{kind}: {count} driving frames" for kind, count in counts.items())


@check(
    "truth",
    needs=["pairs"],
    asks="knows the true frames of self pairs, and of cross pairs where it says so",
    mend="return from `truth` a Clip that holds the pair's frames under their numbers in the source clip, or None",
)
def truth(subject: DatasetSubject) -> str:
    kinds = ["self", "cross"] if subject.dataset.makes_truth else ["self"]
    for kind in kinds:
        pair = subject.pair(kind)
        if kind == "cross":
            pair = replace(pair, frames=pair.frames[:2])
            subject.watch("prepare_truth", partial(subject.dataset.prepare_truth, [pair], lambda frames: None, 1))
        clip = subject.watch("truth", partial(subject.dataset.truth, pair))
        found = set() if clip is None else set(clip.numbers.tolist())
        lacking = sorted(set(pair.frames) - found)
        if lacking:
            raise Failed(f"the truth of a {kind} pair lacks {len(lacking)} of {len(pair.frames)} frames")
    return " and ".join(kinds)


check(
    "random-state",
    needs=["fingerprint"],
    asks="leaves the random generators of the process alone",
    mend="draw from a generator of your own, numpy.random.default_rng(0)",
)(check_random_state)


check(
    "global-state",
    needs=["prepares"],
    asks="leaves default device and dtype, threads and working folder as they were",
    mend="set what belongs to the process in a `with` block, or not at all",
)(check_global_state)
