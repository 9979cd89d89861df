"""Turns a raw clip (a video and its landmarks) into crops on disk, once, keyed by everything they were made from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reenactbench.datasets import crop as cropping
from reenactbench.datasets.arrays import opened, row_writer, seal, write_array
from reenactbench.datasets.building import building
from reenactbench.datasets.problem import Problem, excluded, spans
from reenactbench.datasets.reading import RawClip, Reading, refuse
from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import content_key, read_sealed, sha256_file, sha256_files, write_sealed
from reenactbench.interfaces import LandmarkFinder
from reenactbench.types import Clip, Finding

META = "clip.json"
SCHEMA = 3  # part of every fingerprint: raise it when the crops of the same input change

NOT_SHOWN = "face outside the crop"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How crops are made."""

    size: int
    crop: str
    finder: LandmarkFinder | None = None


def prepared_clip(raw: RawClip, recipe: Recipe, cache: Path) -> Clip | None:
    """The clip as prepared earlier from these very files; None where it is not, or damaged."""
    sources = _known_sources(raw, cache)
    if sources is None:
        return None
    fingerprint = _fingerprint(raw, recipe, sources)
    found = opened(cache / "prepared" / fingerprint, META)
    if found is None:
        return None
    meta, arrays = found
    return Clip(
        info=raw.info,
        fingerprint=fingerprint,
        fps=meta["fps"],
        numbers=arrays["numbers"],
        images=arrays["images"],
        landmarks=arrays["landmarks"],
        excluded=meta["excluded"],
        landmarks_from=meta["landmarks_from"],
        findings=tuple(Finding(f"{raw.info.id}/{where}", reason, fatal) for where, reason, fatal in meta["findings"]),
    )


def prepare_clip(raw: RawClip, recipe: Recipe, cache: Path, allow_missing: bool = False) -> int:
    """Prepare one clip into the cache; returns the number of frames handled, 0 where it was prepared already.

    Raises Refused for whatever `data verify` calls fatal. allow_missing: only if it concerns all of the clip; else
    the frames concerned are left out.
    """
    if prepared_clip(raw, recipe, cache) is not None:
        return 0
    reading = Reading(raw)
    _check(reading, allow_missing)
    fingerprint = _fingerprint(raw, recipe, _read_sources(raw, cache))
    final = cache / "prepared" / fingerprint
    if final.is_dir():
        return 0
    with building(final) as temporary:
        return _write_clip(reading, recipe, temporary, allow_missing)


def _check(reading: Reading, allow_missing: bool) -> None:
    problems = [problem for problem in reading.problems if problem.whole_clip or not allow_missing]
    refuse(reading.raw, tuple(problem.finding(reading.raw.info.id) for problem in problems))


def _write_clip(reading: Reading, recipe: Recipe, folder: Path, allow_missing: bool) -> int:
    raw = reading.raw
    assert reading.video is not None
    if not raw.annotations:
        if recipe.finder is None:
            raise ReenactbenchError(
                f"{raw.video} has no landmarks beside it (annot/000001.pts, ...); "
                "give --landmarks and --detector to find them"
            )
        reading.find(recipe.finder)
        _check(reading, allow_missing)
    numbers = np.array(reading.usable(reading.problems), np.int32)
    landmarks = np.stack([reading.landmarks[number] for number in numbers.tolist()]).astype(np.float64)
    fps, size = reading.video.fps, recipe.size
    boxes = cropping.policy(recipe.crop)(landmarks, numbers, fps)
    cropping.check(boxes, numbers, raw.video)
    away = tuple(numbers[~cropping.shown(landmarks, boxes)].tolist())
    if away:
        reason = f"the face moves out of the crop in {len(away)} frames: {spans(away)}"
        reading.add(Problem(raw.video.name, reason, False, NOT_SHOWN, away))
    rows = {number: row for row, number in enumerate(numbers.tolist())}
    made: list[int] = []
    handled = 0
    with row_writer(folder / "images.npy", (size, size, 3), np.uint8) as write:
        for number, picture in reading.frames():
            handled += 1
            if number in rows:
                write(cropping.crop(picture, boxes[rows[number]], size))
                made.append(number)
    _check(reading, allow_missing)
    problems = reading.problems
    usable = reading.usable(problems)
    if usable != made:  # some are damaged, or do not show the face
        _keep_rows(folder / "images.npy", [made.index(number) for number in usable])
    kept = [rows[number] for number in usable]
    write_array(folder / "numbers.npy", numbers[kept])
    write_array(folder / "landmarks.npy", cropping.to_crop(landmarks[kept], boxes[kept], size))
    meta = {
        "clip": raw.info.id,
        "fps": fps,
        "excluded": excluded(problems)[1],
        "landmarks_from": recipe.finder.key if recipe.finder and not raw.annotations else "files",
        "crop": recipe.crop,
        "schema": SCHEMA,
        "findings": [[problem.where, problem.reason, problem.fatal] for problem in problems],
    }
    seal(folder, META, meta)
    return handled


def _keep_rows(path: Path, rows: Sequence[int]) -> None:
    """Leave no other rows in the array of a file."""
    values, kept = np.load(path, mmap_mode="r"), path.with_name("kept.npy")
    with row_writer(kept, values.shape[1:], values.dtype) as write:
        for row in rows:
            write(values[row])
    kept.replace(path)


def _fingerprint(raw: RawClip, recipe: Recipe, sources: str) -> str:
    return content_key(
        {
            "schema": SCHEMA,
            "sources": sources,
            "broken": sorted(raw.broken),
            "crop": recipe.crop,
            "size": recipe.size,
            "finder": recipe.finder.key if recipe.finder and not raw.annotations else None,
        }
    )


def _stamp(raw: RawClip) -> list[Any]:
    files = [raw.video, *raw.annotations.files]
    return [[file.name, (stat := file.stat()).st_size, stat.st_mtime_ns] for file in files]


def _memo(raw: RawClip, cache: Path) -> Path:
    return cache / "digests" / f"{content_key(os.path.abspath(raw.video))}.json"


def _known_sources(raw: RawClip, cache: Path) -> str | None:
    """The digest of the clip's files, if they were read before and have not changed since (size and time)."""
    memo = _memo(raw, cache)
    if not memo.is_file():
        return None
    try:
        known = read_sealed(memo)
    except Damaged:
        return None
    return known["digest"] if known["stamp"] == content_key(_stamp(raw)) else None


def _read_sources(raw: RawClip, cache: Path) -> str:
    """The digest of the clip's files, read now and remembered."""
    stamp = content_key(_stamp(raw))
    annotations = sha256_files(raw.annotations.files)
    digest = content_key({"video": sha256_file(raw.video), "annotations": annotations})
    write_sealed(_memo(raw, cache), {"stamp": stamp, "digest": digest})
    return digest
