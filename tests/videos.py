"""Small videos of every kind, written frame by frame with PyAV."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream

Frames = Sequence[npt.NDArray[np.uint8]]

WIDTH, HEIGHT = 64, 48


def moving(count: int, width: int = WIDTH, height: int = HEIGHT) -> list[npt.NDArray[np.uint8]]:
    """Frames [height,width,3] RGB of soft colours, no two alike, each far from all others."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width])[:, None, None]
    frames = []
    for number in range(count):
        phase = 2.4 * number
        waves = [np.sin(3 * x + phase), np.cos(2 * y + 1.7 * phase), np.sin(2 * x + 2 * y - 2.9 * phase)]
        frames.append(np.uint8(128 + 90 * np.stack(waves, axis=-1)))
    return frames


def write(
    path: Path,
    frames: Frames,
    codec: str = "ffv1",
    pix_fmt: str = "bgr0",
    options: Mapping[str, str] | None = None,
    times: Sequence[int] | None = None,
    rate: Fraction | int = 25,
    setup: Callable[[VideoStream], None] = lambda stream: None,
    tags: Mapping[str, int] | None = None,
    container: Mapping[str, str] | None = None,
) -> Path:
    """A video of these frames. times: when they are shown, in ms; without, they follow each other at the rate.

    tags: attributes of the frames (`colorspace`, `color_range`), by which their colours are converted too.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=dict(container or {})) as file:
        stream = file.add_stream(codec, rate=rate, options=dict(options or {}))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.thread_count = 1
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        setup(stream)
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            colours = {f"dst_{name}": value for name, value in _for_swscale(tags or {}).items()}
            frame = frame.reformat(format=pix_fmt, interpolation="BICUBIC", **colours)
            frame.pts = times[number] if times else number
            frame.time_base = Fraction(1, 1000) if times else 1 / Fraction(rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return path


def _for_swscale(tags: Mapping[str, int]) -> dict[str, int]:
    return {name: value for name, value in tags.items() if name in ("colorspace", "color_range")}


def payloads(path: Path) -> list[bytes]:
    """The packets of the video, as they lie in the file."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(video=0) if packet.size]


def overwrite(path: Path, packet: int, part: slice = slice(None)) -> None:
    """Put zeros in place of a packet, counted from 0 in the order of the file, or of a part of it."""
    payload = payloads(path)[packet]
    torn = bytearray(payload)
    torn[part] = bytes(len(torn[part]))
    content = path.read_bytes()
    assert content.count(payload) == 1
    path.write_bytes(content.replace(payload, bytes(torn)))


def shorten(path: Path, part: float) -> None:
    """Cut the file off behind this part of it."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
