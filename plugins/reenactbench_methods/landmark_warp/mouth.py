"""What shows between the lips when they open wider than in the picture."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench_methods.landmark_warp.shape import Array

Image = npt.NDArray[np.float32]

_LIPS = [49, 50, 51, 52, 53, 55, 56, 57, 58, 59]
_UPPER, _LOWER = [61, 62, 63], [67, 66, 65]
_SHUT = 0.012
"""Lips nearer to each other than this share of the picture's side count as this far apart."""
_BEGIN, _FULL = 1.5, 3.0
"""The inside is darkened from _BEGIN times the opening in the picture, and wholly from _FULL times."""
_ROOF, _TONGUE = np.array([0.22, 0.14, 0.14]), np.array([0.55, 0.36, 0.36])
"""Colours at the upper and at the lower lip, in shares of the lips' own colour."""


def fill_mouth(out: Image, inside: npt.NDArray[np.bool_], image: Image, before: Array, after: Array) -> Image:
    """Darken the inside of the mouth as far as it was torn open: [S,S,3], RGB.

    The teeth and tongue of a mouth that was shut are in no picture, and stretched lips look like a wound. out: the
    warped picture; inside: [S,S], pixels between the lips; image: the picture, with the landmarks `before` [68,2];
    after: where these landmarks went.
    """
    axis = after[_LOWER].mean(axis=0) - after[_UPPER].mean(axis=0)
    height = np.linalg.norm(axis)
    shown = max(np.linalg.norm(before[_LOWER] - before[_UPPER], axis=1).mean(), _SHUT * len(image))
    strength = np.clip((height / shown - _BEGIN) / (_FULL - _BEGIN), 0, 1)
    if strength == 0:
        return out
    column, row = before[_LIPS].round().astype(int).clip(0, len(image) - 1).T
    lips = image[row, column].mean(axis=0)
    soft = cv2.GaussianBlur(inside.astype(np.float32), (3, 3), 0.8) * strength
    y, x = np.nonzero(soft)
    fall = ((np.stack([x, y], axis=1) - after[_UPPER].mean(axis=0)) @ axis / height**2).clip(0, 1)[:, None]
    cavity = lips * (_ROOF + (_TONGUE - _ROOF) * fall**2)
    filled = out.copy()
    filled[y, x] += soft[y, x, None] * (cavity - out[y, x])
    return filled
