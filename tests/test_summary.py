"""`reenactbench show --json`, row by row, from small runs made by hand."""

import json
import math
from pathlib import Path

import pytest

from reenactbench.results import Run, table
from reenactbench.stats import mean_interval
from reenactbench.summary import groups, people, records, split_order, summary_rows

KEYS = [
    "method", "protocol", "split", "metric", "variant", "mean", "ci_low", "ci_high", "n_pairs", "n_frames", "n_planned",
    "coverage", "higher_is_better", "status", "reason", "against",
]  # fmt: skip
SSIM, CSIM, LPIPS, FID, FPS = "ssim/gauss11-rgb@1", "csim/net/crop@1", "lpips/alex@1", "fid/net@1", "speed/fps@1"


def pair(pair_id, split, source, target=None):
    kind = "self" if target is None else "cross"
    target = target or source
    return {
        "id": pair_id, "protocol": pair_id.split("/")[0], "kind": kind, "split": split, "quadrant": split,
        "source": source, "target": target, "source_identity": f"person-{source}",
        "target_identity": f"person-{target}", "frames": [1, 2, 3, 4], "target_frames": [9],
    }  # fmt: skip


def variant(name, kind="frame", needs_truth=False, reason=None, higher_is_better=True):
    return {
        "metric": name.split("/")[0], "variant": name, "kind": kind, "title": "T", "definition": "D", "unit": "",
        "digits": 3, "higher_is_better": higher_is_better, "needs_truth": needs_truth, "backbones": [],
        "backbone_sha256": None, "status": "not computed" if reason else "computed", "reason": reason,
    }  # fmt: skip


def score(planned, name, value, method="ours", n_failed=0, reason=""):
    """A row of `pairs`; value None: the pair failed."""
    return {
        **{key: planned[key] for key in ("protocol", "kind", "split", "quadrant", "source", "target")},
        "source_identity": planned["source_identity"], "target_identity": planned["target_identity"],
        "method": method, "pair_id": planned["id"], "metric": name.split("/")[0], "variant": name, "value": value,
        "n_frames": 4, "n_failed": n_failed, "status": "failed" if value is None else "ok", "reason": reason,
    }  # fmt: skip


def of_set(name, value, protocol="self", split="all", method="ours", reason="", n_pairs=2, n_planned=3):
    return {
        "method": method, "protocol": protocol, "split": split, "metric": name.split("/")[0], "variant": name,
        "value": value, "n_pairs": n_pairs, "n_planned": n_planned, "n_frames": 8, "n_reference": 12,
        "status": "failed" if value is None else "ok", "reason": reason,
    }  # fmt: skip


def run(pairs, variants, scores=(), sets=(), methods=("ours",), truth=None):
    info = {"name": "r", "methods": [{"name": name} for name in methods], "pairs": pairs, "variants": variants}
    info["dataset"] = {"name": "d", "truth": truth or {}}
    return Run(Path("r"), info, table("pairs", list(scores)), table("frames", []), table("sets", list(sets)))


SELVES = [pair("self/1", "seen", "1"), pair("self/2", "seen", "2"), pair("self/3", "unseen", "3")]


def brief(rows, *keys):
    return [tuple(row[key] for key in keys) for row in rows]


def test_one_metric_on_two_splits_whole():
    scores = [score(SELVES[0], SSIM, 0.5, n_failed=1), score(SELVES[1], SSIM, 0.7), score(SELVES[2], SSIM, 0.9)]
    seen, unseen, pooled = summary_rows(run(SELVES, [variant(SSIM)], scores))
    both = mean_interval([0.5, 0.7], [("1",), ("2",)])
    all_three = mean_interval([0.5, 0.7, 0.9], [("1",), ("2",), ("3",)])
    assert seen == {
        "method": "ours", "protocol": "self", "split": "seen", "metric": "ssim", "variant": SSIM,
        "mean": both.mean, "ci_low": both.low, "ci_high": both.high, "n_pairs": 2, "n_frames": 7, "n_planned": 2,
        "coverage": 1.0, "higher_is_better": True, "status": "ok", "reason": "", "against": "",
    }  # fmt: skip
    assert list(seen) == KEYS
    # One pair has a mean but no interval.
    assert (unseen["split"], unseen["mean"], unseen["ci_low"], unseen["ci_high"]) == ("unseen", 0.9, None, None)
    assert (pooled["split"], pooled["mean"], pooled["ci_low"]) == ("all", all_three.mean, all_three.low)
    assert (pooled["n_planned"], pooled["coverage"]) == (3, 1.0)


def test_cross_pairs_are_clustered_by_both_people():
    pairs = [pair(f"cross/{s}{t}", "all", s, t) for s in "1234" for t in "1234" if s != t]
    values = [float(i % 5) for i in range(12)]
    (row,) = summary_rows(run(pairs, [variant(CSIM)], [score(p, CSIM, v) for p, v in zip(pairs, values, strict=True)]))
    expected = mean_interval(values, [(p["source_identity"], p["target_identity"]) for p in pairs])
    assert (row["mean"], row["ci_low"], row["ci_high"]) == (expected.mean, expected.low, expected.high)


def test_failed_and_unreached_pairs_lower_the_coverage_and_never_the_mean():
    scores = [score(SELVES[0], SSIM, 0.5), score(SELVES[1], SSIM, None, n_failed=4, reason="out of memory")]
    row = summary_rows(run(SELVES, [variant(SSIM)], scores))[-1]
    assert (row["mean"], row["n_pairs"], row["n_frames"], row["n_planned"]) == (0.5, 1, 4, 3)
    assert (row["status"], row["reason"]) == ("ok", "1 of 3 pairs: out of memory; 1 of 3 pairs: not reached")


def test_a_method_that_failed_everywhere_has_a_row_without_a_number():
    scores = [score(SELVES[0], SSIM, 0.5), score(SELVES[0], SSIM, None, "theirs", 4, "no checkpoint")]
    ours, theirs = summary_rows(run(SELVES[:1], [variant(SSIM)], scores, methods=("ours", "theirs")))
    assert (ours["method"], ours["mean"]) == ("ours", 0.5)
    assert theirs == {
        **ours, "method": "theirs", "mean": None, "n_pairs": 0, "n_frames": 0, "coverage": 0.0, "status": "failed",
        "reason": "1 of 1 pairs: no checkpoint",
    }  # fmt: skip


def test_values_of_sets_and_methods_have_no_interval():
    sets = [of_set(FID, 31.5), of_set(FPS, 24.0, protocol="any", n_pairs=1, n_planned=1)]
    variants = [variant(FPS, "method"), variant(FID, "set", higher_is_better=False)]
    fid, fps = summary_rows(run(SELVES, variants, sets=sets))
    assert (fid["protocol"], fid["split"], fid["mean"], fid["ci_low"], fid["ci_high"]) == (
        "self",
        "all",
        31.5,
        None,
        None,
    )
    assert (fid["n_pairs"], fid["n_frames"], fid["n_planned"], fid["higher_is_better"]) == (2, 8, 3, False)
    assert (fps["protocol"], fps["split"], fps["mean"], fps["coverage"]) == ("any", "all", 24.0, 1.0)


def test_a_set_without_a_value_says_why():
    (row,) = summary_rows(
        run(SELVES[:1], [variant(FID, "set")], sets=[of_set(FID, None, split="seen", reason="2 frames")])
    )
    assert (row["mean"], row["status"], row["reason"]) == (None, "failed", "2 frames")


def test_what_was_not_computed_has_rows_with_the_reason():
    reason = "weights are missing"
    variants = [variant(CSIM, reason=reason), variant(FID, "set", reason=reason), variant(FPS, "method", reason=reason)]
    rows = summary_rows(run(SELVES, variants))
    assert brief(rows, "protocol", "split", "metric", "n_planned") == [
        ("self", "seen", "csim", 2), ("self", "seen", "fid", 2),
        ("self", "unseen", "csim", 1), ("self", "unseen", "fid", 1),
        ("self", "all", "csim", 3), ("self", "all", "fid", 3),
        ("any", "all", "speed", 0),
    ]  # fmt: skip
    assert {(row["mean"], row["n_pairs"], row["status"], row["reason"]) for row in rows} == {
        (None, 0, "not computed", reason)
    }


class TestMetricsThatNeedTheTruth:
    def rows(self, *scored, truth=None):
        cross = pair("cross/12", "all", "1", "2")
        variants = [variant(SSIM, needs_truth=True), variant(CSIM), variant(LPIPS, needs_truth=True, reason="weights")]
        pairs = [SELVES[0], cross]
        scores = [
            score(SELVES[0], SSIM, 0.5),
            score(SELVES[0], CSIM, 0.6),
            *(score(cross, *one) for one in scored),
        ]
        return brief(summary_rows(run(pairs, variants, scores, truth=truth)), "protocol", "metric", "status")

    def test_have_no_row_where_nobody_knows_it(self):
        assert self.rows((CSIM, 0.4)) == [
            ("self", "ssim", "ok"), ("self", "csim", "ok"), ("self", "lpips", "not computed"), ("cross", "csim", "ok"),
        ]  # fmt: skip

    def test_have_no_row_where_they_say_nothing_of_such_pairs(self):
        cross = pair("cross/12", "all", "1", "2")
        only_cross = variant(LPIPS, needs_truth=True, reason="weights") | {"kinds": ["cross"]}
        found = summary_rows(run([SELVES[0], cross], [only_cross], truth={"self": "given", "cross": "rendered"}))
        assert brief(found, "protocol", "status") == [("cross", "not computed")]

    def test_have_rows_in_cross_where_it_is_known(self):
        assert self.rows((CSIM, 0.4), (SSIM, 0.3), truth={"self": "given", "cross": "rendered"}) == [
            ("self", "ssim", "ok"), ("self", "csim", "ok"), ("self", "lpips", "not computed"),
            ("cross", "ssim", "ok"), ("cross", "csim", "ok"), ("cross", "lpips", "not computed"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("truth", "of_cross"),
    [
        ({}, {"csim": "", "fid": "target's own frames"}),
        ({"cross": "given"}, {"csim": "", "fid": "true frames", "ssim": "true frames"}),
        ({"cross": "rendered"}, {"csim": "", "fid": "true frames (rendered)", "ssim": "true frames (rendered)"}),
    ],
)
def test_rows_say_whether_they_compare_with_true_frames(truth, of_cross):
    cross = pair("cross/12", "all", "1", "2")
    variants = [variant(SSIM, needs_truth=True), variant(CSIM), variant(FID, "set"), variant(FPS, "method")]
    scores = [score(planned, name, 0.5) for planned in (SELVES[0], cross) for name in (SSIM, CSIM)]
    if not truth:
        scores.remove(score(cross, SSIM, 0.5))
    sets = [of_set(FID, 1.0, "self", "seen"), of_set(FID, 1.0, "cross"), of_set(FPS, 9.0, "any")]
    found = {}
    for row in summary_rows(run([SELVES[0], cross], variants, scores, sets, truth=truth)):
        found.setdefault(row["protocol"], {})[row["metric"]] = row["against"]
    assert found == {
        "self": {"ssim": "true frames", "csim": "", "fid": "true frames"}, "cross": of_cross, "any": {"speed": ""},
    }  # fmt: skip


def test_order_is_protocol_split_variant_method():
    quadrants = ["unseen-unseen", "unseen-seen", "seen-unseen", "seen-seen"]
    pairs = [pair(f"cross/{i}", quadrant, "1", "2") for i, quadrant in enumerate(quadrants)] + SELVES[::-1]
    methods = ("zeta", "alpha")
    scores = [score(p, name, 0.5, method) for p in pairs for name in (CSIM, SSIM) for method in methods]
    sets = [of_set(FPS, 1.0, protocol="any", method=method) for method in methods]
    variants = [variant(SSIM), variant(FPS, "method"), variant(CSIM)]
    rows = summary_rows(run(pairs, variants, scores, sets, methods))
    splits = [("cross", split) for split in [*quadrants[::-1], "all"]] + [
        ("self", s) for s in ("seen", "unseen", "all")
    ]
    assert brief(rows, "protocol", "split", "variant", "method") == [
        *[(*where, name, method) for where in splits for name in (SSIM, CSIM) for method in methods],
        *[("any", "all", FPS, method) for method in methods],
    ]


def test_two_variants_of_a_metric_never_share_a_row():
    other = "csim/other/crop@1"
    scores = [score(SELVES[0], CSIM, 0.4), score(SELVES[0], other, 0.8)]
    rows = summary_rows(run(SELVES[:1], [variant(CSIM), variant(other)], scores))
    assert brief(rows, "metric", "variant", "mean") == [("csim", CSIM, 0.4), ("csim", other, 0.8)]


def test_everything_is_json_without_nan():
    scores = [score(SELVES[0], SSIM, math.nan) | {"status": "failed"}, score(SELVES[1], SSIM, 0.25)]
    rows = summary_rows(run(SELVES, [variant(SSIM), variant(FID, "set", reason="x")], scores))
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_a_measured_pair_without_a_value_is_a_broken_run():
    with pytest.raises(ValueError, match="not a finite number"):
        summary_rows(run(SELVES[:1], [variant(SSIM)], [score(SELVES[0], SSIM, math.nan)]))


class TestGroups:
    def test_one_split_is_not_pooled_again(self):
        assert brief([{"split": group.split} for group in groups(SELVES[:2])], "split") == [("seen",)]

    def test_each_protocol_is_pooled_for_itself(self):
        pairs = [*SELVES, pair("cross-paper/1", "all", "1", "2")]
        assert [(group.protocol, group.split, len(group.pairs)) for group in groups(pairs)] == [
            ("self", "seen", 2), ("self", "unseen", 1), ("self", "all", 3), ("cross-paper", "all", 1),
        ]  # fmt: skip

    def test_unknown_splits_come_by_name_before_all(self):
        assert sorted(["all", "old", "unseen", "new", "seen"], key=split_order) == [
            "seen",
            "unseen",
            "new",
            "old",
            "all",
        ]


def test_records_are_plain_python():
    (row,) = records(table("sets", [of_set(FID, None)]))
    assert row["value"] is None
    assert type(row["n_pairs"]) is int


def test_people_of_a_self_pair_are_one_person_twice():
    assert people(SELVES[0]) == ("person-1", "person-1")
