"""What a worker costs: `python -m benchmarks.isolation` runs methods in-process and with `--isolate`, turn by turn.

Prints a Markdown table. A method that spins for 0 or 10 ms a frame shows what the messages cost and what that is of a
real method's time; frames come in batches of 16, as the harness gives them. Each figure is the median of the turns.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, ClassVar

import torch
from torch import Tensor

from reenactbench.engine.generate import BATCH
from reenactbench.interfaces import Method
from reenactbench.provenance import environment
from reenactbench.types import Frames
from reenactbench.worker.method import isolated

TURNS = 15
BATCHES = 4


class Spin(Method):
    """Gives the driving frames back after so many seconds a frame, which it spends on the processor."""

    seconds: ClassVar[float] = 0.0

    def encode_target(self, targets: Frames) -> None:
        """Nothing."""

    def reenact(self, identity: Any, driving: Frames) -> Tensor:
        end = time.perf_counter() + self.seconds * len(driving)
        while time.perf_counter() < end:
            pass
        return driving.images


class Spin10(Spin):
    seconds: ClassVar[float] = 0.010


def frames(size: int) -> Frames:
    generator = torch.Generator().manual_seed(size)
    images = torch.rand(BATCH, 3, size, size, generator=generator)
    return Frames(images, torch.rand(BATCH, 68, 2, generator=generator) * size)


def milliseconds(method: Method, batch: Frames) -> float:
    """Of one frame."""
    identity = method.encode_target(batch[:1])
    start = time.perf_counter()
    for _ in range(BATCHES):
        method.reenact(identity, batch.copy())
    return 1000 * (time.perf_counter() - start) / (BATCHES * BATCH)


def starting(cls: type[Method]) -> float:
    """Seconds until the worker is ready."""
    start = time.perf_counter()
    isolated(cls, cls.__name__)(torch.device("cpu"))
    return time.perf_counter() - start


def main() -> None:
    machine = environment("cpu")
    print(f"{machine['device_name']}, torch {machine['packages']['torch']}, commit {machine['git_commit']}\n")
    print("| method | size | in-process, ms a frame | `--isolate`, ms a frame | overhead |")
    print("|---|---:|---:|---:|---:|")
    for cls in (Spin, Spin10):
        here, there = cls(torch.device("cpu")), isolated(cls, cls.__name__)(torch.device("cpu"))
        for size in (128, 256):
            batch = frames(size)
            milliseconds(here, batch), milliseconds(there, batch)
            turns = [(milliseconds(here, batch), milliseconds(there, batch)) for _ in range(TURNS)]
            own, other = (statistics.median(column) for column in zip(*turns, strict=True))
            share = f"{other / own - 1:.1%}" if cls.seconds else f"{other - own:.2f} ms"
            print(f"| {1000 * cls.seconds:.0f} ms a frame | {size} | {own:.2f} | {other:.2f} | {share} |", flush=True)
    print(f"\nStarting a worker: {statistics.median(starting(Spin) for _ in range(5)):.1f} s.")


if __name__ == "__main__":
    from benchmarks.isolation import main as measure  # the classes' module has to have a name that a worker finds

    measure()
