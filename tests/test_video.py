"""What a video file holds comes out: every frame, in its order, in its colours, upright; or a sentence says why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np
import pytest
import videos
from av.stream import Disposition
from av.video.stream import VideoStream

from reenactbench.datasets import pixels
from reenactbench.datasets.pixels import Unreadable
from reenactbench.datasets.timing import timing
from reenactbench.datasets.video import Video, frame_rate, nominal_frame_count, read_video
from reenactbench.errors import ReenactbenchError

FRAMES = videos.moving(12)
X264 = {"crf": "4", "g": "6", "bf": "2", "preset": "ultrafast", "b-adapt": "0"}
X265 = {"crf": "4", "g": "6", "preset": "ultrafast", "x265-params": "log-level=none:bframes=2:b-adapt=0"}
VPX = {"b": "4M", "g": "6", "deadline": "realtime", "cpu-used": "8"}
FINE = {"qmin": "1", "qmax": "2", "g": "6", "sc_threshold": "1000000000"}
INTERLACED = {"flags": "+ildct+ilme", "top": "1"}


def numbers(path: Path) -> tuple[list[int], list[str]]:
    """The numbers of the frames that can be used, each shown to be that frame, and what is wrong."""
    video = Video(path)
    read = dict(video.frames())
    problems = video.problems()
    unusable = {number for problem in problems for number in problem.frames}
    for number, picture in read.items():
        errors = [np.abs(picture.astype(int) - frame).mean() for frame in FRAMES]
        assert number in unusable or int(np.argmin(errors)) + 1 == number
    return sorted(read.keys() - unusable), [problem.reason for problem in problems]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "options", "tolerance"),
    [
        ("avi", "ffv1", "bgr0", {}, 0),
        ("mkv", "ffv1", "bgra", {}, 0),
        ("mkv", "ffv1", "gbrp10le", {}, 0.5),
        ("mkv", "libx264rgb", "rgb24", {"qp": "0"}, 0),
        ("avi", "utvideo", "gbrp", {}, 0),
        ("mov", "png", "rgb24", {}, 0),
        ("mov", "qtrle", "rgb24", {}, 0),
        ("avi", "rawvideo", "bgr24", {}, 0),
        ("mkv", "ffv1", "yuv444p12le", {}, 1),
        ("mkv", "ffv1", "yuv422p", {}, 2),
        ("avi", "mjpeg", "yuvj420p", FINE, 3),
        ("avi", "mjpeg", "yuvj444p", FINE, 3),
        ("mp4", "libx264", "yuv420p", X264, 3),
        ("avi", "libx264", "yuv420p", X264, 3),
        ("mkv", "libx264", "yuv420p", X264 | INTERLACED, 3),
        ("mp4", "libx264", "yuvj420p", X264, 3),
        ("mkv", "libx264", "yuv420p10le", X264, 3),
        ("mp4", "libx265", "yuv420p", X265, 3),
        ("mkv", "libx265", "yuv420p10le", X265, 3),
        ("mov", "prores_ks", "yuv422p10le", {}, 3),
        ("avi", "mpeg4", "yuv420p", FINE, 3),
        ("avi", "mpeg4", "yuv420p", FINE | INTERLACED | {"bf": "2"}, 3),
        ("mp4", "mpeg4", "yuv420p", FINE | {"bf": "2"}, 3),
        ("mpg", "mpeg2video", "yuv420p", FINE | INTERLACED | {"bf": "2"}, 3),
        ("mpeg", "mpeg1video", "yuv420p", FINE, 3),
        ("webm", "libvpx", "yuv420p", VPX, 6),
        ("webm", "libvpx", "yuv420p", VPX | {"auto-alt-ref": "1", "lag-in-frames": "10", "deadline": "good"}, 6),
        ("webm", "libvpx-vp9", "yuv420p", VPX | {"auto-alt-ref": "1", "lag-in-frames": "10"}, 6),
        ("webm", "libvpx-vp9", "yuva420p", VPX, 6),
        ("mkv", "libvpx-vp9", "gbrp", {"lossless": "1"}, 0),
        ("webm", "libsvtav1", "yuv420p", {"crf": "8", "preset": "10", "g": "6"}, 6),
        ("m4v", "mpeg4", "yuv420p", FINE, 3),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_frame_is_what_was_written(
    tmp_path: Path, suffix: str, codec: str, pix_fmt: str, options: Mapping[str, str], tolerance: float
) -> None:
    path = videos.write(tmp_path / f"vid.{suffix}", FRAMES, codec, pix_fmt, options)
    assert numbers(path) == (list(range(1, 13)), [])
    for picture, frame in zip(read_video(path), FRAMES, strict=True):
        assert np.abs(picture.astype(int) - frame).mean() <= tolerance
    assert frame_rate(path) == 25


@pytest.mark.parametrize(("width", "height"), [(63, 47), (64, 47), (1, 1), (322, 2)])
def test_odd_sizes(tmp_path: Path, width: int, height: int) -> None:
    frames = videos.moving(2, width, height)
    path = videos.write(tmp_path / "vid.avi", frames)
    np.testing.assert_array_equal(list(read_video(path)), frames)
    coded = videos.write(tmp_path / "vid.mkv", frames, pix_fmt="yuv444p")
    np.testing.assert_allclose(list(read_video(coded)), frames, atol=3)


@pytest.mark.parametrize(
    ("matrix", "full", "pix_fmt"),
    list(product([1, 4, 5, 6, 7, 9], [False, True], ["yuv444p", "yuv444p10le", "yuv444p12le"])),
)
def test_colours_follow_the_tags(tmp_path: Path, matrix: int, full: bool, pix_fmt: str) -> None:
    """ITU-T H.273, 8.3: Y'CbCr from R'G'B' by the matrix's own weights, in that range."""
    red, blue = {1: (0.2126, 0.0722), 4: (0.3, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}.get(
        matrix, (0.2627, 0.0593)
    )
    rgb = FRAMES[0] / 255
    luma = rgb @ [red, 1 - red - blue, blue]
    chroma = [(rgb[..., 2] - luma) / (2 - 2 * blue), (rgb[..., 0] - luma) / (2 - 2 * red)]
    bits = int(pix_fmt[7:9] or 8) if pix_fmt != "yuv444p" else 8
    top = 2**bits - 1
    scales = (top, top, 0) if full else (219 * 2 ** (bits - 8), 224 * 2 ** (bits - 8), 16 * 2 ** (bits - 8))
    planes = [luma * scales[0] + scales[2], *(part * scales[1] + 2 ** (bits - 1) for part in chroma)]
    frame = av.VideoFrame(videos.WIDTH, videos.HEIGHT, pix_fmt)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.rint(values).astype("<u2" if bits > 8 else np.uint8)
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : rows.nbytes // plane.height] = rows.view(np.uint8).reshape(plane.height, -1)
        plane.update(padded.tobytes())
    with av.open(str(tmp_path / "vid.mkv"), "w") as file:
        stream = file.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = videos.WIDTH, videos.HEIGHT, pix_fmt
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 2 if full else 1
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    (picture,) = read_video(tmp_path / "vid.mkv")
    np.testing.assert_allclose(picture, FRAMES[0], atol=2)


def test_gray_is_gray(tmp_path: Path) -> None:
    frames = [frame[..., :1].repeat(3, axis=2) for frame in FRAMES[:2]]
    path = videos.write(tmp_path / "vid.mkv", frames, pix_fmt="gray", tags={"color_range": 2})
    np.testing.assert_allclose(list(read_video(path)), frames, atol=1)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_a_film_is_turned_and_mirrored_as_its_display_matrix_says(tmp_path: Path, turns: int, mirrored: bool) -> None:
    cosine, sine = [(1, 0), (0, 1), (-1, 0), (0, -1)][turns]
    a, b, c, d = cosine, sine, -sine, cosine  # clockwise
    if mirrored:
        a, c = -a, -c  # left and right, after that
    matrix = [value << 16 for value in (a, b, 0, c, d, 0)] + [0, 0, 1 << 30]
    path = videos.write(
        tmp_path / "vid.mp4", FRAMES[:2], "libx264rgb", "rgb24", {"qp": "0"},
        setup=lambda stream: stream.set_display_matrix(matrix),
    )  # fmt: skip
    upright = [np.rot90(frame, -turns) for frame in FRAMES[:2]]
    expected = [frame[:, ::-1] if mirrored else frame for frame in upright]
    np.testing.assert_array_equal(list(read_video(path)), expected)
    video = Video(path)
    assert (video.height, video.width) == expected[0].shape[:2]


def aslant(stream: VideoStream) -> None:
    stream.set_display_rotation(12)


def oblong(stream: VideoStream) -> None:
    stream.codec_context.sample_aspect_ratio = Fraction(16, 15)


def tagged(**tags: int) -> Callable[[VideoStream], None]:
    def setup(stream: VideoStream) -> None:
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)

    return setup


@pytest.mark.parametrize(
    ("setup", "reason"),
    [
        (tagged(color_trc=16, color_primaries=9, colorspace=9), r"is HDR video \(PQ\)"),
        (tagged(color_trc=18, color_primaries=9, colorspace=9), r"is HDR video \(HLG\)"),
        (tagged(color_trc=8), "is video in linear light"),
        (tagged(colorspace=8), "has colours by the matrix YCgCo"),
        (oblong, r"has pixels that are not square \(16:15\)"),
        (aslant, "is to be shown turned by no right angle"),
    ],
)
def test_what_would_come_out_wrong_is_refused_by_name(
    tmp_path: Path, setup: Callable[[VideoStream], None], reason: str
) -> None:
    path = videos.write(tmp_path / "vid.mp4", FRAMES[:2], "libx264", "yuv420p", X264, setup=setup)
    with pytest.raises(Unreadable, match=reason):
        Video(path)


def test_pictures_that_take_too_much_memory_are_refused_before_it_is_taken(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "vid.avi", videos.moving(1, 16, 16), "png", "rgb24")
    content = path.read_bytes()
    for at in (content.index(b"IHDR") + 4, content.index(b"IHDR") + 8):
        content = content[:at] + (200_000).to_bytes(4, "big") + content[at + 4 :]
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r"200000 x 200000|holds no frame"):
        Video(path)
    with pytest.raises(Unreadable, match="has pictures of 16385 x 2 pixels"):
        pixels.refuse_size(16385, 2)


@pytest.mark.parametrize(
    "content", [b"", b"not a video", b"RIFF....AVI ", b"#EXTM3U\n#EXTINF:1,\nother.ts\n", b"ffconcat"]
)
def test_a_file_that_is_no_video_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vid.avi").write_bytes(content)
    with pytest.raises(ReenactbenchError, match=r"vid\.avi cannot be read as a video"):
        list(read_video(tmp_path / "vid.avi"))
    assert nominal_frame_count(tmp_path / "vid.avi") == 0


def several(path: Path, *kinds: str) -> Path:
    """A file with a stream of each kind: `film`, `cover` or `sound`."""
    with av.open(str(path), "w") as file:
        streams = []
        for kind in kinds:
            if kind == "sound":
                streams.append(file.add_stream("pcm_s16le", rate=8000))
                continue
            stream = file.add_stream("libx264rgb" if kind == "film" else "mjpeg", rate=25)
            stream.width, stream.height = videos.WIDTH, videos.HEIGHT
            stream.pix_fmt = "rgb24" if kind == "film" else "yuvj444p"
            if kind == "film":
                stream.options = {"qp": "0"}
            else:
                stream.disposition = Disposition.attached_pic
            streams.append(stream)
        for kind, stream in zip(kinds, streams, strict=True):
            if kind == "sound":
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
                frame.rate = 8000
                file.mux(stream.encode(frame))
            else:
                for number, pixels_ in enumerate(FRAMES[: 3 if kind == "film" else 1]):
                    frame = av.VideoFrame.from_ndarray(pixels_[:, :: 1 if kind == "film" else -1].copy(), "rgb24")
                    frame = frame.reformat(format=stream.pix_fmt)
                    frame.pts = number
                    file.mux(stream.encode(frame))
            file.mux(stream.encode())
    return path


def test_a_cover_and_sound_are_no_video(tmp_path: Path) -> None:
    path = several(tmp_path / "vid.mov", "cover", "film", "sound")
    np.testing.assert_array_equal(list(read_video(path)), FRAMES[:3])
    for kinds, reason in (
        (["film", "film"], "holds 2 videos; keep one"),
        (["sound"], "holds no video"),
    ):
        with pytest.raises(Unreadable, match=reason):
            Video(several(tmp_path / "vid.mov", *kinds))


def test_a_frame_size_that_changes_is_told_with_the_frame(tmp_path: Path) -> None:
    sizes = [videos.moving(3), videos.moving(3, 32, 24)]
    parts = [videos.write(tmp_path / f"{at}.avi", frames, "mjpeg", "yuvj420p") for at, frames in enumerate(sizes)]
    with av.open(str(tmp_path / "vid.avi"), "w") as file, av.open(str(parts[0])) as template:
        stream = file.add_stream_from_template(template.streams.video[0])
        for number, payload in enumerate([payload for part in parts for payload in videos.payloads(part)]):
            packet = av.Packet(payload)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, number, number, True
            packet.time_base = Fraction(1, 25)
            file.mux(packet)
    video = Video(tmp_path / "vid.avi")
    assert [picture.shape for _, picture in video.frames()] == [(48, 64, 3)] * 3 + [(24, 32, 3)] * 3
    (problem,) = video.problems()
    assert (problem.reason, problem.whole_clip) == (
        "the frame size changes: 64x48 from frame 1, 32x24 from frame 4",
        True,
    )


# Damage


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "options", "packet", "damaged"),
    [
        ("avi", "mjpeg", "yuvj420p", FINE, 3, [4]),
        ("avi", "ffv1", "bgr0", {"g": "1", "level": "3", "slices": "4"}, 3, [4]),
        ("avi", "utvideo", "gbrp", {}, 3, [4]),
        ("mov", "prores_ks", "yuv422p10le", {}, 3, [4]),
        ("mp4", "libx264", "yuv420p", X264 | {"bf": "0"}, 3, [4, 5, 6]),
        ("mkv", "libx264", "yuv420p", X264 | {"bf": "0"}, 6, [*range(7, 13)]),
        ("mp4", "libx265", "yuv420p", X265 | {"x265-params": "log-level=none:bframes=0"}, 3, [4, 5, 6]),
        ("avi", "mpeg4", "yuv420p", FINE, 3, [4, 5, 6]),
        ("mpg", "mpeg2video", "yuv420p", FINE, 3, [4, 5, 6]),
        ("webm", "libvpx", "yuv420p", VPX, 3, [4, 5, 6]),
        ("webm", "libvpx-vp9", "yuv420p", VPX, 3, [4, 5, 6]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_damaged_frame_is_named_with_all_that_are_predicted_from_it(
    tmp_path: Path, suffix: str, codec: str, pix_fmt: str, options: Mapping[str, str], packet: int, damaged: list[int]
) -> None:
    path = videos.write(tmp_path / f"vid.{suffix}", FRAMES, codec, pix_fmt, options)
    videos.overwrite(path, packet, slice(150, None) if suffix == "mpg" else slice(None))
    usable, (reason,) = numbers(path)
    assert usable == [number for number in range(1, 13) if number not in damaged]
    spans = str(damaged[0]) if len(damaged) == 1 else f"{damaged[0]}-{damaged[-1]}"
    assert reason == f"{len(usable)} of 12 frames can be decoded; damaged or missing: {spans}"
    with pytest.raises(ReenactbenchError, match=f"of 12 frames can be decoded; damaged or missing: {spans}"):
        list(read_video(path))


def test_a_wrong_checksum_is_damage_also_where_the_decoder_only_logs_it(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "vid.mkv", FRAMES, options={"g": "1", "level": "3", "slicecrc": "1", "slices": "4"})
    videos.overwrite(path, 5, slice(100, 104))
    assert numbers(path)[0] == [number for number in range(1, 13) if number != 6]


def test_a_lost_chunk_of_an_avi_file_moves_no_other_frame(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "vid.avi", FRAMES, "mjpeg", "yuvj420p", FINE)
    content = path.read_bytes()
    at = content.index(videos.payloads(path)[4])
    path.write_bytes(content[: at - 8] + bytes(8) + content[at:])  # its name and size
    assert numbers(path)[0] == [number for number in range(1, 13) if number != 5]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "options"),
    [
        ("avi", "mjpeg", "yuvj420p", FINE),
        ("mp4", "libx264", "yuv420p", X264 | {"g": "3"}),
        ("mkv", "libx264", "yuv420p", X264 | {"g": "3"}),
        ("webm", "libvpx-vp9", "yuv420p", VPX),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("part", [0.75, 0.9])
def test_a_file_that_is_cut_off_is_damaged(
    tmp_path: Path, suffix: str, codec: str, pix_fmt: str, options: Mapping[str, str], part: float
) -> None:
    container = {"movflags": "faststart"}
    path = videos.write(tmp_path / f"vid.{suffix}", FRAMES, codec, pix_fmt, options, container=container)
    videos.shorten(path, part)
    for _ in range(2):  # FFmpeg's log keeps no line that it had before
        usable, reasons = numbers(path)
        assert 0 < len(usable) < 12
        assert usable == list(range(1, len(usable) + 1))
        assert "of 12 frames can be decoded" in reasons[-1] or "is cut off after frame" in reasons[-1]


def test_what_comes_before_the_first_key_frame_is_damaged(tmp_path: Path) -> None:
    """Decoders make pictures of it: of the differences to a frame that they never saw."""
    path = videos.write(tmp_path / "whole.avi", FRAMES, "mpeg4", "yuv420p", FINE)
    _, *others = videos.payloads(path)
    with av.open(str(path)) as whole, av.open(str(tmp_path / "vid.avi"), "w") as file:
        stream = file.add_stream_from_template(whole.streams.video[0])
        for number, payload in enumerate(others):
            packet = av.Packet(payload)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, number, number, Fraction(1, 25)
            packet.is_keyframe = number == 5
            file.mux(packet)
    video = Video(tmp_path / "vid.avi")
    assert len(list(video.frames())) > 6
    (problem,) = video.problems()
    assert problem.reason == "6 of 11 frames can be decoded; damaged or missing: 1-5"


def test_a_file_that_begins_in_the_middle_says_which_frames_cannot_be_decoded(tmp_path: Path) -> None:
    path = videos.write(tmp_path / "vid.mpg", FRAMES, "mpeg2video", "yuv420p", FINE)
    videos.overwrite(path, 0, slice(150, None))
    usable, (reason,) = numbers(path)
    assert usable == list(range(7, 13))
    assert reason == "6 of 12 frames can be decoded; damaged or missing: 1-6"


# Time


@pytest.mark.parametrize(
    "rate", [Fraction(25), Fraction(24000, 1001), Fraction(30), Fraction(30000, 1001), Fraction(60), Fraction(15, 2)]
)
@pytest.mark.parametrize("length", [3, 12, 500])
def test_a_clock_of_a_millisecond_gives_the_exact_rate(rate: Fraction, length: int) -> None:
    times = [round(1000 * number / rate) for number in range(length)]
    found = timing(times, Fraction(1, 1000), [Fraction(1000)])
    assert found.variable == ""
    noise = 1000 / (times[-1] - times[0])  # of the ends' rounding
    assert found.fps == pytest.approx(float(rate), rel=noise / 1000)
    if length == 500:
        assert found.fps == float(rate)
    assert timing(times, Fraction(1, 1000), [rate]).fps == float(rate)


def test_a_browsers_webm_is_cropped_as_the_same_frames_at_25_a_second(tmp_path: Path) -> None:
    times = [40 * number for number in range(12)]
    browser = videos.write(tmp_path / "vid.webm", FRAMES, "libvpx", "yuv420p", VPX, times=times, rate=1000)
    plain = videos.write(tmp_path / "vid.mkv", FRAMES)
    assert frame_rate(browser) == frame_rate(plain) == 25.0


@pytest.mark.parametrize(
    ("times", "variable", "fps"),
    [
        ([0, 40, 80, 160, 200], "from 40 to 80 ms", 20),
        ([0, 33, 67, 100, 133], "", 30),
        ([0, 41, 79, 121, 160], "", 25),
        ([0, 20, 80, 100, 160], "from 20 to 60 ms", 25),
        ([0], "", 25),
        ([], "", 25),
    ],
)
def test_a_variable_rate_is_told(times: list[int], variable: str, fps: float) -> None:
    found = timing(times, Fraction(1, 1000), [None])
    assert (found.variable, found.fps) == (variable, fps)


def test_a_chunk_without_data_is_no_frame_of_its_own(tmp_path: Path) -> None:
    times = [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    path = videos.write(tmp_path / "vid.avi", FRAMES, "mjpeg", "yuvj420p", FINE, times=[40 * time for time in times])
    usable, (reason,) = numbers(path)
    assert usable == list(range(1, 13))
    assert reason == "has a variable frame rate: from 40 to 80 ms"
