"""Speed and size of a method, measured after warm-up on frames that lie on its device already."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar

import torch
from torch.utils.flop_counter import FlopCounterMode

from reenactbench.interfaces import Method, MethodMetric, Quantity
from reenactbench.types import Frames
from reenactbench.worker.method import WorkerMethod

BATCH, WARM_UPS, REPEATS = 16, 2, 7
UNSEEN = "not measured: the method works in a process of its own"


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
            "Peak memory",
            "Bytes of the parameters, and the most memory that a batch of 16 took beside them.",
            "MB",
            1,
            False,
        ),
    }

    def measure(self, method: Method, targets: Frames, driving: Frames) -> Mapping[str, float | str]:
        cuda = method.device.type == "cuda"
        rows = torch.arange(BATCH, device=method.device) % len(driving)
        batch = Frames(driving.images[rows], driving.landmarks[rows])
        held = torch.cuda.memory_allocated(method.device) if cuda else 0
        with torch.no_grad():
            identity = method.encode_target(targets)
            if cuda:
                torch.cuda.reset_peak_memory_stats(method.device)
            seconds = _median_seconds(lambda: method.reenact(identity, batch), cuda)
            working = torch.cuda.max_memory_allocated(method.device) - held if cuda else 0
            encode = _median_seconds(lambda: method.encode_target(targets), cuda)
            timed = {"fps-b16": BATCH / seconds, "encode-ms": 1000 * encode}
            if isinstance(method, WorkerMethod):
                return {**dict.fromkeys(self.quantities, UNSEEN), **timed}
            with FlopCounterMode(display=False) as counter:
                method.reenact(identity, batch)
        parameters = parameters_of(method)
        weights = sum(parameter.numel() * parameter.element_size() for parameter in parameters)
        return {
            **timed,
            "mparams": sum(parameter.numel() for parameter in parameters) / 1e6,
            "gflops": counter.get_total_flops() / BATCH / 1e9,
            "peak-mb": (weights + working) / 1e6 if cuda else "measured on CUDA devices only",
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


def parameters_of(method: Method) -> set[torch.nn.Parameter]:
    """Parameters of the torch modules that the method holds, in attributes, lists, tuples and dicts; each once."""
    return {parameter for module in _modules(vars(method)) for parameter in module.parameters()}


def _modules(value: object) -> Iterator[torch.nn.Module]:
    if isinstance(value, torch.nn.Module):
        yield value
    elif isinstance(value, Mapping):
        yield from (module for item in value.values() for module in _modules(item))
    elif isinstance(value, list | tuple):
        yield from (module for item in value for module in _modules(item))
