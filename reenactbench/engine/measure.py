"""Measures the methods themselves, once on a machine."""

from __future__ import annotations

from typing import Any

import torch

from reenactbench.engine import plan
from reenactbench.engine.generate import Generator, failure, method_frames
from reenactbench.engine.job import Job
from reenactbench.engine.setup import MethodSpec, MetricSpec
from reenactbench.files import content_key
from reenactbench.interfaces import MethodMetric
from reenactbench.provenance import environment
from reenactbench.registry import BROKEN
from reenactbench.results import NOT_COMPUTED, OK
from reenactbench.types import ALL


def method_rows(job: Job, generators: dict[str, Generator]) -> list[dict[str, Any]]:
    """Values of the methods themselves, measured once on a device and kept."""
    rows = []
    specs = [spec for spec in job.metrics if isinstance(spec.metric, MethodMetric) and not spec.missing]
    measured: dict[tuple[str, str], dict[str, Any]] = {}
    for method in job.methods:
        cell = next((c for c in job.cells if c.method is method and c.state == plan.CACHED), None)
        for spec in specs:
            if (method.name, spec.metric.key) not in measured:
                measured[method.name, spec.metric.key] = _measure(job, method, spec, cell, generators)
            found = measured[method.name, spec.metric.key].get(spec.recipe, "was not measured")
            number = isinstance(found, (int, float))
            rows.append(
                {
                    "method": method.name,
                    "protocol": "any",
                    "split": ALL,
                    "metric": spec.metric.key,
                    "variant": spec.variant,
                    "value": found if number else None,
                    "n_pairs": 1 if number else 0,
                    "n_planned": 1,
                    "n_frames": None,
                    "status": OK if number else NOT_COMPUTED,
                    "reason": "" if number else found,
                }
            )
    return rows


def _measure(
    job: Job,
    method: MethodSpec,
    spec: MetricSpec,
    cell: plan.Cell | None,
    generators: dict[str, Generator],
) -> dict[str, Any]:
    assert isinstance(spec.metric, MethodMetric)
    if cell is None:
        return dict.fromkeys(spec.metric.quantities, "no pair was generated")
    machine = environment(job.device)
    on = [machine["device"], machine["device_name"], torch.get_num_threads(), torch.__version__]
    key = content_key({"method": method.identity(), "metric": [spec.metric.key, spec.metric.version], "on": on})
    record = job.store.record("scores", key)
    if record is None:
        source, target = job.dataset.prepared(cell.pair.source), job.dataset.prepared(cell.pair.target)
        assert source is not None and target is not None
        try:
            generator = generators.get(method.name)
            subject = generator.method if generator else method.construct(job.device, job.options.seed)
            targets = method_frames(subject, target, cell.pair.target_frames[: method.cls.shots])
            record = dict(spec.metric.measure(subject, targets, method_frames(subject, source, cell.pair.frames)))
        except BROKEN as error:
            return dict.fromkeys(spec.metric.quantities, failure(error))
        job.store.write_record("scores", key, record)
    return record
