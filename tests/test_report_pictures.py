"""Pictures, films and curves of the report: the frames they show, and what they say where there is none."""

from __future__ import annotations

import io
from base64 import b64decode
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from PIL import Image
from reports import CSIM, FAILURE, FRAMES, PAIRS, fake_run, info, page, pair, strip

from reenactbench.report import film
from reenactbench.report.album import BRIGHTEST, Album, error_map
from reenactbench.report.assets import Assets
from reenactbench.report.contents import contents
from reenactbench.report.frame_values import FrameValues
from reenactbench.report.motion import moving_pictures
from reenactbench.report.pictures import comparisons, grids
from reenactbench.report.plots import turning
from reenactbench.report.telling import examples
from reenactbench.report.wording import SYNTHETIC
from reenactbench.results import table
from reenactbench.stats import mean_interval
from reenactbench.summary import people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reenactbench.report.contents import GroupTables
    from reenactbench.report.motion import Moving
    from reenactbench.results import Run

TRUTH = info(())["dataset"] | {"truth": {"cross": "rendered", "self": "given"}, "fps": {"1": 12.5}}
MATRIX = [pair(f"matrix/{source}/{target}", "all", source, target) for source in "12" for target in "345"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return fake_run(tmp_path / "demo")


def album_of(part: GroupTables) -> Album:
    return Album(part.group, Assets(None))


def films_of(runs: list[Run]) -> list[Moving]:
    (part,) = contents(runs)
    numbers: Iterator[int] = iter(range(1, 100))
    return list(moving_pictures(part.builder, album_of(part), FrameValues(runs), Assets(None), numbers, "a"))


def decoded(source: str) -> tuple[list[Any], dict[str, str], Fraction]:
    """The frames of a film, its metadata, and its frames a second."""
    with av.open(io.BytesIO(b64decode(source.partition(",")[2]))) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        return frames, dict(container.metadata), Fraction(container.streams.video[0].average_rate or 0)


def pixel(source: str) -> tuple[int, ...]:
    with Image.open(io.BytesIO(b64decode(source.partition(",")[2]))) as picture:
        assert picture.size == (8, 8)
        level = picture.convert("RGB").getpixel((4, 4))
    assert isinstance(level, tuple)
    return tuple(int(value) for value in level)


def test_pictures_are_the_middle_of_three_parts_of_the_strip_without_loss(run: Run, tmp_path: Path) -> None:
    level = {image["alt"]: pixel(str(image["src"])) for image in page([run], tmp_path).all("img")}
    assert {alt: grey for alt, grey in level.items() if str(alt).startswith(("Driver 1", "Target 2", "ours: 2"))} == {
        "Target 2, frame 5": (0, 0, 0),
        "Driver 1, frame 10": (10, 10, 10),
        "Driver 1, frame 24": (30, 30, 30),
        "Driver 1, frame 38": (50, 50, 50),
        "ours: 2 driven by frame 10 of 1": (10, 10, 10),
        "ours: 2 driven by frame 24 of 1": (30, 30, 30),
        "ours: 2 driven by frame 38 of 1": (50, 50, 50),
    }


def test_a_missing_picture_says_why(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "demo", ("ours", "theirs", "../../../../elsewhere"), failures=[FAILURE])
    media = run.path / "media"
    strip(5).save(media / "cross/1/2/theirs.png")
    (media / "self/7/ours.png").write_bytes(b"not a picture")
    (media / "self/7/theirs.png").unlink()
    strip(len(FRAMES)).save(tmp_path / "elsewhere.png")
    text = page([run], tmp_path).text
    assert "failed: it broke" in text
    assert "no picture: 8 x 40 pixels are not 6 frames of 8 x 8" in text
    assert "no picture: its file is no PNG" in text
    assert "no picture: its name leads out of the folder" in text
    assert str(tmp_path) not in text


def test_a_pair_that_could_not_be_prepared_still_says_why(tmp_path: Path) -> None:
    pairs = [PAIRS[0] | {"frames": [], "target_frames": []}, *PAIRS[1:]]
    run = fake_run(tmp_path, pairs=pairs, failures=[FAILURE | {"reason": "clip 1 has no face"}])
    assert "failed: clip 1 has no face" in page([run], tmp_path).text


def test_the_truth_stands_beside_where_it_is_known_and_a_clip_that_drives_itself_is_its_own(tmp_path: Path) -> None:
    (part,) = contents([fake_run(tmp_path / "a", dataset=TRUTH)])
    cross, own = comparisons(part.group, album_of(part), iter(range(1, 9)))
    assert cross.columns == ["Target", "Driver", "Truth", "ours", "theirs"]
    assert own.columns == ["Target", "Driver (truth)", "ours", "theirs"]
    (part,) = contents([fake_run(tmp_path / "b")])
    cross, own = comparisons(part.group, album_of(part), iter(range(1, 9)))
    assert cross.columns == ["Target", "Driver", "ours", "theirs"]
    assert [figure.has_errors for figure in (cross, own)] == [False, True]


def test_an_error_map_is_black_where_all_is_right_and_lightest_where_the_difference_is_large() -> None:
    truth = np.zeros((2, 2, 3), np.uint8)
    picture = truth.copy()
    picture[0, 1] = round(255 * BRIGHTEST) + 1
    picture[1, 0] = (255, 255, 255)
    picture[1, 1] = (30, 0, 0)
    found = error_map(picture, truth).astype(int).sum(axis=2)
    assert found[0, 0] < 10
    assert found[0, 1] == found[1, 0] == found.max()
    assert found[0, 0] < found[1, 1] < found[0, 1]


def test_methods_and_the_trainings_of_one_method_have_figures_of_their_own(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / "a", ("ours",), name="first"),
        fake_run(tmp_path / "b", ("ours", "theirs"), name="last"),
    ]
    (part,) = contents(runs)
    found = list(comparisons(part.group, album_of(part), iter(range(1, 9))))
    assert [(figure.number, figure.title, figure.columns[2:]) for figure in found] == [
        (1, "Methods side by side, protocol cross", ["ours (last)", "theirs"]),
        (2, "Methods side by side, protocol self", ["ours (last)", "theirs"]),
        (3, "ours of several runs side by side", ["ours (first)", "ours (last)"]),
    ]


def test_drivers_by_targets_are_a_grid_for_each_method(tmp_path: Path) -> None:
    run = fake_run(tmp_path, pairs=MATRIX, shown=[item["id"] for item in MATRIX])
    (part,) = contents([run])
    album = album_of(part)
    assert list(comparisons(part.group, album, iter(range(1, 9)))) == []
    ours, theirs = grids(part.group, album, iter(range(1, 9)))
    assert [name for name, _ in ours.targets] == ["3", "4", "5"]
    assert [(name, len(spots)) for name, _, spots in ours.rows] == [("1", 3), ("2", 3)]
    assert theirs.number == 2
    assert [film.folded for film in films_of([run])] == [True] * 6


def test_the_worst_and_the_median_pair_show_the_frame_that_tells(tmp_path: Path) -> None:
    telling = [
        {"method": "ours", "variant": CSIM, "what": "worst", "pair_id": "cross/1/2"},
        {"method": "ours", "variant": CSIM, "what": "median", "pair_id": "cross/3/4"},
    ]
    (part,) = contents([fake_run(tmp_path, telling=telling)])
    (found,) = examples(part.builder, album_of(part), FrameValues(part.group.runs))
    assert (found.label, found.columns) == ("ours", ["Target", "Driver", "Output"])
    assert [(example.what, example.value, example.pair, example.frame) for example in found.examples] == [
        ("worst", "0.500", "cross/1/2", "38"),
        ("median", "0.510", "cross/3/4", "17"),
    ]


def test_a_film_has_every_frame_in_the_order_of_the_tiles_and_says_that_it_is_generated(tmp_path: Path) -> None:
    found = films_of([fake_run(tmp_path, side=64, dataset=TRUTH)])
    moving = found[0]
    assert [tile.name for tile in moving.tiles] == ["Target", "Driver", "Truth", "ours", "theirs"]
    assert (moving.across, moving.side, moving.fps, moving.frames) == (3, 64, 12.5, FRAMES)
    frames, metadata, rate = decoded(moving.source)
    assert len(frames) == len(FRAMES)
    assert frames[0].shape == (2 * (64 + film.BAR), 3 * 64, 3)
    assert rate == Fraction(25, 2)
    assert metadata["COMMENT" if "COMMENT" in metadata else "comment"] == SYNTHETIC
    middles = [(film.BAR + 32 + row * (64 + film.BAR), 32 + 64 * column) for row in (0, 1) for column in range(3)][:5]
    for number, frame in enumerate(frames):
        levels = [int(frame[middle][0]) for middle in middles]
        assert levels == pytest.approx([0, *[10 * number] * 4], abs=4)


def test_the_same_frames_give_the_same_film() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (4, 47, 33, 3), np.uint8)
    assert film.encoded(frames, 25.0, "odd sizes") == film.encoded(frames, 25.0, "odd sizes")


def test_who_is_not_in_a_film_is_named_with_the_reason(tmp_path: Path) -> None:
    moving = films_of([fake_run(tmp_path, failures=[FAILURE])])[0]
    assert [tile.name for tile in moving.tiles] == ["Target", "Driver", "theirs"]
    assert moving.absent == [("ours", "failed: it broke")]


def test_curves_hold_each_frames_value_and_a_gap_where_there_is_none(tmp_path: Path) -> None:
    run = fake_run(tmp_path, dataset=TRUTH)
    missing = (run.frames["method"] == "ours") & (run.frames["frame"] == 10) & (run.frames["variant"] == CSIM)
    run.frames.loc[missing, "status"] = "failed"
    curves = films_of([run])[0].curves
    assert [curve.heading for curve in curves] == ["CSIM", "SSIM"]
    ours, theirs = (curves[0].values[number] for number in (0, 1))
    assert ours[1] is None
    assert theirs == pytest.approx([0.65, 0.63, 0.61, 0.59, 0.57, 0.55])
    assert 0 < curves[0].first < curves[0].last < 1


def test_points_against_yaw_are_means_over_pairs_and_a_frame_counts_once(tmp_path: Path) -> None:
    pairs = [pair(f"self/{person}", "seen", person, person) for person in "123456"]
    run = fake_run(tmp_path, pairs=pairs, shown=[])
    turned = {3: 12.0, 10: -13.0, 17: 2.0, 24: None, 31: 95.0, 38: 14.0}
    rows = [{"clip": item["source"], "frame": frame, "yaw": yaw} for item in pairs for frame, yaw in turned.items()]
    driving = table("driving", rows + rows[:1])  # clip 1 drives in another protocol too
    members = {item["id"]: people(item) for item in pairs}
    values = run.frames[(run.frames["method"] == "theirs") & (run.frames["variant"] == CSIM)]
    points = turning._points(run, driving, [CSIM], members)
    assert {*points} == {("ours", CSIM, "self"), ("theirs", CSIM, "self")}
    for (yaw, mean, low, high), frames in zip(points["theirs", CSIM, "self"], ([17], [3, 10, 38]), strict=True):
        own = values[values["frame"].isin(frames)].groupby("pair_id")["value"].mean()
        expected = mean_interval(list(own), [members[name] for name in own.index])
        assert (mean, low, high) == (expected.mean, expected.low, expected.high)
        assert yaw == pytest.approx(np.mean([abs(turned[frame] or 0) for frame in frames]))
