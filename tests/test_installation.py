"""`reenactbench doctor`: what is in the way of an installation, with distributions and modules made for the test."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reenactbench import installation
from reenactbench.backbones import weights
from reenactbench.backbones.weights import Weights, weights_file
from reenactbench.cli import main
from reenactbench.errors import Damaged
from reenactbench.installation import MEND, Module, imported, opencv_problems, requirement_problems

Add = Callable[..., None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Adds a distribution, before all others, and its modules' text; a module without any is an empty folder."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))

    def make(name: str, version: str, *needs: str, **modules: str | None) -> None:
        folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {need}" for need in needs)]
        (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]))
        for module, text in modules.items():
            if text is None:
                (site / module).mkdir()
            else:
                (site / f"{module}.py").write_text(text)

    return make


def test_requirements_are_those_of_the_distribution_itself(add: Add) -> None:
    needs = [
        "made-old>=2,<3",
        "made-good>=1",
        "made-absent==1.5",
        "made-elsewhere>=1; sys_platform == 'nowhere'",
        "made-extra-absent; extra == 'test'",
        "made-extra-old>=5; extra == 'test'",
    ]
    add("made-subject", "1", *needs)
    for name, version in (("made-old", "1.9"), ("made-good", "1.0rc1"), ("made-extra-old", "4")):
        add(name, version)
    assert requirement_problems("made-subject") == [
        "made-old 1.9 is installed, made-subject needs <3,>=2; pip install 'made-old<3,>=2'",
        "made-good 1.0rc1 is installed, made-subject needs >=1; pip install 'made-good>=1'",
        "made-absent is not installed; pip install 'made-absent==1.5'",
        "made-extra-old 4 is installed, made-subject needs >=5; pip install 'made-extra-old>=5'",
    ]
    assert requirement_problems("made-nothing")[0].startswith("made-nothing itself is not installed")


def test_an_older_numpy_than_is_needed_is_a_problem(add: Add) -> None:
    add("numpy", "1.26.4")
    (problem,) = [problem for problem in requirement_problems() if problem.startswith("numpy ")]
    assert problem == "numpy 1.26.4 is installed, reenactbench needs >=2.0; pip install 'numpy>=2.0'"


@pytest.mark.parametrize("other", [name for name in installation.OPENCV if name != "opencv-python"])
def test_any_two_distributions_of_opencv_are_a_problem_with_the_mend_that_works(add: Add, other: str) -> None:
    add("opencv-python", "5.0.0.93")
    add(other, "4.11.0.86")
    (problem,) = opencv_problems(Module(version="4.11.0"))
    assert problem == f"opencv-python and {other} are installed and overwrite each other; {MEND}"
    assert MEND == "uninstall all of them, then pip install --force-reinstall opencv-python"


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        (Module(version="5.0.0"), None),
        (Module(version="4.11.0"), f"cv2 is of version 4.11.0, while opencv-python 5.0.0.93 is installed; {MEND}"),
        (Module(error="it is an empty folder"), f"cv2 cannot be used: it is an empty folder; {MEND}"),
    ],
)
def test_one_opencv_whose_files_are_anothers_or_gone(
    add: Add, monkeypatch: pytest.MonkeyPatch, module: Module, problem: str | None
) -> None:
    monkeypatch.setattr(installation, "OPENCV", ("opencv-python",))
    add("opencv-python", "5.0.0.93")
    assert opencv_problems(module) == ([problem] if problem else [])


def test_imports_that_fail_crash_or_find_nothing_are_findings_and_the_rest_is_imported(add: Add) -> None:
    add(
        "made",
        "1",
        made_good="__version__ = '1.2'\nprint('a word')",
        made_raises="raise ImportError('C extension:\\n None not built')",
        made_crashes="import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        made_exits="import os; os._exit(3)",
        made_empty=None,
    )
    found = imported(["made_good", "made_raises", "made_crashes", "made_exits", "made_empty", "made_absent", "json"])
    assert found["made_good"] == Module(version="1.2")
    assert {name: module.error for name, module in found.items() if module.error} == {
        "made_raises": "ImportError: C extension: None not built",
        "made_crashes": "importing it ends Python with SIGSEGV",
        "made_exits": "importing it ends Python with status 3",
        "made_empty": "it is an empty folder",
        "made_absent": "ModuleNotFoundError: No module named 'made_absent'",
    }
    assert not found["json"].error


def test_an_import_that_hangs_is_a_finding(add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    add("made", "1", made_hangs="import time; time.sleep(60)", made_after="")
    monkeypatch.setattr(installation, "PATIENCE", 2)
    found = imported(["made_hangs", "made_after"])
    assert found == {"made_hangs": Module(error="importing it takes more than 2 s"), "made_after": Module()}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing heavy is imported."""
    monkeypatch.setattr(installation, "imported", lambda: {"torch": Module(), "cv2": Module(), "onnxruntime": Module()})
    monkeypatch.setattr(installation, "requirement_problems", list)
    monkeypatch.setattr(installation, "opencv_problems", lambda cv2: [])


def doctor(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    status = main(["doctor", "--json"])
    found: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert status == (1 if found["problems"] else 0)
    return found


def test_all_is_well(quick: None, capfd: pytest.CaptureFixture[str]) -> None:
    assert doctor(capfd)["problems"] == []
    assert main(["doctor"]) == 0
    printed = capfd.readouterr().out
    assert printed.startswith("Python ")
    assert printed.endswith("no problems found\n")


def test_a_cache_that_cannot_be_written_is_a_problem(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / "file"))
    (problem,) = doctor(capfd)["problems"]
    assert problem.startswith(f"the cache cannot be written: {tmp_path / 'file'}: ")
    assert problem.endswith("; name another folder in REENACTBENCH_CACHE")


def test_little_space_is_a_problem(
    quick: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 20e6}))
    (problem,) = doctor(capfd)["problems"]
    assert problem.startswith("only 20 MB are free under the cache ")


def test_no_shared_memory_is_a_problem(
    quick: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refused)
    (problem,) = doctor(capfd)["problems"]
    assert problem.startswith("there is no shared memory for semaphores ([Errno 30] Read-only file system)")
    assert problem.endswith("make /dev/shm writable")


def test_weights_that_are_others_are_a_problem_and_not_used(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path))
    known = Weights("net.pth", "net.pth", "http://nowhere", "0" * 64, 1, "MIT", "a test", "fid")
    monkeypatch.setattr(weights, "KNOWN", {"net.pth": known})
    monkeypatch.setattr(installation, "KNOWN", {"net.pth": known})
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.pth").write_bytes(b"torn")
    assert doctor(capfd)["problems"] == [
        f"net.pth is damaged; remove it from {tmp_path / 'weights'}, then `reenactbench weights fetch net.pth`"
    ]
    with pytest.raises(Damaged, match=r"net\.pth is damaged; remove it, then `reenactbench weights fetch net\.pth`"):
        weights_file("net.pth")


@pytest.mark.parametrize(
    ("providers", "hints"), [(("CUDAExecutionProvider", "CPUExecutionProvider"), 0), (("CPUExecutionProvider",), 1)]
)
def test_a_gpu_that_onnx_networks_will_not_use_is_a_hint(providers: tuple[str, ...], hints: int) -> None:
    found = {"torch": Module(cuda=True), "onnxruntime": Module(providers=providers)}
    assert len(installation.provider_hints(found)) == hints
    assert installation.provider_hints({**found, "torch": Module()}) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "AttributeError: module 'cv2' has no attribute"),
        ("raise ImportError('libGL.so.1: cannot open')", "ImportError: libGL.so.1: cannot open"),
    ],
)
def test_other_commands_point_to_doctor(add: Add, cli, tree: Path, text: str, why: str) -> None:
    add("made", "1", cv2=text)
    done = cli("data", "verify", "--dataset", "folder", "--data-root", tree)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert why in done.stderr
    assert done.stderr.endswith("`reenactbench doctor` says which package is broken and how to mend it\n")
