"""What run.json says of a run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from reenactbench.engine import plan
from reenactbench.engine.job import Job
from reenactbench.engine.setup import MethodSpec, MetricSpec
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import CodeMetric, Dataset, FrameMetric, MethodMetric, SetMetric
from reenactbench.protocols.pairing import is_matrix, rank
from reenactbench.provenance import command_line, environment, without_folders
from reenactbench.results import COMPUTED, FAILED, GIVEN, NOT_COMPUTED, RENDERED, RUNNING
from reenactbench.run_info import SCHEMA_VERSION
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.types import Pair

TRAINING = ("variant", "preset", "steps", "minutes")  # what a run says of a checkpoint's training
SHOWN_ROWS = 10  # pairs in the report's grid, over all protocols and splits


def opening(job: Job, started: float) -> dict[str, Any]:
    """What is known when the run begins."""
    options, pairs, identity = job.options, job.pairs, job.identity()
    return {
        "schema_version": SCHEMA_VERSION,
        "name": job.name(),
        "status": RUNNING,
        "command": command_line(),
        "started": datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
        "seconds": 0.0,
        "seed": options.seed,
        "limit": options.limit,
        "splits": list(options.splits),
        "identity": identity,
        "dataset": _dataset_info(job.dataset, pairs, identity["fingerprint"]),
        "protocol": {
            "name": "+".join(part["name"] for part in job.protocols),
            "sha256": identity["protocol"],
            "parts": job.protocols,
        },
        "methods": [_method_info(method, pairs) for method in job.methods],
        "variants": [_variant_info(spec) for spec in job.metrics],
        "environment": environment(job.device),
        "pairs": [asdict(pair) for pair in pairs],
        "shown": shown_pairs(pairs, options.seed),
        "telling": [],
        "failures": [],
    }


def _dataset_info(dataset: Dataset, pairs: Sequence[Pair], fingerprint: str) -> dict[str, Any]:
    used = sorted({clip for pair in pairs for clip in (pair.source, pair.target)})
    clips = [clip for clip_id in used if (clip := dataset.prepared(clip_id)) is not None]
    excluded: Counter[str] = Counter()
    for clip in clips:
        excluded.update(clip.excluded)
    missing = list(dataset.missing())
    return {
        "name": dataset.name,
        "fingerprint": fingerprint,
        "partial": bool(missing),
        "missing": missing,
        "n_clips": len(clips),
        "n_frames": sum(len(clip.numbers) for clip in clips),
        "fps": {clip.info.id: float(clip.fps) for clip in clips},
        "excluded": dict(excluded),
        "landmarks": sorted({clip.landmarks_from for clip in clips}),
        "image_size": dataset.image_size,
        "crop": dataset.crop,
        "truth": {
            pair.protocol: RENDERED if dataset.makes_truth and pair.kind != "self" else GIVEN
            for pair in pairs
            if dataset.truth(pair) is not None
        },
    }


def _method_info(method: MethodSpec, pairs: Sequence[Pair]) -> dict[str, Any]:
    return {
        "name": method.name,
        "distribution": method.entry.distribution,
        "version": method.entry.version,
        "code_sha256": method.code,
        "summary": method.entry.summary,
        "licence": method.entry.metadata.get("licence", ""),
        "citation": method.entry.metadata.get("citation", ""),
        "control": method.entry.metadata.get("role") == "control",
        "checkpoint": method.checkpoint.name if method.checkpoint else None,
        "checkpoint_sha256": method.checkpoint_sha256,
        "image_size": method.cls.image_size,
        "training": _training(method),
        "shots": method.cls.shots,
        "target_images": sorted({len(pair.target_frames[: method.cls.shots]) for pair in pairs if pair.target_frames}),
        "finetune_steps": method.finetune_steps,
        "environments": [],
        "changed": [],
        "n_ok": 0,
        "n_failed": 0,
    }


def _training(method: MethodSpec) -> dict[str, Any] | None:
    """Which training the checkpoint is from; None where `reenactbench train` did not write it."""
    try:
        said = read_checkpoint(method.checkpoint, method.name).metadata if method.checkpoint else {}
    except ReenactbenchError:
        return None
    return {name: said.get(name) for name in TRAINING} if said else None


def _variant_info(spec: MetricSpec) -> dict[str, Any]:
    metric = spec.metric
    kind = "frame" if isinstance(metric, FrameMetric) else "set" if isinstance(metric, SetMetric) else "method"
    described = metric.quantities[spec.recipe] if isinstance(metric, MethodMetric | CodeMetric) else metric
    return {
        "metric": metric.key,
        "variant": spec.variant,
        "kind": kind,
        "title": described.title,
        "definition": described.definition,
        "unit": described.unit,
        "digits": described.digits,
        "higher_is_better": described.higher_is_better,
        "needs_truth": metric.needs_truth,
        "kinds": list(metric.kinds) if isinstance(metric, FrameMetric) else [],
        "backbones": [
            {"kind": kind, "name": backbone.name, "sha256": backbone.sha256}
            for kind, backbone in spec.backbones.items()
        ],
        "backbone_sha256": spec.backbone_sha256,
        "status": NOT_COMPUTED if spec.missing else COMPUTED,
        "reason": without_folders(spec.missing),
    }


def close(info: dict[str, Any], job: Job, started: float, status: str) -> None:
    """Add what is known when the run ends."""
    info["status"] = status
    info["seconds"] = round(time.time() - started, 1)
    states = Counter((cell.method.name, cell.state) for cell in job.cells)
    guards = {method.name: method.guard for method in job.methods}
    made = [(cell, (job.store.record("generated", cell.key) if cell.key else None) or {}) for cell in job.cells]
    for method in info["methods"]:
        method["n_ok"] = states[method["name"], plan.CACHED]
        method["n_failed"] = states[method["name"], FAILED] + states[method["name"], plan.IMPOSSIBLE]
        own = [record for cell, record in made if cell.method.name == method["name"]]
        there = [record.get("environment") for record in own]
        method["environments"] = [found for at, found in enumerate(there) if found and found not in there[:at]]
        changed = [change for record in own for change in record.get("changed", [])]
        method["changed"] = list(dict.fromkeys([*changed, *guards[method["name"]].changed]))
    for cell, record in made:
        if cell.state in (FAILED, plan.IMPOSSIBLE):
            info["failures"].append(
                {
                    "method": cell.method.name,
                    "pair_id": cell.pair.id,
                    "reason": cell.reason,
                    "traceback": record.get("traceback", []),
                }
            )


def shown_pairs(pairs: Sequence[Pair], seed: int) -> list[str]:
    """The pairs of the report's grid, chosen by seed before anything is scored: as many of each split, and all of a
    protocol that pairs every driver with every target."""
    whole = {protocol for protocol in {pair.protocol for pair in pairs} if is_matrix(pairs, protocol)}
    groups: dict[tuple[str, str], list[Pair]] = {}
    for pair in sorted(pairs, key=lambda pair: rank("shown@1", str(seed), pair.id)):
        groups.setdefault((pair.protocol, pair.split), []).append(pair)
    each = max(2, SHOWN_ROWS // max(1, sum(protocol not in whole for protocol, _ in groups)))
    chosen = {
        pair.id for (protocol, _), group in groups.items() for pair in (group if protocol in whole else group[:each])
    }
    return [pair.id for pair in sorted(pairs, key=lambda pair: (pair.protocol, pair.split)) if pair.id in chosen]
