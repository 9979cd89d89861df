"""The tables of the report, the same for every format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reports import CSIM, FAILURE, FID, FPS, PAIRS, SSIM, VARIANTS, fake_run, info, method, metric_tables, page, variant

from reenactbench.compare import Side, compare
from reenactbench.report import tables
from reenactbench.report.contents import contents
from reenactbench.report.matrix import matrices

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reenactbench.results import Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return fake_run(tmp_path / "demo")


@pytest.fixture
def summarised(run: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tables.Table]]:
    """The tables of a run whose summary is made of the given changes to a row, one for each method."""

    def make(*changes: dict[str, Any], **column: Any) -> list[tables.Table]:
        row: dict[str, Any] = {
            "method": "",
            "protocol": "self",
            "split": "seen",
            "metric": "csim",
            "variant": CSIM,
            "mean": 0.5,
        }
        row |= {"ci_low": 0.4, "ci_high": 0.6, "n_pairs": 50, "n_frames": 500, "n_planned": 50}
        row |= {"higher_is_better": True, "status": "ok", "reason": "", "against": ""}
        names = [f"method{number}" for number in range(len(changes))]
        rows = [row | {"method": name} | change for name, change in zip(names, changes, strict=True)]
        run.info["methods"] = [method(name) for name in names]
        run.info["variants"] = [variant(CSIM, **column)]
        monkeypatch.setattr(tables, "summary_rows", lambda run: rows)
        return metric_tables([run])

    return make


def only_column(found: list[tables.Table]) -> list[tables.Cell]:
    return [row.cells[0] for row in found[0].rows]


def test_there_is_a_table_for_each_protocol_and_split_and_the_methods_themselves_come_last(run: Run) -> None:
    found = metric_tables([run])
    assert [table.title for table in found] == [
        "synthetic, protocol cross: source seen, target seen",
        "synthetic, protocol self: identity seen",
        "The methods themselves, on Some CPU",
    ]
    assert [[column.variant for column in table.columns] for table in found] == [[CSIM, FID], [CSIM, SSIM, FID], [FPS]]
    assert [row.method for row in found[0].rows] == ["ours", "theirs"]


@pytest.mark.parametrize(
    ("higher_is_better", "means", "best"),
    [
        (True, [0.1, 0.3, 0.2], [False, True, False]),
        (False, [0.1, 0.3, 0.2], [True, False, False]),
        (None, [0.1, 0.3, 0.2], [False, False, False]),
        (True, [0.1, 0.30001, 0.29999], [False, True, True]),
        (False, [-0.5, None, 0.2], [True, False, False]),
        (True, [0.1], [False]),
        (True, [0.1, None, None], [False, False, False]),
    ],
    ids=["higher", "lower", "neither", "tie as printed", "a missing value is not zero", "alone", "alone with a value"],
)
def test_the_best_mean_is_marked(
    summarised: Callable[..., list[tables.Table]], higher_is_better: bool | None, means: list[Any], best: list[bool]
) -> None:
    found = summarised(*({"mean": mean} for mean in means), higher_is_better=higher_is_better)
    assert [cell.best for cell in only_column(found)] == best


def test_a_value_has_its_interval_and_the_caption_says_what_most_values_are_over(
    summarised: Callable[..., list[tables.Table]],
) -> None:
    found = summarised({}, {}, {"n_pairs": 48, "n_frames": 480, "reason": "2 of 50 pairs: no face"})
    assert found[0].counts == "50/50 pairs, 500 frames"
    assert only_column(found) == [
        tables.Cell("0.500", "[0.400, 0.600]", best=True),
        tables.Cell("0.500", "[0.400, 0.600]", best=True),
        tables.Cell("0.500", "[0.400, 0.600]", "48/50 pairs, 480 frames", incomplete=True, best=True, note="a"),
    ]
    assert found[0].notes == {"a": "2 of 50 pairs: no face"}


def test_frames_lost_without_a_pair_are_told_apart(summarised: Callable[..., list[tables.Table]]) -> None:
    cell = only_column(summarised({}, {}, {"n_frames": 433}))[2]
    assert (cell.counts, cell.incomplete) == ("50/50 pairs, 433 frames", False)


def test_the_caption_never_hides_an_incomplete_mean(summarised: Callable[..., list[tables.Table]]) -> None:
    lost = {"n_pairs": 48, "reason": "2 of 50 pairs: no face"}
    found = summarised(lost, lost, {})
    assert found[0].counts == "50/50 pairs, 500 frames"
    assert [cell.counts for cell in only_column(found)] == ["48/50 pairs, 500 frames", "48/50 pairs, 500 frames", ""]


def test_what_has_no_value_has_a_status_and_a_note_and_never_a_number(
    summarised: Callable[..., list[tables.Table]],
) -> None:
    nothing = {"mean": None, "ci_low": None, "ci_high": None, "n_pairs": 0, "n_frames": 0, "n_planned": 50}
    absent, failed = nothing | {"status": "not computed", "reason": "no weights"}, nothing | {"status": "failed"}
    found = summarised(absent, absent, failed)
    assert only_column(found) == [
        tables.Cell(status="not computed", note="a"),
        tables.Cell(status="not computed", note="a"),
        tables.Cell(status="failed", note="b"),
    ]
    assert found[0].notes == {"a": "not computed: no weights", "b": "failed: no reason was recorded"}


def test_a_metric_of_a_set_has_its_size_beside_it(summarised: Callable[..., list[tables.Table]]) -> None:
    interval = {"ci_low": None, "ci_high": None, "n_frames": 12000}
    found = summarised(interval, interval | {"n_pairs": 49}, kind="set")
    assert [(cell.interval, cell.counts) for cell in only_column(found)] == [
        ("", "N = 12\u202f000 frames"),
        ("", "N = 12\u202f000 frames, 49/50 pairs"),
    ]


def test_variants_never_share_a_column_even_under_one_title(tmp_path: Path) -> None:
    other = "csim/net-b/crop@1"
    run = fake_run(tmp_path, variants=[variant(CSIM, title="CSIM"), variant(other, title="CSIM")])
    for table in metric_tables([run])[:2]:
        assert [(column.title, column.variant) for column in table.columns] == [("CSIM", CSIM), ("CSIM", other)]


def test_runs_on_the_same_pairs_share_tables_with_their_names(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / "a", ("ours",), name="first"), fake_run(tmp_path / "b", ("ours",), name="second")]
    assert [(row.method, row.run) for row in metric_tables(runs)[0].rows] == [("ours", "first"), ("ours", "second")]


def test_a_variant_that_only_one_run_has_is_not_measured_in_the_other(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / "a", ("ours",), variants=[VARIANTS[0]]),
        fake_run(tmp_path / "b", ("theirs",), variants=[VARIANTS[1]]),
    ]
    table = metric_tables(runs)[1]
    assert [[cell.status for cell in row.cells] for row in table.rows] == [["", "not measured"], ["not measured", ""]]


@pytest.mark.parametrize(
    "changes",
    [
        {"dataset": info(())["dataset"] | {"fingerprint": "00" * 32}},
        {"protocol": info(())["protocol"] | {"sha256": "00" * 32}},
        {"pairs": PAIRS[:2], "shown": []},
        {"variants": [VARIANTS[0] | {"backbone_sha256": "00" * 32}]},
    ],
    ids=["other data", "other protocol", "other pairs", "other weights under the same variant"],
)
def test_runs_that_do_not_compare_have_tables_of_their_own(run: Run, tmp_path: Path, changes: dict[str, Any]) -> None:
    other = fake_run(tmp_path / "other", name="other", **changes)
    found = contents([run, other])
    assert [[member.name for member in part.group.runs] for part in found] == [["demo"], ["other"]]
    numbers = [table.number for part in found for table in part.all]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "do not compare" in page([run, other], tmp_path).text


def test_the_papers_tables_come_first_with_its_numbers_in_columns_of_their_own(tmp_path: Path) -> None:
    run = fake_run(tmp_path, ("x2face", "copy-target"))
    (part,) = contents([run])
    second, third = part.paper
    assert [table.number for table in part.all] == list(range(1, len(part.all) + 1))
    assert [(column.heading, column.variant) for column in second.columns] == [
        ("CSIM", CSIM),
        ("CSIM in the paper", ""),
    ]
    assert [(row.method, *[cell.value or cell.status for cell in row.cells]) for row in second.rows] == [
        ("x2face", "0.510", "0.646"),
        ("copy-target", "0.610", "–"),
        ("Talking-Head", "not in this report", "0.607"),
        ("CrossID-GAN", "not in this report", "0.655"),
    ]
    headings = [column.heading for column in third.columns]
    assert headings == ["FID", "FID in the paper", "SSIM", "SSIM in the paper", "CSIM", "CSIM in the paper"]
    assert [cell.value for cell in third.rows[0].cells][1::2] == ["15.06", "0.83", "0.867"]
    assert "data, crop, frames and networks differ" in second.caption


def test_the_papers_number_stands_beside_the_last_run_of_a_method_and_not_beside_its_ablations(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / name, ("crossid",), name=name) for name in ("without", "full")]
    (part,) = contents(runs)
    assert [(row.run, row.cells[1].value) for row in part.paper[0].rows[:2]] == [("without", "–"), ("full", "0.655")]


def test_the_best_and_what_cannot_be_told_from_it_are_marked_by_the_paired_test(tmp_path: Path) -> None:
    """Three people: too few to tell 0.1 in every pair from chance, so both are marked and neither is ahead."""
    (part,) = contents([fake_run(tmp_path)])
    cells = [row.cells[0] for row in part.metrics[0].rows]
    assert [(cell.value, cell.best) for cell in cells] == [("0.510", False), ("0.610", True)]
    places = part.places[0]
    behind = [cell.near for cell in cells] == [True, False]
    assert [row.cells[1].value for row in places.rows] == (["1", "1"] if behind else ["1", "2"])


def test_a_control_is_named_as_one_and_is_neither_best_nor_at_a_place(tmp_path: Path) -> None:
    (part,) = contents([fake_run(tmp_path, ("ours", "theirs", "copy"))])
    rows = part.metrics[0].rows
    assert [(row.beside, row.cells[0].value, row.cells[0].best) for row in rows] == [
        ("", "0.510", False),
        ("", "0.610", True),
        ("control", "0.710", False),
    ]
    assert {row.method for row in part.places[0].rows} == {"ours", "theirs"}


def test_a_method_beside_controls_alone_is_not_called_best(tmp_path: Path) -> None:
    (part,) = contents([fake_run(tmp_path, ("ours", "copy"))])
    assert not any(cell.best or cell.near for row in part.metrics[0].rows for cell in row.cells)
    assert part.places == []


def test_a_place_over_fewer_pairs_than_planned_says_so(tmp_path: Path) -> None:
    (part,) = contents([fake_run(tmp_path, failures=[FAILURE])])
    counts = {row.method: (row.cells[1].counts, row.cells[1].incomplete) for row in part.places[0].rows}
    assert counts == {"ours": ("2/3 pairs", True), "theirs": ("", False)}


def test_a_matrix_of_comparisons_is_what_compare_prints(tmp_path: Path) -> None:
    run = fake_run(tmp_path)
    (part,) = contents([run])
    matrix = next(iter(matrices(part.builder)))
    row = compare(Side(run, "ours"), Side(run, "theirs"))[0]
    assert (matrix.names, matrix.column.variant, row.variant) == (["ours", "theirs"], CSIM, CSIM)
    assert matrix.squares[0][0] is None
    square, mirrored = matrix.squares[0][1], matrix.squares[1][0]
    assert square is not None
    assert mirrored is not None
    assert (square.difference, mirrored.difference) == ("\u22120.100", "+0.100")
    assert (square.sign, mirrored.sign) in {("▼", "▲"), ("≈", "≈")}
