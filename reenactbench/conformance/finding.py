"""From a name, a file or a folder to the plugins in it that are to be checked."""

from __future__ import annotations

import difflib
import importlib
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reenactbench.conformance.checks import Examination
from reenactbench.conformance.datasets import DATASET_CHECKS, DatasetSubject
from reenactbench.conformance.methods import METHOD_CHECKS, MethodSubject
from reenactbench.conformance.metrics import METRIC_CHECKS, MetricSubject
from reenactbench.conformance.state import watched
from reenactbench.engine.setup import pick_device
from reenactbench.errors import ReenactbenchError
from reenactbench.plugins import GROUP, PluginReport, Plugins
from reenactbench.registry import Entry, canonical

KINDS = ("methods", "metrics", "datasets")


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """With what plugins are checked."""

    device: str = "cpu"
    """Where a method is looked at; the other device, if there is one, gets a check of its own."""
    checkpoint: Path | None = None
    data_root: Path | None = None
    allow_missing: bool = False


def examinations(target: str, plugins: Plugins, options: CheckOptions) -> list[Examination[Any]]:
    """Of each method, metric and data set that TARGET names: a registered name, a plugin's file or its folder.

    Raises ReenactbenchError where there is none, or the file or folder does not load.
    """
    device = pick_device(options.device)
    if options.checkpoint is not None and not options.checkpoint.is_file():
        raise ReenactbenchError(f"--checkpoint {options.checkpoint}: there is no such file")
    entries, changed = _registered(target, plugins), list[str]()
    if not entries:
        _make_importable(Path(target))
        with watched() as changes:
            entries = _entries(target, plugins)
        changed = changes.settings
    found: list[Examination[Any]] = []
    for entry in entries:
        if entry.kind == "methods":
            method = MethodSubject(entry, device, options.checkpoint)
            found.append(Examination(entry, method, METHOD_CHECKS))
        elif entry.kind == "metrics":
            found.append(Examination(entry, MetricSubject(entry, plugins.registry), METRIC_CHECKS))
        else:
            dataset = DatasetSubject(entry, plugins.registry, options.data_root, options.allow_missing)
            found.append(Examination(entry, dataset, DATASET_CHECKS))
        if changed:
            found[-1].subject.changed["importing it"] = changed
    return found


def _registered(name: str, plugins: Plugins) -> Sequence[Entry]:
    return [entry for kind in KINDS for entry in plugins.registry.of(kind) if entry.name == name]


def _make_importable(folder: Path) -> None:
    """Let the modules of a distribution's folder be found: now, and when what they register is loaded."""
    if folder.is_dir():
        sys.path.insert(0, str(_sources(folder)))
        importlib.invalidate_caches()


def _sources(folder: Path) -> Path:
    return (folder / "src" if (folder / "src").is_dir() else folder).resolve()


def _entries(target: str, plugins: Plugins) -> Sequence[Entry]:
    """What a file or folder registers."""
    path = Path(target)
    if path.is_dir():
        reports = _folder_reports(path, plugins)
    elif path.is_file():
        loaded = [report for report in plugins.reports if _file(report) == path.resolve()]
        reports = loaded or [plugins.add_file(path)]
    else:
        known = [entry.name for kind in KINDS for entry in plugins.registry.of(kind)]
        near = difflib.get_close_matches(target, known)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise ReenactbenchError(
            f"{target} is neither a file or folder nor a method, metric or data set{hint} "
            "(`reenactbench plugins` shows what there is)"
        )
    errors = [error for report in reports for error in report.errors]
    if errors:
        raise ReenactbenchError(f"{target} {errors[0]}")
    found = [entry for report in reports for entry in report.entries if entry.kind in KINDS]
    if not found:
        raise ReenactbenchError(f"{target} registers no method, metric or data set, so there is nothing to check")
    return found


def _folder_reports(folder: Path, plugins: Plugins) -> list[PluginReport]:
    """Load the plugins of a distribution from its folder, or take those that are installed from there already."""
    project = _project(folder)
    points = project["entry-points"][GROUP]
    installed = [report for report in plugins.reports if canonical(report.distribution) == canonical(project["name"])]
    if installed:
        if not all((_file(report) or Path()).is_relative_to(_sources(folder)) for report in installed):
            raise ReenactbenchError(
                f"{folder} is distribution {project['name']}, which is installed from another place; install it with "
                f"`pip install -e {folder}`, or check it by a registered name"
            )
        return installed
    for name, module in points.items():
        report = PluginReport(name, project["name"], str(project.get("version", "")))
        plugins.add(report, partial(importlib.import_module, module))
    return plugins.reports[-len(points) :]


def _project(folder: Path) -> dict[str, Any]:
    try:
        project: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        if not (project["name"] and project["entry-points"][GROUP]):
            raise KeyError(GROUP)
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise ReenactbenchError(
            f"{folder} holds no pyproject.toml with a name and [project.entry-points.{GROUP}] "
            "(`reenactbench plugin new NAME` writes one)"
        ) from error
    return project


def _file(report: PluginReport) -> Path | None:
    """Where the plugin's module lies."""
    file = getattr(report.plugin, "__file__", None)
    return Path(file).resolve() if file else None
