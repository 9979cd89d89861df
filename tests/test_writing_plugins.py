"""The pages for plugin authors, followed to the letter: every command of their `sh` blocks, in a new environment."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from zoo.table import SUITES, table

DOCS = Path(__file__).parents[1] / "docs"


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


class Reader:
    """Somebody who has reenactbench in a virtual environment and types what a page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = folder / ".venv"
        venv.create(environment, with_pip=False)
        (site,) = environment.glob("lib/python*/site-packages")
        ours = [path for path in sys.path if path.endswith("site-packages")]
        (site / "ours.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in ours))
        for name, module in (("reenactbench", "reenactbench"), ("pip", "pip"), ("pytest", "pytest")):
            script = environment / "bin" / name
            script.write_text(f'#!/bin/sh\nexec "{environment}/bin/python" -m {module} "$@"\n')
            script.chmod(0o755)
        path = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
        offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self._variables = {**os.environ, "PATH": path, "COLUMNS": "200", **offline}

    def types(self, line: str) -> str:
        done = subprocess.run(
            shlex.split(line), cwd=self.folder, env=self._variables, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def test_the_guide_leads_to_a_row_in_the_report(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    printed = {line: reader.types(line) for line in dict.fromkeys(commands("writing-a-method.md"))}
    assert "  methods: my-method\n" in printed["reenactbench plugins"]
    assert printed["reenactbench check my-method"].endswith("24 passed, 0 failed, 2 skipped\n")
    (run,) = (line for line in printed if " run " in line)
    assert re.search(r"^ +my-method +copy-target$", printed[run], re.MULTILINE)
    assert "my-method" in (tmp_path / "results" / "first" / "report.html").read_text()
    assert re.search(r" 26 passed, 2 skipped in ", printed["pytest my-method"].splitlines()[-1])


def test_the_page_for_metrics_and_data_sets_leads_to_a_number(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    printed = {line: reader.types(line) for line in commands("metrics-and-datasets.md")}
    assert " 0 failed" in printed["reenactbench check my-metric"].splitlines()[-1]
    assert " 0 failed" in printed["reenactbench check my-dataset"].splitlines()[-1]
    rows = json.loads(reader.types("reenactbench show second --json"))
    assert {(row["protocol"], row["variant"]) for row in rows} == {("self", "my-metric/mean-of-rgb@1")}
    assert {row["mean"] for row in rows} == {0.0}


@pytest.mark.parametrize("kind", SUITES)
def test_the_page_of_checks_shows_what_the_zoo_does(kind: str) -> None:
    def without_numbers(text: str) -> list[str]:
        """A measured number may be another one elsewhere, and a machine with a GPU says more of it."""
        return [re.sub(r"\d[\d.]*", "N", line) for line in text.splitlines() if not line.startswith("| `gpu`")]

    page = (DOCS / "checks.md").read_text()
    assert set(without_numbers(table(kind))) <= set(without_numbers(page))
