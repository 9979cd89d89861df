"""Places behind a person, out of focus: rooms, streets, parks, studios, walls.

A scene is painted in linear light at a fixed size, blurred with a disc as by a lens, exposed, and resized last, so that
one seed is the same picture at every size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.parameters import Colour

Array = npt.NDArray[np.float64]
Map = npt.NDArray[np.floating]
"""[_SIDE,_SIDE,1] or [_SIDE,_SIDE], one number a pixel."""
Image = npt.NDArray[np.float32]
"""[_SIDE,_SIDE,3] linear RGB."""

_SIDE = 192
_SHIFT = 4
_BRIGHTEST = 4.0  # linear light that the tone curve still tells apart
_UP = np.array([0.0, 1.0, 0.0])

_PAINTS: tuple[Colour, ...] = (
    (0.75, 0.74, 0.71),
    (0.68, 0.6, 0.47),
    (0.45, 0.46, 0.47),
    (0.3, 0.38, 0.3),
    (0.26, 0.35, 0.43),
    (0.58, 0.4, 0.36),
    (0.05, 0.11, 0.13),
    (0.06, 0.062, 0.07),
    (0.5, 0.33, 0.13),
    (0.2, 0.24, 0.3),
)
_WOODS: tuple[Colour, ...] = ((0.3, 0.17, 0.085), (0.12, 0.055, 0.028), (0.5, 0.36, 0.22), (0.6, 0.58, 0.55))
_COLOURS: tuple[Colour, ...] = (
    (0.45, 0.05, 0.035),
    (0.05, 0.12, 0.3),
    (0.06, 0.2, 0.12),
    (0.55, 0.36, 0.06),
    (0.65, 0.6, 0.5),
    (0.04, 0.04, 0.05),
    (0.3, 0.1, 0.05),
    (0.2, 0.3, 0.36),
    (0.12, 0.03, 0.09),
    (0.7, 0.3, 0.12),
)
_BULBS: tuple[Colour, ...] = (
    (1.0, 0.62, 0.25),
    (1.0, 0.78, 0.45),
    (1.0, 0.9, 0.75),
    (0.75, 0.88, 1.0),
    (1.0, 0.16, 0.07),
    (0.2, 0.9, 0.45),
    (0.35, 0.45, 1.0),
)
_DAYLIGHT = np.array([0.92, 1.0, 1.12])
_LAMPLIGHT = np.array([1.25, 0.95, 0.6])


def draw_backdrop(seed: int, size: int) -> npt.NDArray[np.uint8]:
    """The backdrop of this seed as uint8 [size,size,3], display-coded sRGB."""
    random = np.random.default_rng(seed)
    picture = _SCENES[random.integers(len(_SCENES))](random)
    picture *= _vignette(random.uniform(0.1, 0.35)) * np.exp(random.normal(0, 0.04, 3)).astype(np.float32)
    codes = _resized(_encoded(picture), size)
    codes += random.random((size, size, 1), np.float32)  # rounded at random: no bands
    return codes.clip(0, 255).astype(np.uint8)


def _resized(picture: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    method = cv2.INTER_AREA if size < len(picture) else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size, size), interpolation=method), np.float32)


def _encoded(picture: Image) -> Image:
    """Linear light as sRGB codes, 0..255, not rounded, through a shoulder that keeps bright places from burning out."""
    curve = _tone_curve()
    codes: Image = curve[(picture * ((len(curve) - 1) / _BRIGHTEST)).clip(0, len(curve) - 1).astype(np.uint16)]
    return codes


@cache
def _tone_curve() -> npt.NDArray[np.float32]:
    """sRGB codes of linear light from 0 to _BRIGHTEST."""
    light = np.linspace(0, _BRIGHTEST, 1 << 16)
    light = np.where(light < 0.6, light, 0.6 + 0.4 * (1 - np.exp((0.6 - light) / 0.4)))
    codes = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return (255 * codes).astype(np.float32)


@cache
def _coordinates(side: int = _SIDE) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """x to the right and y down at the pixels' centres, -1..1; [side,side] each."""
    along = ((np.arange(side) + 0.5) / side * 2 - 1).astype(np.float32)
    x, y = np.meshgrid(along, along)
    return x, y


def _vignette(strength: float) -> Map:
    x, y = _coordinates()
    return np.asarray(1 - strength * (x * x + y * y) / 2, np.float32)[..., None]


def _blurred(picture: Image, radius: float) -> Image:
    """Out of focus: every point becomes a disc of this radius in pixels, here and beyond the edges."""
    reach = int(np.ceil(radius))
    along = np.arange(-reach, reach + 1)
    disc = np.clip(radius + 0.5 - np.hypot(along[:, None], along), 0, 1).astype(np.float32)
    return np.asarray(cv2.filter2D(picture, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT), np.float32)


def _exposed(picture: Image, mean: float) -> Image:
    """Brighter or darker, so that this is about the mean."""
    return picture * np.float32(mean / np.minimum(picture, 1).mean())


def _dimmed(random: np.random.Generator, paint: Array) -> float:
    """The mean of a picture of nothing but this paint: not quite as well lit as a face."""
    return float(paint.mean() * random.uniform(0.35, 0.85) + 0.01)


def _noise(random: np.random.Generator, cells: int) -> Map:
    """Smooth noise [S,S,1] about 0 with a deviation of about 1."""
    coarse = random.standard_normal((cells, cells), np.float32)
    return _resized(coarse, _SIDE)[..., None]


def _pick(random: np.random.Generator, colours: Sequence[Colour], spread: float = 0.1) -> Array:
    colour: Array = np.array(random.choice(colours)) * np.exp(random.normal(0, spread))
    return colour


class _Room:
    """A room seen by a camera that looks into it: walls, and boxes on the back wall and one side wall.

    Metres; x to the right, y up from the floor, the camera at x = z = 0 and looking about along -z. Reflectance, and
    glow (light that things send out), are painted as square-root codes in 8 bits, for which OpenCV draws smooth edges.
    """

    def __init__(self, random: np.random.Generator, wall: Array, light: Array) -> None:
        self.random = random
        self.side = random.choice((-1.0, 1.0))  # of the wall that is in the picture
        self.width, self.height, self.depth = random.uniform((1.5, 2.4, 2.6), (2.6, 3.0, 5.0))
        turn, tilt = -self.side * random.uniform(0.05, 0.6), random.uniform(-0.06, 0.06)
        self.eye = np.array([0, random.uniform(1.3, 1.6), 0])
        self.focal = 1 / np.tan(random.uniform(0.65, 0.95) / 2)
        around = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        nod = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        self.camera = nod @ around.T  # from the room to the camera
        self.reflectance = np.zeros((_SIDE, _SIDE, 3), np.uint8)
        self.glow = np.zeros((_SIDE, _SIDE, 3), np.uint8)
        self._paint_walls(wall)
        self.place = self._places()
        self.light = light * self._corner_shade()

    def _paint_walls(self, wall: Array) -> None:
        horizon = round((1 - self.focal * self.camera[1, 2] / self.camera[2, 2]) / 2 * _SIDE)
        self.reflectance[:horizon] = _root_codes(np.full(3, 0.72), 1)
        self.reflectance[horizon:] = _root_codes(_pick(self.random, _WOODS), 1)
        x, y, z = self.side * self.width, self.height, -self.depth
        back = [[-x, 0, z], [x, 0, z], [x, y, z], [-x, y, z]]
        near = [[x, 0, z], [x, 0, -0.5], [x, y, -0.5], [x, y, z]]
        far = [[-x, 0, z], [-x, 0, -1.5], [-x, y, -1.5], [-x, y, z]]
        self.quads(np.array([far, near, back], float), np.array([[0.94], [0.94], [1.0]]) * wall)

    def _places(self) -> npt.NDArray[np.float32]:
        """Where the rays of a coarse grid of pixels meet the walls, [S/4,S/4,3] metres."""
        x, y = _coordinates(_SIDE // 4)
        rays = np.stack([x / self.focal, -y / self.focal, np.full_like(x, -1)], axis=-1) @ self.camera
        low = np.array([-self.width, 0, -self.depth]) - self.eye
        high = np.array([self.width, self.height, 50]) - self.eye
        steps = np.where(rays < 0, low, high) / rays
        places: npt.NDArray[np.float32] = (self.eye + rays * steps.min(axis=-1, keepdims=True)).astype(np.float32)
        return places

    def _corner_shade(self) -> npt.NDArray[np.float32]:
        """Less light where walls meet."""
        x, y, z = np.moveaxis(self.place, -1, 0)
        gaps = np.stack([self.width - np.abs(x), y, self.height - y, z + self.depth])
        shade: npt.NDArray[np.float32] = (1 - 0.35 * np.exp(-gaps / 0.35)).prod(axis=0)[..., None]
        return 1.5 * shade

    def shine(self, at: Array, colour: Array) -> None:
        """Adds the light of a lamp or window at this place [3]."""
        squared = ((self.place - at) ** 2).sum(axis=-1, keepdims=True)
        self.light += colour / (squared + 0.35)

    def quads(self, corners: Array, colours: Array, glow: bool = False) -> None:
        """Paints quadrilaterals [K,4,3] in these colours [K,3]: reflectances, or light that they send out."""
        seen = (corners - self.eye) @ self.camera.T
        depth = -seen[..., 2]
        flat = seen[..., :2] / np.maximum(depth, 1e-3)[..., None] * (self.focal, -self.focal)
        fixed = _fixed(flat.clip(-50, 50))
        on, off = (self.glow, self.reflectance) if glow else (self.reflectance, self.glow)
        codes = _root_codes(colours, _BRIGHTEST if glow else 1).tolist()
        for quad, code, visible in zip(fixed, codes, depth.min(axis=1) > 0.2, strict=True):
            if visible:
                cv2.fillConvexPoly(on, quad, code, cv2.LINE_AA, _SHIFT)
                cv2.fillConvexPoly(off, quad, (0, 0, 0), cv2.LINE_AA, _SHIFT)

    def picture(self) -> Image:
        light = _resized(self.light.astype(np.float32), _SIDE) * (1 + 0.04 * _noise(self.random, 6))
        squares = (np.arange(256) / 255) ** 2
        reflectance = cv2.LUT(self.reflectance, squares.astype(np.float32))
        return reflectance * light + cv2.LUT(self.glow, (_BRIGHTEST * squares).astype(np.float32))


def _root_codes(light: Array, most: float) -> npt.NDArray[np.uint8]:
    codes: npt.NDArray[np.uint8] = (255 * np.sqrt((light / most).clip(0, 1))).round().astype(np.uint8)
    return codes


def _fixed(places: Array) -> npt.NDArray[np.int32]:
    """Places [...,2] in -1..1 (y down) as pixels with _SHIFT bits behind the point."""
    return np.round(((places + 1) / 2 * _SIDE - 0.5) * (1 << _SHIFT)).astype(np.int32)


class _Wall:
    """A wall of a room with boxes on it: `along` it to the right in metres, up from the floor, and out of it."""

    def __init__(self, room: _Room, back: bool) -> None:
        self.room = room
        if back:
            self.start, self.axis = np.array([-room.width, 0, -room.depth]), np.array([1.0, 0, 0])
            self.out, self.length = np.array([0, 0, 1.0]), 2 * room.width
        elif room.side > 0:
            self.start, self.axis = np.array([room.width, 0, -room.depth]), np.array([0, 0, 1.0])
            self.out, self.length = np.array([-1.0, 0, 0]), room.depth - 0.5
        else:
            self.start, self.axis = np.array([-room.width, 0, -0.5]), np.array([0, 0, -1.0])
            self.out, self.length = np.array([1.0, 0, 0]), room.depth - 0.5

    def at(self, along: float, up: float, out: float) -> Array:
        place: Array = self.start + along * self.axis + up * _UP + out * self.out
        return place

    def faces(self, boxes: Array, out: float) -> Array:
        """The fronts [K,4,3] of boxes [K,4] as left, bottom, right, top."""
        left, bottom, right, top = (column[:, None] for column in np.atleast_2d(boxes).T)
        along, up = np.concatenate([left, right, right, left], 1), np.concatenate([bottom, bottom, top, top], 1)
        faces: Array = self.start + along[..., None] * self.axis + up[..., None] * _UP + out * self.out
        return faces

    def flat(self, boxes: Array, colours: Array, out: float = 0.0, glow: bool = False) -> None:
        """Rectangles [K,4] (left, bottom, right, top) in colours [K,3] or [3]."""
        faces = self.faces(boxes, out)
        self.room.quads(faces, np.broadcast_to(colours, (len(faces), 3)), glow)

    def box(self, box: Sequence[float], colour: Array, out: float, start: float = 0.0) -> None:
        """A box that stands out of the wall from `start` to `out`."""
        near, far = self.faces(np.array(box), out)[0], self.faces(np.array(box), start)[0]
        sides = np.stack([[far[i], far[j], near[j], near[i]] for i, j in ((3, 0), (1, 2), (0, 1), (2, 3))])
        shades = np.array([0.6, 0.6, 0.35, 1.1])[:, None]
        self.room.quads(sides, shades * colour)
        self.flat(np.array(box), colour, out)


def _window(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    low, high = random.uniform(0.5, 1.0), random.uniform(2.1, 2.35)
    frame = _pick(random, ((0.75, 0.75, 0.73), (0.75, 0.75, 0.73), (0.06, 0.06, 0.06), (0.2, 0.11, 0.05)))
    wall.box((left - 0.07, low - 0.07, right + 0.07, high + 0.07), frame, 0.04)
    strips = 16
    edges = np.linspace(low, high, strips + 1)
    height = np.linspace(0, 1, strips)[:, None]
    horizon = random.uniform(0.15, 0.6)
    ground = _pick(random, ((0.25, 0.4, 0.12), (0.4, 0.36, 0.3), (0.12, 0.22, 0.08)), 0.3)
    outside = np.where(
        height < horizon, ground * random.uniform(0.6, 1.3, (strips, 1)), _DAYLIGHT * (1.2 + 0.8 * height)
    )
    boxes = np.stack([np.full(strips, left), edges[:-1], np.full(strips, right), edges[1:]], axis=1)
    wall.flat(boxes, random.uniform(1.6, 2.6) * outside, 0.04, glow=True)
    bars = int(random.integers(1, 4))
    at = np.linspace(left, right, bars + 1)[1:-1]
    rows = np.linspace(low, high, int(random.integers(2, 4)) + 1)[1:-1]
    wall.flat(np.array([[u - 0.025, low, u + 0.025, high] for u in at]).reshape(-1, 4), 0.4 * frame, 0.045)
    wall.flat(np.array([[left, v - 0.02, right, v + 0.02] for v in rows]).reshape(-1, 4), 0.4 * frame, 0.045)
    if random.random() < 0.5:
        cloth = _pick(random, _PAINTS)
        for begin, end in ((left - 0.3, left + 0.1), (right - 0.1, right + 0.3)):
            folds = np.linspace(begin, end, 9)
            shades = (1 + 0.35 * np.sin(np.arange(8) * 2.3 + random.uniform(0, 6)))[:, None]
            strips_of = np.stack([folds[:-1], np.full(8, 0.05), folds[1:], np.full(8, high + 0.15)], axis=1)
            wall.flat(strips_of, cloth * shades, 0.1)
    elif random.random() < 0.4:
        slats = np.arange(low + 0.4 * (high - low), high, 0.07)
        boxes = np.stack([np.full_like(slats, left), slats, np.full_like(slats, right), slats + 0.045], axis=1)
        wall.flat(boxes, np.array([0.75, 0.72, 0.66]), 0.06)
    wall.room.shine(wall.at((left + right) / 2, (low + high) / 2, 0.5), 1.6 * (right - left) * _DAYLIGHT)


def _door(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    right = left + min(0.9, right - left)
    colour = _pick(random, ((0.72, 0.71, 0.68), *_WOODS))
    wall.box((left - 0.09, 0, right + 0.09, 2.14), 0.9 * colour, 0.03)
    if random.random() < 0.35:  # open: another room
        wall.flat(
            np.array([left, 0, right, 2.05]), random.uniform(0.4, 1.2) * _LAMPLIGHT * _pick(random, _PAINTS), 0.03, True
        )
        wall.flat(np.array([left, 0, right, random.uniform(0.1, 0.5)]), _pick(random, _WOODS), 0.035)
        return
    wall.flat(np.array([left, 0, right, 2.05]), colour, 0.02)
    middle = (left + right) / 2
    for low, high in ((0.25, 0.95), (1.1, 1.9)):
        for begin, end in ((left + 0.1, middle - 0.04), (middle + 0.04, right - 0.1)):
            wall.flat(np.array([begin, low, end, high]), 0.7 * colour, 0.025)
            wall.flat(np.array([begin + 0.03, low + 0.01, end - 0.01, high - 0.04]), 1.05 * colour, 0.025)
    wall.box((right - 0.09, 1.0, right - 0.03, 1.06), np.array([0.5, 0.42, 0.25]), 0.08)


def _shelf(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    wood = _pick(random, _WOODS)
    top = random.uniform(1.9, 2.3)
    rows = np.linspace(0.1, top, int(random.integers(5, 8)))
    wall.box((left, 0, right, top), 0.35 * wood, 0.03)
    for low, high in pairwise(rows):
        widths = random.uniform(0.018, 0.055, int((right - left) / 0.034))
        ends = left + 0.03 + np.cumsum(widths)
        books = np.stack(
            [ends - widths, np.full_like(ends, low), ends, low + (high - low) * random.uniform(0.6, 0.9, len(ends))], 1
        )
        keep = (ends < right - 0.03) & (random.random() + 0.35 * np.sin(5 * ends + random.uniform(0, 6)) > 0.12)
        choice = random.integers(len(_COLOURS), size=len(ends))
        colours = np.array(_COLOURS)[choice] * random.uniform(0.6, 1.3, (len(ends), 1))
        wall.flat(books[keep], colours[keep], 0.22)
        wall.box((left, low - 0.025, right, low), wood, 0.28, 0.03)
    for side in (left, right):
        wall.box((side - 0.02, 0, side + 0.02, top), wood, 0.28, 0.03)


def _frames(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    count = 1 if right - left < 0.9 else int(random.integers(1, 4))
    for start in np.linspace(left, right, count + 1)[:-1]:
        width = (right - left) / count * random.uniform(0.55, 0.85)
        tall = width * random.uniform(0.7, 1.4)
        low = random.uniform(1.55, 1.75) - tall / 2
        wall.box((start, low, start + width, low + tall), _pick(random, ((0.03, 0.03, 0.03), *_WOODS)), 0.04)
        edge = 0.03 + 0.1 * width * float(random.random() < 0.6)
        wall.flat(np.array([start + 0.03, low + 0.03, start + width - 0.03, low + tall - 0.03]), np.full(3, 0.7), 0.042)
        for _ in range(5):
            u, v = np.sort(random.uniform(0, 1, (2, 2)), axis=1)
            u, v = start + edge + u * (width - 2 * edge), low + edge + v * (tall - 2 * edge)
            wall.flat(np.array([u[0], v[0], u[1], v[1]]), _pick(random, _COLOURS), 0.044)


def _lamp(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    u, low = (left + right) / 2, random.uniform(1.2, 1.6)
    wide, tall = random.uniform(0.13, 0.22), random.uniform(0.2, 0.32)
    wall.box((u - 0.015, 0, u + 0.015, low), np.full(3, 0.05), 0.3, 0.27)
    steps = np.linspace(-1, 1, 9)
    boxes = np.stack([u + wide * steps[:-1], np.full(8, low), u + wide * steps[1:], np.full(8, low + tall)], axis=1)
    shades = (1.1 - 0.6 * ((steps[:-1] + steps[1:]) / 2) ** 2)[:, None]
    wall.flat(boxes, random.uniform(1.2, 2.2) * shades * _LAMPLIGHT, 0.3, glow=True)
    for height in (low - 0.1, low + tall + 0.1):
        wall.room.shine(wall.at(u, height, 0.3), 0.5 * _LAMPLIGHT)


def _plant(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    u, top = (left + right) / 2, random.uniform(0.8, 1.2)
    wall.box((u - 0.16, top - 0.35, u + 0.16, top), _pick(random, (*_PAINTS, *_WOODS)), 0.5, 0.2)
    wall.box((u - 0.2, 0, u + 0.2, top - 0.35), _pick(random, _WOODS), 0.55, 0.1)
    leaves = 70
    angle, length = random.uniform(0.15, np.pi - 0.15, leaves), random.uniform(0.2, 0.75, leaves)
    tip = np.stack([u + 0.6 * length * np.cos(angle), top + length * np.sin(angle)], 1)
    base = np.stack([u + 0.3 * length * np.cos(angle), top + 0.35 * length * np.sin(angle)], 1)
    across = np.stack([-np.sin(angle), np.cos(angle)], 1) * random.uniform(0.02, 0.05, (leaves, 1))
    points = np.stack([base, (base + tip) / 2 + across, tip, (base + tip) / 2 - across], axis=1)
    corners = wall.start + points[..., :1] * wall.axis + points[..., 1:] * _UP + 0.35 * wall.out
    greens = np.array([0.07, 0.17, 0.04]) * np.exp(random.normal(0, 0.5, (leaves, 1)))
    wall.room.quads(corners, greens)


def _cabinet(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    colour, top = _pick(random, (*_WOODS, *_PAINTS)), random.uniform(0.8, 1.15)
    wall.box((left, 0, right, top), colour, 0.45)
    for u in np.arange(left + 0.1, right - 0.1, 0.16):
        if random.random() < 0.7:
            tall = random.uniform(0.08, 0.35)
            wall.box((u, top, u + random.uniform(0.05, 0.14), top + tall), _pick(random, _COLOURS), 0.3, 0.2)
    if random.random() < 0.6:
        _frames(wall, left + 0.1, right - 0.1)


def _board(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    wall.box((left, 0.95, right, 2.0), np.full(3, 0.35), 0.03)
    wall.flat(np.array([left + 0.03, 0.98, right - 0.03, 1.97]), np.full(3, 0.8), 0.035)
    for _ in range(12):
        u, v = random.uniform(left + 0.1, right - 0.4), random.uniform(1.1, 1.85)
        wall.flat(np.array([u, v, u + random.uniform(0.1, 0.35), v + 0.02]), _pick(random, _COLOURS), 0.04)


def _desk(wall: _Wall, left: float, right: float) -> None:
    random = wall.room.random
    if random.random() < 0.7:
        _frames(wall, left + 0.2, right)
    wood = _pick(random, _WOODS)
    wall.box((left, 0, right, 0.7), 0.5 * wood, 0.6)
    wall.box((left, 0.7, right, 0.74), wood, 0.7)
    for u in np.arange(left + 0.05, right - 0.5, 0.7):
        wall.box((u + 0.25, 0.74, u + 0.33, 0.95), np.full(3, 0.05), 0.32, 0.3)
        wall.box((u, 0.9, u + 0.58, 1.26), np.full(3, 0.02), 0.35, 0.3)
        screen = random.uniform(0.2, 0.9) * _pick(random, ((0.6, 0.78, 1.0), (0.9, 0.9, 0.9), (0.1, 0.14, 0.2)))
        wall.flat(np.array([u + 0.02, 0.92, u + 0.56, 1.24]), screen, 0.355, glow=True)


def _nothing(wall: _Wall, left: float, right: float) -> None:
    pass


_Item = Callable[[_Wall, float, float], None]
_HOME: tuple[_Item, ...] = (_window, _door, _shelf, _frames, _frames, _lamp, _plant, _cabinet, _cabinet, _nothing)
_OFFICE: tuple[_Item, ...] = (_window, _door, _shelf, _board, _desk, _desk, _plant, _cabinet, _nothing)


def _interior(random: np.random.Generator, items: Sequence[_Item]) -> Image:
    paint = _pick(random, _PAINTS)
    light = (_DAYLIGHT if random.random() < 0.6 else _LAMPLIGHT) * random.uniform(0.5, 0.9)
    room = _Room(random, paint, light)
    ceiling_lamp = np.array([random.uniform(-1, 1), room.height - 0.2, -random.uniform(0.5, 2.5)])
    room.shine(ceiling_lamp, random.uniform(0.5, 2) * _LAMPLIGHT)
    for wall in (_Wall(room, back=False), _Wall(room, back=True)):
        wall.flat(np.array([0, 0, wall.length, 0.1]), np.full(3, 0.65), 0.01)
        along = random.uniform(0.1, 0.5)
        while along < wall.length - 0.6:
            width = random.uniform(0.6, 1.5)
            items[int(random.integers(len(items)))](wall, along, min(along + width, wall.length - 0.1))
            along += width + random.uniform(0.15, 0.6)
    mean = random.uniform(0.3, 0.65) * np.sqrt(0.4 * paint.mean())
    return _blurred(_exposed(room.picture(), mean), random.uniform(2.5, 5.5))


def _home(random: np.random.Generator) -> Image:
    return _interior(random, _HOME)


def _office(random: np.random.Generator) -> Image:
    return _interior(random, _OFFICE)


def _library(random: np.random.Generator) -> Image:
    return _interior(random, (_shelf, _shelf, _shelf, _lamp, _window))


def _gradient(top: Array, bottom: Array) -> Image:
    _, y = _coordinates()
    mix = ((1 + y) / 2)[..., None]
    return (top * (1 - mix) + bottom * mix).astype(np.float32)


def _blobs(picture: Image, places: Array, radii: Array, colours: Array) -> None:
    """Discs at places [K,2] (-1..1, y down) with radii [K] of the same unit, painted in order."""
    sizes = np.round(radii * _SIDE / 2 * (1 << _SHIFT)).astype(int)
    for place, size, colour in zip(_fixed(places).tolist(), sizes.tolist(), colours.tolist(), strict=True):
        cv2.circle(picture, place, size, colour, -1, shift=_SHIFT)


def _polygon(picture: Image, corners: Array, colour: Array) -> None:
    """A convex polygon with corners [K,2] (-1..1, y down)."""
    cv2.fillConvexPoly(picture, _fixed(corners), colour.tolist(), shift=_SHIFT)


def _rectangle(picture: Image, left: float, top: float, right: float, bottom: float, colour: Array) -> None:
    _polygon(picture, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]), colour)


def _foliage(random: np.random.Generator, picture: Image, density: Map, light: Map, green: Array) -> Image:
    """The picture behind leaves, which grow where density [S,S] is above 0, ragged at the edge.

    light: [S,S] how much sun comes down. Some gaps let the sky sparkle through.
    """
    ragged = density[..., None] + 0.35 * _noise(random, 12) + 0.3 * _noise(random, 44)
    alpha = (2.5 * ragged).clip(0, 1)
    shade = np.exp(0.45 * _noise(random, 16) + 0.4 * _noise(random, 56) + light[..., None] - 0.2)
    hue = 0.25 * _noise(random, 30)
    leaves = green.astype(np.float32) * shade * np.concatenate([1 + hue, np.ones_like(hue), 1 - hue], axis=-1)
    covered: Image = (picture + alpha * (leaves - picture)).astype(np.float32)
    rows, columns = np.nonzero(density > 0.2)
    if len(rows):
        gaps = random.integers(len(rows), size=int(random.integers(4, 15)))
        places = np.stack([columns[gaps], rows[gaps]], axis=1) / _SIDE * 2 - 1
        sparkle = np.exp(random.normal(0, 0.8, (len(gaps), 1))) * random.choice([[0.9, 1, 1.1], [1, 1, 0.5]], len(gaps))
        _blobs(covered, places, random.uniform(0.006, 0.013, len(gaps)), sparkle)
    return covered


def _tree(random: np.random.Generator, picture: Image, side: float, green: Array) -> Image:
    """The picture behind a near tree on one side, cut by the top edge."""
    x, y = _coordinates()
    u, wide = side * random.uniform(0.6, 1.0), random.uniform(0.03, 0.08)
    bark = np.array([0.07, 0.05, 0.035]) * np.exp(random.normal(0, 0.3))
    for part, shade in ((1.0, 1.0), (0.35, 1.6)):  # lit on one side
        left, right = u - wide, u - wide + 2 * wide * part
        trunk = np.array([[left, -1], [right, -1], [right + 0.3 * wide, 1], [left - 0.3 * wide, 1]])
        _polygon(picture, trunk, shade * bark)
    across, down = random.uniform((0.4, 0.3), (0.8, 0.7))
    density = 1 - ((x - u) / across) ** 2 - ((y + 1.05) / down) ** 2
    return _foliage(random, picture, density, -0.4 - 0.5 * y, green)


def _park(random: np.random.Generator) -> Image:
    """Lawn, a path, a row of trees, and perhaps near ones beside the person."""
    season = _pick(random, ((0.1, 0.19, 0.035), (0.06, 0.14, 0.03), (0.15, 0.19, 0.04), (0.26, 0.14, 0.035)), 0.15)
    horizon = random.uniform(0.1, 0.5)
    sky = _gradient(np.array([0.45, 0.65, 1.0]), np.array([1.1, 1.1, 1.05])) * np.float32(random.uniform(0.6, 1.3))
    picture = sky * (1 + 0.1 * _noise(random, 4))
    _, y = _coordinates()
    lawn = (
        np.array([0.12, 0.19, 0.04], np.float32)
        * np.float32(np.exp(random.normal(0, 0.2)))
        * (1 + 0.15 * _noise(random, 24))
    )
    picture = np.where((y > horizon)[..., None], lawn, picture).astype(np.float32)
    if random.random() < 0.5:
        middle, width = random.uniform(-0.8, 0.8), random.uniform(0.3, 0.7)
        path = np.array([[middle, horizon], [middle + 0.06, horizon], [middle + width, 1], [middle - width, 1]])
        _polygon(picture, path, np.array([0.45, 0.4, 0.32]))
    for rise in (random.uniform(0.5, 1.2), random.uniform(0.1, 0.5)):  # trees, then bushes before them
        tops = horizon - rise * (1 + 0.35 * _noise(random, 5)[0, :, 0])
        density = np.minimum((y - tops) / 0.25, (horizon + 0.04 - y) / 0.06).clip(-3, 1)
        picture = _foliage(random, picture, density, 0.6 - 1.2 * (y - tops) / rise, season * random.uniform(0.5, 1))
    picture = _blurred(picture, random.uniform(3, 6))
    for side in (-1, 1):
        if random.random() < 0.5:
            picture = _tree(random, picture, side, season)
    return _blurred(_exposed(picture, random.uniform(0.2, 0.4)), random.uniform(2.5, 4.5))


def _night(random: np.random.Generator) -> Image:
    """A street in the evening: dim houses, shop windows, and lamps near and far as discs, mirrored in the road."""
    dusk = random.uniform(0.3, 1.5)
    sky = np.array([0.02, 0.03, 0.07]) if random.random() < 0.6 else np.array([0.05, 0.035, 0.03])
    picture = _gradient(sky, 1.6 * sky + 0.01) * np.float32(dusk)
    horizon = random.uniform(0.2, 0.6)
    u = -1.05
    while u < 1:
        wide, top = random.uniform(0.25, 0.7), random.uniform(-1.2, -0.1)
        _rectangle(picture, u, top, u + wide, horizon, _pick(random, _PAINTS) * sky * random.uniform(0.5, 2.5) * dusk)
        for _ in range(int(random.integers(0, 7))):
            w, v = random.uniform(u, u + wide - 0.07), random.uniform(top, horizon - 0.3)
            _rectangle(picture, w, v, w + 0.07, v + 0.1, _pick(random, _BULBS[:4]) * random.uniform(0.05, 0.5))
        if random.random() < 0.6:
            shop = _pick(random, _BULBS[:4]) * random.uniform(0.2, 0.9)
            _rectangle(picture, u + 0.03, horizon - random.uniform(0.15, 0.4), u + wide - 0.03, horizon, shop)
        u += wide
    _rectangle(picture, -1, horizon, 1, 1, np.full(3, 0.015) * dusk)
    radius = random.uniform(4, 8)
    picture = _blurred(picture, radius)
    _, y = _coordinates()
    for scale, most in ((0.6, 40), (1.0, 25), (1.7, 9)):  # far to near
        count = int(random.integers(most // 3, most))
        height = np.abs(random.normal(0, 0.3 + 0.25 * scale, count))
        places = np.stack([random.uniform(-1.05, 1.05, count), horizon - 0.04 - height], axis=1)
        colours = np.stack([_pick(random, _BULBS, 0.2) for _ in range(count)])
        colours *= np.exp(random.normal(-1.3, 0.8, (count, 1))) * (scale * radius / 1.6) ** 2
        points = np.zeros_like(picture)
        _blobs(points, places, np.full(count, 2 / _SIDE), colours)
        picture += _blurred(points, scale * radius)
    mirrored = cv2.blur(np.roll(picture[::-1], round(horizon * _SIDE), axis=0), (5, 51))
    return picture + np.where((y > horizon)[..., None], 0.4 * mirrored, 0)


def _street(random: np.random.Generator) -> Image:
    """A street by day: houses with rows of windows, sky between them, trees and cars."""
    picture = _gradient(np.array([0.5, 0.68, 1.0]), np.array([1.05, 1.05, 1.05])) * np.float32(random.uniform(0.7, 1.2))
    horizon, u = random.uniform(0.35, 0.65), -1.1
    sun = random.uniform(0.5, 1)
    while u < 1:
        wide, top = random.uniform(0.35, 0.8), random.uniform(-1.3, -0.2)
        wall = _pick(random, (*_PAINTS[:6], (0.3, 0.12, 0.07))) * random.choice((0.35, sun))
        _rectangle(picture, u, top, u + wide, horizon, wall)
        step, tall = random.uniform(0.14, 0.24), random.uniform(0.1, 0.16)
        for v in np.arange(top + 0.08, horizon - 0.3, tall * 1.8):
            for w in np.arange(u + 0.06, u + wide - 0.1, step):
                glass = np.array([0.06, 0.08, 0.1]) * random.uniform(0.5, 4)
                _rectangle(picture, w, v, w + 0.55 * step, v + tall, glass)
        _rectangle(picture, u + 0.04, horizon - 0.2, u + wide - 0.04, horizon, _pick(random, _COLOURS, 0.3) * 0.4)
        u += wide
    _rectangle(picture, -1, horizon, 1, 1, np.array([0.2, 0.2, 0.21]) * sun)
    for _ in range(int(random.integers(1, 5))):
        c, v = random.uniform(-1, 0.8), horizon + random.uniform(0, 0.1)
        paint = _pick(random, (*_COLOURS, *_PAINTS[:3]), 0.2) * sun
        _rectangle(picture, c, v - 0.12, c + 0.42, v + 0.04, paint)
        _rectangle(picture, c + 0.08, v - 0.21, c + 0.34, v - 0.12, 0.4 * paint + 0.03)
        _blobs(
            picture,
            np.array([[c + 0.02, v - 0.06], [c + 0.4, v - 0.06]]),
            np.full(2, 0.012),
            np.array([[3, 0.3, 0.2], [4, 4, 3.5]]),
        )
    picture = _blurred(picture, random.uniform(2, 4))
    if random.random() < 0.6:
        picture = _tree(random, picture, random.choice((-1, 1)), np.array([0.1, 0.18, 0.04]))
    return _blurred(_exposed(picture, random.uniform(0.2, 0.4)), random.uniform(2.5, 5))


def _muted(colour: Array) -> Array:
    """Half way to grey."""
    muted: Array = (colour + colour.mean()) / 2
    return muted


def _studio(random: np.random.Generator) -> Image:
    """Paper or painted canvas with a pool of light."""
    x, y = _coordinates()
    u, v = random.uniform(-0.6, 0.6), random.uniform(-0.5, 0.4)
    pool = np.exp(-((x - u) ** 2 + (y - v) ** 2) / random.uniform(0.6, 2.5))[..., None]
    paint = _muted(_pick(random, (*_PAINTS, *_COLOURS), 0.2))
    mottle = sum(_noise(random, cells) / cells**0.5 for cells in (4, 9, 20))
    rough = random.choice((0.0, 0.03, 0.2))
    picture = (paint * (random.uniform(0.1, 0.4) + pool) * np.exp(rough * mottle)).astype(np.float32)
    return _exposed(_blurred(picture, 1.5), _dimmed(random, paint))


def _curtain(random: np.random.Generator) -> Image:
    """Hanging cloth in folds, lit from one side."""
    x, y = _coordinates()
    warp = x + 0.02 * _noise(random, 4)[..., 0] + 0.03 * y * np.sin(3 * x + random.uniform(0, 6))
    slope = np.zeros_like(x)
    for rate in random.uniform((7, 13, 22), (11, 20, 40)):
        slope += np.sin(rate * warp + random.uniform(0, 6)) * np.float32(random.uniform(0.4, 1))
    side = random.choice((-1, 1))
    light = (0.62 + 0.15 * slope + 0.03 * slope**2) * (1 + 0.3 * side * x)
    cloth = _muted(_pick(random, (*_PAINTS, *_COLOURS), 0.2))
    picture = light.clip(0.06)[..., None] * cloth
    return _exposed(_blurred(picture.astype(np.float32), random.uniform(1.2, 3)), _dimmed(random, cloth))


def _masonry(random: np.random.Generator) -> Image:
    """A wall of bricks, tiles or boards, with the light falling off to one side."""
    x, y = _coordinates()
    kind = ("bricks", "tiles", "boards")[random.integers(3)]
    rows, columns, gap, spread = {
        "bricks": (15, 5, 0.08, 0.2),
        "tiles": (8, 8, 0.04, 0.04),
        "boards": (8, 0.7, 0.015, 0.12),
    }[kind]
    lean = random.uniform(-0.15, 0.15)
    v, u = (y * (1 + lean * x) + 1) / 2 * rows + random.uniform(0, 1), (x + 0.5 * lean * x * x + 1) / 2 * columns
    row = np.floor(v)
    u += 4 + row * {"bricks": 0.5, "tiles": 0, "boards": 0.37}[kind]
    column = np.floor(u)
    shades = random.normal(0, spread, (64, 64, 1)) + random.normal(0, 0.1 * spread, (64, 64, 3))
    stone = np.exp(shades)[row.astype(int) % 64, column.astype(int) % 64]
    across, down = np.minimum(u - column, column + 1 - u) * rows / columns, np.minimum(v - row, row + 1 - v)
    joint = np.clip((np.minimum(across, down) - gap) / 0.06, 0, 1)[..., None]
    red, grey = ((0.3, 0.1, 0.055), (0.42, 0.3, 0.2)), ((0.5, 0.48, 0.45), (0.12, 0.12, 0.12))
    paint = _pick(random, {"bricks": (*red, *grey), "tiles": (*_PAINTS, *grey), "boards": _WOODS}[kind])
    mortar = 0.35 * paint + (0.0 if kind == "boards" else random.choice((0.02, 0.2)))
    light = np.exp(random.uniform(-0.7, 0.7) * x + random.uniform(-0.4, 0.2) * y)[..., None]
    if kind == "boards":
        light = light * (
            1 + 0.06 * cv2.resize(_noise(random, 96)[:, :24], (_SIDE, _SIDE))[..., None]
        )  # along the grain
    picture = (paint * stone * joint + mortar * (1 - joint)) * light * (1 + 0.06 * _noise(random, 5))
    return _exposed(_blurred(picture.astype(np.float32), random.uniform(1.4, 3.2)), _dimmed(random, paint))


_SCENES: tuple[Callable[[np.random.Generator], Image], ...] = (
    _home, _home, _home, _home, _office, _office, _office, _library, _park, _park, _street, _night, _studio, _curtain,
    _masonry,
)  # fmt: skip
