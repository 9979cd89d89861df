"""What a training leaves to look at: a line a step, curves for TensorBoard, and pictures."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from reenactbench.errors import Damaged
from reenactbench.files import accessing, replacing, write_bytes

LOG, CURVES, SAMPLES = "log.jsonl", "tensorboard", "samples"
CURVE_EVERY = 10


class Logs:
    """The open logs of a training that goes on after so many steps; what was logged of later ones is dropped."""

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder = folder
        _cut(folder / LOG, steps)
        self._hook = threading.excepthook
        threading.excepthook = self._heard
        try:
            with accessing(folder):
                self._lines = (folder / LOG).open("a", encoding="utf-8", buffering=1)
                self._curves = SummaryWriter(folder / CURVES, purge_step=steps + 1)
        except BaseException:
            threading.excepthook = self._hook
            raise

    def __enter__(self) -> Logs:
        return self

    def _heard(self, failure: threading.ExceptHookArgs) -> None:
        """What the thread that writes the curves is refused, the next call or the end raises again."""
        if not issubclass(failure.exc_type, OSError):
            self._hook(failure)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with accessing(self._folder / LOG):
            try:
                self._lines.close()
            finally:
                self._curves.close()
                threading.excepthook = self._hook

    def step(self, steps: int, epoch: int, losses: Mapping[str, float], seconds: float, pace: float) -> None:
        """steps: those made, this one included. seconds: of the whole training so far. pace: samples a second in this
        step."""
        row: dict[str, Any] = {"step": steps, "epoch": epoch, **losses, "seconds": round(seconds, 3)}
        row["samples_per_second"] = round(pace, 1)
        with accessing(self._folder / LOG):
            self._lines.write(json.dumps(row, allow_nan=False) + "\n")
        if steps % CURVE_EVERY == 0:
            with accessing(self._folder / CURVES):
                for name, value in losses.items():
                    self._curves.add_scalar(f"loss/{name}", value, steps)

    def pictures(self, steps: int, grid: Tensor) -> None:
        """grid: [rows,columns,3,S,S] in 0..1."""
        rows, columns, _, side, _ = grid.shape
        sheet = grid.permute(0, 3, 1, 4, 2).reshape(rows * side, columns * side, 3)
        pixels = np.asarray((sheet.float().clamp(0, 1) * 255).round().byte().cpu())
        with replacing(self._folder / SAMPLES / f"step-{steps:06d}.png") as temporary:
            Image.fromarray(pixels).save(temporary)
        with accessing(self._folder / CURVES):
            self._curves.add_image("samples", pixels, steps, dataformats="HWC")


def _cut(path: Path, steps: int) -> None:
    """Keep what was logged of the first so many steps; raises Damaged where the file does not hold it.

    One that somebody removed is begun anew.
    """
    kept: list[bytes] = []
    if steps and os.path.lexists(path):
        logged = None
        for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else []:
            step = _step(line)
            if step is None or logged == steps or (logged is not None and step != logged + 1):
                break
            kept.append(line)
            logged = step
        if logged != steps:
            raise Damaged(
                f"{path} is damaged at line {len(kept) + 1}, before that of step {steps}; "
                "remove it to go on without what it holds, or train under another --name"
            )
    write_bytes(path, b"".join(kept))


def _step(line: bytes) -> int | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row["step"] if isinstance(row, dict) and isinstance(row.get("step"), int) else None
