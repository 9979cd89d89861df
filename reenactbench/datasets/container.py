"""What a video file says that it holds, by its packets alone: no frame is decoded."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import av
from av.stream import Disposition

from reenactbench.datasets.pixels import MAX_PIXELS, Unreadable, refuse_size
from reenactbench.datasets.timing import Timing, timing

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

FORMATS = "avi,mov,matroska,webm,mpeg,mpegvideo,mpegts"
"""What may hide behind the names that are read; a playlist, which would open other files, is none of it."""
MAX_FRAMES = 10_000_000

_CHUNK_HEAD = 8  # bytes: the index of an AVI file points before them, a packet's position behind

LogLine = tuple[int, str, str]
"""Of FFmpeg's log: level, who says it, and what."""


class _Entry(NamedTuple):
    """A packet that shows a frame."""

    packet: int
    position: int
    time: int | None
    order: int | None


@dataclass(frozen=True, slots=True)
class Contents:
    """The frames of a video file as its container lists them."""

    count: int
    """Frames, those included that the file lacks."""
    numbers: dict[int, int]
    """Packet, counted from 0 in the order of the file -> the 1-based number of the frame that it shows."""
    places: dict[int, int]
    """Packet -> its place in the order of decoding, where packets that the file lacks have theirs."""
    timing: Timing
    timed: bool
    """Whether the numbers follow from time stamps; else they do from the order of decoding."""
    reordered: bool
    """Whether frames are shown in another order than they are decoded."""
    broken: str = ""
    """What the demuxer said where it lost its way: packets are missing, and nobody knows which."""
    cut: str = ""
    """What it said behind the last packet: there should be more."""

    @property
    def lost(self) -> set[int]:
        """Places of the packets that the file lacks."""
        return set(range(self.count)) - set(self.places.values())


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file and the video in it; raises Unreadable where there is none, several, or one of another shape."""
    options = {"format_whitelist": FORMATS, "max_pixels": str(MAX_PIXELS)}
    try:
        container = av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Unreadable("cannot be read as a video") from error
    with container:
        covers = Disposition.attached_pic | Disposition.timed_thumbnails
        streams = [stream for stream in container.streams.video if not stream.disposition & covers]
        if not streams:
            raise Unreadable("holds no video")
        if len(streams) > 1:
            raise Unreadable(f"holds {len(streams)} videos; keep one")
        (stream,) = streams
        if stream.codec_context is None:
            raise Unreadable("is coded in a way that cannot be decoded here")
        refuse_size(stream.width, stream.height)
        shape = stream.sample_aspect_ratio or Fraction(1)
        if abs(float(shape) - 1) > 0.01:
            ratio = f"{shape.numerator}:{shape.denominator}"
            raise Unreadable(
                f"has pixels that are not square ({ratio}); write it with ffmpeg -vf scale=iw*sar:ih,setsar=1"
            )
        yield container, stream


def packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The packets with data; those without repeat the frame before, or end the file."""
    return (packet for packet in container.demux(stream) if packet.size)


@contextmanager
def errors_logged() -> Iterator[list[LogLine]]:
    """What FFmpeg logs as an error, in this thread: of some faults it says nothing else.

    No decoder may work in threads of its own meanwhile: PyAV takes the interpreter's lock for a line of any thread, and
    holds it where it waits for a decoder to end.
    """
    before = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_skip_repeated(False)  # the same words of the next file are no repetition
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as lines:
            yield lines
    finally:
        av.logging.set_level(before[0])
        av.logging.set_skip_repeated(before[1])


def contents(path: Path) -> Contents:
    """Read all packets of a file. Raises Unreadable."""
    with opened(path) as (container, stream), errors_logged() as lines:
        index = [entry.pos for entry in stream.index_entries if entry.size and not entry.is_discard]
        shown: list[_Entry] = []
        said = total = 0
        try:
            for total, packet in enumerate(packets(container, stream), start=1):
                said = len(lines)
                if not (packet.is_discard or _is_hidden(stream, packet)):
                    shown.append(
                        _Entry(total - 1, packet.pos if packet.pos is not None else -1, packet.pts, packet.dts)
                    )
                if total > MAX_FRAMES:
                    raise Unreadable(f"holds more than {MAX_FRAMES:,} frames")
        except av.FFmpegError as error:
            lines.append((av.logging.ERROR, container.format.name, str(error)))
        complaints = ["", ""]  # before the last packet, and behind it
        for at, (_, name, message) in enumerate(lines):
            if name == container.format.name:
                complaints[at >= said] = complaints[at >= said] or message.strip().rstrip(".")
        rates = (stream.average_rate, stream.guessed_rate, stream.base_rate)
        tick, listed = stream.time_base, stream.frames
        reordered, format_name = stream.codec_context.has_b_frames, container.format.name
    places = _places_in(index, shown)
    if places is None:  # what the index does not tell, the header may: the rest of a file that was cut off
        places, count = list(range(len(shown))), len(shown) + max(0, listed - total)
    else:
        count, complaints = len(index), ["", ""]
    times = [entry.time for entry in shown if entry.time is not None]
    counted = reordered and format_name == "avi"  # its stamps count packets
    timed = len(set(times)) == len(shown) and not counted
    clock = sorted(times if timed else [entry.order for entry in shown if entry.order is not None])
    turn = {time: at for at, time in enumerate(clock)} if timed else {}
    lost = sorted(set(range(count)) - set(places))
    return Contents(
        count,
        {
            entry.packet: (turn[entry.time] if timed and entry.time is not None else at) + bisect_left(lost, place) + 1
            for at, (entry, place) in enumerate(zip(shown, places, strict=True))
        },
        {entry.packet: place for entry, place in zip(shown, places, strict=True)},
        timing(clock, tick or Fraction(1, 25), rates),
        timed,
        reordered,
        *complaints,
    )


def _places_in(index: list[int], shown: list[_Entry]) -> list[int] | None:
    """Where the packets stand in the container's index; None where it does not list them all."""
    at = {position: place for place, position in enumerate(index)}
    for head in (0, _CHUNK_HEAD):
        places = [at.get(entry.position - head, -1) for entry in shown]
        if places and -1 not in places:
            return places
    return None


def _is_hidden(stream: VideoStream, packet: Packet[VideoStream]) -> bool:
    """Whether it is a frame of VP8 that only serves to predict others (RFC 6386, 9.1)."""
    if stream.codec_context.name != "vp8":
        return False
    return bytes(packet)[0] & 0x11 == 1  # no key frame, and not to be shown
