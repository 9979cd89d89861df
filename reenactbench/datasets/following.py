"""One face is followed through a clip that comes without landmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.geometry import Boxes, Landmarks, distance, outside
from reenactbench.interfaces import LandmarkFinder

NO_FACE, JUMPS = "no face found", "the face jumps"


def follow(images: Iterable[npt.NDArray[np.uint8]], finder: LandmarkFinder) -> Iterator[Landmarks | str]:
    """Landmarks [68,2] of one person in each image [H,W,3] RGB of a clip, in order, or the reason why there are none.

    The person is the one with the largest face in the first image that shows any, and then whoever is nearest to where
    that face was last. Nobody is taken who is farther from there than a face is wide, however long ago that was.
    """
    last: Boxes | None = None
    for image in images:
        faces = finder.faces(image)
        boxes = faces["box"]
        if len(boxes) == 0:
            yield NO_FACE
            continue
        if last is None:
            chosen = int(np.argmax((boxes[:, 2:] - boxes[:, :2]).prod(axis=1)))
        else:
            apart = distance(boxes, last)
            chosen = int(np.argmin(apart))
            if apart[chosen] > 1:
                yield JUMPS
                continue
        landmarks = finder.landmarks(image, {name: rows[chosen : chosen + 1] for name, rows in faces.items()})
        height, width = image.shape[:2]
        if not np.isfinite(landmarks).all() or outside(landmarks, width, height):
            yield NO_FACE
            continue
        last = boxes[chosen]
        yield landmarks
