"""The target's pixels, warped to landmarks that carry the driver's motion in the target's own proportions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from reenactbench.interfaces import Method
from reenactbench.types import Frames
from reenactbench_methods.landmark_warp.fit import face, fit
from reenactbench_methods.landmark_warp.mesh import EDGE, OUTLINE, head, still_frame
from reenactbench_methods.landmark_warp.mirror import borrowed
from reenactbench_methods.landmark_warp.motion import Motion
from reenactbench_methods.landmark_warp.shape import Array
from reenactbench_methods.landmark_warp.warp import Picture, warp


@dataclass(frozen=True, slots=True)
class Target:
    """Who the target is, and its picture with the mesh in it."""

    picture: Picture
    identity: Array
    """[1,I]: coefficients of the face model."""
    detail: Array
    """[1,68,3]: what the model cannot say of its landmarks, in head coordinates."""
    rotation: Array
    """[3,3]: the pose in which it was pictured."""
    overhang: Array
    """[O,2]: how far each point of the skull's outline lies outside of the picture, in pixels; 0 where inside."""


class LandmarkWarp(Method):
    """A piecewise-affine warp of one target image, without a network and without training.

    A face model of 68 points, authored by hand, is fitted to target and driver. The driver's pose, expression and
    apertures (`Motion`) are put on the target's identity and the target's own deviation from the model; a mesh through
    these landmarks, the skin between them and the skull's outline carries the picture. Pose, place and size in the crop
    are the driver's, proportions the target's. It runs on the CPU, whatever the method's device.

    Each output frame depends on the target and on that driving frame's landmarks alone. If these are the target's own,
    the output is the target.

    Its limits: landmarks do not tell the gaze, so eyes look where the target looks; teeth and eyes that the target does
    not show cannot be made up; and from one frame a wide mouth cannot be told from a stretched one.
    """

    def encode_target(self, targets: Frames) -> Target:
        """Fit the model to the first target image. Raises ValueError where its landmarks do not span a face."""
        landmarks = _landmarks(targets[:1])
        fitted = fit(landmarks, "target")
        motion = Motion.of(landmarks, fitted)
        model = face(fitted.rotation, fitted.identity, fitted.expression)
        modelled = (model @ fitted.rotation.transpose(0, 2, 1))[..., :2]
        missing = (landmarks - fitted.shift[:, None]) / fitted.scale[:, None, None] - modelled
        detail = missing @ fitted.rotation[:, :2]

        points = motion.place(head(model + detail, fitted.rotation))[0, :, :2]
        inside = points[OUTLINE].clip(-0.5, targets.size - 0.5)
        overhang = points[OUTLINE] - inside
        points[OUTLINE] = inside
        points = np.concatenate([points, still_frame(points[EDGE], targets.size)])
        image = targets.images[0].permute(1, 2, 0).contiguous().cpu().numpy()
        return Target(Picture(image, points), fitted.identity, detail, fitted.rotation[0], overhang)

    def reenact(self, identity: Target, driving: Frames) -> Tensor:
        """The target moving like `driving`: [T,3,S,S] in 0..1. Raises ValueError for landmarks that span no face."""
        motion = _motion(driving)
        model = face(motion.rotation, identity.identity, motion.expression)
        points = motion.place(head(model + identity.detail, motion.rotation))
        points[:, OUTLINE, :2] = _held_outside(points[:, OUTLINE, :2], identity.overhang, driving.size)
        shares = borrowed(identity.rotation, motion.rotation)
        frames = np.empty((len(driving), 3, driving.size, driving.size), dtype=np.float32)
        for frame, moved, share in zip(frames, points, shares, strict=True):
            frame[:] = warp(identity.picture, moved, share).transpose(2, 0, 1)
        return torch.from_numpy(frames).to(self.device)

    def motion_code(self, driving: Frames) -> Tensor:
        """All that passes from the driver to the output: float32 [T,D], see `Motion.code`."""
        return torch.from_numpy(_motion(driving).code(driving.size)).float().to(self.device)


def _landmarks(frames: Frames) -> Array:
    return frames.landmarks.cpu().numpy().astype(np.float64)


def _motion(driving: Frames) -> Motion:
    landmarks = _landmarks(driving)
    return Motion.of(landmarks, fit(landmarks))


def _held_outside(outline: Array, overhang: Array, size: int) -> Array:
    """The moved outline [T,O,2] with the points that the picture cuts off kept at or beyond its border.

    Hair that leaves the picture is unknown above the border; held there it is stretched, not torn off.
    """
    moved = outline - overhang
    moved = np.where(overhang < 0, moved.clip(max=-0.5), moved)
    return np.where(overhang > 0, moved.clip(min=size - 0.5), moved)
