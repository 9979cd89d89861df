"""Turns a raw clip (a video and its landmarks) into crops on disk, once, keyed by everything they were made from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reenactbench.datasets import crop as cropping
from reenactbench.datasets.arrays import opened, row_writer, seal, write_array
from reenactbench.datasets.building import building
from reenactbench.datasets.pts import POINTS, read_pts
from reenactbench.datasets.video import frame_rate, read_video
from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import content_key, read_sealed, sha256_file, sha256_files, write_sealed
from reenactbench.interfaces import LandmarkFinder
from reenactbench.types import Clip, ClipInfo

META = "clip.json"
SCHEMA = 2  # part of every fingerprint: raise it when the crops of the same input change

NO_LANDMARKS, BROKEN, NO_PICTURE = "no landmarks", "known broken annotation", "no picture"
NO_FACE, NO_EXTENT = "no face found", "all landmarks in one place"


@dataclass(frozen=True, slots=True)
class RawClip:
    """A video file and its landmark files, as found in a tree."""

    info: ClipInfo
    video: Path
    annotations: dict[int, Path] = field(repr=False)
    """1-based frame number -> .pts file; empty where the clip has none."""
    broken: frozenset[int] = frozenset()
    """Frames whose annotation is known to be wrong."""


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
    )


def prepare_clip(raw: RawClip, recipe: Recipe, cache: Path) -> int:
    """Prepare one clip into the cache; returns the number of frames handled, 0 where it was prepared already."""
    if prepared_clip(raw, recipe, cache) is not None:
        return 0
    fingerprint = _fingerprint(raw, recipe, _read_sources(raw, cache))
    final = cache / "prepared" / fingerprint
    if final.is_dir():
        return 0
    with building(final) as temporary:
        return _write_clip(raw, recipe, temporary)


def _write_clip(raw: RawClip, recipe: Recipe, folder: Path) -> int:
    fps = frame_rate(raw.video)
    numbers, landmarks, excluded = _landmarks(raw, recipe)
    boxes = cropping.policy(recipe.crop)(landmarks, numbers, fps)
    size = recipe.size
    row = handled = 0
    with row_writer(folder / "images.npy", (size, size, 3), np.uint8) as write:
        for handled, frame in enumerate(read_video(raw.video), start=1):
            if row < len(numbers) and numbers[row] == handled:
                write(cropping.crop(frame, boxes[row], size))
                row += 1
    if row == 0:
        raise ReenactbenchError(f"{raw.video} holds none of the {len(numbers)} frames that have landmarks")
    if row < len(numbers):  # landmarks beyond the end of the video
        excluded = {**excluded, NO_PICTURE: len(numbers) - row}
    if raw.annotations:
        without = handled - sum(1 for number in raw.annotations if number <= handled)
        excluded = {**excluded, NO_LANDMARKS: without} if without else excluded
    write_array(folder / "numbers.npy", numbers[:row])
    write_array(folder / "landmarks.npy", cropping.to_crop(landmarks[:row], boxes[:row], size))
    meta = {
        "clip": raw.info.id,
        "fps": fps,
        "excluded": excluded,
        "landmarks_from": recipe.finder.key if recipe.finder and not raw.annotations else "files",
        "crop": recipe.crop,
        "schema": SCHEMA,
    }
    seal(folder, META, meta)
    return handled


def _landmarks(raw: RawClip, recipe: Recipe) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], dict[str, int]]:
    """Numbers [T] and landmarks [T,68,2] (pixels of the video) of the usable frames, and how many were excluded."""
    if raw.annotations:
        usable = sorted(number for number in raw.annotations if number not in raw.broken)
        points = {number: read_pts(raw.annotations[number]) for number in usable}
        broken = len(raw.annotations) - len(usable)
        excluded = {BROKEN: broken} if broken else {}
    elif recipe.finder is not None:
        found = enumerate(_find_landmarks(raw.video, recipe.finder), start=1)
        points = {number: landmarks for number, landmarks in found if np.isfinite(landmarks).all()}
        usable = list(points)
        frames = sum(1 for _ in read_video(raw.video))
        excluded = {NO_FACE: frames - len(usable)} if frames > len(usable) else {}
    else:
        raise ReenactbenchError(
            f"{raw.video} has no landmarks beside it (annot/000001.pts, ...); "
            "give --landmarks and --detector to find them"
        )
    flat = [number for number in usable if np.ptp(points[number], axis=0).min() < 1]
    if flat:
        usable = [number for number in usable if number not in flat]
        excluded = {**excluded, NO_EXTENT: len(flat)}
    if not usable:
        raise ReenactbenchError(f"{raw.video} has no frame with usable landmarks")
    stacked = np.stack([points[number] for number in usable]).astype(np.float64)
    return np.array(usable, np.int32), stacked.reshape(-1, POINTS, 2), excluded


def _find_landmarks(video: Path, finder: LandmarkFinder) -> Iterator[npt.NDArray[np.float32]]:
    for frame in read_video(video):
        yield finder(frame[None])[0]


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
    files = [raw.video, *(raw.annotations[number] for number in sorted(raw.annotations))]
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
    annotations = sha256_files(raw.annotations[number] for number in sorted(raw.annotations))
    digest = content_key({"video": sha256_file(raw.video), "annotations": annotations})
    write_sealed(_memo(raw, cache), {"stamp": stamp, "digest": digest})
    return digest
