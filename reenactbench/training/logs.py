"""What a training leaves to look at: a line a step, curves for TensorBoard, and pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from PIL import Image
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from reenactbench.files import replacing

LOG, CURVES, SAMPLES = "log.jsonl", "tensorboard", "samples"
CURVE_EVERY = 10


class Logs:
    """The open logs of a training that goes on after so many steps; what was logged of later ones is dropped."""

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder = folder
        _cut(folder / LOG, steps)
        self._lines = (folder / LOG).open("a", encoding="utf-8", buffering=1)
        self._curves = SummaryWriter(folder / CURVES, purge_step=steps + 1)

    def __enter__(self) -> Logs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._curves.close()

    def step(self, steps: int, epoch: int, losses: Mapping[str, float], seconds: float, pace: float) -> None:
        """steps: those made, this one included. seconds: of the whole training so far. pace: samples a second in this
        step."""
        row: dict[str, Any] = {"step": steps, "epoch": epoch, **losses, "seconds": round(seconds, 3)}
        row["samples_per_second"] = round(pace, 1)
        self._lines.write(json.dumps(row, allow_nan=False) + "\n")
        if steps % CURVE_EVERY == 0:
            for name, value in losses.items():
                self._curves.add_scalar(f"loss/{name}", value, steps)

    def pictures(self, steps: int, grid: Tensor) -> None:
        """grid: [rows,columns,3,S,S] in 0..1."""
        rows, columns, _, side, _ = grid.shape
        sheet = grid.permute(0, 3, 1, 4, 2).reshape(rows * side, columns * side, 3)
        pixels = np.asarray((sheet.float().clamp(0, 1) * 255).round().byte().cpu())
        with replacing(self._folder / SAMPLES / f"step-{steps:06d}.png") as temporary:
            Image.fromarray(pixels).save(temporary)
        self._curves.add_image("samples", pixels, steps, dataformats="HWC")


def _cut(path: Path, steps: int) -> None:
    """Keep the first so many lines, which are those of the first so many steps."""
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)[:steps] if path.is_file() else []
    with replacing(path) as temporary:
        temporary.write_text("".join(kept), encoding="utf-8")
