"""The house: arrows point down only, and starting the command line costs nothing."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reenactbench

ROOT = Path(reenactbench.__file__).parent
LAYERS = [
    {"__main__", "builtin"},
    {"cli", "testing"},
    {"conformance", "scaffold"},
    {"report"},
    {"compare"},
    {"summary"},
    {"engine"},
    {"training"},
    {"metrics"},
    {"backbones"},
    {"preparing"},
    {"protocols"},
    {"datasets"},
    {"plugins"},
    {"worker"},
    {"registry"},
    {"hookspecs"},
    {"interfaces"},
    {"seeding", "stats", "results"},
    {"run_info", "run_tables"},
    {"cache", "files", "landmarks68", "progress", "provenance", "schema", "types"},
    {"foreign"},
    {"errors"},
]
"""Top first; a module imports what stands below it, or beside it in its own part, and nothing else."""
HEAVY = ("torch", "torchvision", "cv2", "insightface", "onnxruntime", "pandas", "scipy", "skimage", "numpy")


def layer(part: str) -> int:
    return next(index for index, parts in enumerate(LAYERS) if part in parts)


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        part = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if part != "__init__":
            yield part, path


def imported_parts(path: Path) -> set[str]:
    """Parts of the package that a file imports, wherever the import stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("reenactbench.")} - {"__version__"}


def test_every_part_has_a_place() -> None:
    assert {part for part, _ in modules()} == set().union(*LAYERS)


@pytest.mark.parametrize("module", [pytest.param(item, id=str(item[1].relative_to(ROOT))) for item in modules()])
def test_arrows_point_down_only(module: tuple[str, Path]) -> None:
    part, path = module
    allowed = {part}.union(*LAYERS[layer(part) + 1 :])
    assert imported_parts(path) <= allowed


def test_the_methods_know_the_interface_and_no_more() -> None:
    allowed = {"errors", "hookspecs", "interfaces", "types"}
    plugin = ROOT.parent / "plugins" / "reenactbench_methods"
    for path in plugin.rglob("*.py"):
        assert imported_parts(path) <= allowed, path


@pytest.mark.parametrize("model", ["crossid_gan", "baselines/reenactbench_baselines"])
def test_the_models_know_the_interface_and_the_training(model: str) -> None:
    allowed = {"errors", "interfaces", "training", "types"}
    paths = list((ROOT.parent / model).rglob("*.py"))
    assert paths
    for path in paths:
        assert imported_parts(path) <= allowed, path


def test_the_harness_knows_no_model() -> None:
    for _, path in modules():
        assert not re.search("crossid_gan|reenactbench_baselines", path.read_text()), path


@pytest.mark.parametrize("part", ["report", "compare", "stats", "summary", "results"])
def test_the_report_and_the_statistics_import_no_torch(part: str) -> None:
    script = f"import sys, reenactbench.{part}; print([name for name in ('torch', 'cv2') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "[]\n"


@pytest.mark.parametrize("module", ["workers", "synthetic.films", "synthetic.export"])
def test_what_worker_processes_import_is_without_torch(module: str) -> None:
    script = f"import sys, reenactbench.datasets.{module}; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["train", "--help"], ["list", "methods"], ["plugins"], ["--version"]]
)
def test_the_command_line_starts_without_anything_heavy(words: list[str]) -> None:
    script = (
        "import sys\nfrom reenactbench.cli import main\n"
        f"status = main({words!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], status)"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert printed.stdout.splitlines()[-1] == "[] 0", printed.stderr
