"""The worker's side: runs a method for reenactbench in whatever environment it needs: Python >= 3.7, numpy, no more.

The harness starts this file as a script and talks to it over its standard input and output. A message is

    8 bytes `reenact\\0`, 4 bytes N (little endian), N bytes of JSON, then the bytes of each array

where the JSON's `arrays` lists the arrays as [dtype, shape]. If the harness names a descriptor of shared memory on the
command line, the arrays lie there instead, one after another, until the next message. The worker first says which
version of this it speaks. Then it gets `start`, which names the method, and calls of the method's functions; it answers
each message with one. What the method prints goes to standard error, which the harness keeps.
"""

from __future__ import annotations

import faulthandler
import importlib
import importlib.util
import io
import json
import mmap
import os
import platform
import random
import select
import signal
import struct
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROTOCOL = 1
MAGIC = b"reenact\0"
ALIGNMENT = 64  # bytes
CALLS = 6  # of a traceback, the last so many


class Garbled(Exception):
    """What came is no message."""


class BadOutput(Exception):
    """What a method returned is not what the interface asks for; the harness shows the text alone."""


class Shared:
    """Memory that both sides see, behind a descriptor; it grows as needed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._map: Any = b""

    def buffer(self, size: int) -> memoryview:
        if len(self._map) < size:
            if os.fstat(self._descriptor).st_size < size:
                os.ftruncate(self._descriptor, size)
            self._map = mmap.mmap(self._descriptor, 0)
        return memoryview(self._map)[:size]


def encode(header: dict[str, Any], arrays: Sequence[Any], shared: Shared | None) -> list[Any]:
    """The message as pieces of bytes to be written one after another; an array is not copied if it is contiguous."""
    arrays = [np.ascontiguousarray(array) for array in arrays]
    text = json.dumps(dict(header, arrays=[[array.dtype.str, array.shape] for array in arrays])).encode()
    start, pieces = MAGIC + struct.pack("<I", len(text)) + text, [_bytes(array) for array in arrays if array.size]
    if shared is None:
        return [start, *pieces]
    buffer = shared.buffer(sum(map(len, pieces)))
    for piece in pieces:
        buffer[: len(piece)] = piece
        buffer = buffer[len(piece) :]
    return [start]


def decode(fill: Callable[[Any], None], shared: Shared | None) -> tuple[dict[str, Any], list[Any]]:
    """(header, arrays) of the next message; fill(buffer) fills a buffer with what comes; raises Garbled."""
    start = bytearray(len(MAGIC) + 4)
    fill(start)
    if not start.startswith(MAGIC):
        raise Garbled(bytes(start))
    text = bytearray(struct.unpack("<I", start[len(MAGIC) :])[0])
    fill(text)
    header = json.loads(text.decode())
    arrays = []
    for name, shape in header.pop("arrays"):
        dtype = np.dtype(name)
        if dtype.hasobject:
            raise Garbled(name.encode())
        arrays.append(_empty(shape, dtype))
    pieces = [_bytes(array) for array in arrays if array.size]
    buffer = None if shared is None else shared.buffer(sum(map(len, pieces)))
    for piece in pieces:
        if buffer is None:
            fill(piece)
        else:
            piece[:] = buffer[: len(piece)]
            buffer = buffer[len(piece) :]
    return header, arrays


def _empty(shape: Sequence[int], dtype: Any) -> Any:
    """Aligned as torch aligns, so that what computes with it runs the same instructions as elsewhere."""
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.__array_interface__["data"][0] % ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def _bytes(array: Any) -> Any:
    return memoryview(array.reshape(-1).view(np.uint8))


class Ended(Exception):
    """The harness has closed its side."""


class Pipes:
    """The two ends that belong to the protocol alone: what is printed cannot reach them, what reads input gets none."""

    def __init__(self) -> None:
        self.input, self.output = os.dup(0), os.dup(1)
        self.shared = Shared(int(sys.argv.pop())) if sys.argv[1:] else None
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)

    def receive(self) -> tuple[dict[str, Any], list[Any]]:
        return decode(self._fill, self.shared)

    def _fill(self, buffer: Any) -> None:
        view = memoryview(buffer)
        while len(view):
            count = os.readv(self.input, [view])
            if not count:
                raise Ended
            view = view[count:]

    def send(self, header: dict[str, Any], arrays: Sequence[Any] = ()) -> None:
        for piece in encode(header, arrays, self.shared):
            view = memoryview(piece)
            while len(view):
                view = view[os.write(self.output, view) :]

    def end_with_harness(self) -> None:
        """End this process, whatever it is at, when the harness is gone."""
        watched = select.poll()
        watched.register(self.input, 0)  # nothing but the other side's end

        def wait() -> None:
            watched.poll()
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()


class Worker:
    """One method, and what it knows of the targets it has encoded, each under a number."""

    def __init__(self) -> None:
        self.method: Any = None
        self.identities: dict[int, Any] = {}
        self.encoded = 0

    def answer(self, header: dict[str, Any], arrays: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
        """Do what the message asks; returns the answer's header and arrays."""
        for number in header.get("forget", ()):
            self.identities.pop(number, None)
        if header["call"] == "start":
            self.method = load(header)
            return {"packages": packages()}, []
        if "seed" in header:
            seed_everything(header["seed"])
        if header["call"] == "encode_target":
            self.encoded += 1
            self.identities[self.encoded] = self.method.encode_target(*arrays)
            return {"identity": self.encoded}, []
        if header["call"] == "reenact":
            return {}, [checked(self.method.reenact(self.identities[header["identity"]], *arrays), "reenact")]
        motion_code = getattr(self.method, "motion_code", None)
        code = None if motion_code is None else motion_code(*arrays)
        return {}, [] if code is None else [checked(code, "motion_code")]


def checked(output: Any, function: str) -> Any:
    if not isinstance(output, np.ndarray):
        raise BadOutput(f"{function} returned {type(output).__name__}, expected a numpy array")
    if output.dtype.hasobject:
        raise BadOutput(f"{function} returned an array of Python objects, expected float32")
    return output


def load(start: dict[str, Any]) -> Any:
    """The method that the message names, seeded before it is constructed."""
    sys.path[:0] = start["path"]
    given = dict(start["parameters"], device=start["device"], checkpoint=start["checkpoint"])
    if start["script"]:
        seed_everything(start["seed"])
        method = import_file(os.path.splitext(os.path.basename(start["script"]))[0], start["script"])
        if hasattr(method, "load"):
            method.load(**given)
        elif start["parameters"] or start["checkpoint"]:
            raise AttributeError(
                f"{os.path.basename(start['script'])} has no function load(device, checkpoint, ...) "
                "to take its parameters and checkpoint"
            )
    else:
        module, _, name = start["target"].partition(":")
        make = getattr(importlib.import_module(module), name)
        for name, file in start["modules"].items():
            import_module(name, file)
        seed_everything(start["seed"])
        method = make(**given)
    for function in ("encode_target", "reenact"):
        if not callable(getattr(method, function, None)):
            raise AttributeError(f"{os.path.basename(start['script']) or start['target']} has no function {function}")
    return method


def import_module(name: str, file: str) -> None:
    """By its name, or from its file where no search finds it."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        import_file(name, file)


def import_file(name: str, file: str) -> Any:
    spec: Any = importlib.util.spec_from_file_location(name, file)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


def packages() -> dict[str, str]:
    """Versions of what decides numbers here."""
    found = {"python": platform.python_version(), "numpy": np.__version__}
    if "torch" in sys.modules:
        found["torch"] = str(sys.modules["torch"].__version__)
    return found


def described(error: BaseException) -> dict[str, Any]:
    """What the harness is told of an exception."""
    calls = [call for call in traceback.extract_tb(error.__traceback__) if call.filename != __file__]
    return {
        "type": type(error).__name__,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "text": str(error),
        "calls": [f"{os.path.basename(call.filename)}:{call.lineno} in {call.name}" for call in calls[-CALLS:]],
    }


def free_memory() -> None:
    """Give the device's cached memory back, so that a smaller batch may fit."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def main() -> None:
    pipes = Pipes()
    faulthandler.enable(all_threads=False)
    faulthandler.register(signal.SIGUSR1, all_threads=False)  # the harness asks where this is at before it ends it
    pipes.end_with_harness()
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
        del sys.path[0]  # the method's imports shall not find what lies beside this file
    pipes.send({"protocol": PROTOCOL, "pid": os.getpid()})
    worker = Worker()
    while True:
        try:
            header, arrays = pipes.receive()
        except Ended:
            return
        try:
            answer, results = worker.answer(header, arrays)
        except BaseException as error:
            traceback.print_exc()
            answer, results = {"error": described(error)}, []
        pipes.send(answer, results)
        if "error" in answer:
            free_memory()


if __name__ == "__main__":
    main()
