"""Finds and loads plugins one by one, so that a broken one is reported and never stops the rest."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from reenactbench import hookspecs
from reenactbench.errors import ReenactbenchError
from reenactbench.registry import KINDS, Entry, Registry

if TYPE_CHECKING:
    import typer

GROUP = "reenactbench"
log = logging.getLogger(__name__)


@dataclass(slots=True)
class PluginReport:
    """One plugin: where it comes from, and what went wrong with it."""

    name: str
    distribution: str
    version: str
    errors: list[str] = field(default_factory=list)
    """Empty: all is well."""
    plugin: Any = field(default=None, repr=False)
    """The loaded module or object; None where it was given up."""


class Plugins:
    """All plugins of this process and what they registered."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.reports: list[PluginReport] = []
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)

    def add(self, report: PluginReport, load: Callable[[], Any]) -> None:
        """Load one plugin and take what it registers; whatever goes wrong is written into its report."""
        self.reports.append(report)
        try:
            plugin = load()
        except Exception as error:
            report.errors.append(f"does not load: {_cause(error)}")
            return
        if self._manager.is_registered(plugin):
            report.errors.append("is loaded already under another name")
            return
        try:
            self._manager.register(plugin, name=f"{report.distribution}:{report.name}")
            self._manager.check_pending()
        except Exception as error:
            report.errors.append(f"has a bad hook: {_cause(error)}")
            self._drop(plugin)
            return
        report.plugin = plugin
        self._collect(report)

    def _collect(self, report: PluginReport) -> None:
        staged: list[Entry] = []
        for kind in KINDS:

            def register(name: str, target: Any, *, summary: str = "", kind: str = kind, **metadata: str) -> None:
                staged.append(
                    Entry(kind, name, target, report.name, report.distribution, report.version, summary, metadata)
                )

            try:
                self._call_one(report, f"register_{kind}", register=register)
            except Exception as error:
                report.errors.append(f"hook register_{kind} raised {_cause(error)}")
                self._drop(report.plugin)
                report.plugin = None
                return
        for entry in staged:
            try:
                self.registry.add(entry)
            except ReenactbenchError as error:
                report.errors.append(str(error))

    def _call_one(self, report: PluginReport, hook: str, **arguments: Any) -> None:
        others = [plugin for plugin in self._manager.get_plugins() if plugin is not report.plugin]
        self._manager.subset_hook_caller(hook, remove_plugins=others)(**arguments)

    def _drop(self, plugin: Any) -> None:
        if self._manager.is_registered(plugin):
            self._manager.unregister(plugin)

    def add_commands(self, app: typer.Typer) -> None:
        for report in self.reports:
            if report.plugin is not None:
                try:
                    self._call_one(report, "register_commands", app=app)
                except Exception as error:
                    report.errors.append(f"hook register_commands raised {_cause(error)}")

    def notify(self, hook: str, **arguments: Any) -> None:
        """Tell the observers; one that raises is logged and never stops a run."""
        for report in self.reports:
            if report.plugin is not None:
                try:
                    self._call_one(report, hook, **arguments)
                except Exception as error:
                    log.warning("plugin %s: hook %s raised %s", report.name, hook, _cause(error))


def load_plugins(files: Iterable[Path] = ()) -> Plugins:
    """Every entry point of the group, sorted by distribution and name (ours first), then the given files."""
    plugins = Plugins()
    for point in sorted(entry_points(group=GROUP), key=_order):
        distribution, version = _distribution(point)
        plugins.add(PluginReport(point.name, distribution, version), point.load)
    for file in files:
        version = "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else ""
        plugins.add(PluginReport(file.name, f"file {file.name}", version), partial(_load_file, file))
    return plugins


def _order(point: EntryPoint) -> tuple[bool, str, str]:
    distribution, _ = _distribution(point)
    return distribution != "reenactbench", distribution, point.name


def _distribution(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else ("unknown", "")


def _load_file(file: Path) -> Any:
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not a file")
    name = f"reenactbench_plugin_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _cause(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
