"""The synthetic world as a data set: rendered once, the same bytes anywhere, and true frames for any two people."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reenactbench.backbones import synthface
from reenactbench.datasets.synthetic import dataset as module
from reenactbench.datasets.synthetic import films, geometry
from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.dataset import Synthetic
from reenactbench.datasets.synthetic.films import Film, actor_of, cast
from reenactbench.datasets.synthetic.motion.tracks import draw_motion
from reenactbench.datasets.synthetic.parameters import MOTION
from reenactbench.datasets.synthetic.world import FPS, FRAMES, GEOMETRY, extra, takes, track, training_random
from reenactbench.engine.run import run
from reenactbench.engine.setup import DatasetOptions, RunOptions, default_metrics, load_dataset
from reenactbench.engine.store import decode_strip
from reenactbench.errors import ReenactbenchError
from reenactbench.files import PARTIAL, read_json
from reenactbench.interfaces import DataOptions
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.registry import Entry
from reenactbench.report import write_report
from reenactbench.results import Run, read_run
from reenactbench.summary import summary_rows
from reenactbench.types import ClipInfo, Pair

FEW = tuple(range(1, 13))
WEIGHTS = Path(synthface.__file__).with_name("landmarks.safetensors")
SOURCE, TARGET = "001", "064"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of its own, in which clips have their first twelve frames only: rendering them takes a moment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REENACTBENCH_CACHE", str(cache := tmp_path_factory.mktemp("synthetic")))
        patch.setattr(module, "ALL_FRAMES", FEW)
        yield cache


@pytest.fixture(autouse=True)
def _in_it(world: Path, _own_cache: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(world))


def synthetic() -> Synthetic:
    return Synthetic(DataOptions())


def prepare(dataset: Synthetic, *clips: str, jobs: int = 2) -> int:
    done: list[int] = []
    dataset.prepare(clips, done.append, jobs)
    return sum(done)


def film_files() -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in films.films_folder().glob("*/*")}


def cross(source: str, target: str, *frames: int) -> Pair:
    names = {"source": source, "target": target, "source_identity": source, "target_identity": target}
    return Pair(f"cross/{source}/{target}", "cross", "cross", "all", "all", **names, frames=frames, target_frames=(7,))


def test_64_people_of_whom_12_are_unseen() -> None:
    clips = synthetic().clips()
    assert [clip.id for clip in clips] == [f"{number:03d}" for number in range(1, 65)]
    assert all(clip.identity == clip.id for clip in clips)
    assert [clip.split for clip in clips] == ["seen"] * 52 + ["unseen"] * 12
    assert synthetic().missing() == []
    assert synthetic().frozen
    assert synthetic().frame_count(SOURCE) == len(FEW)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"root": Path()}, "synthetic takes no --data-root, it is rendered; for files name --dataset 300vw or folder"),
        ({"crop": "square@1"}, "synthetic takes no --crop"),
    ],
)
def test_options_of_files_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ReenactbenchError, match=sentence):
        Synthetic(DataOptions(**options))


# --- Clips


def test_a_clip_is_rendered_once_and_memory_mapped() -> None:
    dataset = synthetic()
    before = dataset.prepared(SOURCE) is None
    assert prepare(dataset, SOURCE, TARGET) == (2 * len(FEW) if before else 0)
    assert prepare(synthetic(), SOURCE, TARGET) == 0
    clip = dataset.prepared(SOURCE)
    assert clip is not None
    assert isinstance(clip.images, np.memmap)
    assert clip.images.shape == (len(FEW), 128, 128, 3)
    assert clip.landmarks.shape == (len(FEW), 68, 2)
    assert clip.numbers.tolist() == list(FEW)
    assert (clip.fps, clip.excluded, clip.landmarks_from) == (FPS, {}, "exact")
    frames = clip.frames((2, 5))
    np.testing.assert_array_equal(frames.landmarks.numpy(), clip.landmarks[[1, 4]])
    other = dataset.prepared(TARGET)
    assert other is not None and other.fingerprint != clip.fingerprint


def test_labels_are_exact() -> None:
    dataset = synthetic()
    prepare(dataset, SOURCE)
    labels = dataset.labels(SOURCE)
    np.testing.assert_array_equal(labels.motion, track(SOURCE)[: len(FEW)])
    assert labels.motion.shape == (len(FEW), len(MOTION))
    assert (labels.visible.shape, labels.visible.dtype) == ((len(FEW), 68), np.bool_)
    assert labels.visible.mean() > 0.5
    assert [parameter.name for parameter in MOTION[:3]] == ["yaw", "pitch", "roll"]
    np.testing.assert_array_equal(labels.pose, labels.motion[:, :3])
    with pytest.raises(ReenactbenchError, match=r"clip 033 is not rendered yet; `reenactbench data prepare`"):
        dataset.labels("033")


def test_the_same_bytes_in_any_process_and_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for order, jobs in ((("001", "002", "064"), 1), (("064", "002", "001"), 3)):
        monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / str(jobs)))
        dataset = synthetic()
        prepare(dataset, *order, jobs=jobs)
        found.append([dataset.prepared(clip).fingerprint for clip in ("001", "002", "064")])
    assert found[0] == found[1]


def test_the_cache_key_follows_the_code_and_the_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    versions = {films.version()}
    for path in Path(films.__file__).parent.glob("*.py"):
        shutil.copyfile(path, tmp_path / path.name)
    (tmp_path / "films.py").write_text((tmp_path / "films.py").read_text() + "\n")
    monkeypatch.setattr(films, "__file__", str(tmp_path / "films.py"))
    versions.add(films.version.__wrapped__())
    monkeypatch.setattr(np, "__version__", "99")
    versions.add(films.version.__wrapped__())
    monkeypatch.setattr(platform, "machine", lambda: "abacus")
    versions.add(films.version.__wrapped__())
    (tmp_path / ".films.py.swp").touch()  # an editor's file renders nothing
    versions.add(films.version.__wrapped__())
    assert len(versions) == 4


def test_versions_not_used_for_a_month_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    day, now = 86400.0, time.time()
    for name, days in (("old", 31), ("recent", 29), (films.version()[:16], 40)):
        (tmp_path / "synthetic" / name / "film").mkdir(parents=True)
        os.utime(tmp_path / "synthetic" / name, (now - days * day,) * 2)
    prepare(synthetic())
    kept = {path.name: path.stat().st_mtime for path in (tmp_path / "synthetic").iterdir()}
    assert set(kept) == {"recent", films.version()[:16]}
    assert kept[films.version()[:16]] > now - day  # used now
    assert kept["recent"] < now - day


@pytest.mark.parametrize("name", ["images.npy", "landmarks.npy", "film.json"])
@pytest.mark.parametrize("content", ["", "{}"])
def test_a_clip_whose_files_are_torn_is_rendered_again(
    name: str, content: str, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(synthetic(), SOURCE)
    shutil.copytree(world, tmp_path / "cache")
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / "cache"))
    folder = Film(SOURCE, SOURCE, FEW).folder
    (folder / name).write_text(content)
    (finding,) = films.check(folder)
    assert finding.reason.startswith("its files are damaged; remove")
    assert synthetic().prepared(SOURCE) is None
    assert not folder.exists()


def test_a_clip_interrupted_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    class Stops:
        def render(self, motion: Any, size: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        films.render(Stops(), Film("001", "001", FEW), tmp_path / "clips" / "one")
    assert list((tmp_path / "clips").iterdir()) == []


# --- Footage for training


def test_training_clips_are_the_seen_peoples_clips_and_takes() -> None:
    clips = synthetic().training_clips()
    assert [clip.id for clip in clips] == sorted(
        f"{number:03d}{take}" for number in range(1, 53) for take in ("", ".1", ".2", ".3")
    )
    assert all((clip.identity, clip.split) == (clip.id[:3], "seen") for clip in clips)
    own = [clip for clip in clips if clip.id == clip.identity]
    assert own == [clip for clip in synthetic().clips() if clip.split == "seen"]


def test_a_data_set_without_takes_trains_on_its_seen_clips(plugins: Plugins, tree: Path) -> None:
    asked = DatasetOptions("300vw", tree, allow_missing=True)
    assert [clip.id for clip in load_dataset(plugins.registry, asked, "cpu").training_clips()] == ["001", "002", "003"]


def test_a_take_is_rendered_opened_and_verified_like_a_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    dataset = synthetic()
    assert prepare(dataset, "002.1") == len(FEW)
    clip = dataset.prepared("002.1")
    assert clip is not None
    assert clip.info == ClipInfo("002.1", identity="002", split="seen")
    assert dataset.frame_count("002.1") == len(FEW)
    motion = track("002.1")[: len(FEW)]
    np.testing.assert_array_equal(dataset.labels("002.1").motion, motion)
    shot = Actor(cast()["002"].identity, takes()[3].setting).render(motion[6], 128)
    np.testing.assert_array_equal(clip.images[6], shot.image)
    np.testing.assert_array_equal(clip.landmarks[6], shot.landmarks)
    (note,), findings = dataset.verify(allow_missing=False, jobs=1)
    assert note.reason.startswith("64 clips are not rendered yet")  # a take is none of them
    assert findings == []
    assert dataset.prepared("002") is None


def test_extras_are_trained_on_by_number_and_the_first_forty_never() -> None:
    dataset = Synthetic(DataOptions(people=2))
    known, asked = synthetic().training_clips(), dataset.training_clips()
    assert [clip for clip in asked if clip not in known] == [
        ClipInfo(name, identity=name, split="seen") for name in ("e00041", "e00042")
    ]
    held_out = dataset.validation_clips()
    assert [clip.id for clip in held_out] == [f"e{number:05d}" for number in range(1, 41)]
    assert not {clip.identity for clip in held_out} & {clip.identity for clip in (*asked, *dataset.clips())}
    assert synthetic().validation_clips() == []
    assert dataset.clips() == synthetic().clips()


def test_an_extra_is_rendered_in_few_frames_of_which_three_follow_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    dataset, name = Synthetic(DataOptions(people=1)), "e00041"
    assert prepare(dataset, name) == dataset.frame_count(name) == 15
    clip = dataset.prepared(name)
    assert clip is not None and clip.numbers.tolist() == [1, 2, 3, 8, 13, 18, 23, 28, 33, 38, 43, 48, 53, 58, 63]
    person = extra(41)
    shot = Actor(person.identity, person.setting).render(track(name)[27], 128)
    np.testing.assert_array_equal(clip.images[7], shot.image)
    np.testing.assert_array_equal(clip.landmarks[7], shot.landmarks)


def test_people_in_the_same_motions_have_the_landmarks_that_they_are_rendered_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(geometry, "HEADS", 2)
    monkeypatch.setattr(geometry, "MOTIONS", 3)
    table = synthetic().same_motions()
    assert table.shape == (2, 3, 68, 2) and table.dtype == np.float32
    person, random = extra(42), training_random(GEOMETRY, 0)
    motions = [draw_motion(random) for _ in range(3)]
    shot = Actor(person.identity, person.setting).render(motions[2], 128)
    np.testing.assert_array_equal(table[1, 2], shot.landmarks)
    monkeypatch.setattr(geometry, "landmarks", None)
    np.testing.assert_array_equal(synthetic().same_motions(), table)  # from the cache


# --- True frames


def test_the_truth_is_the_target_in_its_own_setting_moving_like_the_source() -> None:
    dataset = synthetic()
    prepare(dataset, SOURCE, TARGET)
    pair, there_and_back = cross(SOURCE, TARGET, 2, 9), cross(TARGET, TARGET, 2, 9)
    assert dataset.truth(cross(SOURCE, TARGET)) is None  # a pair whose frames are not known yet
    done: list[int] = []
    dataset.prepare_truth([pair, there_and_back], done.append, 2)
    assert sum(done) == 4
    before = film_files()
    dataset.prepare_truth([pair, there_and_back], done.append, 2)
    assert sum(done) == 8  # what is there counts as done
    assert film_files() == before
    assert synthetic().truth(pair) is None  # whatever the cache holds: this one was not asked to make it
    truth, own = dataset.truth(pair), dataset.truth(there_and_back)
    source, target = dataset.prepared(SOURCE), dataset.prepared(TARGET)
    assert truth is not None and own is not None and source is not None and target is not None
    assert truth.info == target.info
    assert truth.numbers.tolist() == [2, 9]
    assert truth.frames((9,)).images.shape == (1, 3, 128, 128)
    # Under its own motion a person looks exactly as in their clip, so setting and identity are those of the target.
    np.testing.assert_array_equal(own.images, target.images[[1, 8]])
    np.testing.assert_array_equal(own.landmarks, target.landmarks[[1, 8]])
    # Under the source's motion they are, byte for byte, this person making it.
    for row, number in enumerate((2, 9)):
        shot = actor_of(TARGET).render(track(SOURCE)[number - 1], 128)
        np.testing.assert_array_equal(truth.images[row], shot.image)
        np.testing.assert_array_equal(truth.landmarks[row], shot.landmarks)
    for clip in (source, target):
        assert np.abs(truth.images.astype(int) - clip.images[[1, 8]]).mean() > 2


def test_a_clip_is_its_own_truth() -> None:
    dataset = synthetic()
    prepare(dataset, SOURCE)
    own = Pair("self/001", "self", "self", "seen", "seen", SOURCE, SOURCE, SOURCE, SOURCE, FEW[:3], (7,))
    assert dataset.truth(own) is dataset.prepared(SOURCE)


# --- Verify


def test_verify_renders_again_and_reads_every_byte() -> None:
    dataset = synthetic()
    prepare(dataset, SOURCE, TARGET)
    first, *clips = dataset.verify(allow_missing=False, jobs=2)
    (note,) = first
    assert not note.fatal
    assert note.reason.endswith("clips are not rendered yet; `reenactbench data prepare` does that")
    assert clips == [[]] * (64 - int(note.reason.split()[0]))


def test_verify_reads_true_frames_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    dataset, pair = synthetic(), cross(SOURCE, TARGET, 2, 9)
    prepare(dataset, TARGET)
    dataset.prepare_truth([pair], lambda frames: None, 1)
    assert [list(part) for part in dataset.verify(allow_missing=False, jobs=1)][1:] == [[]]
    folder = Film(TARGET, SOURCE, (2, 9)).folder
    (folder / "images.npy").write_bytes(b"")
    _, (finding,) = dataset.verify(allow_missing=False, jobs=1)
    assert (finding.path, finding.fatal) == (folder.name, True)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("images", "its files are damaged; remove"),
        ("landmarks", "its files are damaged; remove"),
        ("visible", "its files are damaged; remove"),
        ("motion", "its files are damaged; remove"),
        ("numbers", "its files are damaged; remove"),
        ("torn", "its files are damaged; remove"),
        ("other", "frame 7 is now rendered as other bytes than those of the cache"),
    ],
)
def test_verify_finds_damage(damage: str, reason: str, tmp_path: Path) -> None:
    prepare(synthetic(), SOURCE)
    rendered = Film(SOURCE, SOURCE, FEW).folder
    folder = tmp_path / rendered.name
    shutil.copytree(rendered, folder)
    if damage == "torn":
        os.truncate(folder / "images.npy", 1000)
    else:
        path = folder / f"{'images' if damage == 'other' else damage}.npy"
        array = np.load(path)
        array[6] = array[6] + 1
        np.save(path, array)
        if damage == "other":
            arrays = {name: np.load(folder / f"{name}.npy") for name in films.ARRAYS}
            films.seal(folder, films.META, {"target": SOURCE, "source": SOURCE, "sha256": films._digest(arrays)})
    (finding,) = films.check(folder)
    assert finding.fatal
    assert finding.reason.startswith(reason)


# --- Runs


@pytest.fixture(scope="module")
def finished(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two pairs of each protocol, with the metrics that need no network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REENACTBENCH_CACHE", str(world))
        return read_run(run(options(tmp_path_factory.mktemp("run") / "results"), load_plugins()).path)


def options(out: Path, **changes: Any) -> RunOptions:
    asked = {"methods": ("copy-driver", "copy-target"), "metrics": ("ssim", "psnr", "l1"), "limit": 2, "device": "cpu"}
    return RunOptions(dataset="synthetic", out=out, **{**asked, **changes})


def test_in_cross_too_frames_are_scored_against_the_truth(finished: Run) -> None:
    rows = {
        (row["protocol"], row["method"], row["metric"]): row for row in summary_rows(finished) if row["split"] == "all"
    }
    for metric in ("ssim", "psnr", "l1"):
        assert rows["cross", "copy-driver", metric]["status"] == "ok"
        assert rows["cross", "copy-driver", metric]["against"] == "true frames (rendered)"
        assert rows["self", "copy-driver", metric]["against"] == "true frames"
    assert rows["self", "copy-driver", "l1"]["mean"] == 0
    assert rows["cross", "copy-driver", "l1"]["mean"] > rows["cross", "copy-target", "l1"]["mean"] > 0.005


def test_the_score_is_that_of_the_very_frames(finished: Run) -> None:
    for pair in (pair for pair in finished.info["pairs"] if pair["kind"] == "cross"):
        media = finished.path / "media" / pair["id"]
        truth, driver = (decode_strip((media / f"{name}.png").read_bytes()) for name in ("truth", "driver"))
        film = Film(pair["target"], pair["source"], tuple(pair["frames"]))
        np.testing.assert_array_equal(truth, np.load(film.folder / "images.npy"))
        (row,) = finished.pairs.query(
            f"pair_id == '{pair['id']}' and metric == 'l1' and method == 'copy-driver'"
        ).to_dict("records")
        expected = np.abs(truth.astype(int) - driver).mean() / 255
        assert row["value"] == pytest.approx(expected, abs=1e-9)


def test_run_json_says_which_bytes_and_which_truth(finished: Run) -> None:
    data = finished.info["dataset"]
    assert data["name"] == "synthetic"
    assert (data["partial"], data["crop"], data["landmarks"]) == (False, "", ["exact"])
    assert data["truth"] == {"self": "given", "cross": "rendered"}
    assert all(part["frozen"] for part in finished.info["protocol"]["parts"])


def test_the_report_shows_the_truth_and_says_so(finished: Run, tmp_path: Path) -> None:
    page, markdown = (write_report([finished], tmp_path, form)[0].read_text() for form in ("html", "md"))
    assert "SSIM, PSNR, L1: against the true frames, rendered; only this data set has them." in markdown
    assert "landmarks:\nexact" in page
    assert '<th scope="col">Truth</th>' in page


def test_another_truth_is_another_score(finished: Run, tmp_path: Path) -> None:
    """Clips and methods as before, other true frames: nothing old is taken for them."""
    out = tmp_path / "results"
    shutil.copytree(finished.path.parent, out)

    class Negative(Synthetic):
        def truth(self, pair: Pair) -> Any:
            found = super().truth(pair)
            if pair.kind == "self" or found is None:
                return found
            images = 255 - np.asarray(found.images)
            return type(found)(found.info, "other", found.fps, found.numbers, images, found.landmarks, {}, "exact")

    plugins = load_plugins()
    plugins.registry._entries["datasets", "synthetic"] = Entry("datasets", "synthetic", Negative, "test", "test", "1")
    again = read_run(run(options(out), plugins).path)
    assert again.path.name != finished.path.name
    assert again.info["dataset"]["fingerprint"] != finished.info["dataset"]["fingerprint"]
    for protocol, same in (("self", True), ("cross", False)):
        before, after = (
            found.pairs.query(f"protocol == '{protocol}' and metric == 'l1'")["value"].tolist()
            for found in (finished, again)
        )
        assert (before == after) == same


def test_true_frames_are_rendered_only_where_a_metric_compares_with_them(tmp_path: Path, plugins: Plugins) -> None:
    asked = {"methods": ("copy-driver",), "protocols": ("cross",), "splits": ("unseen-unseen",), "limit": 1}
    without = read_run(run(options(tmp_path, **asked, metrics=("speed",)), plugins).path)
    pair = without.info["pairs"][0]
    film = Film(pair["target"], pair["source"], tuple(pair["frames"]))
    assert not film.folder.exists()
    assert without.info["dataset"]["truth"] == {}
    assert not (without.path / "media" / pair["id"] / "truth.png").exists()
    with_truth = read_run(run(options(tmp_path, **asked, metrics=("l1",)), plugins).path)
    assert film.folder.exists()
    assert with_truth.info["dataset"]["truth"] == {"cross": "rendered"}
    # What another run has rendered meanwhile changes nothing: the same command is the same run.
    again = run(options(tmp_path, **asked, metrics=("speed",)), plugins).path
    assert again == without.path


def test_the_default_metrics_need_no_download(plugins: Plugins, tree: Path) -> None:
    registry = plugins.registry
    ours = default_metrics(registry, load_dataset(registry, DatasetOptions("synthetic"), "cpu"))
    theirs = default_metrics(registry, load_dataset(registry, DatasetOptions("300vw", tree, allow_missing=True), "cpu"))
    shared = {"csim", "face_rate", "akd", "pose", "expression", "ssim", "psnr", "l1", "speed"}
    assert set(ours) == shared | {"akd_truth", "fd"}
    assert set(theirs) == shared | {"fid", "fid_inf", "kid"}


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="the networks of synthface are not trained yet")
def test_every_column_of_the_default_table_is_filled(tmp_path: Path, plugins: Plugins) -> None:
    found = read_run(run(options(tmp_path, methods=("landmark-warp",), metrics=(), limit=4), plugins).path)
    assert {variant["reason"] for variant in found.info["variants"]} == {""}
    rows = [row for row in summary_rows(found) if row["variant"] != "speed/peak-mb@1"]  # which takes a GPU
    assert [row for row in rows if row["status"] != "ok"] == []
    for protocol in ("self", "cross"):
        columns = {row["metric"] for row in rows if row["protocol"] == protocol}
        metrics = {
            name: plugins.registry.find("metrics", name).load()
            for name in default_metrics(plugins.registry, synthetic())
        }
        assert columns == {
            name for name, metric in metrics.items() if protocol in getattr(metric, "kinds", (protocol,))
        } - {"speed"}


# --- The command line, with whole clips


def test_data_commands_describe_and_prepare_it(cli, tmp_path: Path) -> None:
    described = json.loads(cli("data", "info", "--json").stdout)
    assert (described["dataset"], described["crop"], len(described["clips"])) == ("synthetic", "", 64)
    assert all(row["frames"] == FRAMES for row in described["clips"])
    done = cli("data", "verify", env={"REENACTBENCH_CACHE": str(tmp_path)})
    assert done.returncode == 0
    assert done.stdout == (
        "note   .: 64 clips are not rendered yet; `reenactbench data prepare` does that\n"
        "0 clips read: 0 fatal findings, 1 notes\n"
    )


def test_ctrl_c_while_rendering_ends_with_130_and_goes_on(tmp_path: Path, cli) -> None:
    own = {"REENACTBENCH_CACHE": str(tmp_path / "cache")}
    words = ("run", "--method", "copy-driver", "--protocol", "self", "--limit", "2", "--metric", "l1")
    process = subprocess.Popen(
        [sys.executable, "-m", "reenactbench", *words],
        cwd=tmp_path, env={**os.environ, **own}, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    rendered = tmp_path / "cache" / "synthetic"
    deadline = time.monotonic() + 60
    while not list(rendered.glob(f"*/{PARTIAL}*")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "interrupted\n")
    done = cli(*words, env=own)
    assert done.returncode == 0, done.stderr
    assert "synthetic, 2 clips" in done.stdout
    info = read_json(next((tmp_path / "results").glob("*/run.json")))
    assert [len(pair["frames"]) for pair in info["pairs"]] == [FRAMES - 3] * 2  # three are the targets
