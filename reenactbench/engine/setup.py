"""From names on the command line to loaded data, methods, metrics and backbones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from reenactbench.engine.guard import Guard
from reenactbench.engine.networks import (
    DEFAULT_CROPPING,
    BackboneFinder,
    backbone_name,
    backbone_specs,
    load_backbone,
    way_of_cropping,
)
from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.files import content_key, sha256_file, sha256_files
from reenactbench.interfaces import Backbone, CodeMetric, DataOptions, Dataset, Method, MethodMetric, Metric
from reenactbench.progress import say
from reenactbench.registry import BROKEN, Entry, Registry, cause
from reenactbench.seeding import seed_everything
from reenactbench.types import ClipInfo
from reenactbench.worker.description import Description
from reenactbench.worker.method import WorkerMethod, isolated, own_environment


@dataclass(frozen=True, slots=True)
class DatasetOptions:
    """Which data, as the command line names it."""

    dataset: str
    data_root: Path | None = None
    allow_missing: bool = False
    crop: str | None = None
    """None: as the data set does it."""
    backbones: Mapping[str, str] = field(default_factory=dict)
    """kind -> `scheme:argument`, for those that are not the data set's own."""
    people: int = 0
    """To train on, besides those of the data set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(DatasetOptions):
    """What `reenactbench run` was asked for."""

    methods: Sequence[str]
    protocols: Sequence[str] = ("self", "cross")
    splits: Sequence[str] = ()
    """Empty: all."""
    metrics: Sequence[str] = ()
    """Empty: all but those by request."""
    limit: int | None = None
    seed: int = 0
    device: str = "auto"
    out: Path = Path("results")
    name: str | None = None
    checkpoints: Sequence[str] = ()
    """`METHOD=FILE`, or `FILE` for the only method."""
    finetune_steps: int = 0
    """Of the methods that can fine-tune."""
    isolate: bool = False
    """Every method works in a process of its own."""
    timeout: float | None = None
    """Seconds for one call of a method in a process of its own; None: as its file or `Limits` has it."""
    memory_limit: float | None = None
    """GB for such a process; None: as its file has it, or none."""


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """A method that takes part, before it is constructed."""

    entry: Entry
    cls: type[Method]
    checkpoint: Path | None
    checkpoint_sha256: str | None
    code: str
    """sha256 over the sources of its packages (`code_hash`), so that an edited method gets no old frames or codes."""
    guard: Guard
    finetune_steps: int = 0
    """On each target; 0 where the method cannot."""

    @property
    def name(self) -> str:
        return self.entry.name

    def construct(self, device: str, seed: int, log: Path | None = None) -> Method:
        """The method itself; what its constructor draws follows from the seed alone.

        log: takes what its worker, if it has one, writes to standard error.
        """
        import torch

        derived = seed_everything(seed, self.name)
        if issubclass(self.cls, WorkerMethod):
            return self.cls(torch.device(device), self.checkpoint, derived, log, **self.tuning)
        method = self.cls(torch.device(device), self.checkpoint)
        if self.finetune_steps:
            method.prepare_finetuning(self.finetune_steps)
        return method

    @property
    def tuning(self) -> dict[str, int]:
        """What fine-tuning adds to a name: nothing where there is none, so that whatever was made without keeps its
        own."""
        return {"finetune_steps": self.finetune_steps} if self.finetune_steps else {}

    def identity(self) -> dict[str, Any]:
        """Everything about the method that decides what it generates."""
        return {
            "name": self.name,
            "distribution": self.entry.distribution,
            "version": self.entry.version,
            "code": self.code,
            "checkpoint": self.checkpoint_sha256,
            "image_size": self.cls.image_size,
            "shots": self.cls.shots,
            **self.tuning,
        }


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A variant that is to be computed, or the reason why it cannot be."""

    metric: Metric
    variant: str
    recipe: str
    backbones: dict[str, Backbone]
    missing: str
    """Why it cannot be computed; empty where it can."""
    code: list[str]
    """Distribution, version and `code_hash` of the metric."""
    guard: Guard

    @property
    def backbone_sha256(self) -> str | None:
        """The file's sha256 for one backbone, one over all for several; None without."""
        hashes = [self.backbones[kind].sha256 for kind in self.metric.needs if kind in self.backbones]
        return hashes[0] if len(hashes) == 1 else content_key(hashes) if hashes else None


def pick_device(asked: str) -> str:
    import torch

    if asked == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if asked == "cuda" and not torch.cuda.is_available():
        raise ReenactbenchError("--device cuda: torch sees no CUDA device here; use --device cpu or auto")
    if asked not in ("cpu", "cuda"):
        raise ReenactbenchError(f"--device {asked}: choose auto, cpu or cuda")
    return asked


def load_dataset(registry: Registry, options: DatasetOptions, device: str) -> Dataset:
    """The data set, listed but not prepared. Raises ReenactbenchError where it is asked for what it has not."""
    factory = registry.find("datasets", options.dataset).load()
    specs = backbone_specs(factory, options.backbones)

    def finder() -> BackboneFinder:
        return BackboneFinder(
            load_backbone(registry, "detector", specs["detector"], device),
            load_backbone(registry, "landmarks", specs["landmarks"], device),
        )

    known = {"detector", "landmarks"} <= set(specs)
    root = options.data_root and options.data_root.absolute()
    dataset: Dataset = factory(
        DataOptions(root, options.allow_missing, options.crop, finder if known else None, options.people)
    )
    if options.people and not dataset.makes_people:
        raise ReenactbenchError(f"--people {options.people}: data set {options.dataset} cannot make people to train on")
    return dataset


def load_methods(
    registry: Registry,
    names: Sequence[str],
    checkpoints: Sequence[str],
    finetune_steps: int = 0,
    isolate: bool = False,
    limits: Mapping[str, float | None] | None = None,
) -> list[MethodSpec]:
    """Every method named, once; those that cannot fine-tune are run without, with a line on standard error.

    isolate, limits (`timeout`, `memory`): as in `RunOptions`. Raises ReenactbenchError where none of them can
    fine-tune, and where a method or its checkpoint is not there.
    """
    if not names:
        raise ReenactbenchError("name at least one method with --method (`reenactbench list methods` shows them)")
    given: dict[str, Path] = {}
    for text in checkpoints:
        name, equals, file = text.rpartition("=")
        if not equals:
            if len(names) > 1:
                raise ReenactbenchError(f"--checkpoint {text}: with several methods write METHOD=FILE")
            name = names[0]
        if name not in names:
            raise ReenactbenchError(f"--checkpoint {text}: {name!r} is not among the methods of this run")
        given[name] = Path(file)
    chosen = {limit: value for limit, value in (limits or {}).items() if value is not None}
    methods = [
        _method_spec(registry.find("methods", name), given.get(name), finetune_steps, isolate, chosen)
        for name in dict.fromkeys(names)
    ]
    unable = [method.name for method in methods if not method.cls.fine_tunes]
    if finetune_steps and unable:
        sentence = f"--finetune-steps {finetune_steps}: {', '.join(unable)} cannot be fine-tuned"
        if len(unable) == len(methods):
            raise ReenactbenchError(f"{sentence}; leave it out, or name a method that can")
        say(f"{sentence} and will run without")
    return methods


def _method_spec(
    entry: Entry, checkpoint: Path | None, finetune_steps: int, isolate: bool, limits: Mapping[str, float]
) -> MethodSpec:
    guard = Guard(entry)
    loaded = guard.load()
    described = isinstance(loaded, Description)
    cls = own_environment(loaded, **limits) if described else loaded
    if not (isinstance(cls, type) and issubclass(cls, Method)):
        raise ReenactbenchError(
            f"method {entry.name!r} of plugin {entry.owner!r} is no subclass of reenactbench.Method"
        )
    checkpoint = checkpoint or cls.default_checkpoint
    if checkpoint is not None and not checkpoint.is_file():
        raise ReenactbenchError(f"checkpoint {checkpoint} of method {entry.name!r} is not a file")
    checkpoint = checkpoint and checkpoint.absolute()  # the method may work in another folder
    for package in cls.packages:
        try:
            with guard.watch():
                module = import_module(package)
        except BROKEN as error:
            raise ReenactbenchError(f"{entry} names the package {package!r}, which fails: {cause(error)}") from error
        if getattr(module, "__file__", None) is None:
            raise ReenactbenchError(
                f"{entry} names the package {package!r}, in which no edit would be noticed; give it an __init__.py"
            )
    code = loaded.code() if described else code_hash(cls, cls.packages)
    if isolate and not described:
        cls = isolated(cls, entry.name, **limits)
    sha256 = sha256_file(checkpoint) if checkpoint else None
    return MethodSpec(entry, cls, checkpoint, sha256, code, guard, finetune_steps if cls.fine_tunes else 0)


def code_hash(cls: type, packages: Sequence[str] = ()) -> str:
    """sha256 over the Python files of the top-level packages that hold the class and its bases (a plugin file: that
    file), and of further ones, which are imported already. Of reenactbench itself nothing is hashed: its keys carry
    versions."""
    modules = {base.__module__ for base in cls.__mro__} - {"abc", "builtins"}
    own = {name.partition(".")[0] for name in modules} - {"reenactbench", "torch", "typing"}
    files: list[Path] = []
    for package in sorted(own.union(packages)):
        source = getattr(sys.modules.get(package), "__file__", None)
        if source is not None:
            file = Path(source)
            files += sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    return sha256_files(files) if files else ""


def default_metrics(registry: Registry, dataset: Dataset) -> list[str]:
    """The metrics of a run that names none."""
    suiting = (entry for entry in registry.of("metrics") if entry.name not in dataset.by_request)
    return [entry.name for entry in suiting if not Guard(entry).load().by_request]


def load_metrics(
    registry: Registry,
    names: Sequence[str],
    specs: Mapping[str, str],
    device: str,
    training_clips: Callable[[], Sequence[ClipInfo]] = tuple,
) -> list[MetricSpec]:
    """Every variant of the metrics named, each with its backbones or the reason why it is missing.

    training_clips: lists those of the data set; asked only where a metric is of motion codes.
    """
    entries = [registry.find("metrics", name) for name in dict.fromkeys(names)]
    guards = list(map(Guard, entries))
    metrics: list[Metric] = [guard.load()() for guard in guards]
    loaded: dict[str, Backbone] = {}
    labels = {"cropping": DEFAULT_CROPPING}
    missing: dict[str, str] = {}
    for kind in {kind: None for metric in metrics for kind in metric.needs}:
        if kind not in specs:
            labels[kind], missing[kind] = "none", f"no {kind} network is given; name one with --{kind}"
            continue
        try:
            loaded[kind] = load_backbone(registry, kind, specs[kind], device)
        except MissingWeights as error:
            missing[kind] = str(error)
        labels[kind] = backbone_name(registry, kind, specs[kind])
        if kind == "identity":
            labels["cropping"] = way_of_cropping(registry, specs[kind])
    return [
        variant
        for entry, metric, guard in zip(entries, metrics, guards, strict=True)
        for variant in _variants(entry, metric, _recipes(metric, training_clips), loaded, labels, missing, guard)
    ]


def _recipes(metric: Metric, training_clips: Callable[[], Sequence[ClipInfo]]) -> Iterable[str]:
    if isinstance(metric, CodeMetric):
        return metric.recipes(training_clips())
    return metric.quantities if isinstance(metric, MethodMetric) else [metric.recipe]


def _variants(
    entry: Entry,
    metric: Metric,
    recipes: Iterable[str],
    loaded: Mapping[str, Backbone],
    labels: Mapping[str, str],
    missing: Mapping[str, str],
    guard: Guard,
) -> Iterable[MetricSpec]:
    present = {kind: loaded[kind] for kind in metric.needs if kind in loaded}
    code = [entry.distribution, entry.version, code_hash(type(metric))]
    reasons = dict.fromkeys(missing[kind] for kind in metric.needs if kind in missing)
    for recipe in recipes:
        yield MetricSpec(metric, metric.variant(labels, recipe), recipe, present, "; ".join(reasons), code, guard)
