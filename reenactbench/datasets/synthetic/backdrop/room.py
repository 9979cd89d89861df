"""A room as a camera sees it: walls in perspective, boxes that stand on them, and the light of lamps and windows."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.backdrop.scenery import (
    BRIGHTEST,
    SHIFT,
    SIDE,
    WOODS,
    Array,
    Image,
    coordinates,
    fixed,
    noise,
    pick,
    resized,
)

Edge = float | Array
Box = tuple[Edge, Edge, Edge, Edge]
"""Left, bottom, right and top of a rectangle on a wall, in metres; or of K rectangles, where an edge is [K]."""

_UP = np.array([0.0, 1.0, 0.0])
_NEAR = -0.5  # z in metres where the wall at the side ends


class Room:
    """A room seen by a camera that looks into it: walls, and boxes on the back wall and one side wall.

    Metres; x to the right, y up from the floor, the camera at x = z = 0 and looking about along -z. Reflectance, and
    glow (light that things send out), are painted as square-root codes in 8 bits, for which OpenCV draws smooth edges.
    """

    def __init__(self, random: np.random.Generator, wall: Array, light: Array) -> None:
        """Of walls in this colour [3], in this light [3] all around."""
        self._side = random.choice((-1.0, 1.0))  # of the wall that is in the picture
        self._width, self.height, self._depth = random.uniform((1.5, 2.4, 2.6), (2.6, 3.0, 5.0))
        turn, tilt = -self._side * random.uniform(0.05, 0.6), random.uniform(-0.06, 0.06)
        self._eye = np.array([0, random.uniform(1.3, 1.6), 0])
        self._focal = 1 / np.tan(random.uniform(0.65, 0.95) / 2)
        around = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
        nod = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
        self._camera = nod @ around.T  # from the room to the camera
        self._reflectance = np.zeros((SIDE, SIDE, 3), np.uint8)
        self._glow = np.zeros((SIDE, SIDE, 3), np.uint8)
        self._paint_walls(wall, pick(random, WOODS))
        self._place = self._places()
        self._light = light * self._corner_shade()

    def _paint_walls(self, wall: Array, floor: Array) -> None:
        horizon = round((1 - self._focal * self._camera[1, 2] / self._camera[2, 2]) / 2 * SIDE)
        self._reflectance[:horizon] = _root_codes(np.full(3, 0.72), 1)
        self._reflectance[horizon:] = _root_codes(floor, 1)
        x, y, z = self._side * self._width, self.height, -self._depth
        back = [[-x, 0, z], [x, 0, z], [x, y, z], [-x, y, z]]
        near = [[x, 0, z], [x, 0, _NEAR], [x, y, _NEAR], [x, y, z]]
        far = [[-x, 0, z], [-x, 0, -1.5], [-x, y, -1.5], [-x, y, z]]
        self.quads(np.array([far, near, back], float), np.array([[0.94], [0.94], [1.0]]) * wall)

    def _places(self) -> npt.NDArray[np.float32]:
        """Where the rays of a coarse grid of pixels meet the walls, [SIDE/4,SIDE/4,3] metres."""
        x, y = coordinates(SIDE // 4)
        rays = np.stack([x / self._focal, -y / self._focal, np.full_like(x, -1)], axis=-1) @ self._camera
        low = np.array([-self._width, 0, -self._depth]) - self._eye
        high = np.array([self._width, self.height, 50]) - self._eye
        steps = np.where(rays < 0, low, high) / rays
        places: npt.NDArray[np.float32] = (self._eye + rays * steps.min(axis=-1, keepdims=True)).astype(np.float32)
        return places

    def _corner_shade(self) -> npt.NDArray[np.float32]:
        """Less light where walls meet."""
        x, y, z = np.moveaxis(self._place, -1, 0)
        gaps = np.stack([self._width - np.abs(x), y, self.height - y, z + self._depth])
        shade: npt.NDArray[np.float32] = (1 - 0.35 * np.exp(-gaps / 0.35)).prod(axis=0)[..., None]
        return 1.5 * shade

    def walls(self) -> tuple[Wall, Wall]:
        """The wall at the side and the one at the back."""
        left, right = np.array([-self._width, 0, -self._depth]), np.array([self._width, 0, -self._depth])
        if self._side > 0:
            return Wall(self, right, np.array([self._width, 0, _NEAR])), Wall(self, left, right)
        return Wall(self, np.array([-self._width, 0, _NEAR]), left), Wall(self, left, right)

    def shine(self, at: Array, colour: Array) -> None:
        """Adds the light of a lamp or window at this place [3]."""
        squared = ((self._place - at) ** 2).sum(axis=-1, keepdims=True)
        self._light += colour / (squared + 0.35)

    def quads(self, corners: Array, colours: Array, glow: bool = False) -> None:
        """Paints quadrilaterals [K,4,3] in these colours [K,3]: reflectances, or light that they send out."""
        seen = (corners - self._eye) @ self._camera.T
        depth = -seen[..., 2]
        flat = seen[..., :2] / np.maximum(depth, 1e-3)[..., None] * (self._focal, -self._focal)
        on, off = (self._glow, self._reflectance) if glow else (self._reflectance, self._glow)
        codes = _root_codes(colours, BRIGHTEST if glow else 1).tolist()
        for quad, code, visible in zip(fixed(flat.clip(-50, 50)), codes, depth.min(axis=1) > 0.2, strict=True):
            if visible:
                cv2.fillConvexPoly(on, quad, code, cv2.LINE_AA, SHIFT)
                cv2.fillConvexPoly(off, quad, (0, 0, 0), cv2.LINE_AA, SHIFT)

    def picture(self, random: np.random.Generator) -> Image:
        light = resized(self._light.astype(np.float32), SIDE) * (1 + 0.04 * noise(random, 6))
        squares = (np.arange(256) / 255) ** 2
        reflectance = cv2.LUT(self._reflectance, squares.astype(np.float32))
        return reflectance * light + cv2.LUT(self._glow, (BRIGHTEST * squares).astype(np.float32))


class Wall:
    """A wall between two corners on the floor [3], left and right as seen from inside, and boxes on it.

    Places on it are `along` it to the right in metres, `up` from the floor, and `out` of it.
    """

    def __init__(self, room: Room, left: Array, right: Array) -> None:
        self.room = room
        self.length = float(np.abs(right - left).sum())
        self._start = left
        self._axis = (right - left) / self.length
        self._out = np.cross(self._axis, _UP)

    def at(self, along: Edge, up: Edge, out: float) -> Array:
        """The place in the room [...,3]."""
        along, up = np.asarray(along)[..., None], np.asarray(up)[..., None]
        place: Array = self._start + along * self._axis + up * _UP + out * self._out
        return place

    def flat(self, box: Box, colours: Array, out: float = 0.0, glow: bool = False) -> None:
        """Rectangles in colours [K,3] or [3]."""
        faces = self._faces(box, out)
        self.room.quads(faces, np.broadcast_to(colours, (len(faces), 3)), glow)

    def box(self, box: Box, colour: Array, out: float, start: float = 0.0) -> None:
        """A box that stands out of the wall from `start` to `out`."""
        near, far = self._faces(box, out)[0], self._faces(box, start)[0]
        sides = np.stack([[far[i], far[j], near[j], near[i]] for i, j in ((3, 0), (1, 2), (0, 1), (2, 3))])
        shades = np.array([0.6, 0.6, 0.35, 1.1])[:, None]
        self.room.quads(sides, shades * colour)
        self.flat(box, colour, out)

    def _faces(self, box: Box, out: float) -> Array:
        """The fronts [K,4,3] of boxes."""
        left, bottom, right, top = np.broadcast_arrays(*(np.atleast_1d(edge) for edge in box))
        return self.at(np.stack([left, right, right, left], 1), np.stack([bottom, bottom, top, top], 1), out)


def _root_codes(light: Array, most: float) -> npt.NDArray[np.uint8]:
    codes: npt.NDArray[np.uint8] = (255 * np.sqrt((light / most).clip(0, 1))).round().astype(np.uint8)
    return codes
