"""From generated frames to rows: values a frame, a pair and a set, each kept under a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from reenactbench.engine.analysis import Analysis
from reenactbench.engine.generate import failure
from reenactbench.engine.plan import CACHED, Cell
from reenactbench.engine.setup import MetricSpec
from reenactbench.engine.store import Store, decode_strip
from reenactbench.errors import Damaged, StorageError
from reenactbench.files import content_key
from reenactbench.interfaces import Dataset, Features, FrameMetric, Pictures, Scene, SetMetric
from reenactbench.protocols.sampling import reference_numbers
from reenactbench.registry import BROKEN
from reenactbench.results import FAILED, METRIC_FAILED, OK
from reenactbench.types import ALL, Clip, Pair

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Scores:
    """What a metric said of one pair."""

    values: npt.NDArray[np.float64]
    """[T]; NaN where a frame could not be measured."""
    reason: str

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        return np.isfinite(self.values)


class Scorer:
    """Scores the cells of a run."""

    def __init__(self, dataset: Dataset, metrics: Sequence[MetricSpec], device: str, store: Store) -> None:
        self._dataset, self._device, self._store = dataset, device, store
        self.metrics = [spec for spec in metrics if not spec.missing]
        backbones = {kind: backbone for spec in self.metrics for kind, backbone in spec.backbones.items()}
        self._features: Callable[[str, Pictures], Features] = Analysis(backbones, store)
        self.pictures = lru_cache(maxsize=16)(self._pictures)

    def scene(self, cell: Cell) -> Scene:
        """The pictures of a generated cell."""
        pair, truth = cell.pair, self.truth(cell.pair)
        return Scene(
            pair=pair,
            generated=self.generated(cell),
            driving=self.pictures(pair.source, pair.frames),
            target=self.pictures(pair.target, pair.target_frames[:1]),
            truth=truth,
            reference=truth or _of_clip(*self._reference(pair)),
            device=self._device,
            features=self._features,
        )

    def generated(self, cell: Cell) -> Pictures:
        """The stored frames; raises Damaged where they are not those that were generated."""
        assert cell.key is not None
        return Pictures(self._output(cell), decode_strip(self._store.strip(cell.key)))

    def truth(self, pair: Pair) -> Pictures | None:
        clip = self._dataset.truth(pair)
        return None if clip is None else _of_clip(clip, pair.frames)

    def _reference(self, pair: Pair) -> tuple[Clip, tuple[int, ...]]:
        """The real frames to compare distributions with: a clip, and which of its frames."""
        truth = self._dataset.truth(pair)
        if truth is not None:
            return truth, pair.frames
        target = self._dataset.prepared(pair.target)
        assert target is not None
        return target, reference_numbers(target)

    def _pictures(self, clip_id: str, numbers: tuple[int, ...]) -> Pictures:
        clip = self._dataset.prepared(clip_id)
        assert clip is not None
        return _of_clip(clip, numbers)

    def frame_rows(self, cell: Cell) -> tuple[Rows, Rows]:
        """Rows of the tables `pairs` and `frames` for every frame metric that applies to this cell."""
        pair_rows: Rows = []
        frame_rows: Rows = []
        known = self._known_truth(cell.pair)
        scene: Scene | None = None
        for spec in self.metrics:
            if not isinstance(spec.metric, FrameMetric) or cell.pair.kind not in spec.metric.kinds:
                continue
            if spec.metric.needs_truth and not known:
                continue
            if cell.state != CACHED:
                pair_rows.append(_pair_row(cell, spec, None, FAILED, cell.reason))
                continue
            key = self._score_key(cell, spec)
            scores = self._remembered(key)
            if scores is None:
                try:
                    scene = scene or self.scene(cell)
                    with spec.guard.watch():
                        scores = _checked(spec.metric, scene)
                except StorageError:
                    raise
                except BROKEN as error:
                    pair_rows.append(_pair_row(cell, spec, None, FAILED, METRIC_FAILED + failure(error)))
                    continue
                self._remember(key, scores)
            if scores.measured.any():
                pair_rows.append(_pair_row(cell, spec, scores, OK, "" if scores.measured.all() else scores.reason))
            else:
                pair_rows.append(_pair_row(cell, spec, scores, FAILED, f"{scores.reason} (all frames)"))
            frame_rows += _frame_rows(cell, spec, scores)
        return pair_rows, frame_rows

    def _known_truth(self, pair: Pair) -> bool:
        return bool(pair.frames) and self._dataset.truth(pair) is not None if pair.kind != "self" else True

    def _score_key(self, cell: Cell, spec: MetricSpec) -> str:
        truth = self._dataset.truth(cell.pair) if cell.pair.kind != "self" else None  # else the cell's key has it
        against = {"truth": truth.fingerprint} if truth is not None else {}
        return content_key({"cell": cell.key, "output": self._output(cell), **against, **_variant_key(spec)})

    def _output(self, cell: Cell) -> str:
        assert cell.key is not None
        record = self._store.record("generated", cell.key)
        if record is None:
            raise Damaged(f"{self._store.path('generated', cell.key, '.json')} is damaged")
        return str(record["sha256"])

    def _remembered(self, key: str) -> Scores | None:
        record = self._store.record("scores", key)
        if record is None:
            return None
        values = [np.nan if value is None else value for value in record["values"]]
        return Scores(np.array(values, np.float64), record["reason"])

    def _remember(self, key: str, scores: Scores) -> None:
        values = [float(value) if np.isfinite(value) else None for value in scores.values]
        self._store.write_record("scores", key, {"values": values, "reason": scores.reason})

    def set_rows(self, cells: Sequence[Cell], advance: Callable[[int], None]) -> Rows:
        """Rows of the table `sets` for every set metric, method, protocol and split (and `all`)."""
        rows: Rows = []
        specs = [spec for spec in self.metrics if isinstance(spec.metric, SetMetric)]
        for (method, protocol, split), group in grouped(cells).items():
            done = [cell for cell in group if cell.state == CACHED]
            for spec in specs:
                value, counts, reason = self._set_value(spec, done, group)
                row = {
                    "method": method,
                    "protocol": protocol,
                    "split": split,
                    "metric": spec.metric.key,
                    "variant": spec.variant,
                    "backbone_sha256": spec.backbone_sha256,
                    "value": value,
                    "n_pairs": len(done),
                    "n_planned": len(group),
                    "n_frames": counts[0],
                    "n_reference": counts[1],
                    "status": OK if value is not None else FAILED,
                    "reason": reason,
                }
                rows.append(row)
                advance(1)
        return rows

    def size_rows(self, cells: Sequence[Cell]) -> Rows:
        """Rows of the table `sizes`: over all pairs of a protocol, for the metrics whose value depends on their number.

        A set too small for it, or without a value, has none.
        """
        rows: Rows = []
        groups = grouped(cells)
        for (method, protocol, split), group in groups.items():
            if split != ALL and (method, protocol, ALL) in groups:
                continue
            done = [cell for cell in group if cell.state == CACHED]
            for spec in self.metrics:
                if not (isinstance(spec.metric, SetMetric) and done):
                    continue
                found = self._by_parts(spec, done, group)
                n_frames = sum(len(cell.pair.frames) for cell in done)
                rows += [
                    {
                        "method": method,
                        "protocol": protocol,
                        "split": split,
                        "metric": spec.metric.key,
                        "variant": spec.variant,
                        "n_frames": n_frames // int(parts),
                        "value": value,
                    }
                    for parts, value in found.items()
                ]
        return rows

    def _by_parts(self, spec: MetricSpec, done: Sequence[Cell], planned: Sequence[Cell]) -> dict[str, float]:
        assert isinstance(spec.metric, SetMetric)
        real = self._real(planned)
        key = content_key({"parts": [self._output(cell) for cell in done], "real": list(real), **_variant_key(spec)})
        record = self._store.record("scores", key)
        if record is None:
            try:
                with spec.guard.watch():
                    found = spec.metric.by_parts(*self._samples(spec.metric, done, real)) if real else {}
                record = {str(parts): float(value) for parts, value in found.items() if np.isfinite(value)}
            except StorageError:
                raise
            except BROKEN:
                return {}
            self._store.write_record("scores", key, record)
        return record

    def _real(self, planned: Sequence[Cell]) -> dict[str, tuple[Clip, tuple[int, ...]]]:
        """The real frames of all planned pairs, each clip's once, so that they are the same for every method."""
        references = (self._reference(cell.pair) for cell in planned if cell.pair.frames)
        return {_key(*reference): reference for reference in references}

    def _samples(
        self, metric: SetMetric, done: Sequence[Cell], real: dict[str, tuple[Clip, tuple[int, ...]]]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """The features [N,D] of the generated frames and [M,D] of the real ones."""
        kind, feature = metric.through, metric.feature
        generated = np.concatenate([self._features(kind, self.generated(cell))[feature] for cell in done])
        reference = np.concatenate([self._features(kind, _of_clip(*item))[feature] for item in real.values()])
        return generated, reference

    def _set_value(
        self, spec: MetricSpec, done: Sequence[Cell], planned: Sequence[Cell]
    ) -> tuple[float | None, tuple[int, int], str]:
        """The value (None where there is none), the numbers of generated and real frames, and the reason."""
        assert isinstance(spec.metric, SetMetric)
        if not done:
            return None, (0, 0), "no pair was generated"
        real = self._real(planned)
        key = content_key({"set": [self._output(cell) for cell in done], "real": list(real), **_variant_key(spec)})
        record = self._store.record("scores", key)
        if record is None:
            try:
                with spec.guard.watch():
                    generated, reference = self._samples(spec.metric, done, real)
                    value = float(spec.metric.compare(generated, reference))
                if not np.isfinite(value):
                    raise ValueError(f"the value is {value}")
            except StorageError:
                raise
            except BROKEN as error:
                undefined = isinstance(error, ValueError)
                return None, (0, 0), failure(error) if undefined else METRIC_FAILED + failure(error)
            record = {"value": value, "counts": [len(generated), len(reference)]}
            self._store.write_record("scores", key, record)
        return record["value"], (record["counts"][0], record["counts"][1]), ""


def failed_everywhere(rows: Rows) -> dict[str, str]:
    """variant -> reason, of each metric that raised an error and has no value of any method.

    rows: of the tables `pairs` and `sets`.
    """
    measured = {row["variant"] for row in rows if row["value"] is not None}
    failed = {row["variant"]: row["reason"] for row in rows if row["reason"].startswith(METRIC_FAILED)}
    return {variant: reason for variant, reason in failed.items() if variant not in measured}


def grouped(cells: Sequence[Cell]) -> dict[tuple[str, str, str], list[Cell]]:
    """Cells by (method, protocol, split), with `all` where a protocol has several splits."""
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.method.name, cell.pair.protocol, cell.pair.split), []).append(cell)
    protocols = {(method, protocol) for method, protocol, _ in groups}
    for method, protocol in sorted(protocols):
        parts = [group for name, group in groups.items() if name[:2] == (method, protocol)]
        if len(parts) > 1:
            groups[method, protocol, ALL] = [cell for part in parts for cell in part]
    return groups


def _of_clip(clip: Clip, numbers: tuple[int, ...]) -> Pictures:
    return Pictures(_key(clip, numbers), np.asarray(clip.images[clip.positions(numbers)]))


def _key(clip: Clip, numbers: tuple[int, ...]) -> str:
    return content_key([clip.fingerprint, numbers])


def _variant_key(spec: MetricSpec) -> dict[str, Any]:
    hashes = {kind: [backbone.name, backbone.sha256] for kind, backbone in spec.backbones.items()}
    return {"variant": spec.variant, "backbones": hashes, "code": spec.code}


def _checked(metric: FrameMetric, scene: Scene) -> Scores:
    values, reason = metric.score(scene)
    numbers = np.asarray(values, np.float64)
    if numbers.shape != (len(scene.generated.images),):
        raise ValueError(f"it gave {numbers.shape} values for {len(scene.generated.images)} frames")
    return Scores(numbers, str(reason))


def _pair_row(cell: Cell, spec: MetricSpec, scores: Scores | None, status: str, reason: str) -> dict[str, Any]:
    pair, frames = cell.pair, len(cell.pair.frames)
    measured = scores.measured if scores is not None else np.zeros(frames, bool)
    return {
        "method": cell.method.name,
        "pair_id": pair.id,
        "protocol": pair.protocol,
        "kind": pair.kind,
        "split": pair.split,
        "quadrant": pair.quadrant,
        "source": pair.source,
        "target": pair.target,
        "source_identity": pair.source_identity,
        "target_identity": pair.target_identity,
        "metric": spec.metric.key,
        "variant": spec.variant,
        "backbone_sha256": spec.backbone_sha256,
        "value": float(scores.values[measured].mean()) if scores is not None and measured.any() else None,
        "n_frames": frames,
        "n_failed": frames - int(measured.sum()),
        "status": status,
        "reason": reason,
    }


def _frame_rows(cell: Cell, spec: MetricSpec, scores: Scores) -> Rows:
    pair = cell.pair
    return [
        {
            "method": cell.method.name,
            "pair_id": pair.id,
            "protocol": pair.protocol,
            "kind": pair.kind,
            "quadrant": pair.quadrant,
            "source": pair.source,
            "target": pair.target,
            "metric": spec.metric.key,
            "variant": spec.variant,
            "frame": number,
            "value": float(value) if measured else None,
            "status": OK if measured else FAILED,
            "reason": "" if measured else scores.reason,
        }
        for number, value, measured in zip(pair.frames, scores.values, scores.measured, strict=True)
    ]
