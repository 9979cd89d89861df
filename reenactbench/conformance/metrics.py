"""What a metric promises: what `interfaces.Metric` asks for, and numbers that mean what their name says."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reenactbench.conformance.checks import Failed, Skipped, Suite, described
from reenactbench.conformance.common import Subject, check_global_state, check_loads, check_random_state, check_summary
from reenactbench.conformance.samples import NUMBERS, as_pictures, sample
from reenactbench.datasets.synthetic.dataset import Synthetic
from reenactbench.engine.analysis import Analysis
from reenactbench.engine.networks import backbone_specs, load_backbone
from reenactbench.engine.setup import MetricSpec, load_metrics
from reenactbench.engine.store import Store
from reenactbench.interfaces import (
    Array,
    Backbone,
    CodeMetric,
    Codes,
    Features,
    FrameMetric,
    Method,
    MethodMetric,
    Metric,
    Pictures,
    Scene,
    SetMetric,
)
from reenactbench.registry import Entry, Registry
from reenactbench.types import SEEN, ClipInfo, Frames

KINDS = (FrameMetric, SetMetric, MethodMetric, CodeMetric)
SHIFT, NOISE = 9, 40.0
"""How far off the wrong frames are: pixels, and grey values."""
ROWS, COLUMNS = 64, 32
"""Of the features that set metrics are asked about."""
PEOPLE, TAKES, CODES = 3, 2, 16

METRIC_CHECKS: Suite[MetricSubject] = Suite()
check = METRIC_CHECKS.check


class Still(Method):
    """The method that metrics of methods are asked about: the first target image, whatever drives."""

    def encode_target(self, targets: Frames) -> Tensor:
        return targets.images[:1]

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return identity.repeat(len(driving), 1, 1, 1)

    def motion_code(self, driving: Frames) -> Tensor:
        return driving.landmarks.flatten(1)


class MetricSubject(Subject):
    """A metric under its checks, and what it is asked about."""

    def __init__(self, entry: Entry, registry: Registry) -> None:
        super().__init__(entry)
        self._registry = registry
        self.asked: set[str] = set()
        """Kinds of the backbones that it looked through."""
        self._folder = tempfile.TemporaryDirectory(prefix="reenactbench-")
        self._backbones: dict[str, Backbone] = {}
        self._analysis = Analysis(self._backbones, Store(Path(self._folder.name)))

    @cached_property
    def metric(self) -> Metric:
        metric: Metric = self.importing(self.entry.load)()
        return metric

    @cached_property
    def variants(self) -> list[MetricSpec]:
        """What a run on the synthetic data set would compute."""
        return load_metrics(self._registry, [self.entry.name], backbone_specs(Synthetic, {}), "cpu", codes_clips)

    @property
    def of_frames(self) -> FrameMetric:
        if not isinstance(self.metric, FrameMetric):
            raise Skipped("it is no metric of frames")
        return self.metric

    @property
    def kind(self) -> str:
        """Of the pair that it is asked about."""
        return "cross" if "cross" in self.of_frames.kinds else "self"

    def scene(self, generated: npt.NDArray[np.uint8], truth: bool = True) -> Scene:
        """The pair of the tiny set with as many frames as were generated; in a `self` pair the driver is the truth."""
        tiny, count = sample(), len(generated)
        driver = as_pictures(tiny.driving.images[:count])
        pair, target, true = tiny.pair, tiny.target, as_pictures(tiny.truth.images[:count])
        if self.kind == "self":
            pair = replace(pair, target=pair.source, target_identity=pair.source_identity)
            pair = replace(pair, id=f"self/{pair.source}", protocol="self", kind="self", split=SEEN, quadrant=SEEN)
            target, true = tiny.driving, driver
        return Scene(
            pair=replace(pair, frames=NUMBERS[:count]),
            generated=as_pictures(generated),
            driving=driver,
            target=as_pictures(target.images[:1]),
            truth=true if truth else None,
            reference=true if truth else as_pictures(target.images),
            device="cpu",
            features=self._features,
        )

    def _features(self, kind: str, pictures: Pictures) -> Features:
        self.asked.add(kind)
        self._load(kind)
        return self._analysis(kind, pictures)

    def _load(self, kind: str) -> None:
        if kind not in self._backbones:
            self._backbones[kind] = load_backbone(self._registry, kind, backbone_specs(Synthetic, {})[kind], "cpu")
            for needed in self._backbones[kind].needs:
                self._load(needed)

    def backbones(self) -> Iterator[Entry]:
        return self._registry.of("backbones")

    def score(self, scene: Scene) -> Any:
        return self.watch("score", lambda: self.of_frames.score(scene))

    def means(self, generated: npt.NDArray[np.uint8]) -> float:
        """The mean over the frames that have a value; NaN where none has."""
        values = np.asarray(self.score(self.scene(generated))[0], np.float64)
        return float(values[np.isfinite(values)].mean()) if np.isfinite(values).any() else float("nan")

    def compare(self, generated: Array, reference: Array) -> Any:
        metric = self.metric
        assert isinstance(metric, SetMetric)
        return self.watch("compare", lambda: metric.compare(generated, reference))

    def measure(self) -> Any:
        """What it says of the tiny set, or of what stands for it: values and reason, a number, or values by recipe."""
        metric = self.metric
        if isinstance(metric, FrameMetric):
            return self.score(self.scene(true_frames(self.kind)))
        if isinstance(metric, SetMetric):
            return self.compare(features(1), features(2))
        if isinstance(metric, CodeMetric):
            return self.watch("measure", partial(metric.measure, motion_codes()))
        assert isinstance(metric, MethodMetric)
        tiny, method = sample(), Still(torch.device("cpu"))
        frames = tiny.target.frames(NUMBERS[:1]), tiny.driving.frames(NUMBERS)
        return self.watch("measure", lambda: metric.measure(method, *frames))

    @cached_property
    def measured(self) -> Any:
        return self.measure()


def true_frames(kind: str) -> npt.NDArray[np.uint8]:
    """The frames that should have been generated."""
    return np.array((sample().truth if kind == "cross" else sample().driving).images)


def wrong_frames(kind: str) -> npt.NDArray[np.uint8]:
    """The same played backwards, out of place and noisy."""
    moved = np.roll(true_frames(kind)[::-1], SHIFT, axis=(1, 2)).astype(np.float64)
    noise = np.random.default_rng(0).normal(scale=NOISE, size=moved.shape)
    return np.asarray((moved + noise).clip(0, 255), np.uint8)


def grey_frames() -> npt.NDArray[np.uint8]:
    """Frames that show nothing."""
    return np.full_like(sample().driving.images, 128)


def features(seed: int, away: float = 0.0) -> Array:
    """Features [64,32] of one population, or of one that lies so many deviations away."""
    return np.random.default_rng(seed).normal(away, size=(ROWS, COLUMNS)).astype(np.float32)


def codes_clips() -> list[ClipInfo]:
    """The footage of `motion_codes`."""
    return [ClipInfo(f"{person}{take}", f"{person}", SEEN) for person in range(PEOPLE) for take in range(TAKES)]


def motion_codes() -> Codes:
    """Codes of three people in two takes each, from which a probe can tell them now and then."""
    clips = np.repeat([clip.id for clip in codes_clips()], CODES)
    people = np.repeat([clip.identity for clip in codes_clips()], CODES)
    values = np.random.default_rng(0).normal(people.astype(np.float64)[:, None], size=(len(people), COLUMNS))
    return Codes(values.astype(np.float32), people, clips, np.tile(np.arange(1, CODES + 1), PEOPLE * TAKES))


def same(first: Any, second: Any) -> bool:
    """Whether a metric said the same twice; NaN is the same as NaN."""
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(same(value, second[key]) for key, value in first.items())
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, str) or isinstance(second, str):
        return bool(first == second)
    return np.array_equal(np.asarray(first, np.float64), np.asarray(second, np.float64), equal_nan=True)


# What is registered and declared

check("metadata", asks="is registered with a summary", mend='say what it does: register(..., summary="...")')(
    check_summary
)


check(
    "loads",
    asks="can be imported",
    mend='look at the error; register(NAME, "module:Class") names an importable module, or give the class itself',
)(check_loads)


@check(
    "interface",
    needs=["loads"],
    asks="is a FrameMetric, SetMetric, MethodMetric or CodeMetric that says what it is",
    mend="subclass one of the four, write its method, and give key (the registered name), title and definition",
)
def interface(subject: MetricSubject) -> str:
    cls = type(subject.metric)
    kind = next((kind for kind in KINDS if issubclass(cls, kind)), None)
    if kind is None:
        raise Failed(f"{cls.__name__} is none of {', '.join(kind.__name__ for kind in KINDS)}")
    if getattr(cls, "key", None) != subject.entry.name:
        raise Failed(f"{cls.__name__}.key is {getattr(cls, 'key', None)!r}, registered is {subject.entry.name!r}")
    for name in ("title", "definition"):
        if not str(getattr(cls, name, "")).strip():
            raise Failed(f"{cls.__name__} has no {name}, which the report's glossary prints")
    if issubclass(cls, MethodMetric | CodeMetric) and not getattr(cls, "quantities", None):
        raise Failed(f"{cls.__name__}.quantities is empty, so nothing of it is ever shown")
    if issubclass(cls, FrameMetric) and not (cls.kinds and set(cls.kinds) <= {"self", "cross"}):
        raise Failed(f"{cls.__name__}.kinds is {cls.kinds!r}, expected self, cross or both")
    return kind.__name__


@check(
    "variant",
    needs=["interface"],
    asks="has a name that says how it was computed: key/recipe@version",
    mend="give `recipe` a word without spaces, with {identity}, {landmarks}, ... for the networks in `needs`",
)
def variant(subject: MetricSubject) -> str:
    try:
        names = [spec.variant for spec in subject.variants]
    except (KeyError, IndexError, ValueError) as error:
        raise Failed(f"its recipe {subject.metric.recipe!r} holds a placeholder that is no network: {error}") from error
    pattern = re.escape(subject.entry.name) + r"/[^\s@,;]+@\d+"
    wrong = [name for name in names if not re.fullmatch(pattern, name)]
    if wrong:
        raise Failed(f"its variant is called {wrong[0]!r}, expected {subject.entry.name}/RECIPE@VERSION")
    return ", ".join(names)


# What it says


@check(
    "runs",
    needs=["interface"],
    asks="measures the tiny set",
    mend="look at the error; pictures are uint8 [T,S,S,3], features come by name from scene.features(kind, pictures)",
)
def runs(subject: MetricSubject) -> str | None:
    start = time.perf_counter()
    _ = subject.measured
    spent = 1000 * (time.perf_counter() - start)
    return f"{spent / len(NUMBERS):.1f} ms a frame" if isinstance(subject.metric, FrameMetric) else f"{spent:.0f} ms"


@check(
    "needs",
    needs=["runs"],
    asks="declares the networks it looks through",
    mend='list every kind it asks scene.features for: needs = ("detector", "landmarks")',
)
def needs(subject: MetricSubject) -> str:
    undeclared = sorted(subject.asked - set(subject.metric.needs))
    unknown = sorted(set(subject.metric.needs) - {entry.name.partition("/")[0] for entry in subject.backbones()})
    if unknown:
        raise Failed(f"`needs` names {', '.join(unknown)}, of which no network is registered")
    if undeclared:
        raise Failed(f"it asked for features of {', '.join(undeclared)}, and `needs` is {subject.metric.needs!r}")
    return ", ".join(subject.metric.needs) or "none"


@check(
    "values",
    needs=["runs"],
    asks="gives a value a frame and a reason for those without; of a set a number; by recipe, a number or a reason",
    mend="return (float64 [T], reason), or one finite float, or {recipe: float or reason}; NaN says `not measured`",
)
def values(subject: MetricSubject) -> str | None:
    found, metric = subject.measured, subject.metric
    if isinstance(metric, FrameMetric):
        return check_frame_values(found, len(NUMBERS))
    if isinstance(metric, SetMetric):
        if not (isinstance(found, int | float | np.floating) and np.isfinite(found)):
            raise Failed(f"compare returned {found!r}, expected a finite float")
        return f"{found:.4g}"
    if not isinstance(found, Mapping):
        raise Failed(f"measure returned {described(found)}, expected values by recipe")
    wanted = metric.recipes(codes_clips()) if isinstance(metric, CodeMetric) else list(_quantities(metric))
    for recipe in wanted:
        value = found.get(recipe)
        if not (isinstance(value, str) or (isinstance(value, int | float | np.floating) and np.isfinite(value))):
            raise Failed(f"measure gave {value!r} for {recipe!r}, expected a finite float or the reason for none")
    return ", ".join(wanted)


def _quantities(metric: Metric) -> Mapping[str, Any]:
    assert isinstance(metric, MethodMetric | CodeMetric)
    return metric.quantities


def check_frame_values(found: Any, count: int) -> str:
    """Raises Failed where it is not (float64 [count], reason)."""
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], str)):
        raise Failed(f"score returned {described(found)}, expected (values, reason)")
    numbers = np.asarray(found[0], np.float64)
    if numbers.shape != (count,):
        raise Failed(f"score returned values of shape {numbers.shape} for {count} frames")
    if np.isinf(numbers).any():
        raise Failed(f"score returned infinity for {int(np.isinf(numbers).sum())} of {count} frames")
    if np.isnan(numbers).any() and not found[1]:
        raise Failed(f"{int(np.isnan(numbers).sum())} of {count} frames have no value (NaN), and no reason is given")
    return f"{numbers.min():.4g} to {numbers.max():.4g}"


@check(
    "nothing-to-see",
    needs=["values"],
    asks="takes frames that show no face: a value, or NaN with a reason",
    mend='return NaN for what could not be measured, and say why: return values, "no face found"',
)
def nothing_to_see(subject: MetricSubject) -> str:
    subject.of_frames  # noqa: B018 - skips others
    return check_frame_values(subject.score(subject.scene(grey_frames())), len(NUMBERS))


@check(
    "one-frame",
    needs=["values"],
    asks="takes a single frame",
    mend="keep the first axis: no `.squeeze()`; where a value takes two frames, return NaN and say so",
)
def one_frame(subject: MetricSubject) -> str:
    return check_frame_values(subject.score(subject.scene(true_frames(subject.kind)[:1])), 1)


@check(
    "without-truth",
    needs=["values"],
    asks="does without true frames, or says that it needs them",
    mend="set needs_truth = True, or look at scene.target and scene.driving where scene.truth is None",
)
def without_truth(subject: MetricSubject) -> str:
    if subject.kind == "self":
        raise Skipped("of self pairs the true frames are always known")
    if subject.metric.needs_truth:
        raise Skipped("it says that it needs them, so it is computed only where they are known")
    return check_frame_values(subject.score(subject.scene(true_frames("cross"), truth=False)), len(NUMBERS))


@check(
    "repeat",
    needs=["values"],
    asks="says the same of the same frames again",
    mend="draw from numpy.random.default_rng(0), and keep nothing between calls",
)
def repeat(subject: MetricSubject) -> None:
    if isinstance(subject.metric, MethodMetric):
        raise Skipped("a metric of methods may measure time")
    if not same(subject.measured, subject.measure()):
        raise Failed("asked a second time about the same frames, it says something else")


@check(
    "direction",
    needs=["values"],
    asks="finds true frames no worse than wrong ones: `higher_is_better` is right",
    mend="set higher_is_better to True, to False, or to None where neither direction is better",
)
def direction(subject: MetricSubject) -> str:
    better = subject.metric.higher_is_better
    if isinstance(subject.metric, SetMetric):
        good, bad = subject.measured, subject.compare(features(1, away=2.0), features(2))
    else:
        good, bad = (subject.means(make(subject.kind)) for make in (true_frames, wrong_frames))
    if better is None:
        raise Skipped("it says that neither direction is better")
    if np.isnan([good, bad]).any():
        raise Skipped("true or wrong frames have no value")
    said = f"{good:.4g} for true frames, {bad:.4g} for wrong ones"
    if (bad > good) if better else (bad < good):
        raise Failed(f"{said}, and higher_is_better is {better}")
    return said


# The process


@check(
    "inputs",
    needs=["runs"],
    asks="leaves the pictures and features it is given as they are",
    mend="work on a copy: `images.astype(np.float64)`, and no `-=` on what was handed in",
)
def inputs(subject: MetricSubject) -> None:
    if isinstance(subject.metric, SetMetric):
        given = features(1), features(2)
        subject.compare(*given)
        if not all(map(np.array_equal, given, (features(1), features(2)))):
            raise Failed("the features are no longer what they were")
        return
    scene = subject.scene(true_frames(subject.kind))
    kept = {name: getattr(scene, name).images.copy() for name in ("generated", "driving", "target", "truth")}
    subject.score(scene)
    for name, images in kept.items():
        if not np.array_equal(getattr(scene, name).images, images):
            raise Failed(f"the {name} pictures are no longer what they were")


@check(
    "random-state",
    needs=["runs"],
    asks="leaves the random generators of the process alone",
    mend="draw from a generator of your own, numpy.random.default_rng(0)",
)
def random_state(subject: MetricSubject) -> None:
    subject.measure()
    check_random_state(subject)


check(
    "global-state",
    needs=["runs"],
    asks="leaves default device and dtype, gradients, threads and working folder as they were",
    mend="set what belongs to the process in a `with` block, or not at all",
)(check_global_state)
