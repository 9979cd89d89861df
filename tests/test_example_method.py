"""The example plugin is what `reenactbench plugin new recolour` writes: installed by pip from its folder, listed, run.

That its own tests pass, and each command of its README, tests/test_writing_plugins.py sees with the same files.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command

from reenactbench.files import sha256_files
from reenactbench.plugins import load_plugins
from reenactbench.scaffold.kinds import Kind
from reenactbench.scaffold.new import new_plugin

EXAMPLE = Path(__file__).parents[1] / "plugins" / "example_method"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH in which pip has installed the example, built from a copy of its sources."""
    folder = tmp_path_factory.mktemp("example")
    shutil.copytree(EXAMPLE, folder / "source")
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--target", folder / "site", folder / "source"], check=True, timeout=120
    )
    return folder / "site"


@pytest.fixture
def with_example(cli: Command, installed: Path) -> Command:
    """The command line with the example installed."""
    return lambda *words: cli(*words, env={"PYTHONPATH": str(installed)})


def test_it_is_what_the_scaffold_writes(tmp_path: Path) -> None:
    written = new_plugin("recolour", Kind.method, tmp_path, load_plugins().registry)
    assert {path.name: path.read_text() for path in EXAMPLE.iterdir() if path.is_file()} == {
        path.name: path.read_text() for path in written
    }


def test_only_the_module_is_installed(installed: Path) -> None:
    assert [path.name for path in installed.glob("*.py")] == ["reenactbench_recolour.py"]


def test_it_is_listed(with_example: Command) -> None:
    (found,) = (p for p in json.loads(with_example("plugins", "--json").stdout) if p["name"] == "recolour")
    assert found == {
        "name": "recolour",
        "distribution": "reenactbench-recolour",
        "version": "0.1.0",
        "registers": {"methods": ["recolour"]},
        "errors": [],
    }


def test_it_runs_and_its_rows_are_shown(with_example: Command, tree: Path, tmp_path: Path, installed: Path) -> None:
    words = (
        "run --method recolour --dataset folder --protocol self --protocol cross --limit 2 --metric l1 --metric speed"
    )
    done = with_example(*words.split(), "--data-root", tree, "--out", tmp_path / "out", "--name", "example")
    assert done.returncode == 0, done.stderr

    rows = json.loads(with_example("show", "example", "--out", tmp_path / "out", "--json").stdout)
    assert {row["method"] for row in rows} == {"recolour"}
    (l1,) = (row for row in rows if row["variant"] == "l1/rgb@1" and row["protocol"] == "self")
    assert (l1["status"], l1["n_pairs"]) == ("ok", 2)
    assert 0 < l1["mean"] < 0.02  # in its own clip, a frame hardly changes its colours
    assert {row["metric"] for row in rows} == {"l1", "speed"}

    info = json.loads((tmp_path / "out" / "example" / "run.json").read_text())
    (method,) = info["methods"]
    assert (info["status"], method["distribution"], method["version"]) == (
        "complete",
        "reenactbench-recolour",
        "0.1.0",
    )
    assert method["code_sha256"] == sha256_files([installed / "reenactbench_recolour.py"])
