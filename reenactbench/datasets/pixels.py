"""A decoded frame becomes a picture: RGB of 8 bits, the right way up; what would come out wrong is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from av.error import FFmpegError
from av.video.reformatter import ColorTrc, Interpolation, VideoReformatter

from reenactbench.errors import ReenactbenchError

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Picture = npt.NDArray[np.uint8]

MAX_SIDE, MAX_PIXELS = 16384, 1 << 26

_BRIGHTNESS = {
    ColorTrc.SMPTE2084: "HDR video (PQ)",
    ColorTrc.ARIB_STD_B67: "HDR video (HLG)",
    ColorTrc.LINEAR: "video in linear light",
    ColorTrc.LOG: "video in logarithmic light",
    ColorTrc.LOG_SQRT: "video in logarithmic light",
    ColorTrc.SMPTE428: "cinema video (SMPTE ST 428-1)",
}
_MATRICES = {8: "YCgCo", 10: "BT.2020 with constant luminance", 11: "SMPTE ST 2085", 14: "ICtCp"}
"""Numbers and names of ITU-T H.273, of the matrices that swscale does not know."""


class Unreadable(ReenactbenchError):
    """A file that cannot be read right as a video; the message is what to say of the file, as `holds no video`."""


class Developer:
    """Makes pictures of frames; one for each file, as it keeps what conversions have in common."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def picture(self, frame: VideoFrame) -> Picture:
        """uint8 [H,W,3] RGB. Colours by the frame's own tags; without tags BT.601 and limited range, as FFmpeg has it.

        Raises Unreadable where that would be another picture than was meant.
        """
        refuse_size(frame.width, frame.height)
        if frame.color_trc in _BRIGHTNESS:
            raise Unreadable(
                f"is {_BRIGHTNESS[ColorTrc(frame.color_trc)]}, which is not converted; make it SDR video (BT.709)"
            )
        if not frame.format.is_rgb and frame.colorspace in _MATRICES:
            raise Unreadable(f"has colours by the matrix {_MATRICES[frame.colorspace]}; make it video by BT.709")
        try:
            rgb = self._reformatter.reformat(frame, format="rgb24", interpolation=Interpolation.BICUBIC, threads=1)
        except (FFmpegError, ValueError) as error:
            raise Unreadable(f"has pixels of the format {frame.format.name}, which cannot be made RGB") from error
        return _turn(frame)(np.asarray(rgb.to_ndarray(), np.uint8))


def refuse_size(width: int, height: int) -> None:
    """Raises Unreadable for pictures that would take too much memory."""
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Unreadable(
            f"has pictures of {width} x {height} pixels; at most {MAX_SIDE} a side and {MAX_PIXELS} in all are read"
        )


def _turn(frame: VideoFrame) -> Callable[[Picture], Picture]:
    """What turns a stored picture upright: any of the eight ways to turn and mirror by right angles."""
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return np.ascontiguousarray
    # x' = a x + c y and y' = b x + d y, in 16.16 fixed point (ISO/IEC 14496-12, 6.2.2)
    a, b, _, c, d, *_ = (value / 65536 for value in np.frombuffer(bytes(matrix), np.int32).tolist())
    if not (a or b or c or d):
        return np.ascontiguousarray
    if abs(a) == abs(d) == 1 and not (b or c):
        return lambda picture: np.ascontiguousarray(picture[:: int(d), :: int(a)])
    if abs(b) == abs(c) == 1 and not (a or d):
        return lambda picture: np.ascontiguousarray(picture.transpose(1, 0, 2)[:: int(b), :: int(c)])
    raise Unreadable("is to be shown turned by no right angle, or stretched; write it as it is to be seen")
