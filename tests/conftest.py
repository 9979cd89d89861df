from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import faces
import pytest
from footage import clip

from reenactbench.plugins import Plugins, load_plugins
from reenactbench.training.footage import Footage

ONE_OF_SEVERAL = "PYTEST_XDIST_WORKER" in os.environ
if ONE_OF_SEVERAL:  # they share the cores
    os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's prepared data or weights; prepared clips are shared among the tests."""
    base = tmp_path_factory.getbasetemp()
    monkeypatch.setenv("REENACTBENCH_CACHE", str((base.parent if ONE_OF_SEVERAL else base) / "cache"))


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A partial 300VW tree of drawn faces: three seen and three unseen folders."""
    root = tmp_path_factory.mktemp("300vw")
    faces.write_tree(root, {"001": 24, "002": 20, "003": 18, "541": 24, "546": 20, "557": 16})
    return root


@pytest.fixture(scope="session")
def footage() -> Footage:
    """Six frames each of three drawn people, to train on."""
    return Footage([clip(number, range(1, 7)) for number in (1, 2, 3)])


@pytest.fixture(scope="session")
def plugins() -> Iterator[Plugins]:
    return load_plugins()


@pytest.fixture(scope="session")
def realfaces() -> Path:
    """Real people in the 300VW layout; not part of the repository."""
    return _shared("realfaces")


@pytest.fixture(scope="session")
def real_weights() -> Path:
    """Small real networks; not part of the repository."""
    return _shared("weights")


def _shared(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"needs the folder shared/{name} beside the checkout, which is not distributed with it")
    return SHARED / name


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(tmp_path: Path) -> Command:
    """Runs the command line in a process of its own, in an empty folder."""

    def call(*words: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "reenactbench", *map(str, words)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "200", **(env or {})},
            capture_output=True,
            text=True,
            timeout=300,
        )

    return call
