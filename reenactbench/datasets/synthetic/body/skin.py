"""The colours of a face, painted in the flat chart of the head."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np

from reenactbench.datasets.synthetic.body.anatomy import controls
from reenactbench.datasets.synthetic.body.chart import INNER_LIPS, OUTER_LIPS, chart
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.drawing.camera import TWO_SIDED
from reenactbench.datasets.synthetic.drawing.mesh import Floats
from reenactbench.datasets.synthetic.parameters import SHAPE_INDEX, Identity, Looks

SCALE = 20.0  # texels a cm of chart
LEFT, TOP, WIDTH, HEIGHT = -12.0, 9.5, 480, 520  # cm, cm, texels, texels

TONES = np.array(
    [[0.74, 0.51, 0.40], [0.72, 0.44, 0.31], [0.53, 0.28, 0.165], [0.33, 0.158, 0.088], [0.165, 0.078, 0.046],
     [0.082, 0.042, 0.028]]
)  # fmt: skip
"""Linear reflectance of skin at melanin 0, 0.2, .. 1."""
ROSE, BROWN = np.array([0.46, 0.13, 0.13]), np.array([0.30, 0.11, 0.08])


def skin_tone(looks: Looks) -> Floats:
    """The mean reflectance of the skin, linear RGB [3]."""
    at = looks.melanin * (len(TONES) - 1)
    tone = np.array([np.interp(at, np.arange(len(TONES)), channel) for channel in TONES.T])
    flush = 1 + (looks.blood - 0.5) * np.array([0.08, -0.14, -0.16])
    return np.asarray(tone * flush, np.float32)


def texture_coordinates() -> Floats:
    """[V,2] texels of the head's vertices."""
    points = chart().points
    return np.column_stack([(points[:, 0] - LEFT) * SCALE, (TOP - points[:, 1]) * SCALE]).astype(np.float32)


def paint(identity: Identity, head: Head, stubble: Floats, hair_colour: Floats) -> Floats:
    """The reflectance of the skin, linear RGB float32 [520,480,3].

    stubble: [V] 0..1 at the head's vertices. hair_colour: linear RGB of stubble and brows.
    """
    looks, random = identity.looks, np.random.default_rng([identity.looks.seed, 1])
    canvas = _Canvas(skin_tone(looks))
    age, pale = looks.age, 1 - looks.melanin
    _complexion(canvas, looks, random)
    _creases(canvas, age)
    if looks.freckles > 0.05 and pale > 0.4:
        spots = _spots(random, int(420 * looks.freckles), (4.6, 2.4), (0, -0.2), 0.045)
        canvas.multiply(spots * 0.55 * looks.freckles, (0.72, 0.5, 0.38))
    for _ in range(looks.moles):
        x, y = random.uniform(-6, 6), random.uniform(-8, 6)
        canvas.multiply(_blob(x, y, 0.07, 0.07), (0.25, 0.17, 0.13))
    _lips(canvas, looks, random)
    _eyes(canvas, looks, float(identity.shape[SHAPE_INDEX["lid_fold"]]))
    _nostrils(canvas)
    if stubble.any():
        grain = cv2.GaussianBlur(random.random((HEIGHT, WIDTH), np.float32), (0, 0), 0.8)
        grain = np.clip((grain - 0.5) * 5 + 0.62, 0, 1)
        canvas.mix(_from_vertices(stubble) * grain * 0.8, 0.6 * np.asarray(hair_colour) + 0.1 * canvas.tone)
    _brows(canvas, looks, hair_colour, random)
    return np.clip(canvas.pixels, 0.004, 0.95).astype(np.float32)


class _Canvas:
    def __init__(self, tone: Floats) -> None:
        self.tone = tone
        self.pixels = np.broadcast_to(tone, (HEIGHT, WIDTH, 3)).astype(np.float32)

    def multiply(self, weight: Floats, colour: tuple[float, float, float]) -> None:
        for pixels, share in self._touched(weight):
            pixels *= 1 - share * (1 - np.array(colour, np.float32))

    def mix(self, weight: Floats, colour: np.ndarray) -> None:
        for pixels, share in self._touched(weight):
            pixels += share * (np.asarray(colour, np.float32) - pixels)

    def _touched(self, weight: Floats) -> Iterator[tuple[Floats, Floats]]:
        """The part of the picture where the weight is not nought (views), and the weight there."""
        rows, columns = np.flatnonzero(weight.max(axis=1) > 2e-3), np.flatnonzero(weight.max(axis=0) > 2e-3)
        if len(rows):
            box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            yield self.pixels[box], weight[box][..., None]


@cache
def _axes() -> tuple[Floats, Floats]:
    """Chart cm of the columns [W] and rows [H]."""
    return (
        (LEFT + np.arange(WIDTH) / SCALE).astype(np.float32),
        (TOP - np.arange(HEIGHT) / SCALE).astype(np.float32),
    )


def _blob(x: float, y: float, wide: float, high: float) -> Floats:
    columns, rows = _axes()
    across, down = np.exp(-0.5 * ((columns - x) / wide) ** 2), np.exp(-0.5 * ((rows - y) / high) ** 2)
    return np.asarray(down[:, None] * across)


def _pair(x: float, y: float, wide: float, high: float) -> Floats:
    return _blob(x, y, wide, high) + _blob(-x, y, wide, high)


def _texels(points: np.ndarray) -> np.ndarray:
    """Chart points [N,2] as fixed-point texels for OpenCV's drawing (4 fractional bits)."""
    return np.round(((points - [LEFT, TOP]) * [SCALE, -SCALE]) * 16).astype(np.int32)


def _strokes(lines: list[np.ndarray], width: int, blur: float) -> Floats:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.polylines(mask, [_texels(line) for line in lines], False, 255, width, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), blur), np.float32)


def _both(lines: list[np.ndarray]) -> list[np.ndarray]:
    return lines + [line * [-1, 1] for line in lines]


def _area(outline: np.ndarray, blur: float, hole: np.ndarray | None = None) -> Floats:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.fillPoly(mask, [_texels(outline)] + ([_texels(hole)] if hole is not None else []), 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), blur), np.float32)


def _spots(
    random: np.random.Generator, count: int, spread: tuple[float, float], middle: tuple[float, float], size: float
) -> Floats:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    places = random.standard_normal((count, 2)) * spread + middle
    at = np.round((places - [LEFT, TOP]) * [SCALE, -SCALE]).astype(int)
    inside = (at >= 0).all(axis=1) & (at < [WIDTH, HEIGHT]).all(axis=1)
    mask[at[inside, 1], at[inside, 0]] = random.uniform(0.4, 1.0, inside.sum())
    blurred = cv2.GaussianBlur(mask, (0, 0), size * SCALE)
    return np.asarray(np.clip(blurred * (2 * np.pi * (size * SCALE) ** 2), 0, 1))


def _from_vertices(values: Floats) -> Floats:
    """Values [V] at the head's vertices, spread over the texture."""
    points, faces = texture_coordinates(), chart().faces
    vertices = np.column_stack([points[:, 0] - WIDTH / 2, HEIGHT / 2 - points[:, 1], np.full(len(points), -1000.0)])
    painted, depth = np.zeros((HEIGHT, WIDTH, 3), np.float32), np.full((HEIGHT, WIDTH), 5000, np.float32)
    colours = np.repeat(values[:, None], 3, axis=1).astype(np.float32)
    field_of_view = 2 * np.arctan(HEIGHT / 2 / 1000)
    cv2.triangleRasterize(
        vertices.astype(np.float32), faces, colours, painted, depth, np.eye(4), field_of_view, 10, 5000, TWO_SIDED
    )
    return np.ascontiguousarray(painted[..., 0])


def _complexion(canvas: _Canvas, looks: Looks, random: np.random.Generator) -> None:
    pale, flush = 1 - looks.melanin, 0.35 + 0.65 * looks.blood
    red = 0.55 * _pair(3.6, -1.3, 1.5, 1.3) + 0.6 * _blob(0, -0.9, 0.9, 0.8) + 0.25 * _blob(0, -9.4, 1.6, 0.9)
    red += 0.2 * _pair(1.5, -1.6, 0.5, 0.6) + 0.12 * _blob(0, 5.5, 4, 1.2)
    canvas.multiply(red * flush * (0.35 + 0.65 * pale), (1.0, 0.72, 0.68))
    canvas.multiply(_pair(3.0, 1.65, 1.0, 0.42) * (0.25 + 0.5 * looks.age), (0.80, 0.72, 0.76))
    canvas.multiply(_pair(3.1, 3.35, 1.4, 0.42) * 0.35, (0.85, 0.74, 0.72))
    canvas.multiply(_pair(1.45, 2.7, 0.35, 0.6) * 0.4, (0.78, 0.68, 0.68))
    canvas.multiply(_blob(0, 7.5, 6, 2.5) * 0.12, (1.0, 0.97, 0.86))
    coarse, middle, fine = (
        cv2.resize(random.standard_normal((HEIGHT // step, WIDTH // step)).astype(np.float32), (WIDTH, HEIGHT),
                   interpolation=cv2.INTER_CUBIC)
        for step in (40, 10, 2)
    )  # fmt: skip
    mottle = 1 + (0.025 * coarse + 0.02 * middle + (0.018 + 0.02 * looks.age) * fine)[..., None] * [0.8, 1.0, 1.05]
    canvas.pixels *= mottle.astype(np.float32)


def _creases(canvas: _Canvas, age: float) -> None:
    fold = [np.array([[1.95, -0.9], [2.35, -1.7], [2.85, -2.9], [3.25, -4.2], [3.35, -4.9]])]
    canvas.multiply(_strokes(_both(fold), 4, 4.0) * (0.22 + 0.75 * age), (0.62, 0.5, 0.46))
    wing = [np.array([[1.25, -0.5], [1.75, -0.75], [1.98, -1.3], [1.8, -1.85], [1.5, -2.05]])]
    canvas.multiply(_strokes(_both(wing), 3, 2.0) * 0.55, (0.6, 0.48, 0.45))
    chin = [np.array([[-1.3, -7.75], [0, -7.95], [1.3, -7.75]])]
    canvas.multiply(_strokes(chin, 6, 5.0) * 0.3, (0.75, 0.66, 0.64))
    if age > 0.25:
        brow = [np.array([[-3.6, y - 0.1], [-1.5, y + 0.12], [0, y], [1.5, y + 0.12], [3.6, y - 0.1]])
                for y in (5.9, 6.6, 7.3)]  # fmt: skip
        feet = [np.array([[5.6, 2.75 + 0.3 * k], [6.6, 2.8 + 0.75 * k]]) for k in (-1, 0, 1)]
        frown = [np.array([[0.4, 4.0], [0.5, 4.9]])]
        mouth = [np.array([[3.2, -5.6], [3.1, -6.6], [2.9, -7.6]])]
        bags = [np.array([[1.9, 1.55], [2.8, 1.1], [3.8, 1.15], [4.8, 1.6]])]
        canvas.multiply(_strokes(brow, 1, 1.6) * 0.8 * (age - 0.25), (0.55, 0.46, 0.44))
        lines = _strokes(_both(feet + frown + mouth + bags), 1, 1.8)
        canvas.multiply(lines * 1.3 * (age - 0.25), (0.55, 0.46, 0.44))


def _lips(canvas: _Canvas, looks: Looks, random: np.random.Generator) -> None:
    mean = controls().chart
    inner, outer = _smooth(mean[list(INNER_LIPS)]), _smooth(mean[list(OUTER_LIPS)])
    painted = looks.lip_hue * ROSE + (1 - looks.lip_hue) * BROWN
    natural = canvas.tone * [0.82, 0.52, 0.54] + [0.015, 0.004, 0.006]
    colour = (1 - looks.lip_colour) * natural + looks.lip_colour * (0.75 * painted + 0.1 * canvas.tone)
    mask = _area(outer, 2.2 - 1.2 * looks.lip_colour)
    grain = cv2.GaussianBlur(random.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.0, sigmaY=4.0)
    canvas.mix(mask * (0.82 + 0.5 * grain).clip(0, 1), colour)
    canvas.multiply(_area(inner, 2.0) * 0.9, (0.35, 0.2, 0.2))
    canvas.multiply(_strokes([np.vstack([outer, outer[:1]])], 1, 1.5) * 0.35, (0.75, 0.62, 0.6))


def _smooth(corners: np.ndarray) -> np.ndarray:
    """A closed polygon with its edges halved twice (Chaikin)."""
    points = np.asarray(corners, np.float64)
    for _ in range(2):
        following = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1).reshape(-1, 2)
    return points


def _eyes(canvas: _Canvas, looks: Looks, fold: float) -> None:
    points = chart().points
    for eye in chart().lids:
        edge, crease = points[eye[0]], points[eye[3]]
        upper, under = edge[:16], np.vstack([edge[15:], edge[:1]])
        canvas.multiply(_strokes([upper], 3, 1.3) * (0.75 + 0.2 * looks.lashes), (0.10, 0.08, 0.08))
        canvas.multiply(_strokes([upper], 7, 3.0) * (0.25 + 0.65 * looks.lashes), (0.35, 0.28, 0.28))
        canvas.multiply(_strokes([under], 2, 1.2) * (0.35 + 0.45 * looks.lashes), (0.4, 0.3, 0.3))
        canvas.multiply(_strokes([crease[2:15]], 2, 1.6) * np.clip(0.55 - 0.12 * fold, 0.1, 0.9), (0.5, 0.38, 0.36))
        canvas.multiply(_strokes([crease[16:29]], 2, 2.2) * (0.12 + 0.3 * looks.age), (0.65, 0.52, 0.52))


def _nostrils(canvas: _Canvas) -> None:
    canvas.multiply(np.clip(1.25 * _pair(0.72, -2.02, 0.3, 0.14), 0, 1), (0.1, 0.05, 0.045))
    canvas.multiply(_pair(0.75, -1.85, 0.5, 0.28) * 0.45, (0.55, 0.42, 0.4))
    canvas.multiply(_blob(0, -2.35, 0.9, 0.25) * 0.3, (0.7, 0.6, 0.58))


def _brows(canvas: _Canvas, looks: Looks, colour: Floats, random: np.random.Generator) -> None:
    mean = controls().chart
    upper = mean[22:27].astype(np.float64)
    thickness = 0.34 + 0.42 * looks.brow_thickness
    knots = np.linspace(0, 1, 5)
    lines = []
    count = int(110 + 150 * looks.brow_density)
    for along, across in zip(random.uniform(-0.02, 1.02, count), random.random(count) ** 0.8, strict=True):
        top = np.array([np.interp(along, knots, upper[:, 0]), np.interp(along, knots, upper[:, 1])])
        taper = np.clip(1.15 - 0.85 * along, 0, 1) ** 0.6 * np.clip((along + 0.1) * 7, 0.55, 1)
        root = top - [0, 0.1 + across * thickness * taper]
        lean = np.radians(np.interp(along, [0, 0.25, 0.6, 1], [80, 42, 8, -22]) + random.normal(0, 9))
        length = random.uniform(0.22, 0.42) * (0.75 + 0.25 * taper)
        lines.append(np.array([root, root + 0.5 * length * np.array([np.cos(lean), np.sin(lean)]),
                               root + length * np.array([np.cos(lean - 0.3), np.sin(lean - 0.3)])]))  # fmt: skip
    hairs = _strokes(_both(lines), 1, 0.6)
    soft = cv2.GaussianBlur(hairs, (0, 0), 3.2)
    weight = (0.35 + 0.3 * looks.brow_density) * hairs + (0.3 + 0.45 * looks.brow_density) * soft
    canvas.mix(np.clip(weight, 0, 0.88), 0.7 * np.asarray(colour) + 0.07 * canvas.tone)
