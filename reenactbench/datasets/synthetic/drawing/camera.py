"""The camera: where points fall in the picture, and OpenCV's rasteriser with the same projection."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.drawing.mesh import Floats, Ints

DISTANCE, SPAN = 105.0, 27.5  # cm to the origin; cm that the picture shows there
HEIGHT = 0.9  # cm: what lies this far above the origin is in the middle of the picture
NEAR, FAR = 40.0, 170.0
FIELD_OF_VIEW = 2 * np.arctan(SPAN / 2 / DISTANCE)


def _settings(culling: int) -> cv2.TriangleRasterizeSettings:
    settings = cv2.TriangleRasterizeSettings()
    settings.setShadingType(cv2.RASTERIZE_SHADING_SHADED)
    settings.setCullingMode(culling)
    return settings


ONE_SIDED, TWO_SIDED = _settings(cv2.RASTERIZE_CULLING_CW), _settings(cv2.RASTERIZE_CULLING_NONE)


def pixels(points: Floats, size: int) -> Floats:
    """0-based pixels [N,2] (x, y) of points [N,3] cm in a picture of size x size; centres of pixels are integers."""
    scale = size * DISTANCE / SPAN / (DISTANCE - points[:, 2])
    x, y = points[:, 0] * scale, (HEIGHT - points[:, 1]) * scale
    return np.column_stack([x, y]).astype(np.float32) + np.float32(size / 2 - 0.5)


def view() -> Floats:
    """The matrix [4,4] from head space to the rasteriser's camera space."""
    matrix = np.eye(4, dtype=np.float32)
    matrix[1, 3], matrix[2, 3] = -HEIGHT, -DISTANCE
    return matrix


def facing(vertices: Floats, faces: Ints) -> Ints:
    """The faces [F,3] that turn to the camera; the rasteriser would take longer to find out."""
    x, y = pixels(vertices, 1).T
    a, b, c = faces.T
    return np.asarray(faces[(x[b] - x[a]) * (y[c] - y[a]) < (x[c] - x[a]) * (y[b] - y[a])])


def blank_depth(size: int) -> Floats:
    return np.full((size, size), FAR, np.float32)


def draw(vertices: Floats, faces: Ints, colours: Floats, picture: Floats, depth: Floats, two_sided: bool) -> None:
    """Draw triangles with colours [V,3] between their vertices into picture [S,S,3] and depth [S,S] cm, in place."""
    settings = TWO_SIDED if two_sided else ONE_SIDED
    cv2.triangleRasterize(vertices, faces, colours, picture, depth, view(), FIELD_OF_VIEW, NEAR, FAR, settings)


def visible(points: Floats, depth: Floats, behind: float) -> npt.NDArray[np.bool_]:
    """[N]: which points [N,3] cm are in the picture of depth [S,S] and at most so far behind what is drawn."""
    size = len(depth)
    at = np.round(pixels(points, size)).astype(int)
    inside = ((at >= 0) & (at < size)).all(axis=1)
    x, y = np.clip(at, 0, size - 1).T
    return np.asarray(inside & (DISTANCE - points[:, 2] < depth[y, x] + behind))


def developed(picture: Floats, size: int) -> npt.NDArray[np.uint8]:
    """A linear picture as sRGB of size x size: reduced in linear light, highlights rolled off."""
    reduced = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    bright = np.where(reduced > 0.7, 0.7 + 0.3 * (1 - np.exp(-(reduced - 0.7) / 0.3)), np.maximum(reduced, 0))
    shown = np.where(bright <= 0.0031308, 12.92 * bright, 1.055 * bright ** (1 / 2.4) - 0.055)
    return np.round(255 * shown).astype(np.uint8)


def exposed(shown: npt.NDArray[np.uint8]) -> Floats:
    """The linear picture that an sRGB one shows."""
    scaled = shown.astype(np.float32) / 255
    return np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4).astype(np.float32)
