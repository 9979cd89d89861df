"""Measures methods by their motion codes, on the footage that methods are trained on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from reenactbench.engine.codes import Choice, Coder, spread
from reenactbench.engine.generate import Generator, failure
from reenactbench.engine.job import Job
from reenactbench.engine.measure import Rows, constructed, value_rows, variants_by_metric
from reenactbench.engine.setup import MetricSpec
from reenactbench.engine.tsne import VERSION, flattened, shown_frames
from reenactbench.errors import StorageError
from reenactbench.files import content_key
from reenactbench.interfaces import CodeMetric, Codes
from reenactbench.preparing import prepare_clips, say_findings
from reenactbench.progress import progress_bar
from reenactbench.registry import BROKEN
from reenactbench.results import METRIC_FAILED
from reenactbench.types import Clip

NO_CODE = "has no motion code"


def code_rows(job: Job, generators: dict[str, Generator]) -> tuple[Rows, Rows]:
    """Rows of the table `sets` for every method, and of the table `codes` for those with a motion code."""
    values: Rows = []
    points: Rows = []
    metrics = variants_by_metric(job, CodeMetric)
    for method in job.methods if metrics else ():
        coder = Coder(method, cache(partial(constructed, job, method, generators)), job.options.seed, job.store)
        clips, problem = [], NO_CODE
        try:
            if _has_code(job, coder):
                clips = _footage(job)
                points += [{"method": method.name, **row} for row in _map(job, coder, clips)]
        except StorageError:
            raise
        except BROKEN as error:
            clips, problem = [], failure(error)
        for specs in metrics:
            found = _measured(job, coder, specs, clips) if clips else _not_measured(specs, problem)
            values += value_rows(method, specs, found["values"], found["n_frames"])
    return values, points


def _has_code(job: Job, coder: Coder) -> bool:
    """Whether the method has a motion code, tried on a frame that is here, so that no footage is made in vain."""
    clip = job.dataset.prepared(job.pairs[0].source)
    assert clip is not None
    return coder.code(clip, spread(clip, 1)) is not None


def _footage(job: Job) -> list[Clip]:
    """The clips that methods are trained on, prepared."""
    ids = [clip.id for clip in job.dataset.training_clips()]
    prepare_clips(job.dataset, ids)
    scored = {clip for pair in job.pairs for clip in (pair.source, pair.target)}
    say_findings(job.dataset, [clip_id for clip_id in ids if clip_id not in scored])
    return [clip for clip_id in ids if (clip := job.dataset.prepared(clip_id)) is not None]


def _measured(job: Job, coder: Coder, specs: Sequence[MetricSpec], clips: Sequence[Clip]) -> dict[str, Any]:
    """`values` of one metric by recipe, as `value_rows` takes them, and `n_frames`."""
    metric = specs[0].metric
    assert isinstance(metric, CodeMetric)
    choice = [(clip, spread(clip, metric.frames)) for clip in clips]
    key = content_key({"codes": coder.keys(choice), "metric": [metric.key, metric.version, *specs[0].code]})
    record = job.store.record("scores", key)
    if record is None:
        try:
            codes = _codes(coder, choice)
        except StorageError:
            raise
        except BROKEN as error:
            return _not_measured(specs, failure(error))
        try:
            with specs[0].guard.watch():
                record = {"values": dict(metric.measure(codes)), "n_frames": len(codes.frames)}
        except BROKEN as error:
            return _not_measured(specs, METRIC_FAILED + failure(error))
        job.store.write_record("scores", key, record)
    return record


def _not_measured(specs: Sequence[MetricSpec], reason: str) -> dict[str, Any]:
    return {"values": {spec.recipe: reason for spec in specs}, "n_frames": None}


def _map(job: Job, coder: Coder, clips: Sequence[Clip]) -> Rows:
    """A point for each of the frames shown."""
    choice = list(shown_frames(clips, job.options.seed))
    key = content_key({"tsne": VERSION, "codes": coder.keys(choice)})
    record = job.store.record("scores", key)
    if record is None:
        record = {"points": flattened(_codes(coder, choice).values).tolist()}
        job.store.write_record("scores", key, record)
    frames = [(clip.info, number) for clip, numbers in choice for number in numbers]
    return [
        {"identity": info.identity, "clip": info.id, "frame": number, "x": x, "y": y}
        for (info, number), (x, y) in zip(frames, record["points"], strict=True)
    ]


def _codes(coder: Coder, choice: Choice) -> Codes:
    with progress_bar("reading motion codes", sum(len(numbers) for _, numbers in choice)) as advance:
        return coder.codes(choice, advance)
