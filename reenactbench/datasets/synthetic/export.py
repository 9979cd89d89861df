"""Writes synthetic clips as the tree of 300VW: for programs that read that, and to test our own readers."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.building import building
from reenactbench.datasets.synthetic.films import actor_of, cast, version
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX
from reenactbench.datasets.synthetic.world import FPS, FRAMES, track
from reenactbench.datasets.video import read_video
from reenactbench.datasets.w300vw import CLIPS, clip_info
from reenactbench.datasets.workers import workers
from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import PARTIAL, read_json, write_json
from reenactbench.types import SEEN, UNSEEN

SIZE = 256
FARTHER = 0.35  # off the scale's logarithm, so that there is room for a crop in the frame, as in a video
CODEC = "FFV1"  # without loss
MAPPING = "mapping.json"


def folder_names() -> dict[str, str]:
    """Person -> folder name of 300VW: the first of the seen ones for seen people, all of the unseen ones for unseen."""
    names: dict[str, str] = {}
    for split in (SEEN, UNSEEN):
        members = [person.id for person in cast().values() if person.split == split]
        names |= dict(zip(members, (clip for clip in CLIPS if clip_info(clip).split == split), strict=False))
    return names


def chosen(clip_ids: Sequence[str], limit: int | None) -> list[str]:
    """The clips to export (all where none is named), in order; raises ReenactbenchError for one that there is not."""
    people = list(cast())
    unknown = [clip_id for clip_id in clip_ids if clip_id not in people]
    if unknown:
        raise ReenactbenchError(f"--clip {unknown[0]}: there is no such clip, only {people[0]} to {people[-1]}")
    return [person for person in people if person in clip_ids or not clip_ids][:limit]


def export(clip_ids: Sequence[str], folder: Path, progress: Callable[[int], None], jobs: int) -> None:
    """Write NNN/vid.avi, NNN/annot/000001.pts, ... of each clip, and which person is in which folder.

    An export that was interrupted goes on. Raises ReenactbenchError where the folder holds anything else.
    """
    names = folder_names()
    mapping = {"dataset": "synthetic", "version": version(), "clips": {names[clip_id]: clip_id for clip_id in clip_ids}}
    with _unfinished(folder, mapping):
        todo = [clip_id for clip_id in clip_ids if not (folder / names[clip_id]).is_dir()]
        progress(FRAMES * (len(clip_ids) - len(todo)))
        with workers(min(jobs, len(todo))) as pool:
            for done in as_completed([pool.submit(write_clip, clip_id, folder / names[clip_id]) for clip_id in todo]):
                progress(done.result())


@contextmanager
def _unfinished(folder: Path, mapping: Mapping[str, object]) -> Iterator[None]:
    """Until the block ends well, the mapping has another name: so one knows a folder that can be gone on with."""
    begun = folder / f"{PARTIAL}{MAPPING}"
    if begun.is_file():
        try:
            before = read_json(begun)
        except Damaged as error:
            raise Damaged(f"{error}; name a new folder") from error
        if before != mapping:
            other = "other clips" if before.get("clips") != mapping["clips"] else "another version of code or libraries"
            raise ReenactbenchError(f"{folder} holds an unfinished export of {other}; name a new folder")
        for leftover in folder.glob(f"{PARTIAL}*/"):
            shutil.rmtree(leftover)
    elif folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ReenactbenchError(f"{folder} is not empty; name a new folder")
    else:
        write_json(begun, mapping)
    yield
    begun.rename(folder / MAPPING)


def motion_of(person_id: str) -> npt.NDArray[np.float32]:
    """The person's own motion [FRAMES,19], seen from farther away."""
    motion = np.array(track(person_id))
    motion[:, MOTION_INDEX["scale"]] -= FARTHER
    return motion


def write_clip(person_id: str, folder: Path) -> int:
    """Render one clip into its folder of the tree; returns the number of frames."""
    actor, motion = actor_of(person_id), motion_of(person_id)
    with building(folder) as temporary:
        (temporary / "annot").mkdir()
        video = temporary / "vid.avi"
        writer = cv2.VideoWriter(str(video), cv2.VideoWriter.fourcc(*CODEC), FPS, (SIZE, SIZE))
        if not writer.isOpened():
            raise ReenactbenchError(f"this OpenCV cannot write {CODEC} video; the one of the package index can")
        for number, values in enumerate(motion, start=1):
            shot = actor.render(values, SIZE)
            writer.write(np.ascontiguousarray(shot.image[..., ::-1]))
            (temporary / "annot" / f"{number:06d}.pts").write_text(pts_text(shot.landmarks))
        writer.release()
        if not _holds(video, len(motion)):  # OpenCV does not tell of a full disk
            raise OSError("vid.avi could not be written whole; is there space left?")
    return len(motion)


def _holds(video: Path, frames: int) -> bool:
    try:
        return sum(1 for _ in read_video(video)) == frames
    except ReenactbenchError:
        return False


def pts_text(landmarks: npt.NDArray[np.float32]) -> str:
    """A .pts file of landmarks [68,2] in 0-based pixels, which it holds 1-based, to a millionth of a pixel."""
    rows = (f"{x:.6f} {y:.6f}" for x, y in landmarks.astype(np.float64) + 1)
    return "\n".join(["version: 1", f"n_points: {len(landmarks)}", "{", *rows, "}", ""])
