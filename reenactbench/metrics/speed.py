"""Speed and size of a method, measured after warm-up on frames that lie on its device already."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from reenactbench.interfaces import Method, MethodMetric, Quantity
from reenactbench.types import Frames

BATCH, WARM_UPS, REPEATS = 16, 2, 7


class Speed(MethodMetric):
    key: ClassVar[str] = "speed"
    title: ClassVar[str] = "Speed"
    definition: ClassVar[str] = "Frames a second, parameters, floating-point operations and peak memory."
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "fps-b16": Quantity(
            "Speed",
            "Frames a second of `reenact` alone, batches of 16, median of 7 after 2 warm-ups, on the run's device.",
            "frames/s",
            1,
            True,
        ),
        "encode-ms": Quantity(
            "Encoding", "Milliseconds of `encode_target` for one target, median of 7 after 2 warm-ups.", "ms", 2, False
        ),
        "mparams": Quantity(
            "Parameters", "Millions of parameters of the torch modules the method holds.", "M", 3, False
        ),
        "gflops": Quantity(
            "Operations",
            "Billions of floating-point operations a frame in torch's matrix products and convolutions (a "
            "multiply-add counts two); work outside torch is not counted.",
            "GFLOP/frame",
            3,
            False,
        ),
        "peak-mb": Quantity(
            "Peak memory", "Most memory that torch held on the GPU while generating a batch of 16.", "MB", 1, False
        ),
    }

    def measure(self, method: Method, targets: Frames, driving: Frames) -> Mapping[str, float | str]:
        batch = driving[:BATCH]
        cuda = method.device.type == "cuda"
        if cuda:
            torch.cuda.reset_peak_memory_stats(method.device)
        with torch.no_grad():
            identity = method.encode_target(targets)
            seconds = _median_seconds(lambda: method.reenact(identity, batch), cuda)
            encode = _median_seconds(lambda: method.encode_target(targets), cuda)
            with FlopCounterMode(display=False) as counter:
                method.reenact(identity, batch)
        peak = torch.cuda.max_memory_allocated(method.device) / 1e6 if cuda else "measured on CUDA devices only"
        return {
            "fps-b16": len(batch) / seconds,
            "encode-ms": 1000 * encode,
            "mparams": parameter_count(method) / 1e6,
            "gflops": counter.get_total_flops() / len(batch) / 1e9,
            "peak-mb": peak,
        }


def _median_seconds(action: Callable[[], object], cuda: bool) -> float:
    times = []
    for _ in range(WARM_UPS + REPEATS):
        start = time.perf_counter()
        action()
        if cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return statistics.median(times[WARM_UPS:])


def parameter_count(method: Method) -> int:
    """Parameters of the torch modules among the method's attributes, each counted once."""
    modules = [value for value in vars(method).values() if isinstance(value, torch.nn.Module)]
    return sum(parameter.numel() for parameter in {p for module in modules for p in module.parameters()})
