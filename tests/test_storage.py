"""What is on disk: written whole or not at all, and never read as something else than what was written."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import faces
import numpy as np
import pytest
from damage import EVERY, damage
from footage import logged
from hypothesis import given
from hypothesis import strategies as st
from toy_training import ToyRecipe

from reenactbench.cli import main
from reenactbench.datasets.arrays import opened, row_writer, seal, unseal, write_array
from reenactbench.datasets.building import building
from reenactbench.datasets.folder import Folder
from reenactbench.datasets.synthetic import export
from reenactbench.datasets.synthetic.world import track
from reenactbench.engine.run import run
from reenactbench.engine.setup import RunOptions
from reenactbench.engine.store import Store
from reenactbench.errors import Damaged, ReenactbenchError, StorageError
from reenactbench.files import (
    PARTIAL,
    read_json,
    read_sealed,
    remove_leftovers,
    replacing,
    write_bytes,
    write_json,
    write_sealed,
)
from reenactbench.interfaces import DataOptions
from reenactbench.plugins import Plugins
from reenactbench.results import Run, read_run
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.training.footage import Footage
from reenactbench.training.job import CHECKPOINT, RECORD, Job
from reenactbench.training.logs import LOG
from reenactbench.training.loop import train
from reenactbench.training.state import STATE

# --- Records


@pytest.mark.parametrize("kind", EVERY)
def test_a_sealed_file_is_read_as_it_was_written_or_not_at_all(tmp_path: Path, kind: str) -> None:
    value = {"values": [0.1, None, -3], "reason": "é", "nested": {"a": [1e-300, True]}}
    write_sealed(tmp_path / "record.json", value)
    assert read_sealed(tmp_path / "record.json") == value
    damage(tmp_path / "record.json", kind)
    with pytest.raises(Damaged, match=r"record\.json is (no file|damaged)") as caught:
        read_sealed(tmp_path / "record.json")
    assert "\n" not in str(caught.value)


@given(st.data())
def test_no_change_of_a_byte_of_a_sealed_file_is_read(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    path = tmp_path_factory.mktemp("sealed") / "record.json"
    write_sealed(path, {"values": [0.25, 17]})
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with suppress(Damaged):
        assert read_sealed(path) == {"values": [0.25, 17]}  # white space may be other white space


def test_a_record_under_another_name_is_another_record(tmp_path: Path) -> None:
    write_sealed(tmp_path / "a.json", {"value": 1})
    shutil.copy(tmp_path / "a.json", tmp_path / "b.json")
    with pytest.raises(Damaged, match="not as it was written"):
        read_sealed(tmp_path / "b.json")


# --- Arrays


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A folder of a mapped array and one that is not."""
    folder = tmp_path / "clip"
    folder.mkdir()
    with row_writer(folder / "images.npy", (4, 4, 3), np.uint8) as write:
        for value in range(5):
            write(np.full((4, 4, 3), value))
    write_array(folder / "landmarks.npy", np.arange(20, dtype=np.float32).reshape(5, 2, 2))
    seal(folder, "clip.json", {"fps": 25.0})
    return folder


def test_arrays_are_those_of_numpy(sealed: Path) -> None:
    meta, arrays = unseal(sealed, "clip.json")
    assert meta == {"fps": 25.0}
    assert isinstance(arrays["images"], np.memmap)
    for name, values in arrays.items():
        np.testing.assert_array_equal(values, np.load(sealed / f"{name}.npy"))
    assert arrays["images"][:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert (arrays["images"].dtype, arrays["landmarks"].dtype) == (np.uint8, np.float32)


@pytest.mark.parametrize("name", ["clip.json", "images.npy", "landmarks.npy"])
@pytest.mark.parametrize("kind", EVERY)
def test_a_folder_of_arrays_with_a_damaged_file_is_removed(sealed: Path, name: str, kind: str) -> None:
    damage(sealed / name, kind)
    with pytest.raises(Damaged):
        unseal(sealed, "clip.json")
    assert opened(sealed, "clip.json") is None
    assert not sealed.exists()


def test_pictures_shorter_than_their_header_says_are_no_signal(sealed: Path) -> None:
    """Cut behind the back of the time stamp, as no sha256 is then taken."""
    stamp = (sealed / "images.npy").stat().st_mtime_ns
    os.truncate(sealed / "images.npy", 200)
    os.utime(sealed / "images.npy", ns=(stamp, stamp))
    with pytest.raises(Damaged, match=r"images\.npy is damaged"):
        unseal(sealed, "clip.json")


def test_a_copied_cache_is_read(sealed: Path, tmp_path: Path) -> None:
    shutil.copytree(sealed, tmp_path / "copy", copy_function=shutil.copyfile)  # other times
    os.utime(tmp_path / "copy" / "images.npy", (1, 1))
    assert unseal(tmp_path / "copy", "clip.json")[1]["images"].shape == (5, 4, 4, 3)


# --- The cache of crops


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("videos")
    faces.write_tree(root, {"anna": 4})
    return root


@pytest.fixture(scope="module")
def prepared(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the clip."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REENACTBENCH_CACHE", str(cache := tmp_path_factory.mktemp("cache")))
        assert prepare(videos) == 4
    return cache


def prepare(root: Path) -> int:
    done: list[int] = []
    Folder(DataOptions(root)).prepare(["anna"], done.append, 1)
    return sum(done)


@pytest.mark.parametrize("name", ["clip.json", "numbers.npy", "images.npy", "landmarks.npy", "digests"])
@pytest.mark.parametrize("kind", ["empty", "half", "zeros within", "list", "not UTF-8", "loop"])
def test_a_damaged_clip_is_prepared_again_to_the_same_numbers(
    videos: Path, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(prepared))
    before = Folder(DataOptions(videos)).prepared("anna")
    shutil.copytree(prepared, tmp_path / "cache")
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / "cache"))
    (path,) = (tmp_path / "cache").rglob("digests/*.json" if name == "digests" else name)
    damage(path, kind)
    assert Folder(DataOptions(videos)).prepared("anna") is None
    assert prepare(videos) == (0 if name == "digests" else 4)
    after = Folder(DataOptions(videos)).prepared("anna")
    assert before is not None and after is not None
    assert (after.fingerprint, after.fps, after.excluded) == (before.fingerprint, before.fps, before.excluded)
    for array in ("numbers", "images", "landmarks"):
        np.testing.assert_array_equal(getattr(after, array), getattr(before, array))


# --- The store of a run


@pytest.fixture(scope="module")
def finished(tree: Path, plugins: Plugins, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return read_run(run(options(tree, tmp_path_factory.mktemp("run") / "results"), plugins).path)


def options(tree: Path, out: Path) -> RunOptions:
    return RunOptions(
        methods=("copy-driver",), dataset="300vw", data_root=tree, protocols=("self",), metrics=("l1", "speed"),
        out=out, name="run", limit=2, allow_missing=True, device="cpu",
    )  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "folder"])
def test_a_run_over_a_damaged_store_has_the_same_numbers(
    tree: Path, plugins: Plugins, finished: Run, tmp_path: Path, kind: str
) -> None:
    shutil.copytree(finished.path.parent, tmp_path / "results")
    for path in sorted((tmp_path / "results" / ".store").rglob("*.*")):
        damage(path, kind)
    again = read_run(run(options(tree, tmp_path / "results"), plugins).path)
    assert again.pairs.equals(finished.pairs)
    assert again.frames.equals(finished.frames)
    for strip in (finished.path / "media").rglob("*.png"):
        assert (again.path / strip.relative_to(finished.path)).read_bytes() == strip.read_bytes()


def test_of_damaged_frames_alone_only_these_are_made_again(
    tree: Path, plugins: Plugins, finished: Run, tmp_path: Path
) -> None:
    """The scores are in the store, and the strip goes into the report."""
    shutil.copytree(finished.path.parent, tmp_path / "results")
    first, second = sorted((tmp_path / "results" / ".store" / "generated").rglob("*.png"))
    shutil.copyfile(second, first)
    kept = second.stat().st_mtime_ns
    again = read_run(run(options(tree, tmp_path / "results"), plugins).path)
    assert again.pairs.equals(finished.pairs)
    assert second.stat().st_mtime_ns == kept
    assert first.read_bytes() != second.read_bytes()


def test_a_folder_in_the_place_of_a_record_is_one_sentence(
    tree: Path, plugins: Plugins, finished: Run, tmp_path: Path
) -> None:
    shutil.copytree(finished.path.parent, tmp_path / "results")
    path = next((tmp_path / "results" / ".store" / "generated").rglob("*.json"))
    damage(path, "folder")
    with pytest.raises(StorageError, match=rf"^{path}: Is a directory$"):
        run(options(tree, tmp_path / "results"), plugins)


@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "folder"])
def test_damaged_features_are_not_there(tmp_path: Path, kind: str) -> None:
    store, arrays = Store(tmp_path), {"points": np.arange(10, dtype=np.float32), "found": np.ones(3, bool)}
    store.write_features("ab", arrays)
    kept = store.features("ab")
    assert kept is not None and kept.keys() == arrays.keys()
    for name, values in arrays.items():
        np.testing.assert_array_equal(kept[name], values)
    damage(store.path("features", "ab", ".npz"), kind)
    assert store.features("ab") is None or kind == "longer"  # nothing of it is read


@pytest.mark.parametrize("save", [np.savez_compressed, np.savez])
def test_features_that_the_store_did_not_write_are_not_there(tmp_path: Path, save: Callable[..., None]) -> None:
    """Neither a bomb nor other arrays."""
    path = Store(tmp_path).path("features", "ab", ".npz")
    path.parent.mkdir(parents=True)
    save(path, points=np.zeros(10**6))
    assert Store(tmp_path).features("ab") is None


# --- Trainings


@pytest.fixture(scope="module")
def trained(footage: Footage, tmp_path_factory: pytest.TempPathFactory) -> Job:
    folder = tmp_path_factory.mktemp("training") / "toy"
    job = Job(ToyRecipe, footage, "colours", folder, "demo", "full", {}, steps=2)
    train(job)
    return job


@pytest.mark.parametrize("name", [STATE, RECORD, LOG])
@pytest.mark.parametrize("kind", [kind for kind in EVERY if kind != "another byte"])
def test_a_training_with_a_damaged_file_is_one_sentence_or_goes_on_the_same(
    trained: Job, tmp_path: Path, name: str, kind: str
) -> None:
    shutil.copytree(trained.folder, tmp_path / "toy")
    path = tmp_path / "toy" / name
    damage(path, kind)
    sentence = ""
    try:
        train(replace(trained, folder=tmp_path / "toy", resume=True))
    except ReenactbenchError as error:
        sentence = str(error)
    assert "\n" not in sentence
    assert str(path) in sentence or logged(tmp_path / "toy") == logged(trained.folder)


@pytest.mark.parametrize("kind", EVERY)
def test_a_damaged_checkpoint_is_one_sentence(trained: Job, tmp_path: Path, kind: str) -> None:
    path = tmp_path / CHECKPOINT
    shutil.copyfile(trained.folder / CHECKPOINT, path)
    read_checkpoint(path, "toy")
    damage(path, kind)
    with pytest.raises(ReenactbenchError, match=rf"^checkpoint {path} ") as caught:
        read_checkpoint(path, "toy")
    assert "\n" not in str(caught.value)


def test_lines_of_later_steps_are_dropped_and_a_removed_log_is_begun_anew(trained: Job, tmp_path: Path) -> None:
    job = replace(trained, folder=tmp_path / "toy", resume=True)
    shutil.copytree(trained.folder, job.folder)
    with (job.folder / LOG).open("a") as log:
        log.write('{"step": 3, "epo')  # killed while it was written
    train(job)
    assert logged(job.folder) == logged(trained.folder)
    (job.folder / LOG).unlink()
    train(replace(job, steps=3))
    assert [row["step"] for row in logged(job.folder)] == [3]


# --- What the operating system refuses


REFUSALS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG]


@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize("write", [write_json, write_sealed])
def test_what_cannot_be_written_is_one_sentence_with_the_path_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, write: Callable[..., None]
) -> None:
    def refused(path: Path, content: bytes) -> int:
        raise OSError(number, os.strerror(number))  # as write() does, which knows no path

    monkeypatch.setattr(Path, "write_bytes", refused)
    path = tmp_path / "some" / "record.json"
    with pytest.raises(StorageError) as caught:
        write(path, {})
    assert str(caught.value).startswith(f"{path}: {os.strerror(number)}")
    assert ("free some space" in str(caught.value)) == (number in (errno.ENOSPC, errno.EDQUOT))
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: (folder / "file").touch() or folder / "file" / "record.json", "File exists"),
        (lambda folder: (folder / "record.json").mkdir() or folder / "record.json", "Is a directory"),
        (lambda folder: folder / ("n" * 300), "File name too long"),
    ],
)
def test_what_is_in_the_way_is_one_sentence(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    path = make(tmp_path)
    with pytest.raises(StorageError, match=f": {reason}$"):
        write_bytes(path, b"content")
    assert not list(tmp_path.glob(f"{PARTIAL}*"))


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # no file may be longer: as a full disk, without its rights
from reenactbench.cli import main
sys.exit(main())
"""


def commands(videos: Path) -> dict[str, list[str]]:
    return {
        "prepare": ["data", "prepare", "--dataset", "folder", "--data-root", str(videos)],
        "run": ["run", "--dataset", "folder", "--data-root", str(videos), "--method", "copy-target", "--metric", "l1",
                "--protocol", "self"],
    }  # fmt: skip


def test_a_file_that_may_not_grow_is_one_sentence_and_leaves_nothing(videos: Path, tmp_path: Path) -> None:
    """Written through a map, it would be a signal."""
    env = {**os.environ, "REENACTBENCH_CACHE": str(tmp_path / "cache")}
    words = [sys.executable, "-c", LIMITED, *commands(videos)["prepare"]]
    done = subprocess.run(words, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path / 'cache' / 'prepared'}")
    assert done.stderr.endswith(": File too large\n")
    assert list((tmp_path / "cache" / "prepared").iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB; mounting one needs rights that few have."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, left: int) -> None:
    """Leave so many kB."""
    (folder / "filling").write_bytes(bytes(shutil.disk_usage(folder).free - (left << 10)))


@pytest.mark.parametrize(("which", "left"), [("prepare", 100), ("run", 24), ("plugin", 4)])
def test_a_full_disk_is_one_sentence_with_the_path_and_leaves_nothing(
    videos: Path,
    small_disk: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    which: str,
    left: int,
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(small_disk if which == "prepare" else tmp_path / "cache"))
    monkeypatch.chdir(small_disk)
    fill(small_disk, left)
    assert main({**commands(videos), "plugin": ["plugin", "new", "my-method"]}[which]) == 2
    where = {"prepare": small_disk / "prepared", "run": small_disk / "results", "plugin": "my-method"}[which]
    error = capfd.readouterr().err
    assert error.startswith(f"error: {where}")
    assert error.endswith(": No space left on device; free some space, and give the same command again\n")
    assert error.count("\n") == 1
    assert not list(small_disk.rglob(f"{PARTIAL}*")) and not list(small_disk.rglob("my-method"))


def test_a_disk_full_while_a_clip_is_exported_leaves_nothing(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "motion_of", lambda person: np.array(track(person))[:3])
    fill(small_disk, 100)
    with pytest.raises(StorageError, match=rf"^{small_disk}/tree/001.*(No space left|is there space left)"):
        export.write_clip("001", small_disk / "tree" / "001")
    assert list((small_disk / "tree").iterdir()) == []


@pytest.mark.parametrize("left", [4, 12, 16, 20])
def test_a_disk_full_while_training_is_one_sentence(trained: Job, small_disk: Path, left: int) -> None:
    fill(small_disk, left)
    with pytest.raises(StorageError, match=rf"^{small_disk}/toy.*No space left on device"):
        train(replace(trained, folder=small_disk / "toy"))
    assert not list(small_disk.rglob(f"{PARTIAL}*"))


def test_what_is_printed_to_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w") as out:
        words = [sys.executable, "-m", "reenactbench", "plugins"]
        done = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert re.match("error: (standard output: )?No space left on device", done.stderr)


# --- What is left by processes that are gone


HOLDING = """
import sys, time
from pathlib import Path
from reenactbench.files import held
with held(Path(sys.argv[1])), held(Path(sys.argv[2])):
    print("begun", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_removed_at_once_and_what_a_living_one_writes_is_not(tmp_path: Path) -> None:
    paths = [tmp_path / f"{PARTIAL}file.png", tmp_path / "deep" / f"{PARTIAL}folder"]
    paths[1].mkdir(parents=True)
    paths[0].touch()
    (tmp_path / "kept.png").touch()
    for path in paths:
        os.utime(path, (time.time() - 5,) * 2)
    with subprocess.Popen([sys.executable, "-c", HOLDING, *paths], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "begun\n"
        remove_leftovers(tmp_path)
        assert all(path.exists() for path in paths)
        writer.kill()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "kept.png"]


def test_where_locks_are_not_known_a_day_is_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", unknown)
    for name, age in (("old", 2 * 86400), ("new", 3600)):
        (tmp_path / f"{PARTIAL}{name}").mkdir()
        os.utime(tmp_path / f"{PARTIAL}{name}", (time.time() - age,) * 2)
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{PARTIAL}new"]


def test_nothing_is_removed_of_what_is_being_written(tmp_path: Path) -> None:
    with replacing(tmp_path / "file") as file, building(tmp_path / "folder") as folder:
        for path in (file, folder):
            os.utime(path, (time.time() - 5,) * 2)
        remove_leftovers(tmp_path)
        assert file.exists() and folder.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_json_of_others_is_an_object_or_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps({"a": [1, 2.5, None]}))
    assert read_json(path) == {"a": [1, 2.5, None]}
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Damaged, match="pipe is no file"):  # and does not wait for somebody who writes into it
        read_json(tmp_path / "pipe")
