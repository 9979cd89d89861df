"""`reenactbench plugin new`: what it writes passes under any name, and it never writes over anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Command

from reenactbench.conformance.checks import FAIL, PASS
from reenactbench.conformance.finding import CheckOptions, examinations
from reenactbench.errors import ReenactbenchError
from reenactbench.plugins import Plugins, load_plugins
from reenactbench.scaffold.kinds import Kind
from reenactbench.scaffold.new import Names, new_plugin


@pytest.fixture(autouse=True)
def _forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test imports what another wrote under the same name."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name, module in list(sys.modules.items()):
        if Path(getattr(module, "__file__", None) or "").is_relative_to(tmp_path):
            del sys.modules[name]


def test_the_command_says_what_it_wrote_and_what_comes_next(cli: Command) -> None:
    done = cli("plugin", "new", "blur")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "wrote blur/pyproject.toml, blur/README.md, blur/reenactbench_blur.py, blur/test_blur.py\n"
        "next: pip install -e blur && reenactbench check blur\n"
    )


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", ["x", "my-Own.thing_2", "a-name-of-forty-letters-is-the-longest-z"])
def test_what_it_writes_is_clean_and_passes_its_checks(kind: Kind, name: str, tmp_path: Path, plugins: Plugins) -> None:
    new_plugin(name, kind, tmp_path, plugins.registry)
    for words in (["check"], ["format", "--check"]):
        subprocess.run([sys.executable, "-m", "ruff", *words, "--no-cache", "--quiet", tmp_path / name], check=True)
    (examination,) = examinations(str(tmp_path / name), load_plugins(), CheckOptions())
    assert (examination.entry.name, examination.entry.distribution) == (name, Names.of(name).distribution)
    assert [result for result in examination if result.status == FAIL] == []


@pytest.mark.parametrize("kind", Kind)
def test_its_module_is_a_plugin_file_too(kind: Kind, tmp_path: Path, plugins: Plugins) -> None:
    module = new_plugin("blur", kind, tmp_path, plugins.registry)[2]
    (examination,) = examinations(str(module), load_plugins(), CheckOptions())
    assert (examination.entry.name, examination.entry.distribution) == ("blur", "file reenactbench_blur.py")
    assert examination.result("starts" if kind is Kind.dataset else "runs").status == PASS


@pytest.fixture
def installed(tmp_path: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where pip has put what it knows of `blur`, whose folder is beside it."""
    new_plugin("blur", Kind.metric, tmp_path, plugins.registry)
    info = tmp_path / "site" / "reenactbench_blur-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: reenactbench-blur\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[reenactbench]\nblur = reenactbench_blur\n")
    monkeypatch.syspath_prepend(info.parent)
    return info.parent


@pytest.mark.parametrize("target", ["blur", "./blur", "blur/reenactbench_blur.py"])
def test_what_is_installed_from_its_folder_is_the_same_by_name_folder_and_file(
    target: str, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(installed.parent)
    monkeypatch.syspath_prepend(installed.parent / "blur")
    (examination,) = examinations(target, load_plugins(), CheckOptions())
    assert (examination.entry.distribution, examination.entry.version) == ("reenactbench-blur", "0.1.0")


def test_a_folder_that_is_not_what_is_installed_is_one_sentence(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installed.parent / "blur" / "reenactbench_blur.py").rename(installed / "reenactbench_blur.py")
    with pytest.raises(ReenactbenchError, match="reenactbench-blur, which is installed from another place; install it"):
        examinations(str(installed.parent / "blur"), load_plugins(), CheckOptions())


def test_one_name_is_spelt_as_each_place_asks() -> None:
    assert Names.of("My-Own.thing_2") == Names(
        "My-Own.thing_2", "reenactbench-my-own-thing-2", "reenactbench_my_own_thing_2", "MyOwnThing2"
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "'' cannot be a plugin's name; take a letter and then letters and digits"),
        ("../up", "'../up' cannot be a plugin's name"),
        ("2d", "'2d' cannot be a plugin's name"),
        ("a--b", "'a--b' cannot be a plugin's name"),
        ("blur-", "'blur-' cannot be a plugin's name"),
        ("ä", "'ä' cannot be a plugin's name"),
        ("a" * 41, f"'{'a' * 41}' cannot be a plugin's name"),
        ("reenactbench-blur", "leave `reenactbench` out of 'reenactbench-blur'"),
        ("none", "'none' makes a class None, which is something else already"),
        ("frame-metric", "'frame-metric' makes a class FrameMetric, which is something else already"),
        ("Copy_Target", "'Copy_Target' is taken: there is a method 'copy-target' of plugin 'methods' (reenactbench "),
        ("fid", "'fid' is taken: there is a metric 'fid' of plugin 'core' (reenactbench "),
        ("synthetic", "'synthetic' is taken: there is a dataset 'synthetic' of plugin 'core' (reenactbench "),
        ("driver", "'driver' is taken: so the report calls one of its rows of pictures"),
        ("methods", "'methods' is taken: there is a module reenactbench_methods already"),
        ("there", "there is there already, and nothing is overwritten"),
    ],
)
def test_a_bad_or_taken_name_is_one_sentence_and_nothing_is_written(
    name: str, sentence: str, tmp_path: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").write_text("mine\n")
    with pytest.raises(ReenactbenchError) as error:
        new_plugin(name, Kind.method, Path(), plugins.registry)
    assert str(error.value).startswith(sentence)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("there", "mine\n")]


def test_an_installed_distribution_of_that_name_is_taken(
    tmp_path: Path, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reenactbench_blur-1.0.dist-info").mkdir()
    (tmp_path / "reenactbench_blur-1.0.dist-info" / "METADATA").write_text("Name: reenactbench-blur\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ReenactbenchError, match="the distribution reenactbench-blur is installed already"):
        new_plugin("blur", Kind.method, tmp_path / "new", plugins.registry)
    assert not (tmp_path / "new").exists()
