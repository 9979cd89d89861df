"""In the worker of `--isolate`: a method of this environment behind functions that take and give NumPy arrays."""

from __future__ import annotations

import sys
from operator import attrgetter
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reenactbench.errors import BadOutput
from reenactbench.interfaces import Array, Method
from reenactbench.process_state import kept
from reenactbench.types import Frames


class Adapter:
    """The method as it would run in the harness's own process: same device and threads, no gradients, and what it
    changes of the process put back after every call."""

    def __init__(
        self, device: str, checkpoint: str | None, module: str, name: str, threads: int, finetune_steps: int = 0
    ) -> None:
        """module, name: where its class is; the module is imported already."""
        torch.set_num_threads(threads)
        cls: type[Method] = attrgetter(name)(sys.modules[module])
        self._device = torch.device(device)
        with kept():
            self._method = cls(self._device, None if checkpoint is None else Path(checkpoint))
            if finetune_steps:
                self._method.prepare_finetuning(finetune_steps)

    def encode_target(self, images: Array, landmarks: Array) -> Any:
        with kept(), torch.no_grad():
            return self._method.encode_target(self._frames(images, landmarks))

    def reenact(self, identity: Any, images: Array, landmarks: Array) -> Array:
        with kept(), torch.no_grad():
            return _array(self._method.reenact(identity, self._frames(images, landmarks)), "reenact", "")

    def motion_code(self, images: Array, landmarks: Array) -> Array | None:
        with kept(), torch.no_grad():
            code: Any = self._method.motion_code(self._frames(images, landmarks))
            return None if code is None else _array(code, "motion_code", " or None")

    def _frames(self, images: Array, landmarks: Array) -> Frames:
        return Frames(*(torch.from_numpy(array).to(self._device) for array in (images, landmarks)))


def _array(output: Any, function: str, alternative: str) -> Array:
    if not isinstance(output, Tensor):
        raise BadOutput(f"{function} returned {type(output).__name__}, expected a torch.Tensor{alternative}")
    if output.dtype == torch.bfloat16:  # NumPy has no such type
        raise BadOutput(f"{function} returned {output.dtype}, expected torch.float32")
    return output.detach().cpu().numpy()
