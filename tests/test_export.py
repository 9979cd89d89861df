"""Synthetic clips as a 300VW tree: what the readers read back is what was rendered."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets.crop import square
from reenactbench.datasets.folder import Folder
from reenactbench.datasets.pts import read_pts
from reenactbench.datasets.synthetic import export as exporting
from reenactbench.datasets.synthetic.export import SIZE, export, folder_names, motion_of, pts_text
from reenactbench.datasets.synthetic.films import actor_of, version
from reenactbench.datasets.synthetic.world import FPS, FRAMES
from reenactbench.datasets.video import frame_rate, read_video
from reenactbench.datasets.w300vw import CLIPS, W300VW, broken_frames
from reenactbench.errors import ReenactbenchError, StorageError
from reenactbench.files import PARTIAL, read_json, write_json
from reenactbench.interfaces import DataOptions

CLIP_IDS = ["001", "064"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seen and an unseen person, whole clips."""
    folder = tmp_path_factory.mktemp("exported") / "tree"
    done: list[int] = []
    export(CLIP_IDS, folder, done.append, 2)
    assert sum(done) == 2 * FRAMES
    return folder


def test_seen_people_get_seen_names_and_unseen_people_the_twelve_unseen_names() -> None:
    names = folder_names()
    assert len(names) == len(set(names.values())) == 64
    assert list(names.values())[:52] == list(CLIPS[:52])
    assert list(names.values())[52:] == list(CLIPS[102:])
    assert not set(CLIPS[:52]) & set(broken_frames())


def test_the_tree_holds_videos_landmarks_and_who_is_who(exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == ["001", "562", "mapping.json"]
    assert read_json(exported / "mapping.json") == {
        "dataset": "synthetic",
        "version": version(),
        "clips": {"001": "001", "562": "064"},
    }
    for name in ("001", "562"):
        annotations = sorted(path.name for path in (exported / name / "annot").iterdir())
        assert annotations == [f"{number:06d}.pts" for number in range(1, FRAMES + 1)]
        assert frame_rate(exported / name / "vid.avi") == FPS
    first, second, third, point, *_ = (exported / "001/annot/000001.pts").read_text().splitlines()
    assert (first, second, third) == ("version: 1", "n_points: 68", "{")
    assert all(len(number.partition(".")[2]) == 6 for number in point.split())


def test_every_pixel_and_landmark_is_read_back(exported: Path) -> None:
    frames = list(read_video(exported / "562/vid.avi"))
    assert len(frames) == FRAMES
    actor = actor_of("064")
    for number in (1, 40, FRAMES):
        shot = actor.render(motion_of("064")[number - 1], SIZE)
        np.testing.assert_array_equal(frames[number - 1], shot.image)
        np.testing.assert_allclose(read_pts(exported / f"562/annot/{number:06d}.pts"), shot.landmarks, atol=2e-6)


def test_a_frame_has_room_for_the_crop(exported: Path) -> None:
    numbers = np.arange(1, FRAMES + 1, dtype=np.int32)
    for name in ("001", "562"):
        landmarks = np.stack([read_pts(exported / f"{name}/annot/{number:06d}.pts") for number in numbers])
        left, top, width, height = square(landmarks.astype(np.float64), numbers, FPS).T
        for low, side in ((left, width), (top, height)):
            assert low.min() >= 0
            assert (low + side).max() <= SIZE


@pytest.mark.parametrize("reader", [W300VW, Folder])
def test_both_readers_prepare_it(exported: Path, reader: type[W300VW | Folder]) -> None:
    dataset = reader(DataOptions(exported, allow_missing=True))
    assert [clip.id for clip in dataset.clips()] == ["001", "562"]
    assert [list(found) for found in dataset.verify(allow_missing=True, jobs=2)][1:] == [[], []]
    dataset.prepare(["001", "562"], lambda frames: None, 1)
    for name in ("001", "562"):
        clip = dataset.prepared(name)
        assert clip is not None
        assert (len(clip.numbers), clip.excluded, clip.fps) == (FRAMES, {}, FPS)
        assert ((clip.landmarks > 0) & (clip.landmarks < 127)).mean() > 0.95


def test_a_run_works_on_it(exported: Path, cli) -> None:
    words = ("--dataset", "300vw", "--data-root", exported, "--allow-missing", "--device", "cpu", "--metric", "l1")
    done = cli("run", "--method", "landmark-warp", *words)
    assert done.returncode == 0, done.stderr
    assert "300vw, 2 clips, PARTIAL: 112 clips missing" in done.stdout
    assert "true frames" not in done.stdout  # a file does not tell what another person would look like


@given(st.lists(st.floats(-2000, 2000, width=32), min_size=136, max_size=136))
def test_written_landmarks_are_read_back_to_a_millionth_of_a_pixel(values: list[float]) -> None:
    landmarks = np.array(values, np.float32).reshape(68, 2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "000001.pts"
        path.write_text(pts_text(landmarks))
        found = read_pts(path)
    np.testing.assert_allclose(found, landmarks, rtol=1e-7, atol=1e-6)


# --- What a person at the command line sees


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path, exported: Path, cli) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").touch()
    done = cli("data", "export", "--dataset", "synthetic", "--layout", "300vw", "mine", "--limit", "1")
    assert (done.returncode, done.stderr) == (2, "error: mine is not empty; name a new folder\n")
    with pytest.raises(ReenactbenchError, match="is not empty; name a new folder"):
        export(CLIP_IDS, exported, lambda frames: None, 1)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--dataset", "300vw"], "data set 300vw cannot be exported; only synthetic can, others are files already"),
        (["--clip", "065"], "--clip 065: there is no such clip, only 001 to 064"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(cli, words: list[str], sentence: str) -> None:
    done = cli("data", "export", "new", *words)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {sentence}\n")


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(tmp_path: Path, cli) -> None:
    words = ("data", "export", "tree", "--limit", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "reenactbench", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    folder, deadline = tmp_path / "tree", time.monotonic() + 60
    while not list(folder.glob(f"{PARTIAL}*/vid.avi")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted; the same command goes on with tree\n")
    assert not (folder / "mapping.json").exists()
    other = cli("data", "export", "tree", "--limit", "2")
    assert other.stderr == "error: tree holds an unfinished export of other clips; name a new folder\n"
    done = cli(*words)
    assert (done.returncode, done.stdout) == (0, "1 clip in tree\n"), done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["001", "mapping.json"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"clips": {"002": "002"}}, "other clips"), ({"version": "old"}, "another version of code or libraries")],
)
def test_what_cannot_be_gone_on_with_says_why(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    mapping = {"dataset": "synthetic", "version": version(), "clips": {"001": "001"}}
    write_json(tmp_path / f"{PARTIAL}mapping.json", mapping | changes)
    with pytest.raises(ReenactbenchError, match=f"holds an unfinished export of {reason}; name a new folder"):
        export(["001"], tmp_path, lambda frames: None, 1)


def test_going_on_keeps_what_is_done(tmp_path: Path) -> None:
    mapping = {"dataset": "synthetic", "version": version(), "clips": {"001": "001"}}
    (tmp_path / "001").mkdir()
    write_json(tmp_path / f"{PARTIAL}mapping.json", mapping)
    done: list[int] = []
    export(["001"], tmp_path, done.append, 1)
    assert done == [FRAMES]
    assert list((tmp_path / "001").iterdir()) == []
    assert read_json(tmp_path / "mapping.json") == mapping


def test_a_clip_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "read_video", lambda path: iter(()))  # as after a full disk
    monkeypatch.setattr(exporting, "motion_of", lambda person: motion_of(person)[:2])
    with pytest.raises(StorageError, match=r"001: vid\.avi could not be written whole; is there space left"):
        exporting.write_clip("001", tmp_path / "001")
    assert list(tmp_path.iterdir()) == []
