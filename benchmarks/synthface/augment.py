"""What happens to training pictures, so that the networks stay sane on what weak methods make; and faces undone."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.landmarks68 import MIRRORED

from .pictures import SIZE

Image = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]
SEEN = 64  # the side that the networks look at; averaging to it here is what they would do first


def disturbed(image: Image, points: Points, random: np.random.Generator) -> tuple[Image, Points]:
    """A picture [128,128,3] as [64,64,3]: moved, turned, scaled, recoloured and often damaged, with its points [68,2].

    Points stay in pixels of 128.
    """
    middle, scale = (SIZE - 1) / 2, float(np.exp(random.normal(0, 0.05)))
    matrix = np.asarray(cv2.getRotationMatrix2D((middle, middle), random.uniform(-6, 6), scale), np.float64)
    matrix[:, 2] += random.normal(0, 3, 2)
    image = _cv(cv2.warpAffine(image, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT_101))
    points = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    if random.random() < 0.25:
        image = _compressed(image, int(random.integers(15, 80)))
    image = _cv(cv2.resize(image, (SEEN, SEEN), interpolation=cv2.INTER_AREA))
    if random.random() < 0.35:
        image = _cv(cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.6)))
    image = _recoloured(image, random)
    if random.random() < 0.15:
        _fill(image, _rectangle(random, 0.05, 0.3), random)
    if random.random() < 0.3:
        noise = random.standard_normal(image.shape, np.float32) * np.float32(random.uniform(2, 12))
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image, points


def mirrored(image: Image, points: Points) -> tuple[Image, Points]:
    return _cv(cv2.flip(image, 1)), np.array([SIZE - 1, 0] - points[list(MIRRORED)] * [1, -1], np.float32)


def faceless(image: Image, points: Points, random: np.random.Generator) -> Image:
    """The picture [128,128,3] without a face: one of the eight ways of `UNDO`, at random."""
    return list(UNDO.values())[random.integers(len(UNDO))](image, points, random)


def _corner(image: Image, points: Points, random: np.random.Generator) -> Image:
    """What lies beside the face, enlarged."""
    left, right = points[:, 0].min(), points[:, 0].max()
    side = int(np.clip(max(left, SIZE - right), 16, 48))
    x = 0 if left > SIZE - right else SIZE - side
    y = int(random.integers(0, SIZE - side + 1))
    return _cv(cv2.resize(image[y : y + side, x : x + side], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC))


def _erased(image: Image, points: Points, random: np.random.Generator) -> Image:
    """The face under a flat colour, noise or a strong blur, with a soft edge."""
    mask = np.zeros((SIZE, SIZE), np.float32)
    hull = cv2.convexHull(np.round(points).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1)
    soft = cv2.GaussianBlur(cv2.dilate(mask, np.ones((9, 9), np.uint8)), (0, 0), random.uniform(0.5, 4))[..., None]
    cover = _blurred(image, points, random) if random.random() < 0.5 else _nothing(image, points, random)
    return _bytes(image * (1 - soft) + cover * soft)


def _scrambled(image: Image, points: Points, random: np.random.Generator) -> Image:
    """Blocks of the picture in another order."""
    count = int(random.choice([4, 8]))
    side = SIZE // count
    blocks = image.reshape(count, side, count, side, 3).swapaxes(1, 2).reshape(-1, side, side, 3)
    blocks = blocks[random.permutation(len(blocks))].reshape(count, count, side, side, 3)
    return np.ascontiguousarray(blocks.swapaxes(1, 2).reshape(SIZE, SIZE, 3))


def _blurred(image: Image, points: Points, random: np.random.Generator) -> Image:
    small = cv2.resize(image, (SIZE // 8, SIZE // 8), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), random.uniform(1.2, 3))
    return _cv(cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC))


def _upside_down(image: Image, points: Points, random: np.random.Generator) -> Image:
    return np.ascontiguousarray(np.rot90(image, 2) if random.random() < 0.5 else image[::-1])


def _halved(image: Image, points: Points, random: np.random.Generator) -> Image:
    """Half of the face, on either side of a line through its middle, under a flat colour, noise or a blur."""
    angle = random.uniform(0, 2 * np.pi)
    places = np.stack(np.meshgrid(np.arange(SIZE), np.arange(SIZE)), axis=2) - points[17:].mean(axis=0)
    mask = places @ np.array([np.cos(angle), np.sin(angle)]) > random.uniform(-10, 0)
    cover = _blurred(image, points, random) if random.random() < 0.3 else _nothing(image, points, random)
    return np.where(mask[..., None], cover, image)


def _nothing(image: Image, points: Points, random: np.random.Generator) -> Image:
    """Clouds of any coarseness, from a flat colour to noise a pixel."""
    cells = int(random.choice([1, 2, 4, 8, 16, 32, 64, 128]))
    cloud = random.integers(0, 256, (cells, cells, 3), np.uint8)
    return _cv(cv2.resize(cloud, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR))


def _pieces(image: Image, points: Points, random: np.random.Generator) -> Image:
    """A part of the face, enlarged until it is no face any more."""
    side = int(random.integers(14, 26))
    x, y = np.clip(points[random.integers(17, 68)] - side / 2, 0, SIZE - side).astype(int)
    return _cv(cv2.resize(image[y : y + side, x : x + side], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC))


UNDO = {
    "beside the face": _corner,
    "face erased": _erased,
    "blocks scrambled": _scrambled,
    "blurred away": _blurred,
    "upside down": _upside_down,
    "half erased": _halved,
    "clouds": _nothing,
    "pieces": _pieces,
}
"""Ways to undo a face: name -> function."""


def _compressed(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _cv(cv2.imdecode(data, cv2.IMREAD_COLOR))


def _recoloured(image: Image, random: np.random.Generator) -> Image:
    """Brightness, contrast, gamma, tint."""
    steps = np.arange(256, dtype=np.float32)[:, None] / 255
    gain = np.exp(random.normal(0, 0.12)) * np.exp(random.normal(0, 0.04, 3))
    curve = (steps ** np.exp(random.normal(0, 0.12)) - 0.5) * gain + 0.5 + random.normal(0, 0.05)
    return _cv(cv2.LUT(image, _bytes(curve * 255)[:, None]))


def _rectangle(random: np.random.Generator, least: float, most: float) -> tuple[slice, slice]:
    sides = (random.uniform(least, most, 2) * SEEN).astype(int)
    y, x = random.integers(0, SEEN - sides)
    return slice(y, y + sides[0]), slice(x, x + sides[1])


def _fill(image: Image, where: tuple[slice, slice], random: np.random.Generator) -> None:
    image[where] = random.integers(0, 256, 3)


def _bytes(values: npt.NDArray[Any]) -> Image:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _cv(image: Any) -> Image:
    return np.asarray(image, np.uint8)
