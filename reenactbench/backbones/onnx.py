"""What the ONNX backbones share: loading on the asked device."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from reenactbench.errors import ReenactbenchError

BATCH = 16  # larger batches run slower a frame on a CPU, where they fall out of its cache


def providers(device: str) -> list[str]:
    import onnxruntime

    wanted = ["CUDAExecutionProvider"] if device.startswith("cuda") else []
    return [name for name in wanted if name in onnxruntime.get_available_providers()] + ["CPUExecutionProvider"]


def insightface_model(path: Path, device: str, kind: str) -> Any:
    """insightface's own loader; raises ReenactbenchError where the file is no model of that kind."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from insightface.model_zoo import get_model

        try:
            model = get_model(str(path), providers=providers(device))
        except Exception as error:  # onnx and onnxruntime each have their own
            raise ReenactbenchError(f"insightface cannot load {path.name}: {type(error).__name__}: {error}") from error
    if model is None or not model.taskname.startswith(kind):
        found = "no model it knows" if model is None else f"a {model.taskname} model"
        raise ReenactbenchError(f"insightface takes {path.name} for {found}, not for a {kind} model")
    return model


def session(path: Path, device: str) -> Any:
    import onnxruntime

    try:
        return onnxruntime.InferenceSession(str(path), providers=providers(device))
    except Exception as error:  # onnxruntime has a dozen classes for this, without a common base
        raise ReenactbenchError(f"onnxruntime cannot load {path.name}: {type(error).__name__}") from error
