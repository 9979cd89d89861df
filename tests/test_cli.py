"""What a person at the command line sees: exit statuses, sentences, tables, resuming."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from reenactbench.backbones.weights import KNOWN
from reenactbench.results import TABLES

RUN = ("run", "--dataset", "300vw", "--allow-missing", "--device", "cpu")
METHODS = ("--method", "copy-driver", "--method", "copy-target")
SMALL = ("--protocol", "self", "--metric", "l1", "--metric", "speed", "--name", "small")


@pytest.fixture(scope="module")
def small_run(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results folder of a small run."""
    out = tmp_path_factory.mktemp("run") / "results"
    words = (*SMALL, "--data-root", tree, "--out", out)
    subprocess.run([sys.executable, "-m", "reenactbench", *RUN, *METHODS, *words], check=True, capture_output=True)
    return out


@pytest.fixture
def finished(small_run: Path, tmp_path: Path) -> Path:
    """The folder of that run, where a test finds it as `results/small`."""
    shutil.copytree(small_run, tmp_path / "results")
    return tmp_path / "results" / "small"


def test_run_prints_tables_on_stdout_and_nothing_on_stderr(tree: Path, cli) -> None:
    done = cli(*RUN, *METHODS, "--data-root", tree, "--protocol", "self", "--metric", "l1", "--metric", "csim")
    assert done.returncode == 0
    assert done.stderr == ""
    assert "PARTIAL: 108 clips missing" in done.stdout
    assert "self, seen" in done.stdout
    assert "l1/rgb@1 ↓" in done.stdout
    assert "0.0000 [0.0000, 0.0000]" in done.stdout
    assert "not computed: csim: buffalo_l is not here: `reenactbench weights fetch buffalo_l`" in done.stdout


def test_show_lists_the_summary_rows(finished: Path, cli) -> None:
    rows = json.loads(cli("show", "small", "--json").stdout)
    assert list(rows[0]) == [
        "method", "protocol", "split", "metric", "variant", "mean", "ci_low", "ci_high", "n_pairs", "n_frames",
        "n_planned", "coverage", "higher_is_better", "status", "reason", "against",
    ]  # fmt: skip
    zero = next(row for row in rows if (row["method"], row["split"], row["metric"]) == ("copy-driver", "all", "l1"))
    assert (zero["mean"], zero["ci_low"], zero["ci_high"], zero["coverage"]) == (0, 0, 0, 1)
    assert cli("show", "--json").stdout == cli("show", "small", "--json").stdout  # the newest is the default
    assert "copy-driver" in cli("show", finished).stdout


def test_compare_says_who_is_better(finished: Path, cli) -> None:
    rows = json.loads(cli("compare", "copy-driver", "copy-target", "--json").stdout)
    pooled = next(row for row in rows if (row["metric"], row["split"]) == ("l1", "all"))
    assert pooled["verdict"] == "copy-driver better"
    assert pooled["difference"] < 0
    assert pooled["n_pairs"] == 6
    printed = cli("compare", "copy-driver", "copy-target")
    assert printed.returncode == 0
    assert "copy-driver better" in printed.stdout


@pytest.mark.parametrize(
    ("form", "file"), [("html", "report.html"), ("md", "report.md"), ("csv", "report.csv"), ("latex", "report.tex")]
)
def test_report_writes_every_format(finished: Path, cli, form: str, file: str) -> None:
    done = cli("report", "--format", form)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith(file)
    assert "copy-driver" in (finished / file).read_text()


def test_dry_run_says_what_would_be_done_and_does_nothing(tree: Path, tmp_path: Path, cli) -> None:
    own = {"REENACTBENCH_CACHE": str(tmp_path / "cache")}
    done = cli(*RUN, *METHODS, "--data-root", tree, "--protocol", "cross", "--metric", "ssim", "--dry-run", env=own)
    assert done.returncode == 0
    assert "copy-driver  cross  seen-unseen  9 cells: 9 missing (its clips are not prepared yet)" in done.stdout
    assert "ssim/gauss11-rgb@1  will be computed" in done.stdout
    assert not (tmp_path / "results").exists()
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--method", "copy-taget"], "there is no method 'copy-taget'; did you mean copy-target?"),
        (["--method", "copy-target", "--metric", "ssimm"], "there is no metric 'ssimm'; did you mean ssim, csim?"),
        (["--method", "copy-target", "--protocol", "sel"], "there is no protocol 'sel'; did you mean self?"),
        (
            ["--method", "copy-target", "--split", "often"],
            "--split often: no pair of protocol self, cross is in it; there are",
        ),
        (["--method", "copy-target", "--device", "tpu"], "--device tpu: choose auto, cpu or cuda"),
        (["--method", "copy-target", "--crop", "oval@1"], "there is no crop 'oval@1'; choose one of square@1, tight@1"),
        (
            ["--method", "copy-target", "--checkpoint", "no.pth"],
            "checkpoint no.pth of method 'copy-target' is not",
        ),
        (["--method", "copy-target", "--split", "seen", "--split", "unsen"], "--split unsen: no pair of protocol"),
        (["--method", "copy-target", "--name", "../x"], "--name ../x: take letters, digits"),
        (["--method", "copy-target", "--out", "/dev/null/x"], "/dev/null/x"),
        (["--method", "copy-target", "--detector", "yunet"], "--detector yunet: write SCHEME:FILE with a scheme of"),
        (["--method", "copy-target", "--detector", "yunet:no.onnx"], "no.onnx is neither a file nor known weights"),
        (["--method", "copy-target", "--detector", "other:no.onnx"], "there is no backbone 'detector/other'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_2(tree: Path, cli, words: list[str], sentence: str) -> None:
    done = cli(*RUN, "--data-root", tree, *words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback(tree: Path, cli) -> None:
    done = cli(*RUN, "--debug", "--data-root", tree, "--method", "copy-taget")
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "there is no method 'copy-taget'" in done.stderr


def test_bad_usage_is_status_2(cli) -> None:
    assert cli("run").returncode == 2
    assert cli("run", "--no-such-option").returncode == 2
    assert cli("no-such-command").returncode == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show"], "there is no run in results; `reenactbench run --method NAME` makes one"),
        (["show", "mine"], "there is no run 'mine' in results"),
        (["report", "mine"], "there is no run 'mine' in results"),
        (["compare", "a", "b"], "there is no run in results"),
        (["weights", "fetch", "mine"], "there are no weights mine; known are buffalo_l, "),
        (["data", "info", "--dataset", "300vw"], "data set 300vw needs --data-root DIR"),
        (["data", "verify", "--dataset", "folder"], "data set folder needs --data-root DIR"),
    ],
)
def test_every_command_says_what_is_wrong(cli, words: list[str], sentence: str) -> None:
    done = cli(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_failed_cells_end_with_status_1_and_are_named(tree: Path, tmp_path: Path, cli) -> None:
    plugin = tmp_path / "wrong.py"
    plugin.write_text(
        "from reenactbench import Method, hookimpl\n"
        "class Wrong(Method):\n"
        "    def encode_target(self, targets): return None\n"
        "    def reenact(self, identity, driving): return driving.images.double()\n"
        "@hookimpl\n"
        "def register_methods(register): register('wrong', Wrong)\n"
    )
    words = ("--data-root", tree, "--protocol", "self", "--metric", "l1", "--plugin", plugin)
    done = cli(*RUN, "--method", "wrong", *METHODS, *words)
    assert done.returncode == 1
    assert "6 cells of wrong failed: reenact returned torch.float64, expected torch.float32\n" in done.stderr
    assert "0.0000 [0.0000, 0.0000]" in done.stdout  # the others went on


def test_ctrl_c_ends_with_130_and_can_be_resumed(tree: Path, tmp_path: Path, cli) -> None:
    plugin = tmp_path / "slow.py"
    plugin.write_text(SLOW)
    words = [
        *RUN,
        "--method",
        "slow",
        "--data-root",
        str(tree),
        "--metric",
        "l1",
        "--name",
        "slow",
        "--plugin",
        str(plugin),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "reenactbench", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for_cells(tmp_path, 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == f"interrupted; the same command goes on with {Path('results/slow')}\n"
    assert json.loads((tmp_path / "results/slow/run.json").read_text())["status"] == "interrupted"
    show = cli("show", "slow")
    assert show.returncode == 2
    assert "was not finished" in show.stderr
    assert cli(*words).returncode == 0


SLOW = """
import time
from reenactbench import Method, hookimpl
class Slow(Method):
    def encode_target(self, targets):
        time.sleep(0.05)
        return targets.images[:1]
    def reenact(self, identity, driving):
        return (identity + driving.images) / 2
@hookimpl
def register_methods(register): register('slow', Slow)
"""


def wait_for_cells(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while len(list((folder / "results/.store/generated").rglob("*.json"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


KILL = """
import os, signal, sys
from reenactbench import files
phase, count = sys.argv.pop(1), int(sys.argv.pop(1))
replace = os.replace
def counting(source, target):
    global count
    replace(source, target)
    if phase in str(target):
        count -= 1
        if count == 0:
            os.kill(os.getpid(), signal.SIGKILL)
files.os.replace = counting
from reenactbench.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("phase", "count"),
    [("generated", 1), ("generated", 8), ("scores", 9), ("parquet", 2), ("media", 3)],
)
def test_killed_in_any_phase_it_goes_on_to_the_same_numbers(
    tree: Path, tmp_path: Path, cli, small_run: Path, phase: str, count: int
) -> None:
    """SIGKILL right after the n-th file of a phase is in place."""
    script = tmp_path / "kill.py"
    script.write_text(KILL)
    words = [*RUN, *METHODS, *SMALL, "--data-root", str(tree)]
    killed = subprocess.run([sys.executable, script, phase, str(count), *words], cwd=tmp_path, capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert cli(*words).returncode == 0
    for table in TABLES:
        resumed, whole = (
            pd.read_parquet(out / "small" / f"{table}.parquet").query("metric != 'speed'")
            for out in (tmp_path / "results", small_run)
        )
        pd.testing.assert_frame_equal(resumed, whole, check_exact=True)


def test_doctor_imports_everything_and_says_what_is_missing(cli) -> None:
    done = cli("doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == (1 if found["problems"] else 0)
    assert found["environment"]["packages"]["torch"]
    assert [hint.split()[0] for hint in found["hints"]] == list(KNOWN)


def test_real_faces_give_the_expected_order(realfaces: Path, real_weights: Path, cli) -> None:
    done = cli(
        *RUN, *METHODS, "--method", "landmark-warp", "--data-root", realfaces, "--protocol", "cross", "--limit", 4,
        "--identity", f"insightface:{real_weights / 'arcface_mobilefacenet_128.onnx'}",
        "--detector", f"yunet:{real_weights / 'face_detection_yunet.onnx'}",
        "--landmarks", f"onnx68:{real_weights / 'pfld68.onnx'}",
        "--metric", "csim", "--metric", "akd", "--metric", "face_rate",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {
        (row["method"], row["metric"]): row for row in json.loads(cli("show", "--json").stdout) if row["split"] == "all"
    }
    csim = [rows[method, "csim"]["mean"] for method in ("copy-target", "landmark-warp", "copy-driver")]
    akd = [rows[method, "akd"]["mean"] for method in ("copy-target", "landmark-warp", "copy-driver")]
    assert csim[0] == pytest.approx(1, abs=1e-9)
    assert 0.3 < csim[1] < 0.95
    assert abs(csim[2]) < 0.25
    assert akd[0] > 2 * akd[1] > 0
    assert akd[2] == 0
    assert all(row["coverage"] == 1 for row in rows.values())
    assert all(row["mean"] > 0.95 for (_, metric), row in rows.items() if metric == "face_rate")
