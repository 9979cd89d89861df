"""Landmarks as a picture, drawn on their device: what the three networks see of where a face is and what it does."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

GREEN, ORANGE, BLUE, RED, PURPLE = (0, 128, 0), (255, 165, 0), (0, 0, 255), (255, 0, 0), (128, 0, 128)
LINES = (
    (GREEN, (range(17),)),
    (ORANGE, (range(17, 22), range(22, 27))),
    (BLUE, (range(27, 31), range(31, 36))),
    (RED, (range(36, 42), range(42, 48))),
    (PURPLE, (range(48, 60),)),
)
"""Jaw, brows, nose, eyes and outer mouth: open lines through landmarks in iBUG order, later ones above earlier ones.
The inner mouth is not drawn."""
WIDTH = 2 * 100 / 72 / 256
"""Of a line, in sides of the picture: 2 points of matplotlib at 100 dots per inch, in a picture of 256 pixels."""
PLACES_AT_ONCE = 2**22
"""Pairs of a stroke and a pixel that are looked at together: some 100 MB."""

STROKES = [(colour, *ends) for colour, (_, lines) in enumerate(LINES) for line in lines for ends in pairwise(line)]
"""(number of the colour, landmark, next landmark) of each straight part."""


@torch.no_grad()
def drawn(landmarks: Tensor, size: int) -> Tensor:
    """Landmarks [N,68,2], x then y in 0-based pixels of `size`, to pictures [N,3,size,size] in 0..1, white and lines.

    Lines are smooth: a pixel is covered by how far its square lies within half a line's width of the line, measured at
    its middle. No gradient reaches the landmarks.
    """
    covered = _covered(landmarks.float(), size)
    pictures = covered.new_ones(len(landmarks), 3, size, size)
    for (colour, _), share in zip(LINES, covered.unbind(1), strict=True):
        paint = torch.tensor(colour, device=covered.device, dtype=covered.dtype)[:, None, None] / 255
        pictures = torch.lerp(pictures, paint, share[:, None])
    return pictures


def _covered(landmarks: Tensor, size: int) -> Tensor:
    """The share of each pixel that lines of each colour cover: [N,5,size,size].

    Of each stroke only the pixels of a window around it are looked at, as large as the largest stroke asks for.
    """
    device = landmarks.device
    colours, starts, ends = torch.tensor(STROKES, device=device).unbind(1)
    start, end = landmarks[:, starts], landmarks[:, ends]  # [N,P,2]
    reach = (WIDTH * size + 1) / 2
    first = (torch.minimum(start, end) - reach).ceil().clamp(0, size - 1)
    last = (torch.maximum(start, end) + reach).floor().clamp(0, size - 1)
    side = int((last - first).max()) + 1 if len(landmarks) else 1
    window = torch.arange(side, device=device)
    found = start.new_zeros(len(landmarks), len(LINES), size * size)
    many = max(PLACES_AT_ONCE // (len(STROKES) * side**2), 1)
    for part in range(0, len(landmarks), many):
        chosen = slice(part, part + many)
        places = (first[chosen, :, :, None] + window).clamp(max=size - 1)  # [n,P,2,side]
        share = _share(start[chosen], end[chosen], places, reach)
        x, y = places.long().unbind(2)
        index = (colours[:, None, None] * size + y[..., :, None]) * size + x[..., None, :]
        flat = found[chosen].view(share.shape[0], -1)
        flat.scatter_reduce_(1, index.flatten(1), share.flatten(1), "amax")
    return found.view(len(landmarks), len(LINES), size, size)


def _share(start: Tensor, end: Tensor, places: Tensor, reach: float) -> Tensor:
    """How much of the pixels at these columns and rows [n,P,2,side] a stroke [n,P,2] covers: [n,P,side,side]."""
    along = end - start
    across, down = (places - start[..., None]).unbind(2)
    length = along.square().sum(2).clamp(min=1e-6)[..., None, None]
    at = across[..., None, :] * along[:, :, 0, None, None] + down[..., :, None] * along[:, :, 1, None, None]
    at = (at / length).clamp_(0, 1)
    away = (across[..., None, :] - at * along[:, :, 0, None, None]).square_()
    away += (down[..., :, None] - at * along[:, :, 1, None, None]).square_()
    return (reach - away.sqrt_()).clamp_(0, 1)
