"""Decoding video files, frame after frame, as RGB and the right way up, with an eye on what is damaged."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import av
import cv2

from reenactbench.datasets.container import Contents, LogLine, contents, errors_logged, opened, packets
from reenactbench.datasets.pixels import Developer, Picture, Unreadable
from reenactbench.datasets.problem import Problem, spans
from reenactbench.errors import ReenactbenchError

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SUFFIXES = (".avi", ".mp4", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
DAMAGED = "damaged picture"

_CHECKS = "crccheck+bitstream+buffer"
_LOGGED = ("ffv1",)  # decoders that say of a wrong checksum no more than a line in the log
_ESCAPED = ("h264", "hevc")  # codecs that never have more than two zero bytes in a row within their data
_PLAIN = ("rawvideo", "v210", "v308", "v408", "v410", "y41p", "yuv4", "r210", "r10k")  # here zeros are a picture


class _Shown(NamedTuple):
    """A frame as it came out of the decoder."""

    number: int
    place: int
    key: bool


class Video:
    """A video file whose packets were counted and whose first frame was decoded.

    Raises Unreadable where it is no video, or one whose pictures would come out wrong.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.contents: Contents = contents(path)
        self._shown: list[_Shown] = []
        self._bad: set[int] = set()
        self._kinds_known = False
        """Places of packets that gave no frame, or a damaged one."""
        self._sizes: dict[str, int] = {}
        """WxH -> the first frame of that size."""
        self._refused = ""
        first = next(self.frames(), None)
        if first is None:
            raise Unreadable(self._refused or "holds no frame that can be decoded")
        self.height, self.width = first[1].shape[:2]

    @property
    def count(self) -> int:
        """Frames, as many as the container has, damaged ones included."""
        return self.contents.count

    @property
    def fps(self) -> float:
        return self.contents.timing.fps

    @property
    def variable(self) -> str:
        """`from A to B ms`, where the frames do not all last as long; else empty."""
        return self.contents.timing.variable

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Number and picture uint8 [H,W,3] RGB of every frame that the decoder gives, in order.

        A number is the frame's place in the order of showing, from 1, whether those before it can be decoded or not.
        Not all are sound: `problems` says which are not, once this has come to its end.
        """
        self._shown, self._bad, self._sizes, self._refused = [], set(), {}, ""
        developer = Developer()
        listed = self.contents
        for packet, frame, sound in self._decoded():
            if packet not in listed.places:
                continue
            number = listed.numbers[packet] if self._in_turn else len(self._shown) + 1
            place = listed.places[packet]
            try:
                picture = developer.picture(frame)
            except Unreadable as error:
                self._refused = str(error)
                return
            self._shown.append(_Shown(number, place, frame.key_frame))
            self._kinds_known |= bool(frame.pict_type)  # QuickTime's RLE says of no frame what it is
            self._sizes.setdefault(f"{picture.shape[1]}x{picture.shape[0]}", number)
            if not sound:
                self._bad.add(place)
            yield number, picture

    def problems(self) -> list[Problem]:
        """What is wrong with it, known when `frames` has come to its end."""
        name = self.path.name
        if self._refused:
            return [Problem(name, self._refused, True)]
        found = []
        if self.variable:
            found.append(Problem(name, f"has a variable frame rate: {self.variable}", False))
        if len(self._sizes) > 1:
            changes = ", ".join(f"{size} from frame {first}" for size, first in self._sizes.items())
            found.append(Problem(name, f"the frame size changes: {changes}", True))
        if self.contents.broken:
            found.append(Problem(name, f"is damaged, and frames are missing ({self.contents.broken})", True))
        damaged = self._damaged()
        if damaged:
            reason = f"{self.count - len(damaged)} of {self.count} frames can be decoded"
            if self._in_turn or not self._missing():
                reason += f"; damaged or missing: {spans(damaged)}"
                found.append(Problem(name, reason, True, DAMAGED, damaged))
            else:
                found.append(Problem(name, f"{reason}; nobody can tell which", True))
        if self.contents.cut:
            found.append(Problem(name, f"is cut off after frame {self.count} ({self.contents.cut})", True, DAMAGED))
        return found

    @property
    def _in_turn(self) -> bool:
        """Whether every packet's number is known without decoding all before it."""
        return self.contents.timed or not self.contents.reordered

    def _decoded(self) -> Iterator[tuple[int, VideoFrame, bool]]:
        """Every frame with the packet that it is from, counted from 0, and whether that looked sound."""
        with opened(self.path) as (container, stream):
            context = stream.codec_context
            logged = context.name in _LOGGED
            # A codec without prediction loses no other frame where it gives up at the first fault.
            alone = bool(context.codec.properties & 1)  # AV_CODEC_PROP_INTRA_ONLY
            context.options = {"err_detect": f"{_CHECKS}+explode" if alone else _CHECKS}
            context.thread_type = "NONE" if logged else "AUTO"
            context.thread_count = 1 if logged else cv2.getNumThreads()  # 1 in a worker process
            context.copy_opaque = True  # so that a frame names its packet, whatever was lost before it
            torn = set()

            def checked(frame: VideoFrame, complaint: bool = False) -> tuple[int, VideoFrame, bool]:
                (at,) = cast("tuple[int]", frame.opaque)
                return at, frame, not (complaint or frame.is_corrupt or at in torn)

            try:
                for at, packet in enumerate(packets(container, stream)):
                    if packet.is_corrupt or _has_hole(context, packet):
                        torn.add(at)
                    packet.opaque = (at,)  # PyAV finds it again by its address, which small numbers share
                    with errors_logged() if logged else nullcontext(list[LogLine]()) as lines:
                        decoded = _decode(context, packet)
                    for frame in decoded:
                        yield checked(frame, bool(lines))
                for _ in range(context.thread_count + 1):  # a fault met in a thread ends one of the calls
                    yield from map(checked, _decode(context, None))
            finally:
                context.flush_buffers()  # its threads are idle when it is left: see `errors_logged`

    def _damaged(self) -> tuple[int, ...]:
        """Numbers of the frames that were not decoded, or of damaged data, or predicted from such frames.

        Nobody knows which frames a frame was predicted from, but none reaches behind a key frame: from the first
        fault on to the next key frame all count as damaged.
        """
        missing, lost = self._missing(), self.contents.lost
        bad = missing | self._bad
        keys = sorted(frame.place for frame in self._shown if frame.key)
        faults = {0: -1} if self._kinds_known else {}  # before the first key frame they are predicted from nothing
        for place in bad:
            group = bisect_right(keys, place)
            guess = place in lost and self.contents.reordered  # which of the group that was
            faults[group] = min(faults.get(group, place), -1 if guess else place)
        if self.contents.cut and self.contents.reordered:  # what is lost may belong before the last ones
            faults[len(keys)] = -1
        sound = set()
        latest = 0
        for number, place, key in self._shown:
            group = bisect_right(keys, place)
            latest = max(latest, group) if key else latest
            leads = group > latest  # it is shown before the key frame that it was coded behind
            if place < faults.get(group, place + 1) and not (leads and group - 1 in faults):
                sound.add(number)
        return tuple(number for number in range(1, self.count + 1) if number not in sound)

    def _missing(self) -> set[int]:
        """Places of the packets that gave no frame."""
        return set(range(self.count)) - {frame.place for frame in self._shown}


def _decode(context: VideoCodecContext, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    try:
        return context.decode(packet)
    except av.FFmpegError:  # the frame is missing, and that is said
        return []


def _has_hole(context: VideoCodecContext, packet: Packet[VideoStream]) -> bool:
    """Whether zeros stand where data of this codec never have them, as after a block of a disk was lost."""
    if context.name in _ESCAPED:
        return (context.extradata or b"")[:1] == b"\x01" and b"\0" * 8 in bytes(packet)
    return context.name not in _PLAIN and not bytes(packet).strip(b"\0")


def read_video(path: Path) -> Iterator[Picture]:
    """The frames uint8 [H,W,3] RGB, in order; raises ReenactbenchError where one of them cannot be read right.

    A frame's number is its place in this order, from 1, as `ffmpeg -i vid.avi -fps_mode passthrough %06d.png` counts
    and .pts files are named.
    """
    try:
        video = Video(path)
    except Unreadable as error:
        raise ReenactbenchError(f"{path} {error}") from error
    for expected, (number, picture) in enumerate(video.frames(), start=1):
        if number == expected:
            yield picture
    for problem in video.problems():
        if problem.fatal:
            raise ReenactbenchError(f"{path} {problem.reason}")


def frame_rate(path: Path) -> float:
    """Frames a second by the time stamps; 25 where nothing usable is said."""
    return contents(path).timing.fps


def nominal_frame_count(path: Path) -> int:
    """Frames as the container's head says: quick, for progress bars; 0 where it says nothing."""
    try:
        with opened(path) as (container, stream):
            rate = stream.guessed_rate or 0
            return stream.frames or round((container.duration or 0) / av.time_base * rate)
    except Unreadable:
        return 0
