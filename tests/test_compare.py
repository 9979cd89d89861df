"""Two methods on the same pairs: what is compared, what is refused, what is said."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from reports import fake_run
from scipy import stats as scipy_stats

from reenactbench.compare import Side, compare, resolve_sides
from reenactbench.errors import ReenactbenchError
from reenactbench.results import Run, table
from reenactbench.stats import holm, paired_test

SSIM, L1, JITTER, FID, FPS = "ssim/gauss11-rgb@1", "l1/rgb@1", "jitter/net@1", "fid/net@1", "speed/fps@1"
VARIANTS = {
    SSIM: ("frame", True),
    L1: ("frame", False),
    JITTER: ("frame", None),
    FID: ("set", False),
    FPS: ("method", True),
}
GOOD, POOR = [0.9, 0.91, 0.88, 0.93, 0.9, 0.92], [0.7, 0.72, 0.69, 0.7, 0.73, 0.71]
NOISY = [0.9, 0.6, 0.95, 0.7, 0.69, 0.8]


def make_run(values, name="r", sets=(), backbone="abc", splits=("seen",) * 6, **changes):
    """A run on self pairs of six people. values: {method: {variant: [a value a pair, None where it failed]}}"""
    pairs = [
        {"id": f"self/{i}", "protocol": "self", "kind": "self", "split": split, "quadrant": split, "source": f"{i}",
         "target": f"{i}", "source_identity": f"p{i}", "target_identity": f"p{i}", "frames": [1], "target_frames": [2]}
        for i, split in enumerate(splits)
    ]  # fmt: skip
    used = dict.fromkeys([*(name for scores in values.values() for name in scores), *(row["variant"] for row in sets)])
    info = {
        "schema_version": 1,
        "name": name,
        "methods": [{"name": method} for method in values],
        "dataset": {"name": changes.get("dataset", "synthetic"), "fingerprint": changes.get("fingerprint", "f" * 64)},
        "protocol": {"sha256": changes.get("protocol", "a" * 64)},
        "pairs": pairs,
        "variants": [
            {"metric": used_name.split("/")[0], "variant": used_name, "kind": VARIANTS[used_name][0],
             "higher_is_better": VARIANTS[used_name][1], "backbone_sha256": backbone,
             "status": changes.get("status", "computed"), "reason": None}
            for used_name in used
        ],
    }  # fmt: skip
    scores = [
        {**pair, "method": method, "pair_id": pair["id"], "metric": used_name.split("/")[0], "variant": used_name,
         "backbone_sha256": backbone, "value": value, "n_frames": 1, "n_failed": int(value is None),
         "status": "failed" if value is None else "ok", "reason": ""}
        for method, by_variant in values.items()
        for used_name, listed in by_variant.items()
        for pair, value in zip(pairs, listed, strict=True)
    ]  # fmt: skip
    return Run(Path(name), info, table("pairs", scores), table("frames", []), table("sets", list(sets)))


def of_set(method, name, value, protocol="self", split="seen", n_pairs=6):
    return {
        "method": method, "protocol": protocol, "split": split, "metric": name.split("/")[0], "variant": name,
        "value": value, "n_pairs": n_pairs, "n_planned": 6, "n_frames": 6, "n_reference": 6,
        "status": "ok" if value is not None else "failed", "reason": "",
    }  # fmt: skip


def sides(run, a="a", b="b"):
    return Side(run, a), Side(run, b)


class TestRows:
    def test_a_row_is_the_paired_test_of_its_pairs(self):
        (row,) = compare(*sides(make_run({"a": {SSIM: GOOD}, "b": {SSIM: NOISY}})))
        interval, p_value = paired_test([x - y for x, y in zip(GOOD, NOISY, strict=True)], [(c,) for c in "123456"])
        assert (row.protocol, row.split, row.metric, row.variant) == ("self", "seen", "ssim", SSIM)
        assert (row.mean_a, row.mean_b) == pytest.approx((sum(GOOD) / 6, sum(NOISY) / 6))
        assert (row.difference, row.ci_low, row.ci_high) == (interval.mean, interval.low, interval.high)
        assert (row.n_pairs, row.p_value, row.p_corrected) == (6, p_value, p_value)
        assert row.p_value == pytest.approx(scipy_stats.ttest_rel(GOOD, NOISY).pvalue)

    def test_only_pairs_measured_on_both_sides_count(self):
        a, b = [0.9, None, 0.8, 0.7, 0.8, 0.9], [0.5, 0.9, None, 0.6, 0.65, 0.7]
        (row,) = compare(*sides(make_run({"a": {SSIM: a}, "b": {SSIM: b}})))
        assert row.n_pairs == 4
        assert (row.mean_a, row.mean_b) == pytest.approx((3.3 / 4, 2.45 / 4))
        assert row.difference == pytest.approx(0.85 / 4)

    def test_splits_are_tested_apart_and_pooled(self):
        run = make_run({"a": {SSIM: GOOD}, "b": {SSIM: POOR}}, splits=("unseen", "seen") * 3)
        rows = compare(*sides(run))
        assert [(row.split, row.n_pairs) for row in rows] == [("seen", 3), ("unseen", 3), ("all", 6)]

    def test_swapping_the_sides_negates(self):
        run = make_run({"a": {SSIM: GOOD}, "b": {SSIM: NOISY}})
        (forth,), (back,) = compare(*sides(run)), compare(*sides(run, "b", "a"))
        assert (back.mean_a, back.mean_b, back.p_value) == (forth.mean_b, forth.mean_a, forth.p_value)
        assert (back.difference, back.ci_low, back.ci_high) == pytest.approx(
            (-forth.difference, -forth.ci_high, -forth.ci_low)
        )
        assert back.verdict == forth.verdict

    def test_a_metric_that_failed_on_one_side_is_listed_without_numbers(self):
        run = make_run({"a": {SSIM: GOOD, L1: GOOD}, "b": {SSIM: POOR, L1: [None] * 6}})
        row = compare(*sides(run))[1]
        assert (row.variant, row.mean_a, row.difference, row.n_pairs, row.verdict) == (L1, None, None, 0, "no test")
        assert row.reason == "no pair was measured on both sides"


class TestVerdict:
    @pytest.mark.parametrize(
        ("variant", "a", "b", "verdict"),
        [
            pytest.param(SSIM, GOOD, POOR, "a better", id="higher is better, A higher"),
            pytest.param(SSIM, POOR, GOOD, "b better", id="higher is better, B higher"),
            pytest.param(L1, GOOD, POOR, "b better", id="lower is better, A higher"),
            pytest.param(L1, POOR, GOOD, "a better", id="lower is better, B higher"),
            pytest.param(JITTER, GOOD, POOR, "differs", id="no direction is better"),
            pytest.param(SSIM, NOISY, POOR, "not distinguishable", id="too noisy"),
            pytest.param(JITTER, NOISY, POOR, "not distinguishable", id="too noisy, no direction"),
            pytest.param(SSIM, GOOD, GOOD, "identical", id="the same values"),
        ],
    )
    def test_follows_the_direction(self, variant, a, b, verdict):
        (row,) = compare(*sides(make_run({"a": {variant: a}, "b": {variant: b}})))
        assert (row.verdict, row.reason) == (verdict, "")

    def test_a_tie_in_the_mean_is_not_identical(self):
        (row,) = compare(*sides(make_run({"a": {SSIM: [1, 2, 3, 4, 5, 6]}, "b": {SSIM: [6, 5, 4, 3, 2, 1]}})))
        assert (row.verdict, row.p_value) == ("not distinguishable", 1.0)

    def test_one_pair_gives_no_test(self):
        (row,) = compare(*sides(make_run({"a": {SSIM: [0.9]}, "b": {SSIM: [0.2]}}, splits=("seen",))))
        assert (row.difference, row.ci_low, row.p_value, row.verdict) == (pytest.approx(0.7), None, None, "no test")
        assert row.reason.startswith("too few pairs")

    def test_follows_p_corrected_over_the_metrics_of_a_split(self):
        weak = [0.9, 0.72, 0.8, 0.85, 0.75, 0.78]
        run = make_run({"a": {SSIM: weak, L1: NOISY, JITTER: NOISY}, "b": {SSIM: POOR, L1: POOR, JITTER: GOOD}})
        rows = compare(*sides(run))
        assert [row.p_corrected for row in rows] == holm([row.p_value for row in rows])
        assert rows[0].p_value < 0.05 < rows[0].p_corrected
        assert rows[0].verdict == "not distinguishable"

    def test_the_same_method_in_two_runs_is_told_apart_by_run(self):
        new, old = make_run({"a": {SSIM: GOOD}}, "new"), make_run({"a": {SSIM: POOR}}, "old")
        assert compare(Side(old, "a"), Side(new, "a"))[0].verdict == "new/a better"


class TestSetsAndMethods:
    def test_two_values_and_no_test(self):
        sets = [of_set("a", FID, 30.0), of_set("b", FID, 40.0)]
        sets += [of_set("a", FPS, 9.0, "any", "all"), of_set("b", FPS, 5.0, "any", "all")]
        fid, fps = compare(*sides(make_run({"a": {}, "b": {}}, sets=sets)))
        assert (fid.mean_a, fid.mean_b, fid.difference, fid.n_pairs) == (30.0, 40.0, -10.0, 6)
        assert (fid.ci_low, fid.p_value, fid.p_corrected, fid.verdict) == (None, None, None, "no test")
        assert fid.reason.startswith("one value for a whole set of frames")
        assert (fps.protocol, fps.split, fps.difference, fps.verdict) == ("any", "all", 4.0, "no test")

    def test_sets_of_different_size_are_pointed_out(self):
        sets = [of_set("a", FID, 30.0), of_set("b", FID, 40.0, n_pairs=4)]
        (row,) = compare(*sides(make_run({"a": {}, "b": {}}, sets=sets)))
        assert row.n_pairs is None
        assert row.reason.endswith("over 6 pairs against 4, which alone can move it")

    def test_they_do_not_count_as_tests(self):
        sets = [of_set("a", FID, 30.0), of_set("b", FID, 40.0)]
        row, _ = compare(*sides(make_run({"a": {SSIM: GOOD}, "b": {SSIM: POOR}}, sets=sets)))
        assert row.p_corrected == row.p_value

    def test_a_missing_value_leaves_the_other_alone(self):
        sets = [of_set("a", FID, None), of_set("b", FID, 40.0)]
        row = compare(*sides(make_run({"a": {SSIM: GOOD}, "b": {SSIM: POOR}}, sets=sets)))[1]
        assert (row.mean_a, row.mean_b, row.difference) == (None, 40.0, None)


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"dataset": "300vw"}, r"different data sets \(synthetic and 300vw\)"),
            (
                {"protocol": "b" * 64},
                r"different pairs or frames \(a{12} and b{12}\); run both with the same --protocol",
            ),
            ({"fingerprint": "0" * 64}, r"different prepared clips \(f{12} and 0{12}\)"),
            ({"backbone": "other"}, "no metric in common that was computed with the same backbone file"),
            ({"status": "not computed"}, "no metric in common"),
        ],
    )
    def test_runs_that_do_not_compare(self, change, message):
        mine, theirs = make_run({"a": {SSIM: GOOD}}, "mine"), make_run({"b": {SSIM: POOR}}, "theirs", **change)
        with pytest.raises(ReenactbenchError, match=f"'mine' and 'theirs' cannot be compared.*{message}"):
            compare(Side(mine, "a"), Side(theirs, "b"))

    def test_no_pair_measured_on_both_sides(self):
        run = make_run({"a": {SSIM: [0.5] * 3 + [None] * 3}, "b": {SSIM: [None] * 3 + [0.5] * 3}})
        with pytest.raises(ReenactbenchError, match="a and b cannot be compared, because no pair was measured on both"):
            compare(*sides(run))

    def test_a_variant_with_another_backbone_file_is_left_out(self):
        mine, theirs = make_run({"a": {SSIM: GOOD, L1: GOOD}}), make_run({"b": {SSIM: POOR, L1: POOR}})
        theirs.info["variants"][1]["backbone_sha256"] = "another"
        assert [row.variant for row in compare(Side(mine, "a"), Side(theirs, "b"))] == [SSIM]


class TestResolve:
    @pytest.fixture
    def out(self, tmp_path):
        """Three runs, the newest last: `solo` (method x), `duo` (x and solo) and `last` (x and y)."""
        for age, (name, methods) in enumerate({"solo": ["x"], "duo": ["x", "solo"], "last": ["x", "y"]}.items()):
            fake_run(tmp_path / name, tuple(methods), name=name, shown=[])
            os.utime(tmp_path / name / "run.json", ns=(age, age))
        return tmp_path

    def resolved(self, out, a, b, run=None):
        return [(side.run.name, side.method) for side in resolve_sides(out, a, b, run)]

    def test_methods_of_the_newest_run(self, out):
        assert self.resolved(out, "x", "y") == [("last", "x"), ("last", "y")]

    def test_methods_of_the_run_named(self, out):
        assert self.resolved(out, "x", "solo", "duo") == [("duo", "x"), ("duo", "solo")]

    def test_runs_with_one_method_and_run_slash_method(self, out):
        assert self.resolved(out, "solo", "duo/x") == [("solo", "x"), ("duo", "x")]

    def test_a_path_of_a_run(self, out):
        assert self.resolved(out, str(out / "solo"), f"{out}/duo/x") == [("solo", "x"), ("duo", "x")]

    def test_a_method_goes_before_a_run_of_the_same_name(self, out):
        assert self.resolved(out, "solo", "x", "duo") == [("duo", "solo"), ("duo", "x")]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("duo", "run 'duo' holds the methods x, solo; write one of them as duo/METHOD"),
            ("duo/z", "run 'duo' has no method 'z', only x, solo"),
            ("z", r"'z' is neither a method of run 'last' \(x, y\), nor a run in .*, nor RUN/METHOD"),
            ("z/x", "'z/x' is neither a method"),
        ],
    )
    def test_one_sentence_for_what_cannot_be_resolved(self, out, text, message):
        with pytest.raises(ReenactbenchError, match=message):
            resolve_sides(out, "x", text)

    def test_an_unfinished_newest_run_stops_only_those_who_mean_it(self, out):
        (out / "last" / "pairs.parquet").unlink()
        assert self.resolved(out, "solo", "duo/x") == [("solo", "x"), ("duo", "x")]
        with pytest.raises(ReenactbenchError, match="was not finished"):
            resolve_sides(out, "x", "solo")

    def test_a_run_that_does_not_exist(self, out):
        with pytest.raises(ReenactbenchError, match="there is no run 'none'"):
            resolve_sides(out, "x", "y", "none")

    def test_no_run_at_all(self, tmp_path):
        with pytest.raises(ReenactbenchError, match="there is no run in"):
            resolve_sides(tmp_path, "x", "y")


def test_the_order_of_rows_in_the_tables_does_not_matter():
    run = make_run({"a": {SSIM: GOOD, L1: POOR}, "b": {SSIM: POOR, L1: NOISY}})
    shuffled = replace(run, pairs=run.pairs.sample(frac=1, random_state=0))
    assert compare(*sides(shuffled)) == compare(*sides(run))
