"""Trained weights in one safetensors file that says how they came about. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import flush_to_disk, replacing

KEY, DIGEST = "reenactbench", "sha256"
"""Under which the file's metadata hold one JSON text, and what tells its tensors from any other."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a file holds."""

    path: Path
    metadata: dict[str, Any]
    tensors: dict[str, Tensor]
    """`module.parameter` -> tensor, on the CPU."""

    def load_into(self, modules: Mapping[str, nn.Module], what: str) -> None:
        """Give the modules these weights, as float32.

        what: what the modules are, for the sentence of the ReenactbenchError that names the first tensor that is
        missing, left over or of another shape.
        """
        self.refuse_unfit(modules, what)
        for name, module in modules.items():
            own = {key: self.tensors[f"{name}.{key}"] for key in _state(module)}
            module.load_state_dict({key: _widened(value) for key, value in own.items()})

    def refuse_unfit(self, modules: Mapping[str, nn.Module], what: str) -> None:
        """Raises what `load_into` raises, and gives nothing; the modules may be on the device `meta`."""
        wanted = {f"{name}.{key}": value for name, module in modules.items() for key, value in _state(module).items()}
        for name in sorted(wanted.keys() | self.tensors.keys()):
            reason = _unfit(name, self.tensors.get(name), wanted.get(name))
            if reason:
                preset = self.metadata.get("preset", "unknown")
                raise ReenactbenchError(f"{self.path} does not fit {what}: {reason} (it is of preset {preset})")


def save_checkpoint(
    path: Path,
    modules: Mapping[str, nn.Module],
    metadata: Mapping[str, Any],
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write the weights of the modules, floating-point numbers as `dtype`, with the metadata as JSON.

    A tensor with values that `dtype` cannot hold keeps its own type.
    """
    tensors = {
        f"{name}.{key}": _narrowed(value, dtype)
        for name, module in modules.items()
        for key, value in _state(module).items()
    }
    text = json.dumps(metadata, allow_nan=False, ensure_ascii=False, sort_keys=True)
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, {KEY: text, DIGEST: _digest(tensors)}))
        flush_to_disk(temporary)


def read_checkpoint(path: Path, method: str) -> Checkpoint:
    """Raises ReenactbenchError where the file is none of `reenactbench train --method METHOD`."""
    try:
        with safe_open(path, "pt") as file:
            said = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except FileNotFoundError:
        raise ReenactbenchError(f"checkpoint {path} is not a file") from None
    except (SafetensorError, OSError) as error:
        raise ReenactbenchError(f"checkpoint {path} is no safetensors file: {error}") from error
    if DIGEST in said and said[DIGEST] != _digest(tensors):
        raise Damaged(f"checkpoint {path} is damaged: its weights are not those that were written")
    metadata = _metadata(said.get(KEY))
    if metadata is None:
        raise ReenactbenchError(f"checkpoint {path} does not say that `reenactbench train` wrote it")
    if metadata["method"] != method:
        raise ReenactbenchError(f"checkpoint {path} is of method {metadata['method']!r}, not of {method!r}")
    return Checkpoint(path, metadata, tensors)


Model = TypeVar("Model", bound=nn.Module)


def load_trained(
    path: Path, device: torch.device, method: str, called: str, build: Callable[[Mapping[str, Any]], Model]
) -> Model:
    """The model of a checkpoint of that method, in evaluation mode on the device; its parts are what was exported.

    called: its name in sentences. build: makes the model, with any weights, from the checkpoint's settings. Raises
    ReenactbenchError in one sentence where the file holds no such model.
    """
    checkpoint = read_checkpoint(path, method)
    try:
        settings = checkpoint.metadata["settings"]
        with torch.device("meta"):  # nothing is drawn at random for weights that are replaced at once
            model = build(settings)
    except Exception as error:  # settings of other kinds lead to a dozen
        raise ReenactbenchError(
            f"checkpoint {path} does not say how wide its {called} is; name one that `reenactbench train` wrote"
        ) from error
    parts, what = dict(model.named_children()), f"{called} of its own settings"
    checkpoint.refuse_unfit(parts, what)  # before memory is taken
    model.to_empty(device="cpu")
    checkpoint.load_into(parts, what)
    return model.eval().to(device)


def _metadata(text: str | None) -> dict[str, Any] | None:
    try:
        metadata = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return metadata if isinstance(metadata, dict) and "method" in metadata else None


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """sha256 of the tensors, with their names, types and shapes."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _unfit(name: str, given: Tensor | None, wanted: Tensor | None) -> str:
    if given is None:
        return f"it lacks {name}"
    if wanted is None:
        return f"it holds {name}, for which there is no place"
    if given.shape != wanted.shape:
        return f"{name} is {_shape(given)}, not {_shape(wanted)}"
    return ""


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"


def _state(module: nn.Module) -> dict[str, Tensor]:
    return dict(module.state_dict())


def _narrowed(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    tensor = tensor.detach().cpu()
    narrow = tensor.to(dtype) if tensor.is_floating_point() else tensor
    return (narrow if torch.isfinite(narrow).all() else tensor).contiguous()


def _widened(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor
