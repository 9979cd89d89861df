"""Every hook of the entry-point group `reenactbench`. A `target` is a lazy `"module:attr"` or the object itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    import typer

hookspec = HookspecMarker("reenactbench")
hookimpl = HookimplMarker("reenactbench")


class Register(Protocol):
    def __call__(self, name: str, target: Any, *, summary: str = "", **metadata: str) -> None: ...


@hookspec
def register_methods(register: Register) -> None:
    """Register `Method` classes: register("my-method", "my_package.method:MyMethod", summary="...", licence="MIT").

    The target may also be the `Path` of a TOML file that describes a method in an environment of its own.

    recipe: `"module:attr"` of the `reenactbench.training.recipe.Recipe` by which `reenactbench train` trains it.
    role: `"control"` for one that is there for comparison alone: tables name no control as best.
    """


@hookspec
def register_datasets(register: Register) -> None:
    """Register data sets: callables (`DataOptions`) -> `Dataset`."""


@hookspec
def register_protocols(register: Register) -> None:
    """Register `Protocol` classes."""


@hookspec
def register_metrics(register: Register) -> None:
    """Register `Metric` classes."""


@hookspec
def register_backbones(register: Register) -> None:
    """Register loaders (argument: str, device: str) -> `Backbone`; the name is `kind/scheme`, as `detector/yunet`.

    label: what variants call it, where `{file}` stands for the file or pack; default: the scheme and the file.
    packaged: the only argument that the label is for, as `identity.safetensors`; any other gets the default.
    cropping, of identity networks: `detect5` (default: aligned with the five points) or `crop` (pictures as they are).
    """


@hookspec
def register_report_sections(register: Register) -> None:
    """Register callables (list of runs) -> HTML text, shown at the end of the report under the given name."""


@hookspec
def register_commands(app: typer.Typer) -> None:
    """Add sub-commands to the command line."""


@hookspec
def run_started(run: dict[str, Any]) -> None:
    """A run begins; `run` is what run.json holds."""


@hookspec
def cell_finished(method: str, pair_id: str, status: str, reason: str) -> None:
    """A cell was generated (`ok`), or could not be (`failed`, with the reason)."""


@hookspec
def run_finished(run: dict[str, Any]) -> None:
    """A run ended; `run` is what run.json holds."""
