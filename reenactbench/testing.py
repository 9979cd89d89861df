"""A pytest plugin for authors of plugins: the checks of `reenactbench check`, each as a test of its own.

Load it with `-p reenactbench.testing`, best in pyproject.toml under `[tool.pytest.ini_options] addopts`, and write

    @pytest.mark.reenactbench("my-method")
    def test_conformance(conformance):
        conformance()

The marker takes what the command takes: a registered name, a plugin's file or the folder of a distribution, such as
`Path(__file__).parent`; and as keywords its options: device, checkpoint, data_root, allow_missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reenactbench.conformance.checks import Examination

MARKER = "reenactbench"


@dataclass(frozen=True, slots=True)
class Conformance:
    """One check of one plugin; called, it passes, fails or skips the test."""

    examination: Examination[Any]
    check: str

    def __call__(self) -> None:
        from reenactbench.conformance.checks import FAIL, SKIPPED

        result = self.examination.result(self.check)
        if result.status == FAIL:
            pytest.fail(f"{self.check}: {result.why}\nto mend it: {result.mend}", pytrace=False)
        if result.status == SKIPPED:
            pytest.skip(result.why)

    def __str__(self) -> str:
        return f"{self.examination.entry.name}-{self.check}"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(target, device='cpu', checkpoint=None, data_root=None, allow_missing=False): the method, metric or "
        "data set that the fixture `conformance` checks: a name, FILE.py or DIR",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "conformance" in metafunc.fixturenames:
        cases = [
            Conformance(examination, check)
            for marker in metafunc.definition.iter_markers(MARKER)
            for examination in _examinations(*marker.args, **marker.kwargs)
            for check in examination.names
        ]
        if not cases:
            raise pytest.UsageError(f"{metafunc.function.__name__}: say what is checked: @pytest.mark.{MARKER}(NAME)")
        metafunc.parametrize("conformance", cases, ids=str)


@cache
def _examinations(target: str | Path, **options: Any) -> list[Examination[Any]]:
    """Shared by all tests of the session, so that every check is looked at once."""
    from reenactbench.conformance.finding import CheckOptions, examinations
    from reenactbench.plugins import load_plugins

    return examinations(str(target), load_plugins(), CheckOptions(**options))
