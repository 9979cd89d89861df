"""Rendered films in the cache: any person moving like any other, made once, keyed by all that decides a pixel."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import scipy

from reenactbench.cache import cache_folder
from reenactbench.datasets.building import building
from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.world import FPS, Person, people, track
from reenactbench.files import content_key, read_json, sha256_files
from reenactbench.interfaces import Finding
from reenactbench.types import Clip, ClipInfo

SIZE = 128


@dataclass(frozen=True, slots=True)
class Film:
    """The target, in the setting of its own clip, moving as the source does in the frames of these 1-based numbers."""

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
    """sha256 over the code that renders and the versions of the libraries it computes with."""
    files = (path for path in Path(__file__).parent.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return content_key([sha256_files(sorted(files)), np.__version__, cv2.__version__, scipy.__version__])


def render_all(films: Sequence[tuple[Film, Path]]) -> int:
    """Render films of one target, each into its folder; returns the number of frames."""
    actor = actor_of(films[0][0].target)
    return sum(render(actor, film, folder) for film, folder in films)


def render(actor: Actor, film: Film, folder: Path) -> int:
    """Render a film into its folder; returns the number of frames."""
    motion = film.motion()
    count = len(motion)
    with building(folder) as temporary:
        images = np.lib.format.open_memmap(temporary / "images.npy", "w+", np.uint8, (count, SIZE, SIZE, 3))
        landmarks, visible = np.empty((count, 68, 2), np.float32), np.empty((count, 68), bool)
        for row, values in enumerate(motion):
            images[row], landmarks[row], visible[row] = actor.render(values, SIZE)
        images.flush()
        np.save(temporary / "landmarks.npy", landmarks)
        np.save(temporary / "visible.npy", visible)
        np.save(temporary / "motion.npy", motion)
        meta = {"target": film.target, "source": film.source, "sha256": _digest(film.numbers, images, landmarks)}
        (temporary / "film.json").write_text(json.dumps(meta) + "\n")
    return count


def open_film(film: Film, info: ClipInfo) -> Clip | None:
    """The film as a clip with the frame numbers of its source; None where it is not rendered."""
    folder = film.folder
    if not folder.is_dir():
        return None
    return Clip(
        info=info,
        fingerprint=read_json(folder / "film.json")["sha256"],
        fps=FPS,
        numbers=np.array(film.numbers, np.int32),
        images=np.load(folder / "images.npy", mmap_mode="r"),
        landmarks=np.load(folder / "landmarks.npy"),
        excluded={},
        landmarks_from="exact",
    )


def check(film: Film, folder: Path) -> list[Finding]:
    """What is wrong with a rendered film: the bytes are not those that were written, or not those rendered now."""
    try:
        images, landmarks = np.load(folder / "images.npy", mmap_mode="r"), np.load(folder / "landmarks.npy")
        intact = _digest(film.numbers, images, landmarks) == read_json(folder / "film.json")["sha256"]
    except (OSError, ValueError):
        intact = False
    if not intact:
        return [Finding(folder.name, f"its files are damaged; remove {folder} and prepare it again", True)]
    middle = len(film.numbers) // 2
    shot = actor_of(film.target).render(film.motion()[middle], SIZE)
    if not (np.array_equal(shot.image, images[middle]) and np.array_equal(shot.landmarks, landmarks[middle])):
        number = film.numbers[middle]
        return [Finding(folder.name, f"frame {number} is now rendered as other bytes than those of the cache", True)]
    return []


def _digest(numbers: Sequence[int], images: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32]) -> str:
    """sha256 over the frame numbers, the pixels and the landmarks."""
    parts = (np.array(numbers, np.int32), images, landmarks)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


@cache
def cast() -> dict[str, Person]:
    """Everybody, by id."""
    return {person.id: person for person in people()}


def actor_of(person_id: str) -> Actor:
    """That person in the setting of their clip; takes about 0.2 s."""
    person = cast()[person_id]
    return Actor(person.identity, person.setting)
