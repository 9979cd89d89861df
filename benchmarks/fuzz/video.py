"""Video files, judged by the frames of the undamaged one and by ffmpeg at its strictest."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import ClassVar, NamedTuple

import av
import av.logging
import numpy as np

from benchmarks.fuzz import mutations
from benchmarks.fuzz.footage import FRAMES, Images, encoded, landmarks, pictures, read_clip, write_clip
from benchmarks.fuzz.judgement import ACCEPTED, ANOTHER, WRONG, Found, Kind, once

BLOCK = 8  # pixels of a crop that a codec works on together
NEAR = 12  # grey levels that a block of a lossy film may be off
STILL = dict.fromkeys(range(1, FRAMES + 1), landmarks(4))
"""So that the crops follow from the frames alone."""
STRICT = {"err_detect": "crccheck+bitstream+buffer+careful+compliant+aggressive+explode"}


class Film(NamedTuple):
    codec: str
    suffix: str
    pixels: str
    lossless: bool = False
    options: dict[str, str] = {}  # noqa: RUF012 - nobody writes into it


FILMS = (
    Film("ffv1", ".avi", "bgr0", True, {"slicecrc": "1"}),
    Film("ffv1", ".mkv", "bgr0", True, {"slicecrc": "1"}),
    Film("utvideo", ".avi", "gbrp", True),
    Film("mjpeg", ".avi", "yuvj420p", options={"q": "2"}),
    Film("mpeg4", ".avi", "yuv420p", options={"b": "4000000"}),
    Film("libx264", ".mp4", "yuv420p", options={"crf": "8"}),
    Film("libx264", ".mkv", "yuv420p10le", options={"crf": "8"}),
    Film("libx264", ".mp4", "yuv420p", options={"crf": "8", "x264-params": "tff=1"}),
    Film("libx265", ".mp4", "yuv420p", options={"crf": "8", "x265-params": "log-level=none"}),
    Film("libvpx-vp9", ".webm", "yuv420p", options={"crf": "8", "b": "0", "cpu-used": "8"}),
    Film("libvpx", ".webm", "yuv420p", options={"crf": "8", "b": "4000000"}),
    Film("mpeg2video", ".mpg", "yuv420p", options={"b": "4000000"}),
    Film("mpeg2video", ".mov", "yuv420p", options={"b": "4000000", "flags": "+ildct+ilme"}),
)


class Video(Kind):
    """A clip's video: flipped bits, cuts, zeroed ranges, wrong headers, packets that are gone or in another order."""

    name: ClassVar[str] = "video"
    share: ClassVar[int] = 8
    seconds: ClassVar[float] = 10.0

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        self._source = pictures()
        once(base / "films", self._make)
        self._crops: Images | None = None

    def _make(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        for number, film in enumerate(FILMS):
            encoded(folder / f"{number}{film.suffix}", self._source, film.codec, film.pixels, film.options)
        encoded(folder / "truth.avi", self._source, "ffv1", "bgr0")

    def attempt(self, random: Random, folder: Path) -> str:
        film = random.choice(FILMS)
        original = self.base / "films" / f"{FILMS.index(film)}{film.suffix}"
        path = folder / f"film{film.suffix}"
        data = original.read_bytes()
        match random.randrange(12):
            case 0:
                path.write_bytes(data)
            case 1 | 2:
                _remuxed(random, original, path)
            case 3:
                other = random.choice([other for other in FILMS if other.suffix != film.suffix])
                path = folder / f"film{other.suffix}"
                path.write_bytes(data)
            case _:
                path.write_bytes(mutations.damaged(random, data))
        write_clip(
            folder / "tree" / "a", path.read_bytes(), dict.fromkeys(range(1, FRAMES + 1), landmarks(4)), path.suffix
        )
        findings, clip = read_clip(folder / "tree", "a")
        truth = self._truth(folder)
        whole = clip.numbers.tolist() == [*range(1, FRAMES + 1)]
        if whole and _near(clip.images, truth, 0 if film.lossless else NEAR):
            return ACCEPTED
        if findings or not _complains(path):
            return ANOTHER
        raise Found(WRONG, f"{film.codec} in {path.suffix}: other frames than the film's, and no word")

    def words(self) -> list[str]:
        return ["data", "verify", "--dataset", "folder", "--data-root", "tree"]

    def _truth(self, folder: Path) -> Images:
        """The crops of the source, without loss."""
        if self._crops is None:
            data = (self.base / "films" / "truth.avi").read_bytes()
            write_clip(folder / "truth" / "a", data, STILL)
            self._crops = np.array(read_clip(folder / "truth", "a")[1].images)
        return self._crops


def _remuxed(random: Random, original: Path, path: Path) -> None:
    """The same packets with one gone, doubled or at another's place, or with other time stamps."""
    with av.open(str(original)) as given, av.open(str(path), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(video=0) if packet.size]
        times = [(packet.pts, packet.dts) for packet in packets]
        at = random.randrange(len(packets))
        match random.randrange(3):
            case 0:
                del packets[at], times[at]
            case 1:
                packets.insert(at, packets.pop(random.randrange(len(packets))))
            case 2:
                times = [(None if pts is None else 2 * pts, None if dts is None else 2 * dts) for pts, dts in times]
        for packet, (pts, dts) in zip(packets, times, strict=True):
            packet.stream, packet.pts, packet.dts = stream, pts, dts
            made.mux(packet)


def _near(images: Images, truth: Images, off: int) -> bool:
    """Whether no block of the pictures [T,S,S,3] is further off than that."""
    difference = np.abs(images.astype(np.float64) - truth)
    count, side = difference.shape[0], difference.shape[1] // BLOCK
    blocks = difference.reshape(count, side, BLOCK, side, BLOCK, 3).mean(axis=(2, 4, 5))
    return bool(blocks.max() <= off)


def _complains(path: Path) -> bool:
    """Whether ffmpeg finds anything wrong with the file when it looks as closely as it can."""
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=False) as said, av.open(str(path), options=STRICT) as container:
            stream = container.streams.video[0]
            stream.codec_context.options = STRICT
            stream.thread_count = 1
            frames = list(container.decode(stream))
            promised = stream.frames or FRAMES
            return bool(said) or len(frames) != promised or any(frame.is_corrupt for frame in frames)
    except (av.error.FFmpegError, AttributeError, IndexError, ValueError):  # some have no decoder, or no stream
        return True
    finally:
        av.logging.set_level(None)
