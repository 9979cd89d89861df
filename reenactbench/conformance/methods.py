"""What a method promises: what `interfaces.Method` asks for, and what a fair comparison takes."""

from __future__ import annotations

import gc
import inspect
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reenactbench.conformance.checks import Failed, Skipped, Suite, described, raised
from reenactbench.conformance.common import (
    Subject,
    check_citation,
    check_global_state,
    check_licence,
    check_loads,
    check_random_state,
    check_summary,
)
from reenactbench.conformance.samples import NUMBERS, sample
from reenactbench.conformance.state import watched
from reenactbench.engine.generate import seed_method
from reenactbench.engine.setup import MethodSpec, load_methods
from reenactbench.interfaces import Method
from reenactbench.registry import Entry, Registry
from reenactbench.types import Frames
from reenactbench.worker.method import WorkerMethod
from reenactbench.worker.usage import allocated, computing

TOLERANCE = 1e-5
RANGE_SLACK = 1e-3
MANY, BATCH = 200, 8
WARM = 5  # calls, before memory and time are looked at
GROWTH_MB, GROWTH_MS, GROWTH_RATIO = 16.0, 20.0, 3.0
MOST_SHOTS = 8

METHOD_CHECKS: Suite[MethodSubject] = Suite()
check = METHOD_CHECKS.check


class MethodSubject(Subject):
    """A method under its checks, and what it is called with."""

    def __init__(self, entry: Entry, device: str = "cpu", checkpoint: Path | None = None) -> None:
        super().__init__(entry)
        self.device, self._checkpoint = device, checkpoint

    @cached_property
    def spec(self) -> MethodSpec:
        """Raises ReenactbenchError where the class is none or its checkpoint is not there."""
        registry = Registry()
        registry.add(self.entry)
        name, file = self.entry.name, self._checkpoint

        def load() -> MethodSpec:
            return load_methods(registry, [name], [f"{name}={file}"] if file else [])[0]

        return self.importing(load)

    @cached_property
    def method(self) -> Method:
        return self.construct(self.device)

    def construct(self, device: str, seed: int = 0) -> Method:
        try:
            return self.watch("its constructor", lambda: self.spec.construct(device, seed))
        finally:
            del self.drawn["its constructor"]  # the harness has just seeded for it, and networks draw their weights

    @cached_property
    def targets(self) -> Frames:
        """As many of the target's pictures as the method takes, and there are."""
        return self._frames(NUMBERS[: self.spec.cls.shots], of_target=True)

    @cached_property
    def driving(self) -> Frames:
        """Eight frames of the driver."""
        return self._frames(NUMBERS, of_target=False)

    def _frames(self, numbers: tuple[int, ...], of_target: bool) -> Frames:
        clip = sample().target if of_target else sample().driving
        return clip.frames(numbers).to(self.device).resized(self.spec.cls.image_size)

    def encode(self, targets: Frames, method: Method | None = None) -> Any:
        """What `encode_target` returns under the seed of every comparison."""
        method = method or self.method
        seed_method(method, 0)
        return self.watch("encode_target", lambda: _no_grad(method.encode_target, targets.copy()))

    def reenact(self, identity: Any, driving: Frames, method: Method | None = None) -> Any:
        method = method or self.method
        return self.watch("reenact", lambda: _no_grad(method.reenact, identity, driving.copy()))

    def frames(self, driving: Frames, targets: Frames | None = None, method: Method | None = None) -> Any:
        """The target moving like `driving`, from the start."""
        return self.reenact(self.encode(targets or self.targets, method), driving, method)

    @cached_property
    def output(self) -> Any:
        """What it returns for eight frames, after a call for two: the first calls of some libraries are like no
        other."""
        self.frames(self.driving[:2])
        return self.frames(self.driving)

    @cached_property
    def endurance(self) -> Endurance:
        return Endurance.of(self)


def _no_grad(function: Callable[..., Any], *arguments: Any) -> Any:
    with torch.no_grad():
        return function(*arguments)


@dataclass(slots=True)
class Endurance:
    """200 frames in batches of eight, through a method that has done nothing before."""

    seconds: list[float] = field(default_factory=list)
    """Of each call."""
    computing: list[float] = field(default_factory=list)
    """Seconds in which the method's process computed, of each call: other processes do not count."""
    memory: list[float | None] = field(default_factory=list)
    """MB held after each fifth call; None where it cannot be read."""

    @classmethod
    def of(cls, subject: MethodSubject) -> Endurance:
        found, method = cls(), subject.construct(subject.device)
        identity = subject.encode(subject.targets, method)
        gc.collect()
        gc.freeze()  # what is there already is not looked at again each time that memory is read
        try:
            for call in range(1, MANY // BATCH + 1):
                found._call(subject, identity, method)
                if call % WARM == 0:
                    found.memory.append(held_memory(method))
        finally:
            gc.unfreeze()
        return found

    def _call(self, subject: MethodSubject, identity: Any, method: Method) -> None:
        start, computed = time.perf_counter(), computing_time(method)
        subject.reenact(identity, subject.driving[:BATCH], method)
        if subject.device != "cpu":
            torch.cuda.synchronize()
        self.seconds.append(time.perf_counter() - start)
        self.computing.append(computing_time(method) - computed)


def held_memory(method: Method) -> float | None:
    """MB that the method's process holds, and on a GPU what torch holds there for this one; None where it cannot be
    read."""
    gc.collect()
    held = allocated(method.pid if isinstance(method, WorkerMethod) else os.getpid())
    of_device = torch.cuda.memory_allocated() if method.device.type == "cuda" else 0
    return (held + of_device) / 1e6 if held else None


def computing_time(method: Method) -> float:
    """Seconds in which the method's process has computed."""
    return computing(method.pid) if isinstance(method, WorkerMethod) else time.process_time()


def difference(first: Tensor, second: Tensor) -> Tensor:
    """The greatest absolute difference a frame of [T,...]; 0 where both are NaN. Raises Failed for other shapes."""
    if first.shape != second.shape:
        raise Failed(f"it returned shape {tuple(second.shape)} where it was {tuple(first.shape)} before")
    gap = (first.double() - second.double()).abs().flatten(1)
    gap[first.flatten(1).isnan() & second.flatten(1).isnan()] = 0
    return gap.amax(dim=1)


def expect_same(first: Tensor, second: Tensor, when: str) -> None:
    """Raises Failed where a frame differs by more than 1e-5."""
    gap = difference(first, second)
    worst = float(gap.max())
    if not worst <= TOLERANCE:
        count = int((~(gap <= TOLERANCE)).sum())
        raise Failed(f"{count} of {len(gap)} frames differ by up to {worst:.2g} {when}; {TOLERANCE:g} is allowed")


def expect_frames(output: Any, count: int, size: int) -> None:
    """Raises Failed where it is no tensor [count,3,size,size]."""
    if not isinstance(output, Tensor) or tuple(output.shape) != (count, 3, size, size):
        raise Failed(f"reenact returned {described(output)}, expected Tensor of shape {(count, 3, size, size)}")


# What is registered

check(
    "metadata",
    asks="is registered with a summary",
    mend='say what it does: register(..., summary="..."), or summary in its TOML file',
)(check_summary)
check(
    "licence",
    asks="is registered with its licence",
    mend='say who may use it: register(..., licence="MIT"), or licence in its TOML file',
)(check_licence)
check(
    "citation",
    asks="is registered with what to cite",
    mend='say what to cite, if it is published: register(..., citation="Author et al., Title, Venue 2020")',
)(check_citation)


check(
    "loads",
    asks="can be imported",
    mend='look at the error; register(NAME, "module:Class") names an importable module, or give the class itself',
)(check_loads)


@check(
    "interface",
    needs=["loads"],
    asks="is a reenactbench.Method with image_size and shots",
    mend="subclass reenactbench.Method, write encode_target and reenact; image_size and shots are whole numbers",
)
def interface(subject: MethodSubject) -> str:
    cls = subject.spec.cls
    if inspect.isabstract(cls):
        raise Failed(f"{cls.__name__} lacks {', '.join(sorted(cls.__abstractmethods__))}")
    for name, least in (("image_size", 8), ("shots", 1)):
        value = getattr(cls, name)
        if not (isinstance(value, int) and value >= least):
            raise Failed(f"{cls.__name__}.{name} is {value!r}, expected a whole number from {least}")
    return f"image_size {cls.image_size}, shots {cls.shots}"


@check(
    "starts",
    needs=["interface"],
    asks="is constructed with (device, checkpoint)",
    mend="look at the error; a checkpoint is given with --checkpoint FILE or as default_checkpoint of the class",
)
def starts(subject: MethodSubject) -> str:
    _ = subject.method
    return "with no checkpoint" if subject.spec.checkpoint is None else f"with {subject.spec.checkpoint.name}"


@check(
    "runs",
    needs=["starts"],
    asks="encodes a target and reenacts eight frames",
    mend="look at the error; frames come as images [T,3,S,S] in 0..1 and landmarks [T,68,2] in pixels",
)
def runs(subject: MethodSubject) -> None:
    _ = subject.output


# What a frame is


@check(
    "shape",
    needs=["runs"],
    asks="returns a tensor [T,3,S,S], a frame for each driving frame",
    mend="return a torch.Tensor of T frames, channels first, at image_size x image_size",
)
def shape(subject: MethodSubject) -> str:
    expect_frames(subject.output, len(NUMBERS), subject.spec.cls.image_size)
    return str(tuple(subject.output.shape))


@check("dtype", needs=["shape"], asks="returns float32", mend="end `reenact` with `.float()`")
def dtype(subject: MethodSubject) -> None:
    if subject.output.dtype != torch.float32:
        raise Failed(f"reenact returned {subject.output.dtype}, expected torch.float32")


@check(
    "finite",
    needs=["shape"],
    asks="returns no NaN and no infinity",
    mend="look for a division by zero, a logarithm of zero, or half precision that overflows",
)
def finite(subject: MethodSubject) -> None:
    good = subject.output.isfinite().flatten(1).all(dim=1)
    if not good.all():
        raise Failed(f"reenact returned NaN or infinite values in {int((~good).sum())} of {len(good)} frames")


@check(
    "range",
    needs=["finite"],
    asks="returns values in 0..1",
    mend="after a tanh return `(x + 1) / 2`, from 0..255 return `x / 255`; `.clamp(0, 1)` what rounds",
)
def value_range(subject: MethodSubject) -> str:
    low, high = float(subject.output.min()), float(subject.output.max())
    if low < -RANGE_SLACK or high > 1 + RANGE_SLACK:
        raise Failed(f"reenact returned values from {low:.3g} to {high:.3g}, expected 0 to 1")
    return f"from {low:.3g} to {high:.3g}"


# How many frames


@check(
    "one-frame",
    needs=["shape"],
    asks="takes a single driving frame",
    mend="keep the first axis: no `.squeeze()`, and no statistics over the batch",
)
def one_frame(subject: MethodSubject) -> None:
    expect_frames(subject.frames(subject.driving[:1]), 1, subject.spec.cls.image_size)


@check(
    "odd-counts",
    needs=["shape"],
    asks="takes 3, 5 and 7 driving frames",
    mend="do not take for granted that frames come in pairs or in full batches",
)
def odd_counts(subject: MethodSubject) -> None:
    for count in (3, 5, 7):
        expect_frames(subject.frames(subject.driving[:count]), count, subject.spec.cls.image_size)


@check(
    "shots",
    needs=["shape"],
    asks="takes any number of target images from 1 to `shots`",
    mend="do not index target images that may not be there; average over what is given, or declare fewer `shots`",
)
def shots(subject: MethodSubject) -> str:
    most = len(subject.targets)
    for count in range(1, most + 1):
        try:
            output = subject.frames(subject.driving[:2], subject.targets[:count])
        except Exception as error:
            raise Failed(f"with {count} of {most} target images: {raised(error, subject.entry)}") from error
        expect_frames(output, 2, subject.spec.cls.image_size)
    return "1" if most == 1 else f"1 to {most}"


# A pure function of checkpoint, inputs and seed


@check(
    "seed",
    needs=["shape"],
    asks="gives the same frames again under the same seed, constructed anew too",
    mend="keep nothing between calls, draw from a torch.Generator with a fixed seed, and put networks into eval()",
)
def seed(subject: MethodSubject) -> None:
    expect_same(subject.output, subject.frames(subject.driving), "when it is called a second time")
    anew = subject.construct(subject.device)
    expect_same(subject.output, subject.frames(subject.driving, method=anew), "when it is constructed a second time")


@check(
    "batch-size",
    needs=["seed"],
    asks="gives the same frames in batches of two as in one of eight",
    mend="compute every frame on its own: no mean, deviation or batch normalisation over the frames of a batch",
)
def batch_size(subject: MethodSubject) -> None:
    identity, pairs = subject.encode(subject.targets), range(0, len(NUMBERS), 2)
    parts = [subject.reenact(identity, subject.driving[at : at + 2]) for at in pairs]
    expect_same(subject.output, torch.cat(parts), "in batches of two")


@check(
    "order",
    needs=["seed"],
    asks="gives the same frames whatever the order they come in",
    mend="keep nothing from one frame for the next: no smoothing over time, no state of a recurrent network",
)
def order(subject: MethodSubject) -> None:
    backwards = Frames(subject.driving.images.flip(0), subject.driving.landmarks.flip(0))
    expect_same(subject.output, subject.frames(backwards).flip(0), "when they come backwards")


@check(
    "identity",
    needs=["seed"],
    asks="makes the target it is handed, not the one it encoded last",
    mend="return from `encode_target` all that is known of the target, and read it from `identity` in `reenact`",
)
def identity(subject: MethodSubject) -> None:
    first = subject.encode(subject.targets)
    subject.encode(subject.driving[: len(subject.targets)])
    expect_same(subject.output, subject.reenact(first, subject.driving), "after another target was encoded")


@check(
    "inputs",
    needs=["runs"],
    asks="leaves the frames it is given as they are",
    mend="work on a copy: no `out=`, no `x += ...` and no method that ends in `_` on what was handed in",
)
def inputs(subject: MethodSubject) -> None:
    targets, driving, method = subject.targets.copy(), subject.driving.copy(), subject.method
    encoded = subject.watch("encode_target", lambda: _no_grad(method.encode_target, targets))
    subject.watch("reenact", lambda: _no_grad(method.reenact, encoded, driving))
    for given, kept, which in ((targets, subject.targets, "target"), (driving, subject.driving, "driving")):
        for name in ("images", "landmarks"):
            if not torch.equal(getattr(given, name), getattr(kept, name)):
                raise Failed(f"the {name} of the {which} frames are no longer what they were")


# The process


@check(
    "random-state",
    needs=["runs"],
    asks="leaves the random generators of the process alone",
    mend="draw from a generator of your own, torch.Generator(device).manual_seed(0) or numpy.random.default_rng(0)",
)
def random_state(subject: MethodSubject) -> None:
    _in_this_process(subject)
    check_random_state(subject)
    left = []
    for start in (1, 2):
        with watched() as changes:
            subject.spec.construct(subject.device, start)
        left.append(changes.generators)
    seeded = [name for name, state in left[0].items() if left[1].get(name) == state]
    if seeded:  # who only draws, as the layers of a network do, ends where the harness's seed leads
        raise Failed(f"its constructor seeded {', '.join(seeded)}")


@check(
    "global-state",
    needs=["runs"],
    asks="leaves default device and dtype, gradients, threads and working folder as they were",
    mend="give `device=` and `dtype=` to what you create, and set what belongs to the process in a `with` block",
)
def global_state(subject: MethodSubject) -> None:
    _in_this_process(subject)
    check_global_state(subject)


def _in_this_process(subject: MethodSubject) -> None:
    if isinstance(subject.method, WorkerMethod):
        raise Skipped("it has a process of its own, and may do there as it likes")


@check(
    "cpu",
    needs=["runs"],
    asks="works on the CPU when it is given the CPU",
    mend="pass `device` on to Method.__init__, and create and load everything on it",
)
def cpu(subject: MethodSubject) -> None:
    _works_on(subject, "cpu")


@check(
    "gpu",
    needs=["runs"],
    asks="works on a GPU when it is given one",
    mend="move networks and constants to `device`; create tensors with `device=`",
)
def gpu(subject: MethodSubject) -> str:
    if not torch.cuda.is_available():
        raise Skipped("torch sees no CUDA device here", "check it once on a machine that has one")
    _works_on(subject, "cuda")
    return torch.cuda.get_device_name()


def _works_on(subject: MethodSubject, device: str) -> None:
    method = subject.method if device == subject.device else subject.construct(device)
    if torch.device(method.device).type != device:
        raise Failed(f"constructed for {device}, its `device` is {method.device}")
    output = subject.frames(subject.driving[:2].to(device), subject.targets.to(device), method)
    if isinstance(output, Tensor) and output.device.type != device:
        raise Failed(f"given frames on {device}, it returned frames on {output.device}")


# Motion code


@check(
    "motion-code",
    needs=["starts"],
    asks="returns a motion code [T,D], or has none",
    mend="return a finite floating-point tensor with a row a frame: `code.flatten(1)`; or leave `motion_code` out",
)
def motion_code(subject: MethodSubject) -> str:
    code = subject.watch("motion_code", lambda: _no_grad(subject.method.motion_code, subject.driving.copy()))
    if code is None:
        raise Skipped("it has no motion code, so `leak` is not measured")
    if not isinstance(code, Tensor) or code.ndim != 2 or len(code) != len(NUMBERS):
        raise Failed(f"motion_code returned {described(code)} for {len(NUMBERS)} frames, expected Tensor [T,D]")
    if not (code.is_floating_point() and code.isfinite().all()):
        raise Failed(f"motion_code returned {code.dtype} with {int((~code.isfinite()).sum())} values not finite")
    return str(tuple(code.shape))


# 200 frames


@check(
    "memory",
    needs=["runs"],
    asks="holds no more memory after 200 frames than after 40",
    mend="keep no frames, features or graphs between calls: no list that only grows, no cache without a bound",
)
def memory(subject: MethodSubject) -> str:
    held = subject.endurance.memory
    if any(value is None for value in held):
        raise Skipped("the memory of a process can be read on Linux only")
    steps = [after - before for before, after in pairwise(held)]  # type: ignore[operator]
    total, frames = sum(steps), BATCH * WARM
    if total > GROWTH_MB and min(steps) > total / 16:
        raise Failed(f"memory grew by {total:.0f} MB from frame {frames} to frame {MANY}, and never stopped")
    return f"{total:+.1f} MB from frame {frames} to frame {MANY}"


@check(
    "time",
    needs=["runs"],
    asks="takes no longer for later frames than for earlier ones",
    mend="do the same work for every frame: nothing that goes through all that came before",
)
def time_a_frame(subject: MethodSubject) -> str:
    early, late = (
        1000 * statistics.median(calls)
        for calls in (subject.endurance.computing[1 : 1 + WARM], subject.endurance.computing[-WARM:])
    )
    if late > GROWTH_RATIO * early and late - early > GROWTH_MS:
        raise Failed(
            f"a frame took {early / BATCH:.1f} ms of computing at first and {late / BATCH:.1f} ms after {MANY} frames"
        )
    usual = 1000 * statistics.median(subject.endurance.seconds[WARM:]) / BATCH
    return f"{usual:.2f} ms a frame, in batches of {BATCH} on {subject.device}"
