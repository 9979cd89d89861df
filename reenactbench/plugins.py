"""Finds and loads plugins one by one, so that a broken one is reported and never stops the rest."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from reenactbench import hookspecs
from reenactbench.errors import ReenactbenchError
from reenactbench.hookspecs import Register, hookimpl
from reenactbench.registry import BROKEN, KINDS, Entry, Registry, cause
from reenactbench.worker.description import Description, read_description

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
    entries: list[Entry] = field(default_factory=list, repr=False)
    """What it registered and was not refused."""
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
        except BROKEN as error:
            report.errors.append(f"does not load: {cause(error)}")
            return
        if self._manager.is_registered(plugin):
            report.errors.append("is loaded already under another name")
            return
        try:
            self._manager.register(plugin)
            self._manager.check_pending()
        except BROKEN as error:
            report.errors.append(f"has a bad hook: {cause(error)}")
            self._drop(plugin)
            return
        if not self._manager.get_hookcallers(plugin):
            report.errors.append("has no hook: no function in it is marked with @reenactbench.hookimpl")
            self._drop(plugin)
            return
        report.plugin = plugin
        self._collect(report)

    def add_file(self, file: Path) -> PluginReport:
        """Load the plugin that one file holds."""
        report = PluginReport(file.name, f"file {file.name}", _content(file))
        self.add(report, partial(_load_file, file))
        return report

    def _collect(self, report: PluginReport) -> None:
        staged: list[Entry] = []
        for kind in KINDS:
            try:
                self._call_one(report, f"register_{kind}", register=_register(report, kind, staged))
            except BROKEN as error:
                report.errors.append(f"hook register_{kind} raised {cause(error)}")
                self._drop(report.plugin)
                report.plugin = None
                return
        for entry in staged:
            self._take(report, entry)

    def _take(self, report: PluginReport, *entries: Entry) -> bool:
        try:
            self.registry.add(*entries)
        except ReenactbenchError as error:
            report.errors.append(str(error))
            return False
        report.entries += entries
        return True

    def _call_one(self, report: PluginReport, hook: str, **arguments: Any) -> None:
        others = [plugin for plugin in self._manager.get_plugins() if plugin is not report.plugin]
        self._manager.subset_hook_caller(hook, remove_plugins=others)(**arguments)

    def _drop(self, plugin: Any) -> None:
        if self._manager.is_registered(plugin):
            self._manager.unregister(plugin)

    def add_commands(self, app: typer.Typer) -> None:
        """Take each plugin's sub-commands; none of a plugin that has a broken one, or one that is there already."""
        import typer

        for report in self.reports:
            if report.plugin is None:
                continue
            own, staged = typer.Typer(), list[Entry]()
            try:
                self._call_one(report, "register_commands", app=own)
                for name in typer.main.get_group(own).commands:  # typer finds bad parameters only when it builds
                    _register(report, "commands", staged)(name, own)
            except BROKEN as error:
                report.errors.append(f"hook register_commands raised {cause(error)}")
                continue
            if self._take(report, *staged):
                app.registered_commands += own.registered_commands
                app.registered_groups += own.registered_groups

    def notify(self, hook: str, **arguments: Any) -> None:
        """Tell the observers; one that raises is logged and never stops a run."""
        for report in self.reports:
            if report.plugin is not None:
                try:
                    self._call_one(report, hook, **arguments)
                except BROKEN as error:
                    log.warning("plugin %s: hook %s raised %s", report.name, hook, cause(error))


def load_plugins(files: Iterable[Path] = ()) -> Plugins:
    """Every entry point of the group, sorted by distribution and name (ours first), then the given files."""
    plugins = Plugins()
    with redirect_stdout(sys.stderr):  # what a plugin prints while it is imported is no result
        for point in sorted(entry_points(group=GROUP), key=_order):
            plugins.add(PluginReport(point.name, *_distribution(point)), point.load)
        for file in {file.resolve(): file for file in files}.values():
            for error in plugins.add_file(file).errors:
                log.warning("--plugin %s %s", file, error)
    return plugins


def _register(report: PluginReport, kind: str, staged: list[Entry]) -> Register:
    def register(name: str, target: Any, *, summary: str = "", **metadata: str) -> None:
        if kind == "methods" and isinstance(target, Path):
            target = read_description(target)
        if isinstance(target, Description):
            summary, metadata = summary or target.summary, {**target.metadata, **metadata}
        staged.append(Entry(kind, name, target, report.name, report.distribution, report.version, summary, metadata))

    return register


def _order(point: EntryPoint) -> tuple[bool, str, str]:
    distribution, _ = _distribution(point)
    return distribution != "reenactbench", distribution, point.name


def _distribution(point: EntryPoint) -> tuple[str, str]:
    with suppress(Exception):  # what is left of a half-removed distribution has no metadata
        if point.dist and point.dist.name:
            return point.dist.name, point.dist.version or ""
    return "unknown", ""


def _content(file: Path) -> str:
    with suppress(OSError):
        return "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return ""


class _Described:
    """A TOML file as a plugin."""

    def __init__(self, description: Description) -> None:
        self._description = description
        self.__file__ = str(description.file)

    @hookimpl
    def register_methods(self, register: Register) -> None:
        register(self._description.name, self._description)


def _load_file(file: Path) -> Any:
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not a file")
    if file.suffix == ".toml":
        return _Described(read_description(file))
    path = str(file.resolve())
    name = f"reenactbench_plugin_{hashlib.sha256(path.encode()).hexdigest()[:12]}"  # two folders may hold a plugin.py
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
