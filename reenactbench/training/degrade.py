"""What cameras, codecs and landmark detectors do to frames: for methods that learn from exact ones and meet others."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reenactbench.training.sampling import Pairs
from reenactbench.types import Frames

Array = npt.NDArray[np.float64]

BLUR, NOISE, QUALITY = 1.3, 0.03, (20, 95)
"""Pixels of deviation and deviation in 0..1, at most; of JPEG, from the worst to the best."""
SHARE = 0.4
"""Of the samples that each of these befalls at strength 1."""

PARTS = ((0, 17), (17, 22), (22, 27), (27, 36), (36, 42), (42, 48), (48, 68))
"""Landmarks that a detector shifts together: jaw, brows, nose, eyes, mouth."""
JAW, WAVES = 17, 4
"""Landmarks along the jaw, and waves along it that bend it: detectors follow the visible contour or a mean face, not
points of the skin."""
HABIT = (0.0, 0.8, 1.4)
"""Pixels of 128 by which a detector misses the same person in every frame: each point, each part, each wave."""
TREMBLE = (0.35, 0.3, 0.6)
"""The same, anew in every frame."""


def degraded(pairs: Pairs, random: np.random.Generator, strength: float) -> Pairs:
    """The samples as a camera and a codec give them: blurred, then noisy, then as a JPEG; each in the same way in all
    frames of a sample. Strength 0 leaves them as they are."""
    if strength == 0:
        return pairs
    ways = [_draw(random, strength) for _ in range(len(pairs))]

    def applied(frames: Frames) -> Frames:
        each = len(frames) // len(ways)
        pixels = (frames.images.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        made = np.stack([_degraded(image, *ways[row // each], random) for row, image in enumerate(pixels)])
        images = torch.from_numpy(made).to(frames.images.device).permute(0, 3, 1, 2).float() / 255
        return Frames(images, frames.landmarks)

    return Pairs(applied(pairs.targets), applied(pairs.driving), pairs.target_ids, pairs.driving_ids)


def habits(random: np.random.Generator, samples: int, strength: float) -> Tensor:
    """[samples,68,2] pixels of 128 by which a detector misses a person in every frame."""
    return _misses(random, samples, strength, *HABIT)


def trembles(random: np.random.Generator, samples: int, strength: float) -> Tensor:
    """[samples,68,2] pixels of 128 by which it misses them in one frame."""
    return _misses(random, samples, strength, *TREMBLE)


def _draw(random: np.random.Generator, strength: float) -> tuple[float, float, int]:
    blur, noise, coded = random.random(3) < SHARE * strength
    quality = int(random.integers(*QUALITY))
    return blur * random.uniform(0, BLUR), noise * random.uniform(0, NOISE), quality if coded else 0


def _degraded(
    image: npt.NDArray[np.uint8], blur: float, noise: float, quality: int, random: np.random.Generator
) -> npt.NDArray[np.uint8]:
    if blur > 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), blur), np.uint8)
    if noise:
        image = np.clip(image + random.normal(0, 255 * noise, image.shape), 0, 255).round().astype(np.uint8)
    if quality:
        _, coded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
    return image


def _misses(
    random: np.random.Generator, samples: int, strength: float, point: float, part: float, wave: float
) -> Tensor:
    """Normal deviations; how large they are for a sample is drawn first, from nothing to `strength`."""
    found = point * random.standard_normal((samples, 68, 2))
    for first, last in PARTS:
        found[:, first:last] += part * random.standard_normal((samples, 1, 2))
    along = np.cos(np.pi * np.arange(1, WAVES + 1)[:, None] * np.linspace(0, 1, JAW)) / np.arange(1, WAVES + 1)[:, None]
    found[:, :JAW] += wave * np.einsum("nwc,wj->njc", random.standard_normal((samples, WAVES, 2)), along)
    found *= strength * random.uniform(0, 1, (samples, 1, 1))
    return torch.from_numpy(found.astype(np.float32))
