"""Leak: what a linear probe reads of the person in a motion code, and the map of the codes that goes with the run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from reenactbench.datasets.w300vw import W300VW
from reenactbench.engine.codes import UNEVEN, spread
from reenactbench.engine.run import run
from reenactbench.engine.setup import (
    DatasetOptions,
    RunOptions,
    code_hash,
    default_metrics,
    load_dataset,
    load_methods,
)
from reenactbench.engine.tsne import flattened, shown_frames
from reenactbench.errors import ReenactbenchError
from reenactbench.files import read_json
from reenactbench.interfaces import Codes, DataOptions, Method
from reenactbench.metrics.leak import RIDGE, Leak, discriminants, probe_accuracy
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.registry import Entry
from reenactbench.results import CODE_COLUMNS, Run, read_run, remove_tables
from reenactbench.summary import summary_rows
from reenactbench.types import Clip, ClipInfo, Frames

PEOPLE, FRAMES = 10, 16
Codebook = Callable[[int, int, int], Sequence[float] | np.ndarray]
"""The code of (person, clip, frame)."""


def codes(code: Codebook, clips: int = 4, people: int = PEOPLE) -> Codes:
    """The codes of `FRAMES` frames of each of so many clips of each person."""
    rows = [(p, c, f) for p in range(people) for c in range(clips) for f in range(FRAMES)]
    return Codes(
        np.array([code(*row) for row in rows], np.float32),
        np.array([f"{p:02d}" for p, _, _ in rows]),
        np.array([f"{p:02d}.{c}" for p, c, _ in rows]),
        np.array([4 * f + 1 for _, _, f in rows]),
    )


def leak(code: Codebook, **sizes: int) -> dict[str, float | str]:
    return dict(Leak().measure(codes(code, **sizes)))


def random(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def person(p: int) -> np.ndarray:
    """What tells one person from another."""
    return random(1, p).normal(size=24)


def clip_of(p: int, c: int) -> np.ndarray:
    """What tells one clip from another, such as its place."""
    return random(2, p, c).normal(size=24)


def motion(c: int, f: int) -> np.ndarray:
    return random(3, c, f).normal(size=24)


# --- What the probe reads


def test_a_code_that_carries_the_person_leaks_all() -> None:
    assert leak(lambda p, c, f: person(p) + 0.1 * motion(PEOPLE * c + p, f)) == {
        "linear-takes": 1,
        "linear-takes-above-chance": 1,
        "linear-takes-chance": 0.1,
    }


def test_noise_is_at_chance() -> None:
    """Within four standard deviations of so many guesses."""
    found = leak(lambda p, c, f: random(p, c, f).normal(size=24))
    bound = 4 * np.sqrt(0.1 * 0.9 / (PEOPLE * 4 * FRAMES))
    assert found["linear-takes"] == pytest.approx(0.1, abs=bound)
    assert found["linear-takes-above-chance"] == pytest.approx((found["linear-takes"] - 0.1) / 0.9)


@pytest.mark.parametrize(("clips", "recipe"), [(1, "linear-blocks"), (4, "linear-takes")])
def test_motion_that_all_people_share_is_at_chance(clips: int, recipe: str) -> None:
    """One of the ten who have the same code is named for it, but for rounding."""
    assert leak(lambda p, c, f: motion(c, f), clips=clips)[recipe] == pytest.approx(0.1, abs=0.03)


def test_what_only_tells_clips_apart_is_no_leak_where_other_clips_are_asked_about() -> None:
    found = leak(lambda p, c, f: clip_of(p, c) + 0.1 * motion(PEOPLE * c + p, f))
    assert found["linear-takes"] < 0.3


def test_within_one_clip_the_probe_cannot_tell_person_from_clip() -> None:
    """Why `blocks` has a name of its own, and is weaker."""
    found = leak(lambda p, c, f: clip_of(p, c) + 0.1 * motion(PEOPLE * c + p, f), clips=1)
    assert found["linear-blocks"] == 1


def test_neighbouring_frames_are_held_out_together() -> None:
    """Four frames in a row have one random code: were single frames held out, the probe would know each by the rest."""
    made = codes(lambda p, c, f: random(p, f // 4).normal(size=64), clips=1)
    single = np.tile(np.arange(FRAMES) % 4, PEOPLE)
    assert probe_accuracy(made.values, np.repeat(np.arange(PEOPLE), FRAMES), single) == 1
    assert dict(Leak().measure(made))["linear-blocks"] < 0.3


def test_a_faint_trace_of_the_person_is_found() -> None:
    """Units and offsets of a dimension hide nothing."""

    def hidden(scale: float, offset: float) -> Codebook:
        return lambda p, c, f: np.concatenate([100 * motion(PEOPLE * c + p, f), scale * person(p) + offset])

    assert leak(hidden(1, 0))["linear-takes"] == 1
    assert leak(hidden(1e-2, 3))["linear-takes"] == 1


def test_people_with_different_numbers_of_clips_are_all_asked_about() -> None:
    made = codes(lambda p, c, f: person(p) + 0.1 * motion(PEOPLE * c + p, f))
    kept = (made.identities != "03") | (made.clips < "03.2")
    fewer = Codes(made.values[kept], made.identities[kept], made.clips[kept], made.frames[kept])
    assert dict(Leak().measure(fewer))["linear-takes"] == 1


def test_one_person_alone_is_no_question() -> None:
    reason = "there is footage of one person, and telling people apart takes two"
    assert leak(lambda p, c, f: motion(c, f), people=1)["linear-takes"] == reason


class Ridged:
    """The covariance of one person's codes in the way of scikit-learn."""

    def fit(self, rows: np.ndarray) -> None:
        self.covariance_ = np.cov(rows.T, bias=True) + RIDGE * np.eye(rows.shape[1])


@pytest.mark.parametrize("dimensions", [12, 300])
def test_the_probe_is_scikit_learns_discriminant_analysis(dimensions: int) -> None:
    draw = random(0)
    owners = np.tile(np.arange(5), 40)
    values = draw.normal(size=(5, dimensions))[owners] + 3 * draw.normal(size=(200, dimensions))
    values[:, 0] = 7  # tells nothing
    parts = np.arange(200) // 50
    right = 0
    for part in range(4):
        rest = parts != part
        theirs = LinearDiscriminantAnalysis("lsqr", covariance_estimator=Ridged(), priors=np.full(5, 0.2))
        scaler = StandardScaler().fit(values[rest])
        theirs.fit(scaler.transform(values[rest]), owners[rest])
        right += int((theirs.predict(scaler.transform(values[~rest])) == owners[~rest]).sum())
        weights, offsets, people = discriminants(scaler.transform(values[rest]), owners[rest])
        np.testing.assert_allclose(weights.T, theirs.coef_, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(offsets, theirs.intercept_ - np.log(0.2), rtol=1e-6)
        assert list(people) == [0, 1, 2, 3, 4]
    assert 60 < right < 200
    assert probe_accuracy(values, owners, parts) == right / 200


@pytest.mark.parametrize(
    ("clips", "recipe"),
    [
        ({"a": 4, "b": 4}, "linear-takes"),
        ({"a": 2, "b": 3}, "linear-takes"),
        ({"a": 4, "b": 1}, "linear-blocks"),
        ({"a": 1, "b": 1}, "linear-blocks"),
        ({}, "linear-blocks"),
    ],
)
def test_clips_are_held_out_where_everyone_has_several(clips: Mapping[str, int], recipe: str) -> None:
    footage = [ClipInfo(f"{name}{k}", name, "seen") for name, count in clips.items() for k in range(count)]
    assert Leak().recipes(footage) == [recipe, f"{recipe}-above-chance", f"{recipe}-chance"]


# --- The map of the codes


def clip(name: str, count: int, identity: str | None = None) -> Clip:
    numbers = np.arange(1, count + 1, dtype=np.int32)
    return Clip(ClipInfo(name, identity or name, "seen"), name, 25.0, numbers, np.empty(0), np.empty(0), {})


def test_twenty_frames_of_the_first_ten_people_are_shown() -> None:
    clips = [clip(f"{p:02d}.{c}", 64, f"{p:02d}") for p in range(12) for c in range(4)]
    shown = list(shown_frames(clips, seed=0))
    counts: dict[str, int] = {}
    for of, numbers in shown:
        assert list(numbers) == sorted(set(numbers))
        assert set(numbers) <= set(range(1, 65))
        counts[of.info.identity] = counts.get(of.info.identity, 0) + len(numbers)
    assert counts == {f"{p:02d}": 20 for p in range(10)}
    assert len(shown) > 30  # from nearly every clip
    assert shown == list(shown_frames(clips, seed=0))
    assert [numbers for _, numbers in shown] != [numbers for _, numbers in shown_frames(clips, seed=1)]


def test_of_a_short_clip_all_frames_are_shown() -> None:
    assert [numbers for _, numbers in shown_frames([clip("a", 5)], seed=0)] == [(1, 2, 3, 4, 5)]


def test_what_is_near_in_the_code_is_near_on_the_map() -> None:
    owners = np.repeat(np.arange(5), 12)
    draw = random(0)
    values = (8 * draw.normal(size=(5, 20))[owners] + draw.normal(size=(60, 20))).astype(np.float32)
    points = flattened(values)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2) + np.diag(np.full(60, np.inf))
    assert (owners[distances.argmin(1)] == owners).all()
    assert (flattened(values) == points).all()


@pytest.mark.parametrize("values", [np.ones((8, 3)), np.arange(8.0)[:, None], random(0).normal(size=(2, 4))])
def test_any_codes_have_a_map_of_numbers(values: np.ndarray) -> None:
    points = flattened(values.astype(np.float32))
    assert points.shape == (len(values), 2)
    assert np.isfinite(points).all()


@pytest.mark.parametrize(
    ("count", "numbers"), [(64, (1, 22, 43, 64)), (5, (1, 2, 4, 5)), (4, (1, 2, 3, 4)), (2, (1, 2)), (1, (1,))]
)
def test_frames_are_spread_evenly_from_the_first_to_the_last(count: int, numbers: tuple[int, ...]) -> None:
    assert spread(clip("a", count), 4) == numbers


# --- In a run


class Coded(Method):
    """Its code is the mean colour of the driving frame, which in the drawn clips tells the person."""

    batches: ClassVar[list[int]] = []

    def encode_target(self, targets: Frames) -> None:
        return None

    def reenact(self, identity: None, driving: Frames) -> torch.Tensor:
        return driving.images

    def motion_code(self, driving: Frames) -> Any:
        Coded.batches.append(len(driving))
        return driving.images.mean((2, 3))


@pytest.fixture
def asked(tree: Path, tmp_path: Path) -> Callable[..., Run]:
    """Runs `leak` with this class as a method called `mine`; 300VW with three seen people of one clip each."""
    Coded.batches = []

    def call(cls: type[Method] = Coded, *others: str, **changes: Any) -> Run:
        plugins = load_plugins()
        plugins.registry.add(Entry("methods", "mine", cls, "test", "test", "1"))
        defaults: dict[str, Any] = {
            "methods": ("mine", *others),
            "dataset": "300vw",
            "data_root": tree,
            "protocols": ("self",),
            "limit": 1,
            "metrics": ("leak",),
            "out": tmp_path / "results",
            "allow_missing": True,
            "device": "cpu",
        }
        return read_run(run(RunOptions(**{**defaults, **changes}), plugins).path)

    return call


def test_a_run_says_how_much_each_method_leaks(asked: Callable[..., Run]) -> None:
    found = asked(Coded, "copy-target")
    rows = {(row["method"], row["variant"]): row for row in summary_rows(found)}
    assert {variant: row["mean"] for (method, variant), row in rows.items() if method == "mine"} == {
        "leak/linear-blocks@1": 1,
        "leak/linear-blocks-above-chance@1": 1,
        "leak/linear-blocks-chance@1": pytest.approx(1 / 3),
    }
    mine = rows["mine", "leak/linear-blocks@1"]
    assert (mine["protocol"], mine["split"], mine["n_frames"]) == ("any", "all", 3 * 16)
    without = rows["copy-target", "leak/linear-blocks@1"]
    assert (without["mean"], without["status"], without["reason"]) == (None, "not computed", "has no motion code")
    assert [entry["higher_is_better"] for entry in found.info["variants"]] == [False, False, None]
    assert "four blocks of neighbouring frames" in found.info["variants"][0]["definition"]


def test_the_map_is_saved_with_the_run(asked: Callable[..., Run]) -> None:
    found = asked(Coded, "copy-target")
    assert found.codes is not None
    assert {name: str(kind) for name, kind in found.codes.dtypes.items()} == CODE_COLUMNS
    assert found.codes.notna().all(axis=None)
    counts = found.codes.groupby(["method", "identity", "clip"]).size().to_dict()
    assert counts == {("mine", "001", "001"): 20, ("mine", "002", "002"): 20, ("mine", "003", "003"): 18}
    remove_tables(found.path)
    assert not (found.path / "codes.parquet").exists()


def test_a_run_without_codes_has_no_map(asked: Callable[..., Run]) -> None:
    assert asked(metrics=("l1",)).codes is None
    assert asked(metrics=("leak",), methods=("copy-target",)).codes is None


def test_no_footage_is_prepared_for_methods_without_a_code(
    asked: Callable[..., Run], tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / "cache"))

    def prepared() -> set[str]:
        data = W300VW(DataOptions(tree, allow_missing=True))
        return {info.id for info in data.clips() if data.prepared(info.id) is not None}

    asked(methods=("copy-target",))
    assert len(prepared()) == 1  # that of the pair
    asked(methods=("mine",))
    assert prepared() >= {"001", "002", "003"}


def test_codes_are_asked_for_once_and_in_small_batches(asked: Callable[..., Run]) -> None:
    first = asked()
    assert max(Coded.batches) <= 16
    assert sum(Coded.batches) == 1 + 3 * 16 + 20 + 20 + 18  # one to try, those of the probe, those of the map
    Coded.batches = []
    again = asked(Coded, "copy-target")
    assert Coded.batches == []
    pd.testing.assert_frame_equal(again.codes, first.codes)


def test_after_ctrl_c_only_the_missing_codes_are_asked_for(
    asked: Callable[..., Run], tree: Path, tmp_path: Path
) -> None:
    class Stopped(Coded):
        def motion_code(self, driving: Frames) -> Any:
            if len(Coded.batches) == 3:
                raise KeyboardInterrupt
            return super().motion_code(driving)

    with pytest.raises(ReenactbenchError, match="was not finished"):
        asked(Stopped)
    assert read_json(next((tmp_path / "results").glob("*/run.json")))["status"] == "interrupted"
    assert Coded.batches == [1, 16, 4]
    asked()
    assert sum(Coded.batches) == 1 + 3 * 16 + 20 + 20 + 18


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (lambda count: [0.0] * count, "motion_code returned list, expected a torch.Tensor or None"),
        (
            lambda count: torch.zeros(count, 2, 8, 8),
            "motion_code returned shape (1, 2, 8, 8) for 1 frames, expected (1, D)",
        ),
        (lambda count: torch.zeros(5, 2), "motion_code returned shape (5, 2) for 1 frames, expected (1, D)"),
        (lambda count: torch.full((count, 2), torch.nan), "motion_code returned NaN or infinite values"),
        (lambda count: torch.zeros(count, count), UNEVEN),
        (lambda count: torch.zeros(count, 2) if count == 1 else None, UNEVEN),
        (lambda count: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_code_that_is_none_is_a_reason_and_not_a_value(
    asked: Callable[..., Run], code: Callable[[int], Any], reason: str
) -> None:
    class Wrong(Coded):
        def motion_code(self, driving: Frames) -> Any:
            return code(len(driving))

    found = asked(Wrong, metrics=("leak", "l1"))
    rows = {row["metric"]: row for row in summary_rows(found)}
    assert (rows["leak"]["mean"], rows["leak"]["status"], rows["leak"]["reason"]) == (None, "not computed", reason)
    assert rows["l1"]["status"] == "ok"


def test_leak_is_computed_only_where_it_is_named(plugins: Plugins, tree: Path) -> None:
    for name, root in (("synthetic", None), ("300vw", tree)):
        dataset = load_dataset(plugins.registry, DatasetOptions(name, root, allow_missing=root is not None), "cpu")
        assert "leak" not in default_metrics(plugins.registry, dataset)
    assert "leak" in [entry.name for entry in plugins.registry.of("metrics")]


# --- The packages of a method


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that a method of another one names."""
    package = tmp_path / "their_networks"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("WIDTH = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "their_networks", raising=False)
    return package


def test_the_python_files_of_a_methods_further_packages_are_in_its_key(plugins: Plugins, theirs: Path) -> None:
    class Split(Coded):
        packages: ClassVar[tuple[str, ...]] = ("their_networks",)

    plugins.registry.add(Entry("methods", "split", Split, "test", "test", "1"))
    plugins.registry.add(Entry("methods", "whole", Coded, "test", "test", "1"))

    def key(name: str) -> Any:
        return load_methods(plugins.registry, [name], [])[0].identity()["code"]

    before = key("split")
    assert before != key("whole")
    (theirs / "notes.txt").write_text("nothing that runs")
    assert key("split") == before
    (theirs / "layers.py").write_text("WIDTH = 2\n")
    assert key("split") != before


def test_a_further_package_that_is_not_there_is_one_sentence(plugins: Plugins) -> None:
    class Lost(Coded):
        packages: ClassVar[tuple[str, ...]] = ("no_such_networks",)

    plugins.registry.add(Entry("methods", "lost", Lost, "test", "test", "1"))
    with pytest.raises(ReenactbenchError, match=r"method 'lost' of plugin 'test' .* names the package 'no_such_netw"):
        load_methods(plugins.registry, ["lost"], [])


def test_a_further_package_in_which_no_edit_would_be_noticed_is_one_sentence(
    plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nowhere(Coded):
        packages: ClassVar[tuple[str, ...]] = ("folder_of_networks",)

    (tmp_path / "folder_of_networks").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    plugins.registry.add(Entry("methods", "nowhere", Nowhere, "test", "test", "1"))
    with pytest.raises(ReenactbenchError) as caught:
        load_methods(plugins.registry, ["nowhere"], [])
    assert str(caught.value) == (
        "method 'nowhere' of plugin 'test' (test 1) names the package 'folder_of_networks', in which no edit would be "
        "noticed; give it an __init__.py"
    )


def test_the_networks_of_crossid_are_in_its_key(plugins: Plugins, tmp_path: Path) -> None:
    checkpoint = tmp_path / "any.safetensors"
    checkpoint.write_bytes(b"")
    (method,) = load_methods(plugins.registry, ["crossid"], [str(checkpoint)])
    packages = method.cls.packages
    assert packages == ("crossid_gan", "reenactbench.training.heatmaps")
    assert method.code == code_hash(method.cls, packages)
    assert len({method.code, *(code_hash(method.cls, [package]) for package in packages), code_hash(method.cls)}) == 4
