"""What the zoo's plugins do and what their authors see, as docs/checks.md shows it: `python tests/zoo/table.py`."""

from __future__ import annotations

import inspect
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

from reenactbench.conformance.checks import FAIL, Check, Examination, Result
from reenactbench.conformance.datasets import DATASET_CHECKS
from reenactbench.conformance.finding import CheckOptions, examinations
from reenactbench.conformance.methods import METHOD_CHECKS
from reenactbench.conformance.metrics import METRIC_CHECKS
from reenactbench.plugins import Plugins, load_plugins

ZOO = Path(__file__).parent
SUITES: dict[str, dict[str, Check[Any]]] = {
    "methods": METHOD_CHECKS.checks,
    "metrics": METRIC_CHECKS.checks,
    "datasets": DATASET_CHECKS.checks,
}


@cache
def animals(kind: str) -> dict[str, Examination[Any]]:
    """Every plugin of that kind in the zoo: the check that it is made for (or `right`), and its examination."""
    plugins: Plugins = load_plugins()
    found = examinations(str(ZOO / f"{kind}.py"), plugins, CheckOptions())
    return {re.sub(r"(?<=[a-z])(?=[A-Z])", "-", item.entry.name).lower(): item for item in found}


def failed(kind: str, name: str) -> list[Result]:
    return [result for result in animals(kind)[name] if result.status == FAIL]


def table(kind: str) -> str:
    """Markdown: a row a check."""
    module = sys.modules[animals(kind)["right"].entry.target.__module__]
    lines = ["| check | asks that it | a plugin that | sees | to mend it |", "|---|---|---|---|---|"]
    for check in SUITES[kind].values():
        animal = animals(kind)[check.name]
        does = inspect.getdoc(getattr(module, animal.entry.name))
        sees = animal.result(check.name)
        why = f"`{sees.why.replace('|', '/').replace('`', '')}`" if sees.status == FAIL else f"({sees.why})"
        lines.append(f"| `{check.name}` | {check.asks} | {does} | {why} | {check.mend} |")
    return "\n".join(lines)


if __name__ == "__main__":
    for kind in SUITES:
        print(f"## {kind}\n\n{table(kind)}\n")
