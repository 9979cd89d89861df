"""A run: what it writes, how it goes on after any interruption, and how it keeps failures to themselves."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import faces
import numpy as np
import pandas as pd
import pytest
import torch

from reenactbench.datasets.w300vw import W300VW
from reenactbench.engine import generate, record
from reenactbench.engine import run as running
from reenactbench.engine.job import load_job
from reenactbench.engine.plan import describe
from reenactbench.engine.run import run
from reenactbench.engine.setup import RunOptions
from reenactbench.engine.store import decode_strip, encode_strip
from reenactbench.errors import ReenactbenchError
from reenactbench.files import locked, read_json, replacing
from reenactbench.interfaces import Method
from reenactbench.plugins import PluginReport, Plugins, load_plugins
from reenactbench.provenance import without_folder, without_folders
from reenactbench.registry import Entry
from reenactbench.results import TABLES, Run, read_run
from reenactbench.summary import summary_rows
from reenactbench.types import Frames

METRICS = ("ssim", "psnr", "l1")


@pytest.fixture
def options(tree: Path, tmp_path: Path) -> Callable[..., RunOptions]:
    def make(*methods: str, **changes: Any) -> RunOptions:
        defaults: dict[str, Any] = {
            "methods": methods or ("copy-driver", "copy-target"),
            "dataset": "300vw",
            "data_root": tree,
            "protocols": ("self",),
            "metrics": METRICS,
            "out": tmp_path / "results",
            "allow_missing": True,
            "device": "cpu",
        }
        return RunOptions(**{**defaults, **changes})

    return make


def with_method(cls: type[Method], name: str = "mine") -> Plugins:
    """All plugins, and one more method."""
    plugins = load_plugins()
    plugins.registry.add(Entry("methods", name, cls, "test", "test", "1"))
    return plugins


def numbers(found: Run) -> dict[str, list[dict[str, Any]]]:
    """All tables of a run, exactly, without what was measured in seconds."""
    tables = {name: getattr(found, name).query("metric != 'speed'") for name in TABLES}
    return {name: table.astype(object).where(table.notna(), None).to_dict("records") for name, table in tables.items()}


class Fade(Method):
    """Half target, half driver."""

    def encode_target(self, targets: Frames) -> torch.Tensor:
        return targets.images[:1]

    def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
        return (identity + driving.images) / 2


# --- What a run writes


def test_copying_the_driver_reproduces_the_truth(options, plugins: Plugins) -> None:
    """The meter's own zero."""
    outcome = run(options(), plugins)
    assert (outcome.failed_cells, outcome.interrupted) == (0, False)
    pooled = [row for row in summary_rows(read_run(outcome.path)) if row["split"] == "all"]
    rows = {(row["method"], row["metric"]): row for row in pooled}
    assert rows["copy-driver", "ssim"]["mean"] == pytest.approx(1, abs=1e-12)
    assert rows["copy-driver", "l1"]["mean"] == 0
    assert rows["copy-driver", "psnr"]["mean"] == 100
    assert rows["copy-target", "ssim"]["mean"] < 0.99
    assert rows["copy-target", "l1"]["mean"] > 0
    assert {row["n_pairs"] for row in rows.values()} == {6}
    assert {row["status"] for row in rows.values()} == {"ok"}


def test_run_json_says_what_was_run(options, plugins: Plugins, tree: Path) -> None:
    path = run(options(limit=2, seed=3), plugins).path
    info = read_json(path / "run.json")
    assert info["schema_version"] == 1
    assert info["status"] == "complete"
    assert (info["seed"], info["limit"], info["splits"]) == (3, 2, [])
    assert info["dataset"] == {
        "name": "300vw",
        "fingerprint": info["dataset"]["fingerprint"],
        "partial": True,
        "missing": info["dataset"]["missing"],
        "n_clips": 2,
        "n_frames": info["dataset"]["n_frames"],
        "fps": {"002": 25.0, "541": 25.0},
        "excluded": {},
        "landmarks": ["files"],
        "image_size": 128,
        "crop": "square@1",
        "truth": {"self": "given"},
    }
    assert len(info["dataset"]["missing"]) == 108
    assert info["protocol"]["name"] == "self"
    assert [(method["name"], method["n_ok"], method["n_failed"]) for method in info["methods"]] == [
        ("copy-driver", 2, 0),
        ("copy-target", 2, 0),
    ]
    variants = [variant["variant"] for variant in info["variants"]]
    assert variants == ["ssim/gauss11-rgb@1", "psnr/rgb-cap100@1", "l1/rgb@1"]
    assert {"python", "platform", "device", "packages", "git_commit"} <= set(info["environment"])
    assert sorted(info["shown"]) == sorted(pair["id"] for pair in info["pairs"])


def test_nothing_published_tells_of_the_machine_or_holds_nan(options, plugins: Plugins, tree: Path) -> None:
    path = run(options("copy-driver", protocols=("self", "cross")), plugins).path
    for file in [path / "run.json"]:
        text = file.read_text()
        assert str(tree.parent) not in text
        assert str(Path.home()) not in text
        assert "NaN" not in text
    found = read_run(path)
    for name, columns in TABLES.items():
        table = getattr(found, name)
        assert list(table.columns) == list(columns)
        assert not table["value"].dropna().isin([np.inf, -np.inf]).any()


def test_media_hold_the_pictures_of_the_shown_pairs(options, plugins: Plugins) -> None:
    path = run(options(protocols=("self", "cross")), plugins).path
    info = read_json(path / "run.json")
    pairs = {pair["id"]: pair for pair in info["pairs"]}
    for shown in info["shown"]:
        strips = {file.stem: decode_strip(file.read_bytes()) for file in (path / "media" / shown).iterdir()}
        assert set(strips) == {"target", "driver", "copy-driver", "copy-target"}
        assert len(strips["target"]) == len(pairs[shown]["target_frames"])
        np.testing.assert_array_equal(strips["copy-driver"], strips["driver"])
        np.testing.assert_array_equal(strips["copy-target"], np.repeat(strips["target"][:1], len(strips["driver"]), 0))


def test_metrics_that_need_the_truth_have_no_row_where_nobody_knows_it(options, plugins: Plugins) -> None:
    found = read_run(run(options(protocols=("cross",)), plugins).path)
    assert len(found.pairs) == 0
    assert summary_rows(found) == []


def test_the_pairs_shown_are_chosen_by_the_seed_alone(options, plugins: Plugins) -> None:
    pairs = load_job(options(protocols=("cross",)), plugins.registry, prepare=True).pairs
    first, second = record.shown_pairs(pairs, 0), record.shown_pairs(pairs, 1)
    assert set(first) == set(record.shown_pairs(list(reversed(pairs)), 0))
    assert len(first) == len(second)
    assert set(first) != set(second)


# --- Going on


def test_the_same_command_again_generates_and_scores_nothing(
    options, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(options(), plugins)
    before = numbers(read_run(first.path))

    def never(*_: object) -> None:
        raise AssertionError("was called again")

    monkeypatch.setattr(generate.Generator, "run", never)
    monkeypatch.setattr("reenactbench.metrics.ssim.ssim", never)
    again = run(options(), plugins)
    assert again.path == first.path
    assert numbers(read_run(again.path)) == before


def test_a_new_metric_scores_old_frames_without_generating(
    options, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(options(metrics=("l1",)), plugins)
    monkeypatch.setattr(generate.Generator, "run", lambda *_: pytest.fail("generated again"))
    found = read_run(run(options(metrics=("l1", "ssim")), plugins).path)
    assert set(found.pairs["metric"]) == {"l1", "ssim"}


def test_another_run_shares_what_was_generated(options, plugins: Plugins) -> None:
    run(options("copy-driver"), plugins)
    job = load_job(options("copy-driver", "copy-target"), plugins.registry, prepare=False)
    assert [(row["method"], row["states"]) for row in describe(job.cells) if row["split"] == "seen"] == [
        ("copy-driver", [{"state": "cached", "cells": 3, "reason": ""}]),
        ("copy-target", [{"state": "missing", "cells": 3, "reason": "not generated yet"}]),
    ]


@pytest.mark.parametrize("phase", ["generating", "scoring"])
def test_ctrl_c_is_recorded_and_the_run_goes_on(
    options, plugins: Plugins, monkeypatch: pytest.MonkeyPatch, phase: str
) -> None:
    undisturbed = numbers(read_run(run(options(name="whole", out=options().out / "elsewhere"), plugins).path))
    calls = 0

    def stop_at_third(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise KeyboardInterrupt
            return original(*arguments)

        return call

    with monkeypatch.context() as patched:
        if phase == "generating":
            patched.setattr(generate.Generator, "run", stop_at_third(generate.Generator.run))
        else:
            patched.setattr(running.Scorer, "frame_rows", stop_at_third(running.Scorer.frame_rows))
        outcome = run(options(name="whole"), plugins)
    assert outcome.interrupted
    assert read_json(outcome.path / "run.json")["status"] == "interrupted"
    outcome = run(options(name="whole"), plugins)
    assert not outcome.interrupted
    assert numbers(read_run(outcome.path)) == undisturbed


def test_a_torn_cell_is_generated_again(options, plugins: Plugins) -> None:
    """Every file of the store may be missing: whatever is not there is made again, with the same numbers."""
    first = run(options(), plugins)
    before = numbers(read_run(first.path))
    files = sorted((options().out / ".store").rglob("*.*"))
    for number, file in enumerate(files):
        if number % 3 != 1:
            file.unlink()
    assert numbers(read_run(run(options(), plugins).path)) == before


def test_two_runs_do_not_share_a_folder(options, plugins: Plugins) -> None:
    path = run(options(name="mine"), plugins).path
    with locked(path), pytest.raises(ReenactbenchError, match="is in use by another reenactbench run"):
        run(options(name="mine"), plugins)
    with pytest.raises(ReenactbenchError, match=r"holds another run \(seed differ\); give another --name"):
        run(options(name="mine", seed=1), plugins)
    with pytest.raises(ReenactbenchError, match=r"holds another run \(methods differ\)"):
        run(options("copy-driver", name="mine"), plugins)
    with pytest.raises(ReenactbenchError, match=r"holds another run \(metrics differ\)"):
        run(options(name="mine", metrics=("l1",)), plugins)
    with pytest.raises(ReenactbenchError, match=r"--name \.\./mine: take letters"):
        run(options(name="../mine"), plugins)


# --- What goes wrong stays where it went wrong


class Misbehaving(Method):
    """Does the wrong thing in every cell whose target is as given."""

    wrong: ClassVar[Callable[[torch.Tensor], Any]]

    def encode_target(self, targets: Frames) -> float:
        return float(targets.images.sum())

    def reenact(self, identity: float, driving: Frames) -> Any:
        return type(self).wrong(driving.images)


def raising(images: torch.Tensor) -> torch.Tensor:
    raise ValueError("cannot do this")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (lambda images: images[:, :, ::2], "reenact returned shape (16, 3, 64, 128), expected (16, 3, 128, 128)"),
        (lambda images: images.double(), "reenact returned torch.float64, expected torch.float32"),
        (lambda images: images * 255, "expected 0 to 1"),
        (lambda images: images * 2 - 1, "expected 0 to 1"),
        (lambda images: images / 0 * 0, "reenact returned NaN or infinite values in 16 of 16 frames"),
        (lambda images: images.numpy(), "reenact returned ndarray, expected a torch.Tensor"),
        (lambda images: None, "reenact returned NoneType, expected a torch.Tensor"),
        (raising, "ValueError: cannot do this"),
    ],
)
def test_a_wrong_output_is_that_cells_failure_and_nothing_elses(options, wrong, reason: str) -> None:
    class Wrong(Misbehaving):
        def reenact(self, identity: float, driving: Frames) -> Any:
            return wrong(driving.images) if Wrong.calls_left() else driving.images

        left = iter([True])

        @classmethod
        def calls_left(cls) -> bool:
            return next(cls.left, False)

    outcome = run(options("mine", "copy-driver"), with_method(Wrong))
    assert outcome.failed_cells == 1
    found = read_run(outcome.path)
    (failure,) = found.info["failures"]
    assert failure["method"] == "mine"
    assert reason in failure["reason"]
    assert failure["traceback"][-1].endswith(("in raising", "in check_output"))
    rows = found.pairs[found.pairs["metric"] == "l1"]
    assert rows.groupby("method")["status"].value_counts().to_dict() == {
        ("copy-driver", "ok"): 6,
        ("mine", "ok"): 5,
        ("mine", "failed"): 1,
    }
    failed = rows[rows["status"] == "failed"].iloc[0]
    assert failed["pair_id"] == failure["pair_id"]
    assert failed["n_failed"] == failed["n_frames"] > 0
    assert pd.isna(failed["value"])
    assert (rows[rows["status"] == "ok"]["value"] == 0).all()


def test_a_failed_cell_is_tried_again(options) -> None:
    class OnceBroken(Fade):
        broken: ClassVar[bool] = True

        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            if type(self).broken:
                raise RuntimeError("the server is down")
            return super().reenact(identity, driving)

    plugins = with_method(OnceBroken)
    outcome = run(options("mine"), plugins)
    assert outcome.failed_cells == 6
    job = load_job(options("mine"), plugins.registry, prepare=False)
    assert describe(job.cells)[0]["states"] == [
        {"state": "failed", "cells": 3, "reason": "RuntimeError: the server is down"}
    ]
    OnceBroken.broken = False
    again = run(options("mine"), plugins)
    assert (again.path, again.failed_cells) == (outcome.path, 0)


def test_a_method_that_cannot_be_constructed_fails_its_own_cells(options) -> None:
    class Unbuildable(Fade):
        def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
            raise OSError("no such checkpoint")

    outcome = run(options("mine", "copy-driver"), with_method(Unbuildable))
    info = read_json(outcome.path / "run.json")
    assert {failure["reason"] for failure in info["failures"]} == {
        "the method cannot be constructed: OSError: no such checkpoint"
    }
    assert [(method["n_ok"], method["n_failed"]) for method in info["methods"]] == [(0, 6), (6, 0)]


def test_running_out_of_memory_halves_the_batch_and_goes_on(options) -> None:
    sizes: list[int] = []

    class Hungry(Fade):
        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            sizes.append(len(driving))
            if len(driving) > 4:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return super().reenact(identity, driving)

    plugins = with_method(Hungry)
    plugins.registry.add(Entry("methods", "fade", Fade, "test", "test", "1"))
    outcome = run(options("mine", "fade", limit=2), plugins)
    assert outcome.failed_cells == 0
    assert sizes[:4] == [16, 8, 4, 4]
    assert max(sizes[3:]) == 4  # it stays there for the next cell
    rows = read_run(outcome.path).pairs.pivot_table(index=["pair_id", "metric"], columns="method", values="value")
    assert (rows["mine"] == rows["fade"]).all()


def test_out_of_memory_with_one_frame_is_a_failure(options) -> None:
    class Starving(Fade):
        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            raise MemoryError("no memory")

    outcome = run(options("mine", limit=1), with_method(Starving))
    (failure,) = read_json(outcome.path / "run.json")["failures"]
    assert failure["reason"] == "MemoryError: out of memory even with one frame a batch (no memory)"


def test_the_seed_decides_what_a_random_method_draws(options) -> None:
    class Noise(Fade):
        def encode_target(self, targets: Frames) -> torch.Tensor:
            return torch.rand(1, 3, 128, 128) * 0 + float(torch.rand(()) + np.random.rand()) / 2

    plugins = with_method(Noise)

    def values(**changes: Any) -> list[float]:
        found = read_run(run(options("mine", metrics=("l1",), **changes), plugins).path)
        return [float(value) for value in found.pairs.sort_values("pair_id")["value"]]

    first = values()
    shutil.rmtree(options().out)
    assert values() == first
    assert values(seed=1) != first
    assert values(limit=1, out=options().out / "other")[0] in first  # whatever other cells there are


def test_a_method_works_at_its_own_size(options) -> None:
    class Small(Fade):
        image_size: ClassVar[int] = 64
        seen: ClassVar[set[tuple[int, float]]] = set()

        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            assert identity.shape[-1] == driving.size == 64
            assert float(driving.landmarks.max()) < 64
            return driving.images

    outcome = run(options("mine"), with_method(Small))
    assert outcome.failed_cells == 0
    found = read_run(outcome.path)
    assert float(found.pairs.query("metric == 'psnr'")["value"].min()) > 20


def test_an_edited_method_is_not_given_its_old_frames(tree: Path, options, tmp_path: Path) -> None:
    source = (
        "from reenactbench import Method, hookimpl\n"
        "class Constant(Method):\n"
        "    def encode_target(self, targets): return None\n"
        "    def reenact(self, identity, driving): return driving.images * 0 + {value}\n"
        "@hookimpl\n"
        "def register_methods(register): register('constant', Constant)\n"
    )
    means = []
    for value in (0.0, 1.0):
        file = tmp_path / "constant.py"
        file.write_text(source.format(value=value))
        found = read_run(run(options("constant", metrics=("l1",)), load_plugins([file])).path)
        means.append(float(found.pairs["value"].mean()))
    assert sum(means) == pytest.approx(1, abs=1e-6)  # |x - 0| + |x - 1|


def test_an_edit_deep_in_a_methods_package_is_seen(options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "deep_package"
    (package / "nets").mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from reenactbench import hookimpl\n"
        "@hookimpl\n"
        "def register_methods(register): register('deep', 'deep_package.method:Deep')\n"
    )
    (package / "nets/__init__.py").touch()
    (package / "method.py").write_text(
        "from reenactbench import Method\nfrom deep_package.nets.unet import VALUE\n"
        "class Deep(Method):\n"
        "    def encode_target(self, targets): return None\n"
        "    def reenact(self, identity, driving): return driving.images * 0 + VALUE\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    means = []
    for value in (0.0, 1.0):
        (package / "nets/unet.py").write_text(f"VALUE = {value}  # {'x' * int(value)}\n")
        for name in [name for name in sys.modules if name.startswith("deep_package")]:
            monkeypatch.delitem(sys.modules, name)
        importlib.invalidate_caches()
        plugins = load_plugins()
        plugins.add(PluginReport("deep", "test", "1"), lambda: importlib.import_module("deep_package"))
        found = read_run(run(options("deep", metrics=("l1",)), plugins).path)
        means.append(float(found.pairs["value"].mean()))
    assert sum(means) == pytest.approx(1, abs=1e-6)


def test_what_a_constructor_draws_is_the_same_in_every_start(options) -> None:
    class Drawn(Fade):
        def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
            super().__init__(device, checkpoint)
            self.weight = float(torch.rand(()))

        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            return driving.images * self.weight

    plugins = with_method(Drawn)
    whole = numbers(read_run(run(options("mine"), plugins).path))
    stored = sorted((options().out / ".store/generated").rglob("*.*"))
    for file in stored[: len(stored) // 2]:
        file.unlink()
    torch.rand(7)
    assert numbers(read_run(run(options("mine"), plugins).path)) == whole


def test_a_method_may_write_into_its_inputs_even_when_memory_runs_out(options) -> None:
    class Writing(Fade):
        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            driving.images.mul_(0.5)
            if len(driving) > 4:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return driving.images

    found = read_run(run(options("mine", metrics=("l1",), limit=2), with_method(Writing)).path)
    assert len(found.frames) > 20
    ratio = found.frames["value"].max() / found.frames["value"].min()
    assert ratio < 1.5  # every frame is halved once


def test_a_method_that_exits_fails_its_cells_and_nothing_else(options) -> None:
    class Exiting(Fade):
        def reenact(self, identity: torch.Tensor, driving: Frames) -> torch.Tensor:
            raise SystemExit(0)

    outcome = run(options("mine", "copy-driver", limit=1), with_method(Exiting))
    (failure,) = read_json(outcome.path / "run.json")["failures"]
    assert failure["reason"] == "SystemExit: 0"


def test_a_changed_clip_of_the_same_name_is_generated_again(options, tmp_path: Path, plugins: Plugins) -> None:
    roots = []
    for number in (1, 2):
        root = tmp_path / f"tree{number}"
        faces.write_clip(root / "001", number, 20)
        roots.append(read_run(run(options(data_root=root), plugins).path))
    first, second = (found.pairs.query("metric == 'l1' and method == 'copy-target'")["value"].item() for found in roots)
    assert first != second
    assert roots[0].path != roots[1].path


def test_two_pairs_never_share_an_id(tmp_path: Path, options, plugins: Plugins) -> None:
    for number, name in enumerate(("a", "a-to-b", "b-to-c", "c")):
        faces.write_clip(tmp_path / "own" / name, number, 3)
    job = load_job(
        options(dataset="folder", data_root=tmp_path / "own", protocols=("cross",)), plugins.registry, prepare=False
    )
    assert len({pair.id for pair in job.pairs}) == len(job.pairs) == 12


def test_a_data_set_of_a_plugin(options, tree: Path) -> None:
    class Mine(W300VW):
        name: ClassVar[str] = "mine"

    plugins = load_plugins()
    plugins.registry.add(Entry("datasets", "mine", Mine, "test", "test", "1"))
    outcome = run(options("copy-driver", dataset="mine"), plugins)
    assert read_json(outcome.path / "run.json")["dataset"]["name"] == "mine"


# --- Small parts


def test_observers_see_every_cell(options) -> None:
    from reenactbench.hookspecs import hookimpl

    class Observer:
        def __init__(self) -> None:
            self.seen: list[tuple[str, ...]] = []

        @hookimpl
        def run_started(self, run: dict[str, Any]) -> None:
            self.seen.append(("started", run["status"]))

        @hookimpl
        def cell_finished(self, method: str, pair_id: str, status: str, reason: str) -> None:
            self.seen.append((method, pair_id, status))

        @hookimpl
        def run_finished(self, run: dict[str, Any]) -> None:
            self.seen.append(("finished", run["status"]))

    plugins, observer = load_plugins(), Observer()
    plugins.add(PluginReport("observer", "test", "1"), lambda: observer)
    run(options("copy-driver", limit=1), plugins)
    assert [seen[0] for seen in observer.seen] == ["started", "copy-driver", "finished"]
    assert observer.seen[1][2] == "ok"
    assert observer.seen[2][1] == "complete"


@pytest.mark.parametrize("frames", [1, 5, 64])
def test_strips_are_lossless(frames: int) -> None:
    images = np.random.default_rng(frames).integers(0, 256, (frames, 128, 128, 3), np.uint8)
    np.testing.assert_array_equal(decode_strip(encode_strip(images)), images)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")

    def interrupted() -> Iterator[None]:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        next(interrupted())
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/anna/data/300vw", "300vw"),
        ("--data-root=/home/anna/data", "--data-root=data"),
        ("yunet:/opt/w/yunet.onnx", "yunet:yunet.onnx"),
        ("yunet:../w/yunet.onnx", "yunet:yunet.onnx"),
        ("No such file: '/home/anna/x.pth'", "No such file: 'x.pth'"),
        ("seen/unseen and 3/4 of self/001", "seen/unseen and 3/4 of self/001"),
        ("~/data/clips/", "clips"),
        ("cross", "cross"),
    ],
)
def test_paths_are_cut_to_their_last_part(text: str, shown: str) -> None:
    assert without_folders(text) == shown


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("/home/anna smith/data", "data"),
        ("/home/o'brien/data/", "data"),
        ("--data-root=../clips", "--data-root=clips"),
        ("yunet:/opt/my w/yunet.onnx", "yunet:yunet.onnx"),
        ("--checkpoint=x2face=/opt/x.safetensors", "--checkpoint=x2face=x.safetensors"),
        (r"C:\\Users\\anna\\300vw", "300vw"),
        ("file:///home/anna/x", "file:x"),
        ("insightface:buffalo_l", "insightface:buffalo_l"),
        ("seen-unseen", "seen-unseen"),
    ],
)
def test_words_of_the_command_keep_no_folder(word: str, shown: str) -> None:
    assert without_folder(word) == shown
