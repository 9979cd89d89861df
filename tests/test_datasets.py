"""The 300VW tree, folders of own videos, and the cache of crops."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import faces
import numpy as np
import pytest
import videos
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets import prepare as preparing
from reenactbench.datasets.annotations import NO_EXTENT
from reenactbench.datasets.folder import Folder
from reenactbench.datasets.following import NO_FACE
from reenactbench.datasets.prepare import prepare_clip, prepared_clip
from reenactbench.datasets.problem import spans
from reenactbench.datasets.reading import BROKEN, NO_LANDMARKS, NO_PICTURE, RawClip
from reenactbench.datasets.verify import verify_clip
from reenactbench.datasets.video import DAMAGED
from reenactbench.datasets.w300vw import CLIPS, W300VW, broken_frames, clip_info
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import DataOptions, LandmarkFinder


def open_300vw(root: Path, **options) -> W300VW:
    return W300VW(DataOptions(root, allow_missing=True, **options))


def prepare(dataset, jobs: int = 1) -> int:
    frames: list[int] = []
    dataset.prepare([clip.id for clip in dataset.clips()], frames.append, jobs)
    return sum(frames)


def test_the_114_folders_and_the_papers_split() -> None:
    assert len(CLIPS) == len(set(CLIPS)) == 114
    assert list(CLIPS) == sorted(CLIPS)
    splits = [clip_info(clip).split for clip in CLIPS]
    assert splits == ["seen"] * 102 + ["unseen"] * 12
    assert CLIPS[102:] == ("540", "541", "546", "547", "548", "550", "551", "553", "557", "558", "559", "562")


def test_the_known_broken_frames() -> None:
    counts = {clip: len(numbers) for clip, numbers in broken_frames().items()}
    assert counts == {
        "401": 120, "402": 109, "410": 148, "411": 316, "508": 99, "518": 208, "529": 134, "530": 109, "531": 14,
        "533": 234, "540": 6, "547": 30, "548": 139, "551": 36, "553": 31, "557": 394,
    }  # fmt: skip
    assert sum(counts.values()) == 2127
    assert sum(counts.get(clip, 0) for clip in CLIPS[102:]) == 636


def test_a_partial_tree_is_an_error_that_lists_what_is_missing(tree: Path) -> None:
    with pytest.raises(ReenactbenchError) as error:
        W300VW(DataOptions(tree))
    assert "lacks 108 of the 114 clips of 300VW (004, 007, " in str(error.value)
    assert "--allow-missing" in str(error.value)
    dataset = open_300vw(tree)
    assert [clip.id for clip in dataset.clips()] == ["001", "002", "003", "541", "546", "557"]
    assert len(dataset.missing()) == 108
    assert not dataset.frozen


def test_a_folder_that_is_no_300vw_tree(tmp_path: Path) -> None:
    with pytest.raises(ReenactbenchError, match="is no 300VW tree"):
        open_300vw(tmp_path)
    with pytest.raises(ReenactbenchError, match="needs --data-root"):
        W300VW(DataOptions(None))
    with pytest.raises(ReenactbenchError, match="is not a folder"):
        W300VW(DataOptions(tmp_path / "absent"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_prepared_clips_hold_what_the_files_hold(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    dataset = open_300vw(tree)
    assert dataset.prepared("001") is None
    assert prepare(dataset, jobs) == 24 + 20 + 18 + 24 + 20 + 16
    clip = dataset.prepared("001")
    assert clip is not None
    assert clip.numbers.tolist() == list(range(1, 25))
    assert clip.images.shape == (24, 128, 128, 3)
    assert isinstance(clip.images, np.memmap)
    assert clip.fps == 25
    assert clip.excluded == {}
    frames = clip.frames((3, 5))
    assert frames.images.shape == (2, 3, 128, 128)
    assert float(frames.images.min()) >= 0
    assert float(frames.images.max()) <= 1
    np.testing.assert_array_equal(frames.landmarks.numpy(), clip.landmarks[[2, 4]])
    # The drawn lips are where the landmarks say: dark inside the mouth, not between the eyes.
    mouth, between = clip.landmarks[:, 60:68].mean(axis=1), clip.landmarks[:, 27]
    darkness = [
        [int(picture[round(float(y)), round(float(x))].sum()) for picture, (x, y) in zip(clip.images, at, strict=True)]
        for at in (mouth, between)
    ]
    assert np.mean(darkness[0]) < 100 < np.mean(darkness[1])


def test_preparing_again_does_nothing_and_goes_on_where_it_stopped(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    dataset = open_300vw(tree)
    dataset.prepare(["002"], lambda frames: None, 1)
    assert prepare(open_300vw(tree)) == 24 + 18 + 24 + 20 + 16
    assert prepare(open_300vw(tree)) == 0


def test_a_clip_interrupted_half_way_leaves_nothing_behind(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw, *_) = open_300vw(tree).raw()
    recipe = open_300vw(tree).recipe(raw)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(preparing.cropping, "crop", stop)
        with pytest.raises(KeyboardInterrupt):
            prepare_clip(raw, recipe, tmp_path)
    assert prepared_clip(raw, recipe, tmp_path) is None
    assert list((tmp_path / "prepared").iterdir()) == []
    assert prepare_clip(raw, recipe, tmp_path) == 24


def test_the_fingerprint_follows_the_content_alone(tree: Path, tmp_path: Path) -> None:
    def fingerprint(root: Path, crop: str = "square@1", cache: str = "a") -> str:
        dataset = open_300vw(root, crop=crop)
        (raw,) = [raw for raw in dataset.raw() if raw.info.id == "003"]
        prepare_clip(raw, dataset.recipe(raw), tmp_path / cache)
        clip = prepared_clip(raw, dataset.recipe(raw), tmp_path / cache)
        assert clip is not None
        return clip.fingerprint

    original = fingerprint(tree)
    shutil.copytree(tree / "003", tmp_path / "moved" / "003")
    assert fingerprint(tmp_path / "moved", cache="b") == original
    assert fingerprint(tree, crop="tight@1") != original
    annotation = tmp_path / "moved/003/annot/000002.pts"
    annotation.write_text(faces.pts_text(faces.landmarks(7, 7)))
    assert fingerprint(tmp_path / "moved", cache="b") != original


def test_frames_that_cannot_be_used_are_excluded_and_counted(tmp_path: Path) -> None:
    faces.write_clip(tmp_path / "540", 1, 30)
    for number in (4, 5):
        (tmp_path / f"540/annot/{number:06d}.pts").unlink()
    for number in (31, 32, 33):
        (tmp_path / f"540/annot/{number:06d}.pts").write_text(faces.pts_text(faces.landmarks(1, 1)))
    (raw,) = open_300vw(tmp_path).raw()
    raw = RawClip(raw.info, raw.video, raw.annotations, frozenset({10, 11, 12, 744}))
    recipe = open_300vw(tmp_path).recipe(raw)
    prepare_clip(raw, recipe, tmp_path / "cache", allow_missing=True)
    clip = prepared_clip(raw, recipe, tmp_path / "cache")
    assert clip is not None
    assert clip.excluded == {BROKEN: 3, NO_PICTURE: 3, NO_LANDMARKS: 2}
    assert clip.numbers.tolist() == [1, 2, 3, 6, 7, 8, 9, *range(13, 31)]
    assert len(clip.images) == len(clip.landmarks) == len(clip.numbers)


def test_a_video_without_its_landmarks_is_missing_and_never_gets_others(tmp_path: Path, cli) -> None:
    faces.write_tree(tmp_path / "data", {"001": 3, "002": 3})
    shutil.rmtree(tmp_path / "data/001/annot")
    dataset = open_300vw(tmp_path / "data", finder=FirstFrameHasNoFace)
    assert [clip.id for clip in dataset.clips()] == ["002"]
    assert "001" in dataset.missing()
    done = cli("data", "verify", "--dataset", "300vw", "--data-root", tmp_path / "data", "--json")
    assert {"path": "001/annot", "reason": "holds no landmarks", "fatal": True} in json.loads(done.stdout)


@pytest.mark.parametrize(("name", "why"), [("000000.pts", "numbered from 1"), ("1.pts", "000001.pts is that frame")])
def test_landmark_files_that_would_shift_the_frames_are_refused(tmp_path: Path, name: str, why: str) -> None:
    faces.write_clip(tmp_path / "001", 1, 3)
    (tmp_path / "001/annot" / name).write_text(faces.pts_text(faces.landmarks(1, 1)))
    with pytest.raises(ReenactbenchError, match=f"{name} cannot be used: .*{why}"):
        open_300vw(tmp_path)


def test_frames_whose_landmarks_lie_in_one_place_are_excluded(tmp_path: Path) -> None:
    faces.write_clip(tmp_path / "001", 1, 6)
    (tmp_path / "001/annot/000002.pts").write_text(faces.pts_text(np.full((68, 2), 50.0)))
    dataset = open_300vw(tmp_path)
    prepare(dataset)
    clip = dataset.prepared("001")
    assert clip is not None
    assert clip.excluded == {NO_EXTENT: 1}
    assert clip.numbers.tolist() == [1, 3, 4, 5, 6]


def test_malformed_landmarks_are_one_sentence(tmp_path: Path) -> None:
    faces.write_clip(tmp_path / "001", 1, 5)
    (tmp_path / "001/annot/000003.pts").write_text("version: 3")
    dataset = Folder(DataOptions(tmp_path))
    with pytest.raises(ReenactbenchError, match=r"000003\.pts: line 1: expected 'version: 1' or .*--allow-missing"):
        prepare(dataset)


class FirstFrameHasNoFace(LandmarkFinder):
    """A stand-in for the landmark backbones."""

    key = "stand-in"

    def __init__(self) -> None:
        self.calls = 0

    def faces(self, image: np.ndarray) -> dict[str, np.ndarray]:
        self.calls += 1
        at = faces.landmarks(0, self.calls - 1)
        return {"box": np.concatenate([at.min(axis=0), at.max(axis=0)])[None][self.calls == 1 :]}

    def landmarks(self, image: np.ndarray, face: dict[str, np.ndarray]) -> np.ndarray:
        return faces.landmarks(0, self.calls - 1).astype(np.float32)


def test_own_videos_with_and_without_landmarks(tmp_path: Path) -> None:
    faces.write_clip(tmp_path / "anna", 1, 12)
    faces.write_clip(tmp_path / "ben", 2, 12)
    shutil.rmtree(tmp_path / "ben/annot")
    (tmp_path / "notes").mkdir()
    without = Folder(DataOptions(tmp_path))
    assert [(clip.id, clip.identity, clip.split) for clip in without.clips()] == [
        ("anna", "anna", "unseen"),
        ("ben", "ben", "unseen"),
    ]
    with pytest.raises(ReenactbenchError, match=r"ben.vid\.avi has no landmarks beside it .*--landmarks"):
        prepare(without)
    dataset = Folder(DataOptions(tmp_path, finder=FirstFrameHasNoFace))
    assert prepare(dataset) == 12  # anna is prepared already
    anna, ben = dataset.prepared("anna"), dataset.prepared("ben")
    assert anna is not None and ben is not None
    assert (anna.landmarks_from, ben.landmarks_from) == ("files", "stand-in")
    assert ben.excluded == {NO_FACE: 1}
    assert ben.numbers.tolist() == list(range(2, 13))


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ReenactbenchError, match="holds no clip"):
        Folder(DataOptions(tmp_path))
    faces.write_clip(tmp_path / "anna", 1, 3)
    (tmp_path / "anna/vid.mp4").touch()
    with pytest.raises(ReenactbenchError, match=r"holds 2 videos called vid\.\*"):
        Folder(DataOptions(tmp_path))


def test_verify_lists_every_finding(tmp_path: Path, cli) -> None:
    faces.write_tree(tmp_path / "data", {"001": 6, "002": 6, "003": 6, "540": 6})
    (tmp_path / "data/001/annot/000002.pts").unlink()
    (tmp_path / "data/001/annot/000009.pts").write_text(faces.pts_text(faces.landmarks(1, 1)))
    (tmp_path / "data/001/annot/readme.txt").touch()
    (tmp_path / "data/002/annot/000003.pts").write_text("version: 1\nn_points: 5\n")
    (tmp_path / "data/003/vid.avi").write_bytes(b"RIFF....AVI ")
    done = cli("data", "verify", "--dataset", "300vw", "--data-root", tmp_path / "data", "--json")
    assert done.returncode == 2, done.stderr
    findings = json.loads(done.stdout)
    missing = [finding for finding in findings if finding["reason"] == "is missing"]
    assert len(missing) == 110
    assert all(finding["fatal"] for finding in missing)
    assert [finding for finding in findings if finding not in missing] == [
        {
            "path": "001/annot",
            "reason": "1 entries are no NNNNNN.pts and are not read: readme.txt",
            "fatal": False,
        },
        {"path": "001/vid.avi", "reason": "1 of 6 frames have no landmarks: 2", "fatal": False},
        {"path": "001/annot", "reason": "1 landmark files have no frame (the video has 6): 9", "fatal": True},
        {
            "path": "002/annot/000003.pts",
            "reason": "line 2: expected 'n_points: 68', found 'n_points: 5'",
            "fatal": True,
        },
        {"path": "003/vid.avi", "reason": "cannot be read as a video", "fatal": True},
    ]


def test_what_verify_calls_fatal_is_refused_in_the_same_words(tmp_path: Path, cli) -> None:
    root = tmp_path / "data"
    faces.write_tree(root, {"anna": 8, "ben": 8})
    videos.overwrite(root / "anna/vid.avi", 3)
    (root / "ben/annot/000009.pts").write_text(faces.pts_text(faces.landmarks(1, 1)))
    words = ("--dataset", "folder", "--data-root", root)
    listed = cli("data", "verify", *words, "--json")
    assert listed.returncode == 2
    fatal = {finding["path"]: finding["reason"] for finding in json.loads(listed.stdout) if finding["fatal"]}
    assert fatal == {
        "anna/vid.avi": "7 of 8 frames can be decoded; damaged or missing: 4",
        "ben/annot": "1 landmark files have no frame (the video has 8): 9",
    }
    for command in (("data", "prepare"), ("run", "--method", "copy-driver", "--protocol", "self", "--device", "cpu")):
        done = cli(*command, *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert any(f"{root / path}: {reason}; " in done.stderr for path, reason in fatal.items())
    allowed = cli(*command, *words, "--metric", "l1", "--allow-missing")
    assert allowed.returncode == 0, allowed.stderr
    again = cli("data", "prepare", *words, "--allow-missing")
    assert "0 frames handled now" in again.stdout
    for path, reason in fatal.items():  # a run tells of it, and the next one does as well
        assert f"{path}: {reason}\n" in allowed.stderr
        assert f"{path}: {reason}\n" in again.stderr
    described = json.loads(cli("data", "info", *words, "--allow-missing", "--json").stdout)
    assert [row["frames"] for row in described["clips"]] == [7, 8]
    assert [row["excluded"] for row in described["clips"]] == [{DAMAGED: 1}, {NO_PICTURE: 1}]
    later = cli(*command, *words)  # prepared or not
    assert (later.returncode, later.stderr.count("damaged or missing: 4; ")) == (2, 1)


def test_a_clip_that_cannot_be_used_is_left_out_as_if_it_were_missing(tmp_path: Path, cli) -> None:
    root = tmp_path / "data"
    faces.write_tree(root, {"anna": 6, "ben": 6, "carl": 6})
    (root / "ben/vid.avi").write_bytes(b"RIFF....AVI ")
    words = ("--dataset", "folder", "--data-root", root, "--allow-missing", "--device", "cpu", "--metric", "l1")
    done = cli("run", "--method", "copy-driver", "--protocol", "self", "--protocol", "cross", *words)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("clip ben is left out: ben/vid.avi: cannot be read as a video\n")
    assert "folder, 2 clips, PARTIAL: 1 clips missing" in done.stdout
    (run,) = (path for path in tmp_path.rglob("run.json"))
    pairs = json.loads(run.read_text())["pairs"]
    assert sorted({pair["source"] for pair in pairs}) == ["anna", "carl"]


def test_clips_are_left_out_with_a_note_only(tmp_path: Path, cli) -> None:
    root = tmp_path / "data"
    faces.write_tree(root, {"anna": 3, "ben": 3, "carl": 3})
    (root / "ben/vid.avi").rename(root / "ben/VID.AVI")
    (root / "carl/vid.avi").rename(root / "carl/clip.avi")
    (root / "notes").mkdir()
    words = ("--dataset", "folder", "--data-root", root)
    note = {"path": "carl", "reason": "holds no vid.* that can be read; found clip.avi", "fatal": False}
    assert json.loads(cli("data", "verify", *words, "--json").stdout) == [note]
    described = json.loads(cli("data", "info", *words, "--json").stdout)
    assert [row["clip"] for row in described["clips"]] == ["anna", "ben"]
    assert described["findings"] == [note]
    assert cli("data", "prepare", *words).stderr == f"carl: {note['reason']}\n"


@pytest.mark.parametrize(("frames", "beyond"), [(12, 16), (12, 12), (12, 9)])
def test_landmarks_of_a_variable_frame_rate(tmp_path: Path, frames: int, beyond: int) -> None:
    times = np.cumsum([0, 40, 40, 80, 80, 40, 40, 40, 80, 80, 80, 40]).tolist()
    videos.write(tmp_path / "anna/vid.mkv", [faces.draw(1, number) for number in range(frames)], times=times)
    (tmp_path / "anna/annot").mkdir()
    for number in range(1, beyond + 1):
        (tmp_path / f"anna/annot/{number:06d}.pts").write_text(faces.pts_text(faces.landmarks(1, number)))
    (raw,) = Folder(DataOptions(tmp_path)).raw()
    told = {finding.reason: finding.fatal for finding in verify_clip(raw)}
    assert told.pop("has a variable frame rate: from 40 to 80 ms") is False
    if beyond > frames:
        (reason,) = [reason for reason, fatal in told.items() if fatal]
        assert reason.startswith("4 landmark files have no frame (the video has 12): 13-16; the video has a variable")
        assert "ffmpeg -fps_mode passthrough" in reason
        with pytest.raises(ReenactbenchError, match="13-16"):  # all landmarks may be of other frames
            prepare_clip(raw, Folder(DataOptions(tmp_path)).recipe(raw), tmp_path / "cache", allow_missing=True)
    else:
        assert not any(told.values())
        assert any("they are wrong unless" in reason for reason in told) == (beyond < frames)


def test_verify_finds_nothing_fatal_in_a_good_partial_tree(tree: Path, cli) -> None:
    done = cli("data", "verify", "--dataset", "300vw", "--data-root", tree, "--allow-missing")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("6 clips read: 0 fatal findings, 108 notes\n")


def test_prepare_and_info_on_the_command_line(tree: Path, tmp_path: Path, cli) -> None:
    own = {"REENACTBENCH_CACHE": str(tmp_path / "cache")}
    arguments = ("--dataset", "300vw", "--data-root", tree, "--allow-missing")
    done = cli("data", "prepare", *arguments, env=own)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("6 clips ready; 122 frames handled now in ")
    again = cli("data", "prepare", *arguments, env=own)
    assert again.stdout.startswith("6 clips ready; 0 frames handled now")
    described = json.loads(cli("data", "info", *arguments, "--json", env=own).stdout)
    assert [(row["clip"], row["split"], row["frames"]) for row in described["clips"]] == [
        ("001", "seen", 24), ("002", "seen", 20), ("003", "seen", 18),
        ("541", "unseen", 24), ("546", "unseen", 20), ("557", "unseen", 16),
    ]  # fmt: skip
    assert len(described["missing"]) == 108


@given(st.sets(st.integers(1, 40)))
def test_spans_name_every_number_once(numbers: set[int]) -> None:
    parts = [part.split("-") for part in spans(numbers).split(", ") if part]
    listed = [number for part in parts for number in range(int(part[0]), int(part[-1]) + 1)]
    assert listed == sorted(numbers)
    assert all(int(b[0]) > int(a[-1]) + 1 for a, b in pairwise(parts))


def test_realfaces_as_a_partial_300vw_tree(realfaces: Path, tmp_path: Path, cli) -> None:
    done = cli("data", "verify", "--dataset", "300vw", "--data-root", realfaces, "--allow-missing")
    assert done.returncode == 0, done.stdout
    dataset = open_300vw(realfaces)
    assert [clip.split for clip in dataset.clips()] == ["seen"] * 24 + ["unseen"] * 6
    dataset.prepare(["547"], lambda frames: None, 1)
    clip = dataset.prepared("547")
    assert clip is not None
    assert clip.excluded == {BROKEN: 22}
    inside = (clip.landmarks > 0) & (clip.landmarks < 127)
    assert inside.mean() > 0.99


def test_a_data_set_of_files_says_that_it_can_make_no_true_frames(tree: Path) -> None:
    with pytest.raises(ReenactbenchError, match="data set 300vw has no true frames of one identity driven by another"):
        W300VW(DataOptions(root=tree, allow_missing=True)).prepare_truth([], lambda frames: None, 1)
