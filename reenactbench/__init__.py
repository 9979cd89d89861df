"""reenactbench: compare face reenactment methods fairly.

The public names below are all that a plugin needs; they load on first use, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from reenactbench.hookspecs import hookimpl

if TYPE_CHECKING:
    from reenactbench.errors import MissingWeights, ReenactbenchError
    from reenactbench.interfaces import (
        Backbone,
        CodeMetric,
        Codes,
        DataOptions,
        Dataset,
        FrameMetric,
        Method,
        MethodMetric,
        Pictures,
        Protocol,
        Quantity,
        Scene,
        SetMetric,
    )
    from reenactbench.types import Clip, ClipInfo, Frames, Pair

_LAZY = {
    "reenactbench.errors": ("MissingWeights", "ReenactbenchError"),
    "reenactbench.interfaces": (
        "Backbone",
        "CodeMetric",
        "Codes",
        "DataOptions",
        "Dataset",
        "FrameMetric",
        "Method",
        "MethodMetric",
        "Pictures",
        "Protocol",
        "Quantity",
        "Scene",
        "SetMetric",
    ),
    "reenactbench.types": ("Clip", "ClipInfo", "Frames", "Pair"),
}
_HOME = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "Backbone",
    "Clip",
    "ClipInfo",
    "CodeMetric",
    "Codes",
    "DataOptions",
    "Dataset",
    "FrameMetric",
    "Frames",
    "Method",
    "MethodMetric",
    "MissingWeights",
    "Pair",
    "Pictures",
    "Protocol",
    "Quantity",
    "ReenactbenchError",
    "Scene",
    "SetMetric",
    "hookimpl",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        try:
            return version("reenactbench")
        except PackageNotFoundError:
            return "0+unknown"
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'reenactbench' has no attribute {name!r}")
