"""Runs one method on one pair, and keeps whatever goes wrong to that cell."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reenactbench.engine.guard import Guard
from reenactbench.engine.plan import Cell
from reenactbench.engine.store import Images, Store, pixel_hash
from reenactbench.errors import BadOutput
from reenactbench.interfaces import Dataset, Method
from reenactbench.process_state import draws_kept
from reenactbench.provenance import traceback_tail, without_folders
from reenactbench.registry import BROKEN
from reenactbench.results import FAILED, OK
from reenactbench.seeding import seed_everything
from reenactbench.types import Clip, Frames
from reenactbench.worker import shim
from reenactbench.worker.failures import WorkerFailure
from reenactbench.worker.method import WorkerMethod

BATCH = 16
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cublas_status_alloc_failed", "cudnn_status_alloc_failed")
RANGE_SLACK = 1e-3  # a sigmoid's last bits are forgiven, a picture in -1..1 or 0..255 is not


class Generator:
    """Generates the cells of one method; its batch size falls where memory runs out, and stays there."""

    def __init__(self, method: Method, dataset: Dataset, seed: int, store: Store) -> None:
        self.method = method
        self._dataset, self._seed, self._store = dataset, seed, store
        self._batch = BATCH

    def run(self, cell: Cell) -> dict[str, Any]:
        """Generate the cell into the store; returns its record (status, reason, traceback, sha256, seconds)."""
        assert cell.key is not None
        start = time.perf_counter()
        try:
            with draws_kept():
                images = self._images(cell)
        except BROKEN as error:
            record = failed_record(error, time.perf_counter() - start)
        else:
            record = {
                **_environment(self.method),
                "status": OK,
                "reason": "",
                "frames": len(images),
                "sha256": pixel_hash(images),
                "seconds": time.perf_counter() - start,
            }
        if cell.method.guard.changed:
            record["changed"] = cell.method.guard.changed
        if record["status"] == OK:
            self._store.write_frames(cell.key, images, record)
        else:
            self._store.write_record("generated", cell.key, record)
        return record

    def _images(self, cell: Cell) -> Images:
        source, target = self._dataset.prepared(cell.pair.source), self._dataset.prepared(cell.pair.target)
        assert source is not None and target is not None
        seed_method(self.method, self._seed, cell.method.name, cell.pair.id)
        targets = method_frames(self.method, target, cell.pair.target_frames[: self.method.shots])
        driving = method_frames(self.method, source, cell.pair.frames)
        with torch.no_grad():
            with cell.method.guard.watch():
                identity = self.method.encode_target(targets)
            return self._reenact(identity, driving, cell.method.guard)

    def _reenact(self, identity: Any, driving: Frames, guard: Guard) -> Images:
        done: list[Images] = []
        position = 0
        while position < len(driving):
            batch = driving[position : position + self._batch].copy()  # a method may write into what it is given
            try:
                with guard.watch():
                    output = self.method.reenact(identity, batch)
                check_output(output, batch)
            except Exception as error:
                if not out_of_memory(error):
                    raise
                if self._batch == 1:
                    raise MemoryError(f"out of memory even with one frame a batch ({error})") from error
                self._batch //= 2
                if torch.cuda.is_available():
                    torch.cuda.empty_cache()
                continue
            done.append(to_pixels(output, self._dataset.image_size))
            position += len(batch)
        return np.concatenate(done)


def _environment(method: Method) -> dict[str, Any]:
    """The versions in the method's worker where they are not those of the harness."""
    there = method.packages_there if isinstance(method, WorkerMethod) else shim.packages()
    return {} if there == shim.packages() else {"environment": there}


def seed_method(method: Method, seed: int, *scope: str) -> None:
    """Seed what is random for one scope, here and in the method's worker if it has one."""
    derived = seed_everything(seed, *scope)
    if isinstance(method, WorkerMethod):
        method.seeded(derived)


def method_frames(method: Method, clip: Clip, numbers: tuple[int, ...]) -> Frames:
    """The clip's frames at the method's size and on its device."""
    return clip.frames(numbers).to(method.device).resized(method.image_size)


def check_output(output: Any, driving: Frames) -> Tensor:
    """The output, if it is what the interface asks for; raises BadOutput saying what is wrong with it."""
    if not isinstance(output, Tensor):
        raise BadOutput(f"reenact returned {type(output).__name__}, expected a torch.Tensor")
    if output.shape != driving.images.shape:
        raise BadOutput(f"reenact returned shape {tuple(output.shape)}, expected {tuple(driving.images.shape)}")
    if output.dtype != torch.float32:
        raise BadOutput(f"reenact returned {output.dtype}, expected torch.float32")
    if not torch.isfinite(output).all():
        bad = int((~torch.isfinite(output)).flatten(1).any(dim=1).sum())
        raise BadOutput(f"reenact returned NaN or infinite values in {bad} of {len(output)} frames")
    low, high = float(output.min()), float(output.max())
    if low < -RANGE_SLACK or high > 1 + RANGE_SLACK:
        raise BadOutput(f"reenact returned values from {low:.4g} to {high:.4g}, expected 0 to 1")
    return output


def to_pixels(output: Tensor, size: int) -> Images:
    """Frames float [T,3,S,S] in 0..1 as uint8 [T,size,size,3]."""
    resized = Frames(output, torch.zeros(len(output), 68, 2, device=output.device)).resized(size).images
    pixels = (resized.clamp(0, 1) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).cpu().numpy())


def out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    kinds = error.kinds if isinstance(error, WorkerFailure) else {kind.__name__ for kind in type(error).__mro__}
    return not kinds.isdisjoint({"MemoryError", "OutOfMemoryError"}) or (
        "RuntimeError" in kinds and any(words in text for words in OUT_OF_MEMORY)
    )


def failure(error: BaseException) -> str:
    """One line that says what happened, without folders."""
    text = without_folders(" ".join(str(error).split()))[:500]
    return text if isinstance(error, BadOutput | WorkerFailure) else f"{type(error).__name__}: {text}"


def failed_record(error: BaseException, seconds: float) -> dict[str, Any]:
    """What the store keeps of a cell that could not be generated."""
    calls = error.calls if isinstance(error, WorkerFailure) else traceback_tail(error)
    return {"status": FAILED, "reason": failure(error), "traceback": calls, "seconds": seconds}
