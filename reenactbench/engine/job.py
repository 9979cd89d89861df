"""A run before it starts: everything named on the command line, loaded, prepared and planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reenactbench.engine import plan, setup
from reenactbench.engine.networks import backbone_specs
from reenactbench.engine.pairs import plan_pairs
from reenactbench.engine.setup import MethodSpec, MetricSpec, RunOptions
from reenactbench.engine.store import Store
from reenactbench.errors import ReenactbenchError
from reenactbench.files import content_key, folder_name
from reenactbench.interfaces import Dataset, Method, SetMetric
from reenactbench.preparing import available_cores, prepare_clips, say_findings
from reenactbench.process_state import draws_kept
from reenactbench.progress import progress_bar
from reenactbench.registry import BROKEN, Registry
from reenactbench.types import Pair
from reenactbench.worker.failures import WorkerFailure


@dataclass(frozen=True, slots=True)
class Job:
    options: RunOptions
    device: str
    dataset: Dataset
    methods: list[MethodSpec]
    metrics: list[MetricSpec]
    protocols: list[dict[str, Any]]
    pairs: list[Pair]
    cells: list[plan.Cell]
    store: Store

    def identity(self) -> dict[str, Any]:
        """What makes two runs the same one, so that the second goes on with the first."""
        return {
            "dataset": self.dataset.name,
            "fingerprint": plan.dataset_fingerprint(self.dataset, self.pairs),
            "protocol": plan.protocol_hash(self.protocols, self.pairs),
            "methods": [[spec.name, spec.checkpoint_sha256, *spec.tuning.values()] for spec in self.methods],
            "metrics": [[spec.variant, spec.backbone_sha256] for spec in self.metrics],
            "seed": self.options.seed,
        }

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.options.out / self.name()

    def construct(self, method: MethodSpec) -> Method:
        """The method itself; what its worker writes to standard error, if it has one, goes into the run's folder."""
        with method.guard.watch(), draws_kept():
            return method.construct(self.device, self.options.seed, self.path / "logs" / f"{method.name}.log")

    def name(self) -> str:
        """The name given, or one that the same command always gets again."""
        if self.options.name is not None:
            return folder_name(self.options.name)
        protocols = [part["name"] for part in self.protocols]
        return "-".join([self.dataset.name, *protocols, content_key(self.identity())[:8]])


def load_job(options: RunOptions, registry: Registry, prepare: bool) -> Job:
    """Everything loaded and planned; the clips are prepared only if asked."""
    options = replace(options, out=options.out.absolute())  # a method may work in another folder
    device = setup.pick_device(options.device)
    limits = {"timeout": options.timeout, "memory": options.memory_limit}
    methods = setup.load_methods(
        registry, options.methods, options.checkpoints, options.finetune_steps, options.isolate, limits
    )
    for method in methods:
        if method.finetune_steps:
            _check_finetuning(method, device, options.seed)
    dataset = setup.load_dataset(registry, options, device)
    asked = options.protocols, options.splits, options.limit
    pairs, protocols = plan_pairs(registry, dataset, *asked)
    names = options.metrics or setup.default_metrics(registry, dataset)
    specs = backbone_specs(type(dataset), options.backbones)
    metrics = setup.load_metrics(registry, names, specs, device, dataset.training_clips)
    if prepare:
        listed = None
        while listed != (listed := dataset.clips()):  # some may turn out to be unusable
            pairs, protocols = plan_pairs(registry, dataset, *asked)
            used = sorted({clip for pair in pairs for clip in (pair.source, pair.target)})
            prepare_clips(dataset, used)
        say_findings(dataset, used)
    pairs, impossible = plan.resolve_pairs(dataset, pairs)
    if prepare and dataset.makes_truth and any(map(_compares_with_truth, metrics)):
        prepare_truth(dataset, pairs)
    store = Store(options.out / ".store")
    cells = plan.plan_cells(dataset, methods, pairs, impossible, options.seed, store)
    return Job(options, device, dataset, methods, metrics, protocols, pairs, cells, store)


def _check_finetuning(method: MethodSpec, device: str, seed: int) -> None:
    """Raises ReenactbenchError where the method says that its checkpoint cannot be fine-tuned; all else that may go
    wrong here fails its own cells."""
    try:
        with method.guard.watch(), draws_kept():
            method.construct(device, seed)
    except ReenactbenchError:
        raise
    except WorkerFailure as failure:
        if "ReenactbenchError" in failure.kinds:
            raise ReenactbenchError(str(failure).removeprefix("ReenactbenchError: ")) from failure
    except BROKEN:
        pass


def _compares_with_truth(spec: MetricSpec) -> bool:
    """Whether the metric will be computed and looks at true frames where they are known."""
    return not spec.missing and (spec.metric.needs_truth or isinstance(spec.metric, SetMetric))


def prepare_truth(dataset: Dataset, pairs: Sequence[Pair]) -> None:
    """Make the true frames of the pairs that have none yet, with a progress bar."""
    todo = [pair for pair in pairs if pair.frames and dataset.truth(pair) is None]
    with progress_bar("preparing true frames", sum(len(pair.frames) for pair in todo)) as advance:
        dataset.prepare_truth(todo, advance, available_cores())
