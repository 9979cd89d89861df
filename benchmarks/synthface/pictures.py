"""Rendered people under independent motions and settings, kept in a working folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.films import version
from reenactbench.datasets.synthetic.identities import draw_identity
from reenactbench.datasets.synthetic.motion.tracks import draw_motion, neutral
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX
from reenactbench.datasets.synthetic.settings import draw_setting
from reenactbench.datasets.synthetic.world import people, training_random
from reenactbench.files import replacing

SIZE = 128
CHUNK = 25


class Part(NamedTuple):
    purpose: int
    """A stream of random numbers that nothing else uses."""
    people: int
    pictures: int
    """Of each person, each in a motion, a light, a backdrop and clothes of its own: nothing else stays the same."""

    @property
    def chunks(self) -> int:
        return -(-self.people // CHUNK)


PARTS = {
    "train": Part(purpose=0, people=1_000, pictures=16),
    "check": Part(purpose=1, people=64, pictures=16),
    "benchmark": Part(purpose=2, people=64, pictures=32),
}
"""`benchmark` are the 64 people of the data set, in motions and settings of their own; nothing is chosen by it."""


class Pictures(NamedTuple):
    images: npt.NDArray[np.uint8]
    """[N,128,128,3] RGB."""
    landmarks: npt.NDArray[np.float32]
    """[N,68,2] pixels."""
    visible: npt.NDArray[np.bool_]
    """[N,68]."""
    motions: npt.NDArray[np.float32]
    """[N,19]."""
    persons: npt.NDArray[np.int32]
    """[N]: the number of the person in its part."""
    eyes: npt.NDArray[np.float32]
    """[N]: the outer-eye distance in pixels if the head looked into the camera, at this picture's scale."""


def render_chunk(part: Part, chunk: int, of_benchmark: bool) -> Pictures:
    persons = range(chunk * CHUNK, min((chunk + 1) * CHUNK, part.people))
    return concatenated([_render_person(part, person, of_benchmark) for person in persons])


def _render_person(part: Part, person: int, of_benchmark: bool) -> Pictures:
    random = training_random(part.purpose, person)
    identity = people()[person].identity if of_benchmark else draw_identity(random)
    actor = Actor(identity, draw_setting(random))
    frontal = actor.render(neutral(), SIZE).landmarks
    motions = np.stack([draw_motion(random) for _ in range(part.pictures)])
    shots = [actor.with_setting(draw_setting(random)).render(motion, SIZE) for motion in motions]
    eyes = np.linalg.norm(frontal[45] - frontal[36]) * np.exp(motions[:, MOTION_INDEX["scale"]])
    return Pictures(
        np.stack([shot.image for shot in shots]),
        np.stack([shot.landmarks for shot in shots]),
        np.stack([shot.visible for shot in shots]),
        motions,
        np.full(part.pictures, person, np.int32),
        eyes.astype(np.float32),
    )


def chunk_file(work: Path, name: str, chunk: int) -> Path:
    """Beside others of the same renderer only."""
    return work / f"pictures-{version()[:16]}" / f"{name}-{chunk:03d}.npz"


def write_chunk(path: Path, part: Part, chunk: int, of_benchmark: bool) -> None:
    with replacing(path) as temporary:
        np.savez(temporary, **render_chunk(part, chunk, of_benchmark)._asdict())


def read_part(work: Path, name: str) -> Pictures:
    """All that `render.py` has made of a part."""
    chunks = []
    for chunk in range(PARTS[name].chunks):
        path = chunk_file(work, name, chunk)
        if not path.is_file():
            raise SystemExit(f"{path} is not here: run `python -m benchmarks.synthface.render --work {work}` first")
        with np.load(path) as arrays:
            chunks.append(Pictures(**arrays))
    return concatenated(chunks)


def concatenated(pictures: list[Pictures]) -> Pictures:
    columns: list[Any] = [np.concatenate(column) for column in zip(*pictures, strict=True)]
    return Pictures(*columns)
