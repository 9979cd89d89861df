"""Spectacle frames without lenses: rims, bridge, nose pads and temples."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.drawing.mesh import Mesh, merged
from reenactbench.datasets.synthetic.drawing.tube import tube

Array = npt.NDArray[np.float64]


class Style(NamedTuple):
    """Measures in cm for a face of mean width."""

    width: float  # half of a rim's
    height: float  # half of a rim's
    corner: float  # 2: an ellipse; more: square
    thick: float  # radius of the rim seen from the front
    deep: float  # radius of the rim from front to back
    temple: float  # radius of the temples seen from the side
    gloss: float


STYLES = {
    "round": Style(2.3, 2.15, 2.1, 0.10, 0.09, 0.09, 0.7),
    "square": Style(2.55, 1.85, 3.6, 0.18, 0.14, 0.20, 0.5),
    "rimless": Style(2.55, 1.7, 2.8, 0.06, 0.06, 0.09, 0.8),
}
MEAN_WIDTH = 13.6  # of a face at the temples, cm
FORWARD = 2.6  # cm from the centre of an eyeball to the lens
WRAP = 0.022  # 1/cm: how the front curves back round the face
LEAN = 0.12  # how the lower edge leans towards the cheek
UP, FORWARDS, SIDEWAYS = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])


class Frame:
    """A frame fitted to a face."""

    def __init__(self, style: Style, colour: Array, eyes: Array, bridge: Array, face_width: float) -> None:
        self.style, self.colour = style, colour
        self.nose, self.half_face = bridge, face_width / 2
        self.y = eyes[:, 1].mean() - 0.25
        skin = bridge[2] - 0.65 * (self.y + 0.6 - bridge[1])  # where the frame crosses the sloping nose
        self.z = max(eyes[:, 2].mean() + FORWARD, skin + 0.45)
        self.centres = eyes[:, 0] + [-0.15, 0.15]
        size = face_width / MEAN_WIDTH
        self.height = size * style.height
        aside = np.abs(self.centres - bridge[0])
        self.width = min(size * style.width, self.half_face - 0.3 - aside.max(), aside.min() - 0.7)

    def front(self, x: Array | float, y: Array | float) -> Array:
        """Points [N,3] of the curved front."""
        x, y = np.broadcast_arrays(x, y)
        return np.stack([x, y, self.z - WRAP * (x - self.nose[0]) ** 2 + LEAN * (y - self.y)], axis=-1)

    def wire(self, path: Array, thick: float, deep: float, up: Array, closed: bool = False) -> Mesh:
        """A rod of elliptic section, `deep` along `up`."""
        angle = np.linspace(0, 2 * np.pi, 8, endpoint=False)
        radius = 1 / np.hypot(np.cos(angle) / deep, np.sin(angle) / thick)
        return tube(path, np.tile(radius, (len(path), 1)), up, self.colour, self.style.gloss, closed)

    def rim(self, centre: float, whole: bool) -> Mesh:
        angle = np.linspace(-np.pi, np.pi, 30, endpoint=False) if whole else np.linspace(-np.pi, 0, 20)
        across, upwards = (
            np.sign(part) * np.abs(part) ** (2 / self.style.corner) for part in (np.cos(angle), np.sin(angle))
        )
        path = self.front(centre + self.width * across * (1 + 0.06 * upwards), self.y + self.height * upwards)
        return self.wire(path, self.style.thick, self.style.deep, FORWARDS, closed=whole)

    def temple(self, side: int, centre: float, ear: Array) -> Mesh:
        """From the rim to the hinge, back to the ear and down behind it."""
        edge = self.front(centre + side * 0.98 * self.width, self.y + 0.45 * self.height)
        hinge = np.array([self.nose[0] + side * (self.half_face - 0.25), edge[1], edge[2] - 0.5])
        over = ear + np.array([0.15 * side, 0.1, 0.0])
        down = over + np.array([(0, 0, 0), (0, -0.3, -0.7), (0, -1.1, -1.2), (-0.3 * side, -2.8, -1.7)])
        path = np.concatenate([[edge, (edge + hinge) / 2 + 0.12 * FORWARDS], np.linspace(hinge, over, 6)[:-1], down])
        return self.wire(path, self.style.temple, 0.08, SIDEWAYS)

    def bridge(self) -> Mesh:
        way = np.linspace(-1, 1, 9)
        arc = 1 - way**2
        x = self.centres.mean() + way * (np.ptp(self.centres) / 2 - self.width + 0.1)
        path = self.front(x, self.y + 0.35 * self.height + 0.25 * arc) + 0.2 * arc[:, None] * FORWARDS
        return self.wire(path, max(0.8 * self.style.thick, 0.09), self.style.deep, FORWARDS)

    def pad(self, side: int, centre: float) -> Mesh:
        start = self.front(centre - side * (self.width - 0.05), self.y + 0.1)
        end = np.array([self.nose[0] + 0.75 * side, self.y - 0.35, self.z - 0.75])
        return self.wire(np.linspace(start, end, 3), 0.06, 0.06, UP)


def glasses(
    kind: str,
    colour: npt.ArrayLike,
    eyes: npt.NDArray[Any],
    bridge: npt.NDArray[Any],
    ears: npt.NDArray[Any],
    face_width: float,
) -> Mesh:
    """A frame of a kind "round", "square" or "rimless" in a linear colour [3].

    `eyes` [2,3] are the centres of the eyeballs, the left of the picture first; `bridge` [3] is the skin between them;
    `ears` [2,3] lie above the roots of the ears; `face_width` is the breadth of the face at the temples; all in cm.
    """
    frame = Frame(STYLES[kind], np.asarray(colour, float), eyes.astype(float), bridge.astype(float), face_width)
    parts = [frame.bridge()]
    for side, centre, ear in zip((-1, 1), frame.centres, ears.astype(float), strict=True):
        parts += [frame.rim(centre, kind != "rimless"), frame.temple(side, centre, ear), frame.pad(side, centre)]
    return merged(parts)
