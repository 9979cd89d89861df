"""Frames become a film that browsers play: VP9 in WebM, whose metadata say that it is generated."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image, ImageDraw, ImageFont

from reenactbench.report.wording import SYNTHETIC, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reenactbench.report.strips import Images

BAR = 24
"""Height of the strip above each tile that holds its name."""
QUALITY = {"crf": "30", "b": "0", "deadline": "good", "cpu-used": "4", "g": "16", "row-mt": "0"}
KIND = "video/webm"
BT709 = 1
"""The matrix of the colours, as ITU-T H.273 numbers it; without, a player guesses by the size."""


def encoded(frames: Images, fps: float, title: str) -> bytes:
    """The film of frames [T,H,W,3] RGB; an odd height or width becomes even. The same frames give the same bytes."""
    even = [(0, 0), *((0, length % 2) for length in frames.shape[1:3]), (0, 0)]
    frames = np.pad(frames, even, "edge")  # colours are kept for blocks of 2 x 2 pixels
    target = BytesIO()
    with av.open(target, "w", format="webm", container_options={"fflags": "+bitexact"}) as container:
        container.metadata.update(title=title, comment=SYNTHETIC)
        stream = container.add_stream("libvpx-vp9", rate=Fraction(fps).limit_denominator(1001), options=QUALITY)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = BT709, ColorRange.MPEG
        stream.thread_count = 1
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)))
        container.mux(stream.encode())
    return target.getvalue()


def tiled(strips: Sequence[tuple[str, Images]], across: int) -> Images:
    """Strips [T,S,S,3] of the same length side by side in rows of `across`, each under a bar with its name:
    [T, rows * (BAR + S), across * S, 3]. A strip of one frame stands still."""
    length = max(len(images) for _, images in strips)
    side = strips[0][1].shape[1]
    rows = -(-len(strips) // across)
    film = np.zeros((length, rows * (BAR + side), across * side, 3), np.uint8)
    for place, (name, images) in enumerate(strips):
        top, left = place // across * (BAR + side), place % across * side
        film[:, top : top + BAR, left : left + side] = _label(name, side)
        film[:, top + BAR : top + BAR + side, left : left + side] = images
    return film


def _label(name: str, width: int) -> Images:
    """The name [BAR,width,3], white on black, cut where it does not fit."""
    font = ImageFont.load_default(12)
    length = len(name)
    while length > 1 and font.getlength(shorten(name, length)) > width - 6:
        length -= 1
    image = Image.new("RGB", (width, BAR))
    ImageDraw.Draw(image).text((3, BAR / 2), shorten(name, length), "white", font, anchor="lm")
    return np.asarray(image)
