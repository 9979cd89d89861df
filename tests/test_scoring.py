"""From frames to rows: sets of frames, metrics that fail, features that are computed once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from reenactbench.datasets.w300vw import W300VW
from reenactbench.engine.run import run
from reenactbench.engine.setup import RunOptions
from reenactbench.interfaces import Backbone, DataOptions, Features, FrameMetric, Method, Scene
from reenactbench.metrics.frechet import frechet_distance
from reenactbench.metrics.kid import kernel_distance
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.registry import Entry
from reenactbench.results import Run, read_run
from reenactbench.summary import summary_rows
from reenactbench.types import Frames


class MeanColours(Backbone):
    """A stand-in for Inception: mean colours of the picture's four quarters, [T,12]."""

    kind: ClassVar[str] = "inception"
    pictures: ClassVar[int] = 0

    def __init__(self, argument: str, device: str) -> None:
        self.sha256 = "5" * 64

    def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
        MeanColours.pictures += len(images)
        return {"pool3": colours(images)}


def colours(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), 2, 64, 2, 64, 3).mean(axis=(2, 4)).reshape(len(images), 12).astype(np.float32)


class Fails(Method):
    """Works for one pair only."""

    def encode_target(self, targets: Frames) -> float:
        return float(targets.images.mean())

    def reenact(self, identity: float, driving: Frames) -> torch.Tensor:
        if Fails.first is None:
            Fails.first = identity
        if identity != Fails.first:
            raise RuntimeError("only one")
        return driving.images

    first: ClassVar[float | None] = None


class Unhappy(FrameMetric):
    key: ClassVar[str] = "unhappy"
    recipe: ClassVar[str] = "always"
    title: ClassVar[str] = "Unhappy"
    definition: ClassVar[str] = "Raises."

    def score(self, scene: Scene) -> Any:
        raise ZeroDivisionError("no such thing")


class EveryOther(FrameMetric):
    key: ClassVar[str] = "every-other"
    recipe: ClassVar[str] = "frame"
    title: ClassVar[str] = "Every other"
    definition: ClassVar[str] = "1 for every other frame, no value for the rest."

    def score(self, scene: Scene) -> Any:
        values = np.ones(len(scene.generated.images))
        values[1::2] = np.nan
        return values, "is odd"


@pytest.fixture
def equipped() -> Plugins:
    Fails.first = None
    MeanColours.pictures = 0
    plugins = load_plugins()
    for kind, name, target in (
        ("backbones", "inception/colours", MeanColours),
        ("methods", "fails", Fails),
        ("metrics", "unhappy", Unhappy),
        ("metrics", "every-other", EveryOther),
    ):
        plugins.registry.add(Entry(kind, name, target, "test", "test", "1"))
    return plugins


@pytest.fixture
def scored(tree: Path, tmp_path: Path, equipped: Plugins):
    def make(*methods: str, **changes: Any) -> Run:
        defaults: dict[str, Any] = {
            "methods": methods,
            "dataset": "300vw",
            "data_root": tree,
            "protocols": ("cross",),
            "out": tmp_path / "results",
            "allow_missing": True,
            "device": "cpu",
            "backbones": {"inception": "colours:four"},
        }
        return read_run(run(RunOptions(**{**defaults, **changes}), equipped).path)

    make.plugins = equipped
    return make


def frames_of(found: Run, split: str, strip: str) -> np.ndarray:
    """All frames of the pairs of a split, from the strips of the report."""
    from reenactbench.engine.store import decode_strip

    pairs = [pair["id"] for pair in found.info["pairs"] if pair["split"] == split]
    return np.concatenate([decode_strip((found.path / "media" / pair / strip).read_bytes()) for pair in pairs])


def test_fid_compares_generated_frames_with_the_target_peoples_own(scored, tree: Path) -> None:
    found = scored("copy-driver", metrics=("fid",), protocols=("cross",), limit=4)
    assert {row["split"] for row in summary_rows(found)} == {
        "seen-seen", "seen-unseen", "unseen-seen", "unseen-unseen", "all",
    }  # fmt: skip
    clips = W300VW(DataOptions(tree, allow_missing=True))
    sets = found.sets.set_index("split")
    for pair in found.info["pairs"]:
        generated = colours(frames_of(found, pair["split"], "copy-driver.png"))
        theirs = colours(np.asarray(clips.prepared(pair["target"]).images))  # all of its few frames
        row = sets.loc[pair["split"]]
        assert row["value"] == pytest.approx(frechet_distance(generated, theirs), rel=1e-9)
        assert (row["n_pairs"], row["n_planned"]) == (1, 1)
        assert (row["n_frames"], row["n_reference"]) == (len(generated), len(theirs))
        assert (row["variant"], row["backbone_sha256"]) == ("fid/colours-four-pool3@1", "5" * 64)
    pooled = sets.loc["all"]
    assert pooled["n_frames"] == sum(len(pair["frames"]) for pair in found.info["pairs"])
    targets = {pair["target"] for pair in found.info["pairs"]}
    assert pooled["n_reference"] == sum(len(clips.prepared(target).numbers) for target in targets)  # each clip once


def test_on_self_the_reference_is_the_truth_so_the_driver_scores_zero(scored) -> None:
    found = scored("copy-driver", "copy-target", metrics=("fid", "kid", "fid_inf"), protocols=("self",))
    values = {(row["method"], row["metric"]): row for row in summary_rows(found) if row["split"] == "all"}
    assert values["copy-driver", "fid"]["mean"] == pytest.approx(0, abs=1e-6)
    assert values["copy-target", "fid"]["mean"] > 1
    assert values["copy-driver", "kid"]["mean"] < values["copy-target", "kid"]["mean"]
    assert values["copy-driver", "fid"]["ci_low"] is None
    assert {row["n_planned"] for row in values.values()} == {6}
    truth = colours(frames_of(found, "seen", "driver.png"))
    copies = colours(frames_of(found, "seen", "copy-target.png"))
    seen = next(
        row
        for row in summary_rows(found)
        if (row["method"], row["metric"], row["split"]) == ("copy-target", "fid", "seen")
    )
    assert seen["mean"] == pytest.approx(frechet_distance(copies, truth), rel=1e-9)
    kid = next(
        row
        for row in summary_rows(found)
        if (row["method"], row["metric"], row["split"]) == ("copy-target", "kid", "seen")
    )
    assert kid["mean"] == pytest.approx(1000 * kernel_distance(copies, truth), rel=1e-9)


def test_every_method_is_compared_with_the_same_real_frames(scored) -> None:
    found = scored("copy-driver", "fails", metrics=("fid",), protocols=("self",))
    sets = found.sets.query("split == 'seen'").set_index("method")
    assert sets.loc["copy-driver", "n_reference"] == sets.loc["fails", "n_reference"]
    assert sets.loc["fails", "n_pairs"] < sets.loc["fails", "n_planned"] == 3


def test_a_set_that_cannot_be_compared_says_why(scored) -> None:
    found = scored("fails", metrics=("fid",), protocols=("self",))
    rows = {row["split"]: row for row in summary_rows(found)}
    empty = [row for row in rows.values() if row["n_pairs"] == 0]
    assert {(row["mean"], row["status"], row["reason"]) for row in empty} == {(None, "failed", "no pair was generated")}


def test_features_are_computed_once_for_all_metrics_methods_and_runs(scored) -> None:
    def asked() -> int:
        before, MeanColours.pictures = MeanColours.pictures, 0
        return before

    first = scored("copy-target", metrics=("fid", "kid"), protocols=("self",))
    frames = sum(len(pair["frames"]) for pair in first.info["pairs"])
    assert asked() == 2 * frames  # what was generated, and what is real
    scored("copy-target", "copy-driver", metrics=("fid", "kid", "fid_inf"), protocols=("self",))
    assert asked() == frames  # of copy-driver alone


def test_a_metric_that_raises_fails_alone(scored) -> None:
    found = scored("copy-driver", metrics=("unhappy", "l1"), protocols=("self",))
    rows = found.pairs.set_index(["metric", "pair_id"])
    assert set(rows.loc["unhappy", "reason"]) == {"metric failed: ZeroDivisionError: no such thing"}
    assert set(rows.loc["unhappy", "status"]) == {"failed"}
    assert set(rows.loc["l1", "status"]) == {"ok"}
    assert found.info["failures"] == []
    unhappy = next(row for row in summary_rows(found) if row["metric"] == "unhappy")
    assert (unhappy["mean"], unhappy["coverage"], unhappy["status"]) == (None, 0, "failed")


def test_a_metric_has_rows_only_of_the_kinds_of_pairs_it_is_for(scored, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EveryOther, "kinds", ("cross",))
    found = scored("copy-driver", metrics=("every-other", "l1"), protocols=("self", "cross"), limit=1)
    assert {(row["protocol"], row["metric"]) for row in summary_rows(found)} == {
        ("self", "l1"),
        ("cross", "every-other"),
    }
    kinds = {variant["metric"]: variant["kinds"] for variant in found.info["variants"]}
    assert kinds == {"every-other": ["cross"], "l1": ["self", "cross"]}


def test_frames_without_a_value_are_counted_and_left_out_of_the_mean(scored) -> None:
    found = scored("copy-driver", metrics=("every-other",), protocols=("self",))
    for pair in found.pairs.itertuples():
        assert pair.value == 1
        assert pair.n_failed == pair.n_frames // 2
        assert (pair.status, pair.reason) == ("ok", "is odd")
    assert found.frames.groupby("status")["value"].count().to_dict() == {
        "failed": 0,
        "ok": int((found.pairs["n_frames"] - found.pairs["n_failed"]).sum()),
    }


def test_speed_is_measured_once_a_method_and_kept(scored, monkeypatch: pytest.MonkeyPatch) -> None:
    first = scored("copy-driver", metrics=("speed",), protocols=("self",))
    assert {row["protocol"] for row in summary_rows(first)} == {"any"}
    again = scored("copy-driver", metrics=("speed",), protocols=("self",))
    assert first.sets.equals(again.sets)
    states = dict(zip(first.sets["variant"], first.sets["status"], strict=True))
    assert states.pop("speed/peak-mb@1") == "not computed"
    assert set(states.values()) == {"ok"}


def test_without_a_network_a_metric_is_not_computed_and_the_rest_is(scored) -> None:
    found = scored("copy-driver", metrics=("fid", "csim", "l1"), protocols=("self",), backbones={})
    rows = {row["metric"]: row for row in summary_rows(found) if row["split"] == "all"}
    assert rows["l1"]["status"] == "ok"
    for metric in ("fid", "csim"):
        assert (rows[metric]["mean"], rows[metric]["status"]) == (None, "not computed")
        assert "`reenactbench weights fetch" in rows[metric]["reason"]
    assert rows["csim"]["variant"] == "csim/insightface-buffalo_l/detect5@1"


@pytest.mark.parametrize("values", [[1.0], "none", None, np.ones((4, 4))])
def test_a_metric_that_gives_something_else_fails_alone_and_is_asked_again(scored, values: Any) -> None:
    Unhappy.score, before = (lambda self, scene: (values, "")), Unhappy.score
    try:
        found = scored("copy-driver", metrics=("unhappy", "l1"), protocols=("self",))
    finally:
        Unhappy.score = before
    rows = found.pairs.set_index("metric")
    assert rows.loc["unhappy", "reason"].str.startswith("metric failed: ").all()
    assert set(rows.loc["l1", "status"]) == {"ok"}
    again = scored("copy-driver", metrics=("unhappy",), protocols=("self",), name="again")
    assert again.pairs["reason"].str.endswith("no such thing").all()  # nothing wrong was kept


def test_another_network_of_the_same_name_is_not_given_the_old_ones_features(scored) -> None:
    first = scored("copy-target", metrics=("fid",), protocols=("self",))
    MeanColours.pictures = 0

    class Other(MeanColours):
        def __init__(self, argument: str, device: str) -> None:
            self.sha256 = "6" * 64

        def extract(self, images: Any, context: Mapping[str, Features]) -> Features:
            MeanColours.pictures += len(images)
            return {"pool3": 2 * colours(images)}

    scored.plugins.registry._entries["backbones", "inception/colours"] = Entry(
        "backbones", "inception/colours", Other, "test", "test", "1"
    )
    second = scored("copy-target", metrics=("fid",), protocols=("self",))
    assert second.path != first.path
    assert MeanColours.pictures > 0
    values = [run.sets.set_index("split").loc["all", "value"] for run in (first, second)]
    assert values[1] == pytest.approx(4 * values[0], rel=1e-9)


def test_an_edited_metric_is_not_given_its_old_values(tree: Path, tmp_path: Path) -> None:
    source = (
        "import numpy as np\n"
        "from reenactbench import FrameMetric, hookimpl\n"
        "class Constant(FrameMetric):\n"
        "    key, recipe, title, definition = 'constant', 'always', 'Constant', 'Always the same.'\n"
        "    def score(self, scene): return np.full(len(scene.generated.images), {value}), ''\n"
        "@hookimpl\n"
        "def register_metrics(register): register('constant', Constant)\n"
    )
    for value in (1.0, 7.0):
        file = tmp_path / "constant.py"
        file.write_text(source.format(value=value))
        options = RunOptions(
            methods=("copy-driver",), dataset="300vw", data_root=tree, protocols=("self",), metrics=("constant",),
            out=tmp_path / "results", allow_missing=True, device="cpu",
        )  # fmt: skip
        found = read_run(run(options, load_plugins([file])).path)
        assert set(found.pairs["value"]) == {value}


@pytest.mark.parametrize("damage", ["torn", "swapped"])
def test_damaged_frames_are_never_scored_and_are_made_again(scored, damage: str) -> None:
    found = scored("copy-driver", "copy-target", metrics=(), protocols=("self",), limit=2)
    before = found.pairs
    strips = sorted((found.path.parent / ".store/generated").rglob("*.png"))
    strips[0].write_bytes(strips[1].read_bytes() if damage == "swapped" else strips[0].read_bytes()[:100])
    for score in (found.path.parent / ".store/scores").rglob("*.json"):
        score.unlink()
    mended = scored("copy-driver", "copy-target", metrics=(), protocols=("self",), limit=2)
    assert mended.pairs.equals(before)
