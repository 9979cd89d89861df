"""The report: one model of the tables, four formats, and a page that nothing in a run can break."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import sys
from base64 import b64decode
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from reenactbench.cli.printing import terminal_tables
from reenactbench.errors import ReenactbenchError
from reenactbench.report import FORMATS, latex, markdown, tables, wording, write_report
from reenactbench.results import read_run, write_run_info, write_table
from reenactbench.summary import summary_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reenactbench.results import Run

CSIM, SSIM, FID, FPS = "csim/net-a/detect5@1", "ssim/gauss11-rgb@1", "fid/inception@1", "speed/fps@1"
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=y>\\{}$&#%_^~[|]`*\u202e\n新" + "z" * 10_000
FRAMES = [3, 10, 17, 24, 31, 38]


def variant(name: str, **changes: Any) -> dict[str, Any]:
    entry = {
        "metric": name.split("/")[0],
        "variant": name,
        "kind": "frame",
        "title": name.split("/")[0].upper(),
        "definition": f"What {name} is.",
        "unit": "",
        "digits": 3,
        "higher_is_better": True,
        "needs_truth": False,
        "backbones": [],
        "backbone_sha256": None,
        "status": "computed",
        "reason": "",
    }
    return entry | changes


VARIANTS = [
    variant(CSIM, backbones=[{"kind": "identity", "name": "net-a", "sha256": "a1" * 32}], backbone_sha256="a1" * 32),
    variant(SSIM, needs_truth=True),
    variant(FID, kind="set", higher_is_better=False, digits=2, status="not computed", reason="no Inception weights"),
    variant(FPS, kind="method", title="Speed", unit="frames/s", digits=1),
]


def pair(name: str, split: str, source: str, target: str) -> dict[str, Any]:
    protocol = name.split("/")[0]
    return {
        "id": name,
        "protocol": protocol,
        "kind": "self" if source == target else "cross",
        "split": split,
        "quadrant": split,
        "source": source,
        "target": target,
        "source_identity": source,
        "target_identity": target,
        "frames": FRAMES,
        "target_frames": [5, 9],
    }


PAIRS = [
    pair("cross/1/2", "seen-seen", "1", "2"),
    pair("cross/3/4", "seen-seen", "3", "4"),
    pair("cross/5/6", "seen-seen", "5", "6"),
    pair("self/7", "seen", "7", "7"),
    pair("self/8", "seen", "8", "8"),
]


def method(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "distribution": "reenactbench",
        "version": "0.1.0",
        "summary": f"What {name} does.",
        "licence": "MIT",
        "citation": None,
        "checkpoint": f"{name[:9]}.safetensors",
        "checkpoint_sha256": "c4" * 32,
        "image_size": 128,
        "shots": 1,
        "n_ok": 5,
        "n_failed": 0,
    }


def info(methods: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    content = {
        "schema_version": 1,
        "name": "demo",
        "status": "complete",
        "command": "reenactbench run --method ours --name demo",
        "started": "2026-10-25T14:03:11+00:00",
        "seconds": 3725.0,
        "seed": 0,
        "limit": None,
        "splits": ["seen-seen", "seen"],
        "dataset": {
            "name": "synthetic",
            "fingerprint": "d5" * 32,
            "partial": False,
            "missing": [],
            "n_clips": 8,
            "n_frames": 12345,
            "excluded": {"no face": 3},
            "landmarks": ["files"],
            "image_size": 128,
            "crop": "square@1",
        },
        "protocol": {
            "name": "cross, self",
            "sha256": "e6" * 32,
            "parts": [{"name": "cross", "version": 1, "sha256": "f7" * 32, "frozen": True, "n_pairs": 3}],
        },
        "methods": [method(name) for name in methods],
        "environment": {
            "python": "3.11.7",
            "platform": "Linux",
            "device": "cpu",
            "device_name": "Some CPU",
            "cores": 2,
            "packages": {"numpy": "2.1.0"},
            "git_commit": "0123abc",
        },
        "pairs": PAIRS,
        "shown": ["cross/1/2", "self/7"],
        "variants": VARIANTS,
        "failures": [],
    }
    return content | changes


def fake_run(folder: Path, methods: tuple[str, ...] = ("ours", "theirs"), **changes: Any) -> Run:
    """A scored run on disk; a cell in `failures` has no value and no strip."""
    content = info(methods, **changes)
    failed = {(failure["method"], failure["pair_id"]) for failure in content["failures"]}
    scores, sets = [], []
    for position, name in enumerate(methods):
        for number, item in enumerate(content["pairs"]):
            ok = (name, item["id"]) not in failed
            score = {"method": name, "pair_id": item["id"], "n_frames": 6, "n_failed": 0 if ok else 6}
            score |= {"status": "ok", "reason": ""} if ok else {"status": "failed", "reason": "it broke"}
            score |= {"value": 0.5 + 0.1 * position + 0.01 * number if ok else None}
            for entry in content["variants"]:
                known = item["kind"] == "self" or "cross" in content["dataset"].get("truth", {})
                if entry["kind"] == "frame" and (known or not entry["needs_truth"]):
                    scores.append(item | entry | score)
        speed = {"method": name, "protocol": "any", "split": "all", "metric": "speed", "variant": FPS, "value": 1234.5}
        sets.append(speed | {"n_pairs": 1, "n_planned": 1, "n_frames": 6, "status": "ok", "reason": ""})
    write_run_info(folder, content)
    for table, rows in (("pairs", scores), ("frames", []), ("sets", sets)):
        write_table(folder, table, rows)
    for shown in content["shown"]:
        media = folder / "media" / shown
        media.mkdir(parents=True)
        strip(2).save(media / "target.png")
        strip(len(FRAMES)).save(media / "driver.png")
        if shown.startswith("self/"):
            strip(len(FRAMES)).save(media / "truth.png")
        for name in methods:
            if name.isalnum() and (name, shown) not in failed:
                strip(len(FRAMES)).save(media / f"{name}.png")
    return read_run(folder)


def strip(frames: int, side: int = 8) -> Image.Image:
    """Square frames one under the other; the n-th is grey of level 10 n."""
    image = Image.new("RGB", (side, side * frames))
    for number in range(frames):
        image.paste((10 * number,) * 3, (0, side * number, side, side * (number + 1)))
    return image


FAILURE = {
    "method": "ours",
    "pair_id": "cross/1/2",
    "reason": "it broke",
    "traceback": ["run.py:1 in f", "boom"],
}


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
        return tables.groups([run])[0].tables

    return make


def only_column(found: list[tables.Table]) -> list[tables.Cell]:
    return [row.cells[0] for row in found[0].rows]


def test_there_is_a_table_for_each_protocol_and_split_and_the_methods_themselves_come_last(run: Run) -> None:
    found = tables.groups([run])[0].tables
    assert [(table.number, table.title) for table in found] == [
        (1, "synthetic, protocol cross: source seen, target seen"),
        (2, "synthetic, protocol self: identity seen"),
        (3, "The methods themselves, on Some CPU"),
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
    for table in tables.groups([run])[0].tables[:2]:
        assert [(column.title, column.variant) for column in table.columns] == [("CSIM", CSIM), ("CSIM", other)]


def test_runs_on_the_same_pairs_share_tables_with_their_names(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / "a", ("ours",), name="first"), fake_run(tmp_path / "b", ("ours",), name="second")]
    (group,) = tables.groups(runs)
    assert [(row.method, row.run) for row in group.tables[0].rows] == [("ours", "first"), ("ours", "second")]


def test_a_variant_that_only_one_run_has_is_not_measured_in_the_other(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / "a", ("ours",), variants=[VARIANTS[0]]),
        fake_run(tmp_path / "b", ("theirs",), variants=[VARIANTS[1]]),
    ]
    table = tables.groups(runs)[0].tables[1]
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
    found = tables.groups([run, other])
    assert [[member.name for member in group.runs] for group in found] == [["demo"], ["other"]]
    numbers = [table.number for group in found for table in group.tables]
    assert numbers == list(range(1, len(numbers) + 1))
    assert "do not compare" in page([run, other], tmp_path).text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.6549, 3, "0.655"), (-0.5, 2, "\u22120.50"), (-0.0001, 3, "0.000"), (12345.678, 1, "12\u202f345.7")],
)
def test_numbers_are_set_in_print(value: float, digits: int, text: str) -> None:
    assert wording.number(value, digits) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (125, "2 min 5 s"), (3725, "1 h 2 min")]
)
def test_durations_are_told_as_people_do(seconds: float, text: str) -> None:
    assert wording.duration(seconds).replace("\u00a0", " ") == text


def test_long_and_unseen_characters_are_cut() -> None:
    assert wording.shorten("a\nb\u202ec") == "a b c"
    assert wording.shorten("x" * 50 + "y" * 50, 10) == "xxxxxx…yyy"


def test_what_makes_a_run_incomparable_is_said_loudly(tmp_path: Path) -> None:
    dataset = info(())["dataset"] | {"partial": True, "missing": [f"{number:03}" for number in range(1, 13)]}
    run = fake_run(tmp_path, dataset=dataset, status="interrupted", limit=5, failures=[FAILURE])
    assert [(notice.title, notice.loud) for notice in wording.notices(run)] == [
        ("Partial data set", True),
        ("Unfinished run", True),
        ("Limited run", True),
        ("Failed cells", False),
    ]
    assert "lacks 12 clips (001, 002, 003, 004, 005, 006, 007, 008 and 4 more)" in wording.notices(run)[0].text
    assert "1 of 10 cells" in wording.notices(run)[3].text
    for form in ("html", "md", "latex"):
        text = write_report([run], tmp_path, form)[0].read_text(encoding="utf-8")
        assert text.index("Partial data set") < text.index("CSIM")
        assert "synthetic (partial)" in text


TRUTH = {"truth": {"self": "given", "cross": "rendered"}}


def test_columns_scored_against_rendered_truth_say_so_and_others_do_not(run: Run, tmp_path: Path) -> None:
    sentence = "SSIM: against the true frames, rendered; only this data set has them."
    rendered = fake_run(tmp_path / "rendered", dataset=info(())["dataset"] | TRUTH)
    titles = {table.title: table.truth for table in tables.groups([rendered])[0].tables}
    assert {title: truth for title, truth in titles.items() if truth} == {
        "synthetic, protocol cross: source seen, target seen": sentence
    }
    assert [notice.title for notice in wording.notices(rendered)] == ["True frames of two people"]
    for form in ("html", "md", "latex"):
        texts = [write_report([each], tmp_path, form)[0].read_text(encoding="utf-8") for each in (rendered, run)]
        assert [text.count(sentence) for text in texts] == [1, 0], form
        assert ["True frames of two people" in text for text in texts] == [True, False], form
    rows = list(csv.DictReader(io.StringIO(write_report([rendered], tmp_path, "csv")[0].read_text())))
    against = {(row["protocol"], row["metric"]): row["against"] for row in rows}
    assert (against["cross", "ssim"], against["self", "ssim"]) == ("true frames (rendered)", "true frames")
    assert terminal_tables(rendered).count("ssim: against the true frames, rendered; only this data set has them") == 1
    assert "rendered" not in terminal_tables(run)


# The page

VOID = {"meta", "br", "img", "wbr"}
REFERENCES = {"src", "href", "srcset", "action", "data", "poster"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, whether they nest, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.text = ""
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(runs: list[Run], out: Path, sections: Mapping[str, Callable[[list[Run]], str]] | None = None) -> Page:
    (path,) = write_report(runs, out, "html", sections or {})
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_is_one_file_that_fetches_nothing_and_runs_nothing(run: Run, tmp_path: Path) -> None:
    found = page([run], tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in found.elements}
    references = [value for _, attributes in found.elements for name, value in attributes.items() if name in REFERENCES]
    assert references
    assert all(value is not None and value.startswith(("data:image/webp;base64,", "#")) for value in references)
    assert "url(" not in found.source
    assert "@import" not in found.source
    policy = next(meta["content"] for meta in found.all("meta") if meta.get("http-equiv"))
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_the_page_can_be_read_by_machines_and_by_ear(run: Run, tmp_path: Path) -> None:
    found = page([run], tmp_path)
    assert found.all("html") == [{"lang": "en"}]
    assert len(found.all("h1")) == 1
    assert all(header.get("scope") for header in found.all("th"))
    assert len(found.all("caption")) == len(found.all("table")) == 5
    assert all(image["alt"] for image in found.all("img"))
    identifiers = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers)
    assert {link["href"] for link in found.all("a")} <= {f"#{name}" for name in identifiers}


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    calm = page([fake_run(tmp_path / "calm", failures=[FAILURE])], tmp_path)
    run = fake_run(
        tmp_path / "wild",
        (HOSTILE, "theirs"),
        name=HOSTILE,
        command=HOSTILE,
        dataset=info(())["dataset"] | {"name": HOSTILE, "crop": HOSTILE, "excluded": {HOSTILE: 1}},
        variants=[entry | {"title": HOSTILE, "definition": HOSTILE} for entry in VARIANTS],
        failures=[FAILURE | {"method": HOSTILE, "reason": HOSTILE, "traceback": [HOSTILE]}],
    )
    wild = page([run], tmp_path, {HOSTILE: lambda runs: ""})
    assert {tag for tag, _ in wild.elements} <= {tag for tag, _ in calm.elements}
    assert not [name for _, attributes in wild.elements for name in attributes if name.startswith("on")]
    assert "<script>alert('x')</script>" in wild.text


def test_each_variant_stands_in_its_heading_with_its_direction(run: Run, tmp_path: Path) -> None:
    found = page([run], tmp_path)
    codes = [code["title"] for code in found.all("code") if "title" in code]
    assert codes == [CSIM, FID, CSIM, SSIM, FID, FPS]
    assert {mark["title"] for mark in found.all("abbr")} == {"higher is better", "lower is better"}
    assert "not computed: no Inception weights" in found.text


def test_pictures_are_the_middle_of_three_parts_of_the_strip(run: Run, tmp_path: Path) -> None:
    found = page([run], tmp_path)
    level = {}
    for image in found.all("img"):
        source, alt = image["src"], image["alt"]
        assert source is not None
        assert alt is not None
        with Image.open(io.BytesIO(b64decode(source.partition(",")[2]))) as picture:
            assert picture.size == (8, 8)
            level[alt] = picture.convert("RGB").getpixel((4, 4))
    assert {alt: grey for alt, grey in level.items() if alt.startswith(("Driver 1", "Target 2", "ours: 2"))} == {
        "Target 2, frame 5": (0, 0, 0),
        "Driver 1, frame 10": (10, 10, 10),
        "Driver 1, frame 24": (30, 30, 30),
        "Driver 1, frame 38": (50, 50, 50),
        "ours: 2 driven by frame 10 of 1": (10, 10, 10),
        "ours: 2 driven by frame 24 of 1": (30, 30, 30),
        "ours: 2 driven by frame 38 of 1": (50, 50, 50),
    }
    assert [alt for alt in level if alt.startswith("Truth")] == [
        "Truth: 7 as it should look for frame 10 of 7",
        "Truth: 7 as it should look for frame 24 of 7",
        "Truth: 7 as it should look for frame 38 of 7",
    ]


def test_a_missing_picture_says_why(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "demo", ("ours", "theirs", "../../../../elsewhere"), failures=[FAILURE])
    media = run.path / "media"
    strip(5).save(media / "cross/1/2/theirs.png")
    (media / "self/7/ours.png").write_bytes(b"not a picture")
    (media / "self/7/theirs.png").unlink()
    strip(len(FRAMES)).save(tmp_path / "elsewhere.png")
    text = page([run], tmp_path).text
    assert "failed: it broke" in text
    assert "no picture: 8 x 40 pixels are not 6 square frames" in text
    assert "no picture: its file cannot be read" in text
    assert text.count("no picture: outside of the run's media") == 2
    assert str(tmp_path) not in text


def test_where_a_clip_drives_itself_the_driver_is_the_truth(run: Run, tmp_path: Path) -> None:
    assert "Driver (truth)" not in page([run], tmp_path).text
    (run.path / "media/self/7/truth.png").unlink()
    assert page([run], tmp_path).text.count("Driver (truth)") == 1


def test_a_pair_that_could_not_be_prepared_still_says_why(tmp_path: Path) -> None:
    pairs = [PAIRS[0] | {"frames": [], "target_frames": []}, *PAIRS[1:]]
    run = fake_run(tmp_path, pairs=pairs, failures=[FAILURE | {"reason": "clip 1 has no face"}])
    assert "failed: clip 1 has no face" in page([run], tmp_path).text


def test_pictures_of_runs_that_compare_stand_side_by_side(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / "a", ("ours",), name="first"), fake_run(tmp_path / "b", ("theirs",), name="second")]
    text = page(runs, tmp_path).text
    assert "ours (first)" in text
    assert "theirs (second)" in text
    assert text.count("Figure") == 2


def test_provenance_names_everything_a_reviewer_asks_for(tmp_path: Path) -> None:
    run = fake_run(tmp_path, failures=[FAILURE])
    text = page([run], tmp_path).text
    for wanted in (
        "reenactbench run --method ours --name demo", "d5" * 32, "e6" * 32, "f7" * 32, "c4" * 32, "a1" * 32,
        "no face: 3", "square@1", "0123abc", "numpy 2.1.0", "Some CPU", "seed 0", "2026-10-25T14:03:11+00:00",
        "it broke", "boom", f"What {CSIM} is.", wording.SYNTHETIC,
    ):  # fmt: skip
        assert wanted in text


def test_which_training_of_a_method_ran_stands_beside_its_name_in_every_table(tmp_path: Path) -> None:
    """Where public code and paper differ, a table says which of the two it has."""
    run = fake_run(tmp_path)
    budget = {"variant": "greyeye-compat", "preset": "demo", "steps": 14600, "minutes": 119.6}
    run.info["methods"][0] |= {"training": budget, "finetune_steps": 40}
    beside = "greyeye-compat, demo, fine-tuned 40 steps"
    found = page([run], tmp_path).text
    assert found.count(beside) == len(tables.groups([run])[0].tables) + 1
    assert "14\u202f600 steps in 120 min" in found
    assert f"| ours ({beside}) |" in markdown.render([run])
    assert f"ours ({beside})" in latex.render([run])
    assert terminal_tables(run).count(beside) == len(tables.groups([run])[0].tables)


def test_sections_of_plugins_come_last_and_a_broken_one_costs_nothing(run: Run, tmp_path: Path) -> None:
    def broken(runs: list[Run]) -> str:
        raise ValueError("<b>oops</b>")

    found = page([run], tmp_path, {"Good": lambda runs: f"<em>{len(runs)} run</em>", "Bad": broken})
    assert found.all("em") == [{}]
    assert "1 run" in found.text
    assert "This section could not be made: ValueError: <b>oops</b>" in found.text
    assert "Provenance" in found.text


# The other formats


def test_markdown_is_a_github_table(run: Run, tmp_path: Path) -> None:
    (path,) = write_report([run], tmp_path, "md")
    assert path.name == "report.md"
    text = path.read_text(encoding="utf-8")
    start = text.index("**Table 1.**")
    assert text[start : text.index("**Table 2.**")] == (
        "**Table 1.** synthetic, protocol cross: source seen, target seen. "
        "Each mean is over 3/3 pairs, 18 frames unless its cell says otherwise.\n\n"
        f"| Method | CSIM ↑<br>`{CSIM}` | FID ↓<br>`{FID}` |\n"
        "| --- | ---: | ---: |\n"
        f"| ours | 0.510<br>{interval(run, 'ours')} | not computed <sup>a</sup> |\n"
        f"| theirs | **0.610**<br>{interval(run, 'theirs')} | not computed <sup>a</sup> |\n\n"
        "<sup>a</sup> not computed: no Inception weights\n\n"
    )


def interval(run: Run, method: str) -> str:
    row = next(row for row in summary_rows(run) if (row["method"], row["variant"]) == (method, CSIM))
    return f"[{row['ci_low']:.3f}, {row['ci_high']:.3f}]"


def test_markdown_names_start_nothing() -> None:
    assert markdown.escaped("a|b\n*c* <script> [d](e) @f #1") == r"a\|b \*c\* \<script\> \[d\](e) \@f \#1"
    assert markdown.code("a`b|c") == r"`a'b\|c`"


def test_csv_holds_the_summary_rows_as_they_are(run: Run, tmp_path: Path) -> None:
    (path,) = write_report([run], tmp_path, "csv")
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    summary = summary_rows(run)
    assert len(rows) == len(summary)
    for row, source in zip(rows, summary, strict=True):
        expected = {"run": "demo", "dataset": "synthetic", "partial": False, **source}
        assert row == {name: "" if value is None else str(value) for name, value in expected.items()}


def test_latex_is_escaped() -> None:
    assert latex.escaped(r"\a_b {50%} $1 & #2 ~ ^ <|> é 新") == (
        r"\textbackslash{}a\_b \{50\%\} \$1 \& \#2 \textasciitilde{} \textasciicircum{} "
        r"\textless{}\textbar{}\textgreater{} é [U+65B0]"
    )


def test_latex_sets_one_booktabs_table_for_each_protocol_and_split(run: Run, tmp_path: Path) -> None:
    (path,) = write_report([run], tmp_path, "latex")
    text = path.read_text(encoding="utf-8")
    assert text.count(r"\begin{table}") == text.count(r"\toprule") == text.count(r"\bottomrule") == 3
    assert r"\textbf{0.610}" in text
    assert r"\textbf{0.510}" not in text
    assert r"not computed\textsuperscript{a}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles_whatever_the_names(tmp_path: Path) -> None:
    names = tuple(f"[{HOSTILE[:60]}{number}" for number in range(2))
    run = fake_run(tmp_path / "run", names, name=HOSTILE, variants=[variant(CSIM, title=HOSTILE, unit="°")])
    (path,) = write_report([run], tmp_path, "latex")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", path.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("format", FORMATS)
def test_a_failed_write_leaves_the_former_report(
    run: Run, tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write_report([run], tmp_path / "out", format)
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        write_report([run], tmp_path / "out", format)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_unknown_format_is_refused_with_the_known_ones(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ReenactbenchError, match=r"no report format 'pdf'; choose one of html, md, csv, latex"):
        write_report([run], tmp_path, "pdf")
    with pytest.raises(ReenactbenchError, match="at least one run"):
        write_report([], tmp_path, "html")


def test_making_a_report_never_imports_torch() -> None:
    code = "import sys, reenactbench.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
