"""Where a face of the model stands, who it is and what it does, from 68 landmarks in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reenactbench_methods.landmark_warp.shape import EXPRESSION, IDENTITY, MEAN, Array

_ROUNDS = 8  # the rotation is then within a fiftieth of a degree of its limit
_NOISE = 0.03
"""Standard deviation that the fit expects of a landmark, in outer-eye distances."""
_WEIGHT = np.where(np.arange(68) < 17, 0.5, 1.0) / _NOISE
"""Jaw points lie on a contour without corners, so they are known less well than the others."""
_MODES = np.concatenate([IDENTITY, EXPRESSION])

# The section through the head at the height of each jaw point: an ellipse of half-axes _HALF_WIDTH and _HALF_DEPTH,
# from the jaw point (its widest) forwards to the plane _FRONT of the cheeks.
_FRONT = -0.1
_SIDE = np.sign(MEAN[:17, 0])
_HALF_WIDTH = np.abs(MEAN[:17, 0])
_HALF_DEPTH = MEAN[:17, 2] - _FRONT


@dataclass(frozen=True, slots=True)
class Fit:
    """T fitted faces. landmark = scale * (rotation @ face)[:2] + shift + what the model cannot say."""

    rotation: Array
    """[T,3,3]: from head to camera coordinates (x right, y down, z away)."""
    scale: Array
    """[T]: pixels to the outer-eye distance."""
    shift: Array
    """[T,2]: pixels."""
    identity: Array
    """[T,I]: coefficients, in standard deviations."""
    expression: Array
    """[T,E]: coefficients, in standard deviations."""


def fit(landmarks: Array, whose: str = "driving") -> Fit:
    """The most probable faces behind the landmarks [T,68,2] (pixels), each frame for itself.

    Maximum a posteriori under Gaussian noise of `_NOISE` and standard-normal coefficients, in weak perspective:
    Gauss-Newton over rotation, scale, shift and all coefficients together, a fixed number of rounds.
    Raises ValueError for landmarks that are not finite or do not span a face; `whose` they are is part of its sentence.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    _refuse_degenerate(points, whose)
    centre = points.mean(axis=1, keepdims=True)
    unit = spread(points) / spread(MEAN[None, :, :2])
    points = (points - centre) / unit[:, None, None]

    rotation, scale, shift = _first_pose(points)
    coefficients = np.zeros((len(points), len(_MODES)))
    prior = np.diag(np.r_[np.zeros(6), np.ones(len(_MODES))])
    for _ in range(_ROUNDS):
        turned = scale[:, None, None] * (_face(rotation, coefficients) @ rotation.transpose(0, 2, 1))
        error = (points - turned[..., :2] - shift[:, None]).transpose(0, 2, 1) * _WEIGHT
        jacobian = _derivatives(turned, rotation, scale).reshape(len(points), 2 * 68, -1)
        downhill = jacobian.transpose(0, 2, 1) @ error.reshape(len(points), 2 * 68, 1)
        downhill[:, 6:, 0] -= coefficients
        step = np.linalg.solve(jacobian.transpose(0, 2, 1) @ jacobian + prior, downhill)[..., 0]
        rotation = rotation_matrices(step[:, :3].clip(-0.5, 0.5)) @ rotation
        scale = scale * np.exp(step[:, 3].clip(-0.5, 0.5))
        shift = shift + step[:, 4:6]
        coefficients = coefficients + step[:, 6:]
    identity, expression = np.split(coefficients, [len(IDENTITY)], axis=1)
    return Fit(rotation, scale * unit, shift * unit[:, None] + centre[:, 0], identity, expression)


def face(rotation: Array, identity: Array, expression: Array) -> Array:
    """The 68 points [T,68,3], in head coordinates, of faces seen under `rotation` [T,3,3].

    identity: [T,I] or [1,I], expression: [T,E], coefficients in standard deviations.
    """
    identity = np.broadcast_to(identity, (len(expression), len(IDENTITY)))
    return _face(rotation, np.concatenate([identity, expression], axis=1))


def rotation_matrices(vectors: Array) -> Array:
    """Rodrigues' formula: rotation vectors [T,3] in radians to matrices [T,3,3]."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    once, twice = np.sinc(angle / np.pi), 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    matrices: Array = np.eye(3) + once * cross + twice * (cross @ cross)
    return matrices


def spread(points: Array) -> Array:
    """Root-mean-square distance of points [T,N,2] from their mean: [T]."""
    size: Array = np.sqrt(np.square(points - points.mean(axis=1, keepdims=True)).sum(axis=2).mean(axis=1))
    return size


def _face(rotation: Array, coefficients: Array) -> Array:
    # A stack of products of equal size, so that a frame's result does not depend on the number of frames.
    moves = coefficients[:, None] @ _MODES.reshape(len(_MODES), -1)
    points: Array = MEAN + moves.reshape(-1, 68, 3)
    points[:, :17] += _contour_slide(rotation)
    return points


def _contour_slide(rotation: Array) -> Array:
    """How far the jaw landmarks slide over the cheek as the head turns: [T,17,3] in head coordinates.

    Annotators mark the visible outline of the face. On the side that turns away this is no longer the edge of the jaw
    but the point of the cheek that sticks out farthest: the support point of the elliptic section in the direction of
    the picture's x-axis. On the other side it stays the edge of the jaw.
    """
    across, deep = rotation[:, 0, 0, None].clip(0.2), rotation[:, 0, 2, None]
    angle = np.arctan2(-_SIDE * deep * _HALF_DEPTH, across * _HALF_WIDTH).clip(0, 1.2)
    slide = np.zeros((len(rotation), 17, 3))
    slide[..., 0] = _SIDE * _HALF_WIDTH * (np.cos(angle) - 1)
    slide[..., 2] = -_HALF_DEPTH * np.sin(angle)
    return slide


def _first_pose(points: Array) -> tuple[Array, Array, Array]:
    """Rotation, scale and shift of the mean face: the best affine camera, made orthogonal."""
    model = MEAN - MEAN.mean(axis=0)
    affine = points.transpose(0, 2, 1) @ model @ np.linalg.inv(model.T @ model)
    left, sizes, right = np.linalg.svd(affine, full_matrices=False)
    rows = left @ right
    rotation = np.concatenate([rows, np.cross(rows[:, 0], rows[:, 1])[:, None]], axis=1)
    scale = sizes.mean(axis=1)
    return rotation, scale, -scale[:, None] * (rows @ MEAN.mean(axis=0))


def _derivatives(turned: Array, rotation: Array, scale: Array) -> Array:
    """Of the weighted x and y of the landmarks by rotation (3), log scale, shift (2), coefficients: [T,2,68,6+I+E]."""
    x, y, z = np.moveaxis(turned, -1, 0)
    derivatives = np.zeros((len(turned), 2, 68, 6 + len(_MODES)))
    derivatives[:, 0, :, 1], derivatives[:, 0, :, 2], derivatives[:, 0, :, 3] = z, -y, x
    derivatives[:, 1, :, 0], derivatives[:, 1, :, 2], derivatives[:, 1, :, 3] = -z, x, y
    derivatives[:, 0, :, 4] = derivatives[:, 1, :, 5] = 1
    rows = rotation[:, :2] * scale[:, None, None]
    modes = rows @ _MODES.transpose(2, 1, 0).reshape(3, -1)
    derivatives[..., 6:] = modes.reshape(-1, 2, 68, len(_MODES))
    derivatives *= _WEIGHT[:, None]
    return derivatives


def _refuse_degenerate(points: Array, whose: str) -> None:
    if points.ndim != 3 or points.shape[1:] != (68, 2):
        raise ValueError(f"the {whose} landmarks must have the shape [T,68,2], not {list(points.shape)}")
    _refuse(~np.isfinite(points).all(axis=(1, 2)), whose, "hold values that are not finite")
    sizes = np.linalg.svd(points - points.mean(axis=1, keepdims=True), compute_uv=False)
    _refuse(np.less_equal(sizes[:, 1], 0.02 * sizes[:, 0].clip(1e-3)), whose, "lie in one spot or on one line")


def _refuse(bad: npt.ArrayLike, whose: str, why: str) -> None:
    bad = np.asarray(bad)
    if bad.any():
        raise ValueError(f"the {whose} landmarks of frame {bad.argmax()} of {len(bad)} (counted from 0) {why}")
