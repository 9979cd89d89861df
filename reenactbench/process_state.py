"""What belongs to the whole process and not to a plugin: read before one works, and put back afterwards."""

from __future__ import annotations

import gc
import locale
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
import torch.overrides
from torch.utils import _python_dispatch


class Setting(NamedTuple):
    name: str
    read: Callable[[], Any]
    """Takes about a microsecond: it is read twice in every call."""
    write: Callable[[Any], Any]
    shown: Callable[[Any, Any], str] = lambda before, now: ""
    """What a sentence says of the change beside the name; no paths and no addresses of objects."""


def readings() -> list[Any]:
    """Of all settings."""
    return [setting.read() for setting in SETTINGS]


def changes(before: list[Any], after: list[Any]) -> list[str]:
    """What differs between two readings, in words as `torch's default dtype to torch.float64`."""
    pairs = zip(SETTINGS, before, after, strict=True)
    return [setting.name + setting.shown(was, now) for setting, was, now in pairs if setting.name and was != now]


def put_back(before: list[Any]) -> None:
    """Set all as these readings found it."""
    for setting, was in zip(SETTINGS, before, strict=True):  # each is read again: one may follow from another
        if setting.read() != was:
            setting.write(was)


@contextmanager
def kept() -> Iterator[None]:
    """Afterwards the process is as it was before, however the block ends."""
    before = readings()
    try:
        yield
    finally:
        put_back(before)


def _to_value(before: Any, now: Any) -> str:
    return f" to {now}"


# torch


def _modes() -> tuple[int, int]:
    return torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()


def _leave_modes(before: tuple[int, int]) -> None:
    while _modes()[0] > before[0]:
        torch.overrides._pop_mode()  # type: ignore[no-untyped-call]
    while _modes()[1] > before[1]:
        _python_dispatch._pop_mode()


_left_inference = list[torch.inference_mode]()
"""Never left: the mode that a method entered ends when its object is collected, and may then end nothing of ours."""


def _set_inference(before: bool) -> None:
    _left_inference.append(torch.inference_mode(before))
    _left_inference[-1].__enter__()


def _autocast() -> list[Any]:
    kinds = ("cpu", "cuda")
    return [
        torch.is_autocast_cache_enabled(),
        *((torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in kinds),
    ]


def _set_autocast(before: list[Any]) -> None:
    cache, *kinds = before
    torch.set_autocast_cache_enabled(cache)
    for kind, (enabled, dtype) in zip(("cpu", "cuda"), kinds, strict=True):
        torch.set_autocast_enabled(kind, enabled)
        torch.set_autocast_dtype(kind, dtype)


_backends: Any = torch.backends

_PRECISIONS: tuple[tuple[tuple[str, str], Any], ...] = (
    (("generic", "all"), _backends),
    (("cuda", "all"), _backends.cudnn),
    (("mkldnn", "all"), _backends.mkldnn),
    (("cuda", "matmul"), _backends.cuda.matmul),
    (("cuda", "conv"), _backends.cudnn.conv),
    (("cuda", "rnn"), _backends.cudnn.rnn),
    (("mkldnn", "matmul"), _backends.mkldnn.matmul),
    (("mkldnn", "conv"), _backends.mkldnn.conv),
    (("mkldnn", "rnn"), _backends.mkldnn.rnn),
)
"""Where each precision is read quickly, and where it is set."""


def _precisions() -> list[str]:
    try:
        of_matrices = torch.get_float32_matmul_precision()
    except RuntimeError:  # torch refuses where both its old and its new functions have set it
        of_matrices = ""
    return [of_matrices, *(torch._C._get_fp32_precision_getter(*place) for place, _ in _PRECISIONS)]


def _set_precisions(before: list[str]) -> None:
    of_matrices, *others = before
    if of_matrices:
        torch.set_float32_matmul_precision(of_matrices)
        _backends.cudnn.allow_tf32 = others[4] == "tf32"
    for (_, place), was in zip(_PRECISIONS, others, strict=True):
        if place.fp32_precision != was:
            place.fp32_precision = was


def _cudnn() -> tuple[bool, bool, bool]:
    return torch._C._get_cudnn_enabled(), torch._C._get_cudnn_benchmark(), torch._C._get_cudnn_deterministic()


def _set_cudnn(before: tuple[bool, bool, bool]) -> None:
    _backends.cudnn.enabled, _backends.cudnn.benchmark, _backends.cudnn.deterministic = before


_SMALLEST = 5e-324  # times one it is nothing where the processor flushes denormal numbers; torch cannot be asked


# What others than torch keep


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _to_folder(before: str) -> None:
    with suppress(FileNotFoundError):
        os.chdir(before)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
_handler: Callable[[int], Any] = sys.modules["_signal"].getsignal  # that of `signal` takes as long as all else here


def _handlers() -> list[Any]:
    return [*map(_handler, _SIGNALS), signal.getitimer(signal.ITIMER_REAL)[0] > 0]


def _set_handlers(before: list[Any]) -> None:
    *handlers, alarm = before
    if not alarm:
        signal.setitimer(signal.ITIMER_REAL, 0)
    for number, handler in zip(_SIGNALS, handlers, strict=True):
        if handler is not None:  # one that Python did not set
            signal.signal(number, handler)


def _set_environment(before: dict[Any, Any]) -> None:
    for name in os.environb.keys() - before.keys():
        del os.environb[name]
    os.environb.update(before)


def _set_filters(before: list[Any]) -> None:
    warnings.simplefilter("default")  # makes Python forget what it has looked up
    warnings.filters[:] = before  # type: ignore[index]


def _streams() -> tuple[Any, Any, Any]:
    return sys.stdin, sys.stdout, sys.stderr


def _set_streams(before: tuple[Any, Any, Any]) -> None:
    sys.stdin, sys.stdout, sys.stderr = before


# Functions that a method may have replaced by others


def _functions(module: Any, names: list[str]) -> Setting:
    place = vars(module)

    def read() -> list[Any]:
        return list(map(place.get, names))

    def write(before: list[Any]) -> None:
        for name, function in zip(names, before, strict=True):
            if place.get(name) is not function:
                setattr(module, name, function)

    def replaced(before: list[Any], now: list[Any]) -> str:
        return ", ".join(name for name, was, found in zip(names, before, now, strict=True) if was is not found)

    return Setting(f"{module.__name__}'s ", read, write, replaced)


_OF_TORCH = """
    arange cat empty from_numpy full isfinite linspace load matmul mean no_grad ones rand randn save stack tensor where
    zeros
""".split()
_OF_NETWORKS = """
    adaptive_avg_pool2d affine_grid avg_pool2d batch_norm conv2d conv_transpose2d dropout grid_sample group_norm
    instance_norm interpolate layer_norm leaky_relu linear max_pool2d normalize pad relu sigmoid softmax tanh
""".split()
_OF_NUMPY = """
    abs arange array asarray ascontiguousarray clip concatenate cov cross dot empty full isfinite linspace load matmul
    mean median pad repeat save savez sqrt stack sum trace var where zeros
""".split()
_OF_OPENCV = "GaussianBlur VideoCapture cvtColor imdecode imencode resize warpAffine".split()
_OF_CUDA = ["is_available"]

SETTINGS = [
    Setting(
        "torch's default device",
        lambda: torch.empty(0).device,
        lambda device: torch.set_default_device(None if device.type == "cpu" else device),
        _to_value,
    ),
    Setting("torch's modes", _modes, _leave_modes),
    Setting("torch's default dtype", torch.get_default_dtype, torch.set_default_dtype, _to_value),
    Setting("torch's inference mode", torch.is_inference_mode_enabled, _set_inference, _to_value),
    Setting("torch's gradient mode", torch.is_grad_enabled, torch.set_grad_enabled, _to_value),
    Setting("torch's autocast", _autocast, _set_autocast),
    Setting("torch's number of threads", torch.get_num_threads, torch.set_num_threads, _to_value),
    Setting(
        "torch's deterministic mode",
        torch.get_deterministic_debug_mode,
        torch.set_deterministic_debug_mode,
        lambda before, now: f" to {('default', 'warn', 'error')[now]}",
    ),
    Setting("torch's precision of float32", _precisions, _set_precisions),
    Setting("cuDNN's flags", _cudnn, _set_cudnn),
    Setting("the flushing of denormal numbers", lambda: _SMALLEST * 1.0 == 0.0, torch.set_flush_denormal, _to_value),
    Setting("OpenCV's number of threads", cv2.getNumThreads, cv2.setNumThreads, _to_value),
    Setting("NumPy's handling of errors", np.geterr, lambda modes: np.seterr(**modes), _to_value),
    _functions(torch, _OF_TORCH),
    _functions(torch.cuda, _OF_CUDA),
    _functions(torch.nn.functional, _OF_NETWORKS),
    _functions(np, _OF_NUMPY),
    _functions(cv2, _OF_OPENCV),
    Setting("the working folder", _folder, _to_folder),
    Setting("the mask of new files", _umask, os.umask),
    Setting("the signal handlers", _handlers, _set_handlers),
    Setting("the locale", lambda: locale.setlocale(locale.LC_ALL), lambda name: locale.setlocale(locale.LC_ALL, name)),
    Setting("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit, _to_value),
    Setting("the garbage collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    Setting("the standard streams", _streams, _set_streams),
    Setting("sys.path", lambda: sys.path[:], lambda before: sys.path.__setitem__(slice(None), before)),
    # Libraries change these while they are imported, so nobody is told.
    Setting("", lambda: vars(os.environ)["_data"].copy(), _set_environment),
    Setting("", lambda: warnings.filters[:], _set_filters),
]

GENERATORS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "random": (random.getstate, random.setstate),
    "numpy.random": (np.random.get_state, np.random.set_state),
    "torch": (torch.get_rng_state, torch.set_rng_state),
}
"""The random generators of the process: how the state of each is read and set."""


@contextmanager
def draws_kept() -> Iterator[None]:
    """Afterwards the random generators are as they were before."""
    before = [read() for read, _ in GENERATORS.values()]
    try:
        yield
    finally:
        for (_, write), state in zip(GENERATORS.values(), before, strict=True):
            write(state)
