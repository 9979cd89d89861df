"""Landmarks of many people who make the same motions, with no picture drawn: motion without the shape of a face."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.films import SIZE, films_folder
from reenactbench.datasets.synthetic.motion.tracks import draw_motion
from reenactbench.datasets.synthetic.posing import landmarks
from reenactbench.datasets.synthetic.world import GEOMETRY, HELD_OUT, extra, training_random
from reenactbench.files import replacing

HEADS, MOTIONS = 600, 256


def same_motions() -> npt.NDArray[np.float32]:
    """[HEADS,MOTIONS,68,2] in pixels of SIZE: the first extras to train on, all making the same motions.

    Made once, in about a minute, and kept beside the films.
    """
    path = films_folder() / "same-motions.npy"
    if not path.is_file():
        random = training_random(GEOMETRY, 0)
        motions = [draw_motion(random) for _ in range(MOTIONS)]
        found = np.empty((HEADS, MOTIONS, 68, 2), np.float32)
        for row in range(HEADS):
            head = Head(extra(HELD_OUT + 1 + row).identity.shape)
            found[row] = [landmarks(head, motion, SIZE) for motion in motions]
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, found)
    kept: npt.NDArray[np.float32] = np.load(path, mmap_mode="r")
    return kept
