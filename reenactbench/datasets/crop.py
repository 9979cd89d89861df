"""Crop policies: which square of each frame becomes the picture. Versioned, because they change every number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from reenactbench.errors import ReenactbenchError

Array = npt.NDArray[np.float64]

_SQUARE_SCALE = 1.9  # side over the landmark box: hair above the brows, ears, and a margin below the chin
_SQUARE_RISE = 0.2  # the centre lies this part of the box's height above the box's own, because hair is above the brows
_SQUARE_SMOOTHING = 1.0  # seconds: follows a walking person, leaves turns, nods and speech in the picture
_LARGEST = 8192  # pixels: a box is sampled in full, which takes 200 MB for one of this side


def square(landmarks: Array, numbers: npt.NDArray[np.int32], fps: float) -> Array:
    """`square@1`: one side a clip, its centre on a smoothed track of the face.

    landmarks: [T,68,2] in pixels of the frame; numbers: [T] frame numbers, ascending. Returns boxes [T,4] as left, top,
    width, height in pixels, where (0, 0) is the top-left corner of the first pixel.
    """
    low, high = landmarks.min(axis=1) + 0.5, landmarks.max(axis=1) + 0.5
    side = _SQUARE_SCALE * float(np.median((high - low).max(axis=1)))
    centre = (low + high) / 2
    centre[:, 1] -= _SQUARE_RISE * float(np.median(high[:, 1] - low[:, 1]))
    every = np.arange(numbers[0], numbers[-1] + 1)
    track = np.stack([np.interp(every, numbers, centre[:, axis]) for axis in (0, 1)], axis=1)
    smooth = gaussian_filter1d(track, _SQUARE_SMOOTHING * fps, axis=0, mode="nearest")[numbers - numbers[0]]
    return np.concatenate([smooth - side / 2, np.full_like(smooth, side)], axis=1)


def tight(landmarks: Array, numbers: npt.NDArray[np.int32], fps: float) -> Array:
    """`tight@1`: each frame's own landmark box with a margin of 16 % of its mean side, stretched to a square.

    What GANnotation does; it takes the head's motion out of the picture. Same arguments and result as `square`.
    """
    low, high = landmarks.min(axis=1) + 0.5, landmarks.max(axis=1) + 0.5
    margin = 0.16 * (high - low).mean(axis=1, keepdims=True)
    return np.concatenate([low - margin, high - low + 2 * margin], axis=1)


POLICIES: dict[str, Callable[[Array, npt.NDArray[np.int32], float], Array]] = {"square@1": square, "tight@1": tight}


def policy(name: str) -> Callable[[Array, npt.NDArray[np.int32], float], Array]:
    if name not in POLICIES:
        raise ReenactbenchError(f"there is no crop {name!r}; choose one of {', '.join(POLICIES)}")
    return POLICIES[name]


def check(boxes: Array, numbers: npt.NDArray[np.int32], video: Path) -> None:
    """Raises ReenactbenchError where a box [T,4] of these frames of a video is too large to be cut out."""
    sides = boxes[:, 2:].max(axis=1)
    if sides.max() > _LARGEST:
        frame, side = numbers[sides.argmax()], sides.max()
        raise ReenactbenchError(
            f"{video}, frame {frame}: the crop is {side:,.0f} pixels wide; more than {_LARGEST:,} are not cut out"
        )


def shown(landmarks: Array, boxes: Array) -> npt.NDArray[np.bool_]:
    """[T]: whether the centre of the landmarks [T,68,2] lies in the box [T,4], which a smoothed track can leave."""
    middle = (landmarks.min(axis=1) + landmarks.max(axis=1) + 1) / 2 - boxes[:, :2]
    return np.asarray(((middle >= 0) & (middle <= boxes[:, 2:])).all(axis=1))


def crop(image: npt.NDArray[np.uint8], box: Array, size: int) -> npt.NDArray[np.uint8]:
    """The box (left, top, width, height) of an image [H,W,3], as uint8 [size,size,3].

    Sampled bilinearly at a whole multiple of `size` that is no coarser than the image, then averaged down: sub-pixel
    exact and without aliasing. Outside the image its border pixels go on.
    """
    left, top, width, height = box
    oversampling = max(1, int(np.ceil(max(width, height) / size)))
    fine = size * oversampling
    scale_x, scale_y = width / fine, height / fine
    to_image = np.array([[scale_x, 0, left + scale_x / 2 - 0.5], [0, scale_y, top + scale_y / 2 - 0.5]])
    sampled = cv2.warpAffine(
        image,
        to_image,
        (fine, fine),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if oversampling == 1:
        return np.asarray(sampled, np.uint8)
    return np.asarray(cv2.resize(sampled, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def to_crop(landmarks: Array, boxes: Array, size: int) -> npt.NDArray[np.float32]:
    """Landmarks [T,68,2] of the frame, in 0-based pixels of the crops given by boxes [T,4]."""
    return ((landmarks + 0.5 - boxes[:, None, :2]) * (size / boxes[:, None, 2:]) - 0.5).astype(np.float32)
