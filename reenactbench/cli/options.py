"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path, typer.Option("--out", help="Folder that holds the runs.")]
DatasetName = Annotated[str, typer.Option("--dataset", help="Data set (`list datasets`).")]
DataRoot = Annotated[Path | None, typer.Option("--data-root", help="Folder that holds the data set's clips.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Run on a part of the data set; every result says so.")
]
Crop = Annotated[str | None, typer.Option("--crop", help="Crop policy: square@1 (the default) or tight@1.")]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
Detector = Annotated[str | None, typer.Option("--detector", help="Face detector, SCHEME:FILE, as yunet:FILE.")]
Identity = Annotated[
    str | None, typer.Option("--identity", help="Identity network, SCHEME:FILE, as insightface:PACK_OR_FILE.onnx.")
]
Landmarks = Annotated[str | None, typer.Option("--landmarks", help="Landmark network, SCHEME:FILE, as onnx68:FILE.")]
DEFAULT_DATASET = "synthetic"
DEFAULT_OUT = Path("results")


def backbones(**given: str | None) -> dict[str, str]:
    """Those that were given: kind -> `scheme:file`."""
    return {kind: spec for kind, spec in given.items() if spec}


def print_json(value: Any) -> None:
    import json

    print(json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False))
