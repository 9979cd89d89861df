"""Landmark heatmaps, and a first layer of networks that take them, which never needs to see them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reenactbench.training.gaussians import gaussians

LANDMARKS = 68
REACH = 6
"""Pixels beyond which a unit Gaussian is 0 to float32: exp(-6^2 / 2) = 1.5e-8 of its peak."""


def heatmaps(points: Tensor, size: int) -> Tensor:
    """A unit Gaussian at each landmark: points [N,K,2] (x, y in 0-based pixels) to [N,K,size,size], as CrossID-GAN (its
    4.1) and GANnotation have them.

    exp(-((x - px)^2 + (y - py)^2) / 2), peak 1, made on the points' device.
    """
    across, down = gaussians(points, size)
    return down[..., :, None] * across[..., None, :]


class HeatmapConvolution(nn.Conv2d):
    """A convolution of heatmaps, stride 1 and zero padding, that can be had from the landmarks themselves.

    A heatmap is an outer product of two Gaussians that are 0 but for some pixels. So each landmark adds one small patch
    to the output, and two thin matrix products make that patch: `of_points(points, size)` is `forward(heatmaps(points,
    size))` to the last bits, at a fraction of the operations, and has gradients with respect to weights and points.
    """

    def __init__(self, outputs: int, side: int, landmarks: int = LANDMARKS, bias: bool = True) -> None:
        super().__init__(landmarks, outputs, side, padding=side // 2, bias=bias)
        self.outputs, self.side = outputs, side

    def of_points(self, points: Tensor, size: int) -> Tensor:
        """Points [N,K,2] in 0-based pixels to [N,outputs,size,size]."""
        (number, landmarks, _), side, device = points.shape, self.side, points.device
        half = REACH + side // 2 + 1
        base = points.detach().round().clamp(-half, size + half)
        window = torch.arange(-half, half + 1, device=device)
        taps = torch.arange(side, device=device) - side // 2
        places = base[..., None].long() + window  # [N,K,2,P]: output pixels that the landmark may reach
        seen = places[..., None] + taps  # [N,K,2,P,side]: heatmap pixels under each tap
        inside = (seen >= 0) & (seen < size)
        peaks = torch.exp(-0.5 * (seen - points[..., None, None]) ** 2) * inside
        across, down = peaks.unbind(2)  # [N,K,P,side] each
        kernel = self.weight.permute(1, 3, 0, 2).reshape(landmarks, side, -1)  # [K, tap across, outputs x tap down]
        rows = across.transpose(0, 1).reshape(landmarks, -1, side) @ kernel
        rows = rows.view(landmarks, number, -1, self.outputs, side).permute(1, 0, 4, 2, 3)  # [N,K,tap down,P,outputs]
        patches = down @ rows.flatten(3)  # [N,K,P, P x outputs]
        x, y = places.unbind(2)
        image = torch.arange(number, device=device)[:, None, None, None] * size
        index = (image + y[..., :, None]) * size + x[..., None, :]
        outside = (((x < 0) | (x >= size))[..., None, :]) | (((y < 0) | (y >= size))[..., :, None])
        index = index.masked_fill(outside, number * size * size)  # a row that is dropped
        flat = patches.new_zeros(number * size * size + 1, self.outputs)
        flat = flat.index_add(0, index.flatten(), patches.reshape(-1, self.outputs))
        output = flat[:-1].view(number, size, size, self.outputs).permute(0, 3, 1, 2)
        output = output.contiguous()  # torch's group norm of channels last is slow, and its variance is off by 1e-4
        return output if self.bias is None else output + self.bias.to(output.dtype)[:, None, None]
