"""The report's page and its other formats: nothing in a run can break them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shlex
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from reports import (
    CSIM,
    FAILURE,
    FID,
    FPS,
    HOSTILE,
    REFERENCES,
    SSIM,
    VARIANTS,
    Page,
    fake_run,
    info,
    metric_tables,
    page,
    variant,
)

from reenactbench.cli import main
from reenactbench.cli.printing import terminal_tables
from reenactbench.errors import ReenactbenchError, StorageError
from reenactbench.report import FORMATS, latex, markdown, wording, write_report
from reenactbench.report.contents import contents
from reenactbench.summary import summary_rows

if TYPE_CHECKING:
    from reenactbench.results import Run

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return fake_run(tmp_path / "demo")


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
    titles = {table.title: table.truth for table in metric_tables([rendered])}
    assert {title: truth for title, truth in titles.items() if truth} == {
        "synthetic, protocol cross: source seen, target seen": sentence
    }
    assert [notice.title for notice in wording.notices(rendered)] == ["True frames of two people"]
    for form in ("html", "md", "latex"):
        texts = [
            page([each], tmp_path).text
            if form == "html"
            else write_report([each], tmp_path, form)[0].read_text("utf-8")
            for each in (rendered, run)
        ]
        assert [text.count(sentence) for text in texts] == [1, 0], form
        assert ["True frames of two people" in text for text in texts] == [True, False], form
    rows = list(csv.DictReader(io.StringIO(write_report([rendered], tmp_path, "csv")[0].read_text())))
    against = {(row["protocol"], row["metric"]): row["against"] for row in rows}
    assert (against["cross", "ssim"], against["self", "ssim"]) == ("true frames (rendered)", "true frames")
    assert terminal_tables(rendered).count("ssim: against the true frames, rendered; only this data set has them") == 1
    assert "rendered" not in terminal_tables(run)


# The page


def test_the_page_is_one_file_that_fetches_nothing_and_runs_its_own_script_alone(run: Run, tmp_path: Path) -> None:
    found = page([run], tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["report.html"]
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in found.elements}
    references = [value for _, attributes in found.elements for name, value in attributes.items() if name in REFERENCES]
    allowed = ("data:image/webp;base64,", "data:video/webm;base64,", "#")
    assert references
    assert all(value is not None and value.startswith(allowed) for value in references)
    assert not re.search(r"url\((?!#)|@import", found.source)
    assert not [name for _, attributes in found.elements for name in attributes if name.startswith("on")]
    (script,) = re.findall(r"<script>(.*?)</script>", found.source, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", found.source, re.DOTALL)
    policy = next(meta["content"] for meta in found.all("meta") if meta.get("http-equiv"))
    assert policy == (
        "default-src 'none'; img-src data:; media-src blob: data:; "
        f"style-src '{sha256(style)}'; script-src '{sha256(script)}'; base-uri 'none'; form-action 'none'"
    )


def sha256(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def test_a_page_with_a_folder_of_assets_says_the_same_and_is_small(run: Run, tmp_path: Path) -> None:
    alone = page([run], tmp_path / "alone")
    left = tmp_path / "two/report_files/0123456789abcdef.webp"
    left.parent.mkdir(parents=True)
    left.write_text("of an earlier report")
    path, *files = write_report([run], tmp_path / "two", "html", assets="folder")
    found = Page(path.read_text(encoding="utf-8"))
    assert found.text == alone.text
    assert sorted(files) == sorted((tmp_path / "two/report_files").iterdir())
    sources = [(tmp_path / "two" / str(element["src"])) for tag in ("img", "video") for element in found.all(tag)]
    assert {*sources} == {*files}
    assert "data:image" not in found.source


def test_the_page_can_be_read_by_machines_and_by_ear(run: Run, tmp_path: Path) -> None:
    found = page([run], tmp_path)
    assert found.all("html") == [{"lang": "en"}]
    assert len(found.all("h1")) == 1
    assert all(header.get("scope") for header in found.all("th"))
    assert len(found.all("caption")) == len(found.all("table"))
    assert all(image["alt"] for image in found.all("img"))
    assert all(plot["role"] == "img" and plot["aria-label"] for plot in found.all("svg"))
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
    for name in (CSIM, SSIM, FPS):
        assert name in found.text
    assert {link["data-tip"] for link in found.all("a") if "data-tip" in link} >= {
        f"What {CSIM} is.",
        f"What {FPS} is.",
    }
    assert {mark["title"] for mark in found.all("abbr")} == {"higher is better", "lower is better"}
    assert "not computed: no Inception weights" in found.text


def test_words_between_backticks_in_a_definition_are_code(tmp_path: Path) -> None:
    odd = [entry | {"definition": "`a<b` and `c"} for entry in VARIANTS]
    page([fake_run(tmp_path, variants=odd)], tmp_path)
    assert "<p><code>a&lt;b</code> and `c</p>" in (tmp_path / "report.html").read_text()


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
    (part,) = contents([run])
    assert found.count(beside) == len(part.all) + 1
    assert "14\u202f600 steps in 120 min" in found
    assert f"| ours ({beside}) |" in markdown.render([run])
    assert f"ours ({beside})" in latex.render([run])
    assert terminal_tables(run).count(beside) == len(metric_tables([run]))


def test_that_a_method_changed_the_process_stands_beside_its_name(tmp_path: Path) -> None:
    run = fake_run(tmp_path)
    run.info["methods"][0]["changed"] = ["torch's default dtype to torch.float64", "the locale"]
    found = page([run], tmp_path).text
    assert "put back after every call: torch's default dtype to torch.float64; the locale" in found
    for text in (found, markdown.render([run]), terminal_tables(run)):
        assert "changed the process" in text


def test_sections_of_plugins_come_last_and_a_broken_one_costs_nothing(run: Run, tmp_path: Path) -> None:
    def broken(runs: list[Run]) -> str:
        raise ValueError("<b>oops</b>")

    found = page([run], tmp_path, {"Good": lambda runs: f"<em>{len(runs)} run</em>", "Bad": broken})
    assert found.all("em") == [{}]
    assert "1 run" in found.text
    assert "This section could not be made: ValueError: <b>oops</b>" in found.text
    assert "Provenance" in found.text


def test_a_run_that_measured_the_methods_alone_has_a_page(tmp_path: Path) -> None:
    alone = fake_run(tmp_path, variants=[entry for entry in VARIANTS if entry["variant"] == FPS])
    assert "The methods themselves" in page([alone], tmp_path).text


# The guides


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def typed(line: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> int:
    monkeypatch.chdir(folder)
    return main(shlex.split(line, comments=True)[1:])


def test_every_command_of_the_guide_to_the_report_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        fake_run(tmp_path / "results" / name, (f"method-{name}",), name=name, shown=[])
    (block,) = blocks("reading-the-report.md", "sh")
    assert [typed(line, monkeypatch, tmp_path) for line in block.splitlines()] == [0, 0, 0, 0]
    for path in ("results/b/report.html", "shared/report.html", "results/a/report.tex", "web/report.html"):
        assert (tmp_path / path).is_file()


def test_the_section_that_the_guide_writes_is_at_the_end_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run(tmp_path / "results/first", ("<ours>",), variants=[variant("akd/net@1")], shown=[])
    (plugin,) = blocks("report-sections.md", "python")
    (tmp_path / "hardest.py").write_text(plugin)
    (line,) = blocks("report-sections.md", "sh")
    assert typed(line, monkeypatch, tmp_path) == 0
    found = Page((tmp_path / "with-section/report.html").read_text("utf-8"))
    assert "demo, <ours>: 8 (0.540), 7 (0.530), 5 (0.520)" in found.text
    assert found.text.index("Provenance\n") < found.text.rindex("Hardest drivers")


# The other formats


def test_markdown_is_a_github_table(run: Run, tmp_path: Path) -> None:
    (path,) = write_report([run], tmp_path, "md")
    assert path.name == "report.md"
    text = path.read_text(encoding="utf-8")
    number = metric_tables([run])[0].number
    start = text.index(f"**Table {number}.**")
    assert text[start : text.index(f"**Table {number + 1}.**")] == (
        f"**Table {number}.** synthetic, protocol cross: source seen, target seen. "
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
    assert text.count(r"\begin{table}") == text.count(r"\toprule") == text.count(r"\bottomrule")
    assert text.count(r"\begin{table}") == len(contents([run])[0].all)
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
    with pytest.raises(StorageError, match="disk"):
        write_report([run], tmp_path / "out", format)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_an_unknown_format_is_refused_with_the_known_ones(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ReenactbenchError, match=r"no report format 'pdf'; choose one of html, md, csv, latex, json"):
        write_report([run], tmp_path, "pdf")
    with pytest.raises(ReenactbenchError, match="at least one run"):
        write_report([], tmp_path, "html")


def test_making_a_report_never_imports_torch() -> None:
    code = "import sys, reenactbench.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_json_holds_every_table_with_its_numbers_unrounded(run: Run, tmp_path: Path) -> None:
    (path,) = write_report([run], tmp_path, "json")
    (group,) = json.loads(path.read_text(encoding="utf-8"))["groups"]
    assert group["runs"] == ["demo"]
    assert [table["title"] for table in group["tables"]] == [table.title for table in contents([run])[0].all]
    table = next(table for table in group["tables"] if table["title"].startswith("synthetic, protocol cross"))
    cell = table["rows"][1]["cells"][0]
    row = next(row for row in summary_rows(run) if (row["method"], row["variant"]) == ("theirs", CSIM))
    assert (cell["printed"], cell["best"], cell["mean"], cell["ci_low"]) == ("0.610", True, row["mean"], row["ci_low"])
