"""Rendered films in the cache: any person moving like any other, made once, keyed by all that decides a pixel."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import scipy

from reenactbench.cache import cache_folder
from reenactbench.datasets.arrays import opened, row_writer, seal, unseal, write_array
from reenactbench.datasets.building import building
from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.world import FPS, Person, extra, extra_number, people, takes, track
from reenactbench.errors import Damaged
from reenactbench.files import PARTIAL, content_key, sha256_files
from reenactbench.types import Clip, ClipInfo, Finding

SIZE = 128
ARRAYS = ("numbers", "images", "landmarks", "visible", "motion")
MONTH = 30 * 86400.0  # seconds
META = "film.json"


@dataclass(frozen=True, slots=True)
class Film:
    """The target, in its own setting, moving as the source in the frames of these 1-based numbers."""

    target: str
    source: str
    numbers: tuple[int, ...]

    @property
    def folder(self) -> Path:
        """Where it lies in the cache, once it is rendered."""
        return films_folder() / f"{self.target}-as-{self.source}-{content_key(self.numbers)[:12]}"

    def motion(self) -> npt.NDArray[np.float32]:
        """[T,19], the columns of `parameters.MOTION`."""
        return np.asarray(track(self.source)[np.array(self.numbers) - 1])


def films_folder() -> Path:
    """The folder of the cache that holds what this very code renders with these very libraries."""
    return cache_folder() / "synthetic" / version()[:16]


@cache
def version() -> str:
    """sha256 over the code that renders, the versions of the libraries it computes with, and the kind of machine."""
    code = sha256_files(sorted(Path(__file__).parent.rglob("*.py")))
    return content_key([code, np.__version__, cv2.__version__, scipy.__version__, platform.machine()])


def rendered() -> dict[str, list[Path]]:
    """The folders of all films of this version in the cache, by target."""
    found: dict[str, list[Path]] = {}
    for folder in sorted(films_folder().glob("*/")):
        if not folder.name.startswith(PARTIAL):
            found.setdefault(folder.name.partition("-")[0], []).append(folder)
    return found


def remove_unused() -> None:
    """Note that this version is in use, and remove the films of versions that were not for a month."""
    with suppress(OSError):  # a cache that may only be read, or another process that does the same
        films_folder().mkdir(parents=True, exist_ok=True)
        os.utime(films_folder())
        for folder in films_folder().parent.glob("*/"):
            if time.time() - folder.stat().st_mtime > MONTH:
                shutil.rmtree(folder)


def render_all(films: Sequence[tuple[Film, Path]]) -> int:
    """Render films of one target, each into its folder; returns the number of frames."""
    actor = actor_of(films[0][0].target)
    return sum(render(actor, film, folder) for film, folder in films)


def render(actor: Actor, film: Film, folder: Path) -> int:
    """Render a film into its folder; returns the number of frames."""
    motion = film.motion()
    count = len(motion)
    with building(folder) as temporary:
        labels: dict[str, npt.NDArray[Any]] = {
            "numbers": np.array(film.numbers, np.int32),
            "landmarks": np.empty((count, 68, 2), np.float32),
            "visible": np.empty((count, 68), bool),
            "motion": motion,
        }
        with row_writer(temporary / "images.npy", (SIZE, SIZE, 3), np.uint8) as write:
            for row, values in enumerate(motion):
                image, labels["landmarks"][row], labels["visible"][row] = actor.render(values, SIZE)
                write(image)
        for name, array in labels.items():
            write_array(temporary / f"{name}.npy", array)
        images = np.lib.format.open_memmap(temporary / "images.npy", mode="r")
        digest = _digest({**labels, "images": images})
        seal(temporary, META, {"target": film.target, "source": film.source, "sha256": digest})
    return count


def open_film(film: Film, info: ClipInfo) -> Clip | None:
    """The film as a clip with the frame numbers of its source; None where it is not rendered, or damaged.

    `check` reads every byte.
    """
    found = opened(film.folder, META)
    if found is None:
        return None
    meta, arrays = found
    return Clip(
        info=info,
        fingerprint=meta["sha256"],
        fps=FPS,
        numbers=np.array(film.numbers, np.int32),
        images=arrays["images"],
        landmarks=arrays["landmarks"],
        excluded={},
        landmarks_from="exact",
    )


def check_all(folders: Sequence[Path]) -> list[Finding]:
    """What is wrong with rendered films of one target."""
    return [finding for folder in folders for finding in check(folder)]


def check(folder: Path) -> list[Finding]:
    """What is wrong with a rendered film: the bytes are not those that were written, or not those rendered now."""
    try:
        meta, arrays = unseal(folder, META)
        film = Film(meta["target"], meta["source"], tuple(arrays["numbers"].tolist()))
        intact = _digest(arrays) == meta["sha256"] and folder.name == film.folder.name
    except Damaged:
        intact = False
    if not intact:
        return [Finding(folder.name, f"its files are damaged; remove {folder} and prepare it again", True)]
    middle, motion = len(film.numbers) // 2, film.motion()
    shot = actor_of(film.target).render(motion[middle], SIZE)
    same = (
        np.array_equal(arrays["images"][middle], shot.image)
        and np.array_equal(arrays["landmarks"][middle], shot.landmarks)
        and np.array_equal(arrays["visible"][middle], shot.visible)
        and np.array_equal(arrays["motion"], motion)
    )
    if not same:
        number = film.numbers[middle]
        return [Finding(folder.name, f"frame {number} is now rendered as other bytes than those of the cache", True)]
    return []


def _digest(arrays: dict[str, npt.NDArray[Any]]) -> str:
    """sha256 over all arrays: the frame numbers, the pixels and the labels."""
    digest = hashlib.sha256()
    for name in ARRAYS:
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


@cache
def cast() -> dict[str, Person]:
    """The 64 people in their clips, by id."""
    return {person.id: person for person in people()}


@cache
def _performances() -> dict[str, Person]:
    return cast() | {person.id: person for person in takes()}


def performance(person_id: str) -> Person:
    """Who is seen in the clip or take of that id, or the extra."""
    number = extra_number(person_id)
    return _performances()[person_id] if number is None else extra(number)


@lru_cache(maxsize=1)
def actor_of(person_id: str) -> Actor:
    """That person in their setting; takes some tenths of a second, so the last one is kept."""
    person = performance(person_id)
    return Actor(person.identity, person.setting)
