"""Measures the methods themselves, once on a machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import torch

from reenactbench.engine import plan
from reenactbench.engine.generate import Generator, failure, method_frames
from reenactbench.engine.job import Job
from reenactbench.engine.setup import MethodSpec, MetricSpec
from reenactbench.errors import StorageError
from reenactbench.files import content_key
from reenactbench.interfaces import Method, MethodMetric, Metric
from reenactbench.process_state import draws_kept
from reenactbench.provenance import environment
from reenactbench.registry import BROKEN
from reenactbench.results import METRIC_FAILED, NOT_COMPUTED, OK
from reenactbench.types import ALL
from reenactbench.worker.method import WorkerMethod

Rows = list[dict[str, Any]]


def method_rows(job: Job, generators: dict[str, Generator]) -> Rows:
    """Values of the methods themselves, measured once on a device and kept."""
    rows: Rows = []
    for method in job.methods:
        cell = next((c for c in job.cells if c.method is method and c.state == plan.CACHED), None)
        for specs in variants_by_metric(job, MethodMetric):
            rows += value_rows(method, specs, _measure(job, method, specs[0], cell, generators))
    return rows


def variants_by_metric(job: Job, kind: type[Metric]) -> list[list[MetricSpec]]:
    """For each metric of that kind its variants that can be computed."""
    found: dict[str, list[MetricSpec]] = {}
    for spec in job.metrics:
        if isinstance(spec.metric, kind) and not spec.missing:
            found.setdefault(spec.metric.key, []).append(spec)
    return list(found.values())


def value_rows(
    method: MethodSpec, specs: Sequence[MetricSpec], found: Mapping[str, float | str], n_frames: int | None = None
) -> Rows:
    """Rows of the table `sets`; found: recipe -> value, or the reason why there is none."""
    rows = []
    for spec in specs:
        value = found.get(spec.recipe, "was not measured")
        number = isinstance(value, (int, float)) and isfinite(value)
        rows.append(
            {
                "method": method.name,
                "protocol": "any",
                "split": ALL,
                "metric": spec.metric.key,
                "variant": spec.variant,
                "value": value if number else None,
                "n_pairs": 1 if number else 0,
                "n_planned": 1,
                "n_frames": n_frames,
                "status": OK if number else NOT_COMPUTED,
                "reason": "" if number else str(value),
            }
        )
    return rows


def constructed(job: Job, method: MethodSpec, generators: dict[str, Generator]) -> Method:
    """The method that generated, or another one where nothing had to be."""
    generator = generators.get(method.name)
    return generator.method if generator else job.construct(method)


def _measure(
    job: Job, method: MethodSpec, spec: MetricSpec, cell: plan.Cell | None, generators: dict[str, Generator]
) -> dict[str, Any]:
    assert isinstance(spec.metric, MethodMetric)
    if cell is None:
        return dict.fromkeys(spec.metric.quantities, "no pair was generated")
    machine = environment(job.device)
    on = [machine["device"], machine["device_name"], torch.get_num_threads(), torch.__version__]
    if issubclass(method.cls, WorkerMethod):
        on.append("in a worker")
    key = content_key({"method": method.identity(), "metric": [spec.metric.key, spec.metric.version], "on": on})
    record = job.store.record("scores", key)
    if record is None:
        source, target = job.dataset.prepared(cell.pair.source), job.dataset.prepared(cell.pair.target)
        assert source is not None and target is not None
        try:
            subject = constructed(job, method, generators)
            targets = method_frames(subject, target, cell.pair.target_frames[: method.cls.shots])
            driving = method_frames(subject, source, cell.pair.frames)
            with method.guard.watch(), draws_kept():
                record = dict(spec.metric.measure(subject, targets, driving))
        except StorageError:
            raise
        except BROKEN as error:
            return dict.fromkeys(spec.metric.quantities, METRIC_FAILED + failure(error))
        job.store.write_record("scores", key, record)
    return record
