"""What shows between the lips: two rows of teeth with their gums, the tongue, and the cavity behind.

Everything is placed for the closed mouth; what belongs to the jaw turns with it about the hinge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.drawing.mesh import Floats, Mesh, grid_faces

Array = npt.NDArray[np.float64]

ENAMEL = np.array([0.63, 0.58, 0.48])
GUM = np.array([0.46, 0.15, 0.14])
GAP = np.array([0.26, 0.14, 0.10])
TONGUE = np.array([0.42, 0.14, 0.13])
FLESH = np.array([0.16, 0.035, 0.03])

# From the middle outwards: central and lateral incisor, canine, two premolars, molar. Width, height of the crown,
# how much further its tip reaches than a central incisor's, brightness in the shade of the cheek; cm.
UPPER = (
    *((0.86, 1.02, 0.00, 1.00), (0.66, 0.88, -0.07, 0.97), (0.76, 0.98, 0.02, 0.90)),
    *((0.70, 0.84, -0.05, 0.76), (0.68, 0.78, -0.08, 0.62), (1.02, 0.72, -0.10, 0.48)),
)
LOWER = (
    *((0.53, 0.84, 0.00, 0.92), (0.58, 0.86, 0.00, 0.90), (0.68, 0.96, 0.05, 0.84)),
    *((0.70, 0.84, -0.03, 0.70), (0.71, 0.78, -0.07, 0.56), (1.08, 0.70, -0.10, 0.44)),
)
ACROSS = (-1.0, -0.68, 0.0, 0.68)  # columns of vertices on a tooth: the gap before it, then its face


def arch(way: Array, half_width: float) -> tuple[Array, Array]:
    """Places [N,2] as (x, depth behind the front) at a signed way [N] along the arch, and the directions outwards."""
    x = np.linspace(-1, 1, 801) * half_width
    depth = 4 * np.abs(x / half_width) ** 3
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(depth)))])
    length -= length[400]
    places = np.column_stack([np.interp(way, length, x), np.interp(way, length, depth)])
    x_slope, depth_slope = (np.interp(way, length, np.gradient(values, length)) for values in (x, depth))
    return places, np.column_stack([depth_slope, -x_slope])


def row(teeth: tuple[tuple[float, ...], ...], half_width: float, front: float, edge: float, up: int) -> Mesh:
    """One row of teeth with its gum; `front` is z, `edge` y of the incisors; the gum lies in direction `up`."""
    kinds = np.array([*reversed(range(len(teeth))), *range(len(teeth))])
    sizes = np.array(teeth)[kinds]
    middles = np.cumsum(sizes[:, 0]) - sizes[:, 0] / 2 - sizes[:, 0].sum() / 2
    which = np.append(np.repeat(np.arange(len(kinds)), len(ACROSS)), len(kinds) - 1)
    across = np.append(np.tile(ACROSS, len(kinds)), 1.0)  # the last gap closes the row
    width, height, tip, shade = sizes[which].T
    gap, corner, canine = np.abs(across) == 1, np.abs(across) == ACROSS[-1], kinds[which] == 2
    places, outwards = arch(middles[which] + across * width / 2, half_width)
    low = -tip + 0.16 * gap + 0.05 * corner + 0.06 * corner * canine
    neck = height - tip - 0.28 * gap - 0.05 * corner
    gum = GUM * shade[:, None]
    enamel = np.where(gap[:, None], GAP, ENAMEL) * shade[:, None]
    rows: tuple[tuple[Array, Array | float, Array], ...] = (
        # height above the edge of the incisors, how far it stands out, colour
        (neck + 0.4, -0.08, 0.7 * gum),
        (neck + 0.12, 0.06, gum),
        (neck, -0.02 - 0.06 * gap, 0.8 * np.where(gap[:, None], gum, enamel)),
        ((low + 2 * neck) / 3, 0.05 - 0.20 * gap, enamel),
        (low + 0.1, -0.02 - 0.22 * gap - 0.02 * corner, enamel),
        (low, -0.14 - 0.14 * gap, enamel),
        (neck + 0.1, -0.70, 0.5 * gum),
    )
    x, z = places.T
    vertices = [
        np.column_stack([x + out * outwards[:, 0], edge + up * above, front - z - out * outwards[:, 1]])
        for above, out, _ in rows
    ]
    faces = grid_faces(len(rows), len(across))[:, ::up]
    return surface(np.concatenate(vertices), faces, np.concatenate([colour for _, _, colour in rows]), 0.8)


def surface(vertices: Array, faces: npt.NDArray[np.int32], albedo: Array, gloss: float) -> Mesh:
    """A mesh of one gloss."""
    return Mesh(
        vertices.astype(np.float32),
        np.ascontiguousarray(faces),
        albedo.astype(np.float32),
        np.full(len(vertices), gloss, np.float32),
    )


def teeth() -> tuple[Mesh, Mesh]:
    """The upper and the lower row of teeth, as far as the first molars."""
    return row(UPPER, 2.9, 9.7, -4.75, 1), row(LOWER, 2.65, 9.4, -4.8, -1)


def tongue() -> Mesh:
    """The tongue at rest behind the lower teeth."""
    back, side = np.linspace(1, 0, 9)[:, None], np.linspace(-1, 1, 9)[None]
    furrow = np.exp(-((side / 0.18) ** 2))
    x = 1.75 * np.sqrt(1 - 0.9 * (1 - back) ** 2.5) * np.sin(np.pi / 2 * side)
    edges = (0.4 + 0.6 * back) * np.abs(side) ** 3
    y = -4.4 - 0.5 * (2 * back - 1) ** 2 - 0.6 * (1 - back) ** 4 - edges - 0.12 * furrow
    z = 8.85 - 3.4 * back
    vertices = np.stack(np.broadcast_arrays(x, y, z), -1).reshape(-1, 3)
    shade = (1 - 0.45 * back) * (1 - 0.15 * furrow)
    return surface(vertices, grid_faces(9, 9), TONGUE * shade.reshape(-1, 1), 0.6)


def mouth_bag() -> Mesh:
    """The cavity that holds teeth and tongue, open to the front; its faces look inwards."""
    depth = np.array([0.0, 0.5, 1.2, 2.0, 3.0, 4.0, 4.6, 4.7])[:, None]
    across = np.array([2.5, 2.7, 2.9, 3.1, 3.1, 3.0, 2.2, 0.0])[:, None]
    above = np.array([1.7, 2.1, 2.3, 2.4, 2.4, 2.2, 1.6, 0.0])[:, None]
    below = np.array([1.2, 1.8, 2.1, 2.2, 2.2, 2.1, 1.6, 0.0])[:, None]
    turn = np.linspace(2 * np.pi, 0, 16, endpoint=False)
    x, y = across * np.cos(turn), -4.7 + np.where(np.sin(turn) > 0, above, below) * np.sin(turn)
    z = 9.8 - depth - (0.2 * x**2 + 0.25 * np.maximum(-5.2 - y, 0)) * (1 - depth / 4.7)
    end = x[:-1].size  # the last ring is a single vertex
    faces = np.minimum(grid_faces(len(depth), len(turn), closed=True), np.int32(end))
    vertices = np.stack([x, y, z], -1).reshape(-1, 3)
    shade = np.repeat(1 - 0.19 * depth, len(turn), axis=0)
    return surface(vertices[: end + 1], faces[(faces == end).sum(1) < 2], FLESH * shade[: end + 1], 0.4)


def follows_jaw(vertices: Floats) -> Floats:
    """[V] 0..1: how far vertices of the cavity [V,3] follow the jaw."""
    return np.asarray(np.clip(-4.2 - vertices[:, 1], 0, 1), np.float32)
