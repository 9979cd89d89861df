"""What plugins promise: ours keep it, those of the zoo each break one promise, and their authors are told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from zoo.table import SUITES, ZOO, failed

from crossid_gan.model import DEMO
from reenactbench.cli import main
from reenactbench.conformance.checks import FAIL, PASS, SKIPPED, Examination, Failed, Result, Skipped, Suite
from reenactbench.conformance.finding import CheckOptions, examinations
from reenactbench.conformance.state import watched
from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.registry import Entry

pytest_plugins = ["pytester"]


def results(target: str, plugins: Plugins, **options: Any) -> list[Result]:
    (examination,) = examinations(target, plugins, CheckOptions(**options))
    return list(examination)


def of_status(found: list[Result], status: str) -> dict[str, str]:
    return {result.check: result.why for result in found if result.status == status}


# Ours


@pytest.mark.parametrize(
    ("name", "skipped"),
    [
        ("copy-target", {"citation", "gpu", "motion-code"}),
        ("copy-driver", {"citation", "gpu", "motion-code"}),
        ("landmark-warp", {"citation", "gpu"}),
        ("crossid", {"gpu"}),
        ("crossid-flow", {"citation", "gpu"}),
        ("x2face", {"gpu"}),
        ("talking-head", {"gpu", "motion-code"}),
        ("gannotation", {"gpu", "motion-code"}),
    ],
)
def test_each_built_in_method_passes(name: str, skipped: set[str], plugins: Plugins) -> None:
    found = results(name, plugins)
    assert of_status(found, FAIL) == {}
    assert set(of_status(found, SKIPPED)) - {"gpu"} == skipped - {"gpu"}


OF_FRAMES_ALONE = {"nothing-to-see", "one-frame", "without-truth"}
SKIPPED_BY = (
    {name: set() for name in ("csim", "face_rate", "akd", "pose", "expression")}
    | {"csim_driver": {"direction"}}
    | {name: {"without-truth"} for name in ("akd_truth", "ssim", "psnr", "l1")}
    | dict.fromkeys(("fd", "fid", "fid_inf", "kid"), OF_FRAMES_ALONE)
    | {"speed": OF_FRAMES_ALONE | {"inputs", "direction", "repeat"}, "leak": OF_FRAMES_ALONE | {"inputs", "direction"}}
    | {"lpips": set(SUITES["metrics"]) - {"metadata", "loads", "interface", "variant"}}
)


@pytest.mark.parametrize("name", SKIPPED_BY)
def test_each_built_in_metric_passes(name: str, plugins: Plugins) -> None:
    found = results(name, plugins)
    assert of_status(found, FAIL) == {}
    assert set(of_status(found, SKIPPED)) == SKIPPED_BY[name]


def test_every_built_in_metric_is_looked_at(plugins: Plugins) -> None:
    assert {entry.name for entry in plugins.registry.of("metrics")} == set(SKIPPED_BY)


@pytest.mark.parametrize("name", ["synthetic", "300vw", "folder"])
def test_each_built_in_data_set_passes(name: str, plugins: Plugins, tree: Path) -> None:
    found = results(name, plugins, data_root=None if name == "synthetic" else tree, allow_missing=True)
    assert {result.check: result.status for result in found} == dict.fromkeys(SUITES["datasets"], PASS)


# The zoo


@pytest.mark.parametrize(("kind", "check"), [(kind, check) for kind, checks in SUITES.items() for check in checks])
def test_what_breaks_one_promise_fails_that_check_and_no_other(kind: str, check: str) -> None:
    if check == "gpu" and not torch.cuda.is_available():
        assert failed(kind, check) == []
    else:
        assert [result.check for result in failed(kind, check)] == [check]


@pytest.mark.parametrize("kind", SUITES)
def test_what_breaks_none_passes_all(kind: str) -> None:
    assert failed(kind, "right") == []


def test_memory_that_was_freed_before_does_not_hide_what_is_kept() -> None:
    blocks = [torch.ones(400_000) for _ in range(2) for _ in range(100)]
    del blocks[:-1]  # the last one keeps the C library from giving the others back
    (memory,) = (
        item
        for item in examinations(str(ZOO / "methods.py"), load_plugins(), CheckOptions())
        if item.entry.name == "Memory"
    )
    assert memory.result("memory").status == FAIL
    assert len(blocks) == 1


@pytest.mark.gpu
def test_constants_that_stay_on_the_cpu_fail_the_check_of_the_gpu() -> None:
    (result,) = failed("methods", "gpu")
    assert "Expected all tensors to be on the same device" in result.why


def test_a_file_that_changes_the_process_while_it_is_imported_is_found_out(tmp_path: Path) -> None:
    source = (ZOO / "metrics.py").read_text()
    file = tmp_path / "loud.py"
    file.write_text(source.replace("Scores = tuple", "np.seterr(all='raise')\nScores = tuple"))
    before = np.geterr()
    right = examinations(str(file), load_plugins(), CheckOptions())[0]
    assert right.result("global-state").why.startswith("importing it changed NumPy's handling of errors")
    assert np.geterr() == before


# The words


def suite() -> Suite[list[str]]:
    made: Suite[list[str]] = Suite()

    @made.check("first", asks="is long", mend="write more")
    def first(subject: list[str]) -> str:
        subject.append("looked at")
        raise Failed("it is short")

    @made.check("second", asks="follows", mend="", needs=["first"])
    def second(subject: list[str]) -> None:
        raise AssertionError("never looked at")

    @made.check("third", asks="comes last", mend="", needs=["second"])
    def third(subject: list[str]) -> None:
        raise AssertionError("never looked at")

    @made.check("odd", asks="is odd", mend="")
    def odd(subject: list[str]) -> None:
        raise Skipped("it is even", "add one")

    @made.check("weights", asks="has weights", mend="")
    def weights(subject: list[str]) -> None:
        raise MissingWeights("net.onnx is not here")

    @made.check("sentence", asks="is well", mend="do better")
    def sentence(subject: list[str]) -> None:
        raise ReenactbenchError("clip 3 is empty")

    @made.check("crash", asks="runs", mend="look")
    def crash(subject: list[str]) -> None:
        raise SystemExit("no licence\nfile")

    @made.check("good", asks="is good", mend="never said")
    def good(subject: list[str]) -> None: ...

    return made


def test_a_check_says_what_was_found_and_those_that_build_on_it_whom_to_blame() -> None:
    subject: list[str] = []
    entry = Entry("methods", "mine", "nowhere:Mine", "mine", "mine", "1")
    assert list(Examination(entry, subject, suite())) == [
        Result("first", FAIL, "it is short", "write more"),
        Result("second", SKIPPED, "not looked at, because `first` failed", ""),
        Result("third", SKIPPED, "not looked at, because `first` failed", ""),
        Result("odd", SKIPPED, "it is even", "add one"),
        Result("weights", SKIPPED, "net.onnx is not here", ""),
        Result("sentence", FAIL, "clip 3 is empty", "do better"),
        Result("crash", FAIL, "SystemExit: no licence file", "look"),
        Result("good", PASS, "is good", ""),
    ]
    assert subject == ["looked at"]


def test_what_a_block_changes_of_the_process_is_noted_and_taken_back() -> None:
    state, dtype = torch.get_rng_state(), torch.get_default_dtype()
    with suppress(RuntimeError), watched() as changes:
        torch.rand(3)
        torch.set_default_dtype(torch.float16)
        raise RuntimeError
    assert changes.settings == ["torch's default dtype to torch.float16"]
    assert list(changes.generators) == ["torch"]
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() == dtype


# The command


def test_the_command_prints_a_line_a_check_and_how_to_mend_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(ZOO / "datasets.py")]) == 1
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert printed.err == ""
    at = next(index for index, line in enumerate(lines) if line.startswith("dataset 'Missing' of plugin 'datasets.py'"))
    assert lines[at + 7 : at + 9] == [
        "  fail     missing         b is listed as missing, and as a clip",
        "                           to mend it: return the ids that belong to the data set and are not among `clips`",
    ]
    assert re.fullmatch(rf"\d+ passed, {len(SUITES['datasets'])} failed, \d+ skipped", lines[-1])


def test_as_json_it_prints_nothing_but_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = (ZOO / "metrics.py").read_text()
    (tmp_path / "loud.py").write_text(source.replace("wanted = (", "print('loud')\n        wanted = ("))
    assert main(["check", str(tmp_path / "loud.py"), "--json"]) == 1
    printed = capsys.readouterr()
    rows = json.loads(printed.out)
    assert "loud\n" in printed.err
    assert {row["status"] for row in rows} == {PASS, FAIL, SKIPPED}
    (row,) = (row for row in rows if (row["name"], row["check"]) == ("Inputs", "inputs"))
    assert row.pop("version").startswith("sha256:")
    assert row == {
        "kind": "metric",
        "name": "Inputs",
        "check": "inputs",
        "status": "fail",
        "why": "the generated pictures are no longer what they were",
        "mend": "work on a copy: `images.astype(np.float64)`, and no `-=` on what was handed in",
    }


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (
            "copy-targt",
            "copy-targt is neither a file or folder nor a method, metric or data set; did you mean copy-target?",
        ),
        ("empty", "empty holds no pyproject.toml with a name and [project.entry-points.reenactbench] "),
        ("broken.py", "broken.py does not load: ZeroDivisionError: division by zero"),
        ("hooks.py", "hooks.py registers no method, metric or data set, so there is nothing to check"),
    ],
)
def test_what_is_no_plugin_is_one_sentence(
    target: str, sentence: str, plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("broken.py").write_text("1 / 0\n")
    Path("hooks.py").write_text(
        "from reenactbench import hookimpl\n\n@hookimpl\ndef register_protocols(register): register('p', 'm:P')\n"
    )
    with pytest.raises(ReenactbenchError) as error:
        examinations(target, load_plugins(), CheckOptions())
    assert str(error.value).startswith(sentence)


def test_a_data_set_of_files_says_that_it_needs_a_folder(plugins: Plugins) -> None:
    found = results("folder", plugins)
    assert of_status(found, FAIL) == {}
    assert (
        of_status(found, SKIPPED)["starts"] == "data set folder needs --data-root DIR, the folder that holds its clips"
    )


def test_a_checkpoint_is_handed_on_and_has_to_be_there(plugins: Plugins, tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    with pytest.raises(ReenactbenchError, match="there is no such file"):
        examinations("crossid", plugins, CheckOptions(checkpoint=file))
    shutil.copy(DEMO, file)
    (examination,) = examinations("crossid", plugins, CheckOptions(checkpoint=file))
    assert examination.result("starts").why == "with mine.safetensors"


# The pytest plugin


def test_under_pytest_each_check_is_a_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.reenactbench({str(ZOO / "metrics.py")!r})
        def test_conformance(conformance):
            conformance()
        """
    )
    words = "-p", "reenactbench.testing", "--strict-markers", "-p", "no:cacheprovider", "-k", "Inputs- or Interface-"
    done = pytester.runpytest_inprocess(*words, "-rf")
    done.assert_outcomes(passed=16, failed=2, skipped=12)
    done.stdout.fnmatch_lines(
        [
            "inputs: the generated pictures are no longer what they were",
            "to mend it: work on a copy*",
            "FAILED *::test_conformance[[]Inputs-inputs[]]*",
        ]
    )


def test_a_test_that_does_not_say_what_is_checked_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_conformance(conformance): conformance()")
    done = pytester.runpytest_inprocess("-p", "reenactbench.testing")
    done.stdout.fnmatch_lines(["*test_conformance: say what is checked: @pytest.mark.reenactbench(NAME)*"])


def test_the_pytest_plugin_imports_nothing_heavy() -> None:
    script = (
        "import sys, reenactbench.testing; print([name for name in ('torch', 'cv2', 'numpy') if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "[]\n"
