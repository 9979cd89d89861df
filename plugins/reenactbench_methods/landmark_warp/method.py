"""The method: the target's pixels, warped to landmarks that carry the driver's motion in the target's proportions."""

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
    """What the warp needs to know of the target."""

    picture: Picture
    identity: Array
    """[1,I]: coefficients of the face model."""
    detail: Array
    """[1,68,3]: what the model cannot say of its landmarks, in head coordinates."""
    rotation: Array
    overhang: Array
    """[O,2]: how far each point of the head's outline lies outside of the picture, in pixels; 0 where inside."""


class LandmarkWarp(Method):
    def encode_target(self, targets: Frames) -> Target:
        image = targets.images[0].permute(1, 2, 0).cpu().numpy()
        landmarks = targets.landmarks[:1].cpu().numpy().astype(np.float64)
        fitted = fit(landmarks)
        shape = face(fitted.rotation, fitted.identity, fitted.expression)
        turned = shape @ fitted.rotation.transpose(0, 2, 1)
        missing = (landmarks - fitted.shift[:, None]) / fitted.scale[:, None, None] - turned[..., :2]
        detail = missing @ fitted.rotation[:, :2]
        points = head(shape + detail, fitted.rotation) @ fitted.rotation.transpose(0, 2, 1)
        motion = Motion.of(landmarks, fitted)
        points = motion.place(points)[0, :, :2]
        outline = points[OUTLINE]
        inside = outline.clip(-0.5, targets.size - 0.5)
        points[OUTLINE] = inside
        points = np.concatenate([points, still_frame(points[EDGE], targets.size)])
        return Target(Picture(image, points), fitted.identity, detail, fitted.rotation, outline - inside)

    def reenact(self, identity: Target, driving: Frames) -> Tensor:
        motion = Motion.of(driving.landmarks.cpu().numpy().astype(np.float64))
        n = len(driving)
        shape = face(motion.rotation, np.repeat(identity.identity, n, axis=0), motion.expression)
        points = motion.place(head(shape + identity.detail, motion.rotation) @ motion.rotation.transpose(0, 2, 1))
        outline = points[:, OUTLINE, :2] - identity.overhang
        outline = np.where(identity.overhang < 0, outline.clip(max=-0.5), outline)
        points[:, OUTLINE, :2] = np.where(identity.overhang > 0, outline.clip(min=driving.size - 0.5), outline)
        frames = np.empty((n, 3, driving.size, driving.size), dtype=np.float32)
        mirrored = borrowed(identity.rotation[0], motion.rotation)
        for frame, moved, b in zip(frames, points, mirrored, strict=True):
            frame[:] = warp(identity.picture, moved, b).transpose(2, 0, 1)
        return torch.from_numpy(frames).to(self.device)
