"""Strips of pictures that go with a run, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reenactbench.engine import plan
from reenactbench.engine.job import Job
from reenactbench.engine.score import Scorer
from reenactbench.engine.store import encode_strip
from reenactbench.files import write_bytes
from reenactbench.results import MEDIAN, OK, WORST

Record = Mapping[str, Any]


def telling_pairs(pair_rows: Sequence[Record], variants: Sequence[Record]) -> list[dict[str, Any]]:
    """The worst and the median pair of each method by each metric that has a better side: run.json's `telling`.

    pair_rows: those of the table `pairs`. The lower of two middle pairs is the median. Nothing is told by values that
    are all the same.
    """
    found = []
    for entry in variants:
        if entry["higher_is_better"] is None:
            continue
        scores: dict[str, list[tuple[float, str]]] = {}
        for row in pair_rows:
            if row["variant"] == entry["variant"] and row["status"] == OK:
                scores.setdefault(row["method"], []).append((row["value"], row["pair_id"]))
        for method, listed in scores.items():
            ordered = sorted(listed, reverse=not entry["higher_is_better"])  # the worst first
            if ordered[0][0] != ordered[-1][0]:
                for what, (_, pair_id) in ((WORST, ordered[0]), (MEDIAN, ordered[len(ordered) // 2])):
                    found.append({"method": method, "variant": entry["variant"], "what": what, "pair_id": pair_id})
    return found


def write_media(job: Job, shown: Sequence[str], telling: Sequence[Record], path: Path) -> None:
    """Strips of target, driver, truth and every method for the pairs of the report's grid, and of those that tell most
    of a method its own."""
    scorer = Scorer(job.dataset, (), job.device, job.store)
    wanted = {(item["method"], item["pair_id"]) for item in telling}
    common: set[str] = set()
    for cell in job.cells:
        pair = cell.pair
        if not pair.frames or (pair.id not in shown and (cell.method.name, pair.id) not in wanted):
            continue
        folder = path / "media" / pair.id
        if pair.id not in common:
            common.add(pair.id)
            write_bytes(folder / "target.png", encode_strip(scorer.pictures(pair.target, pair.target_frames).images))
            write_bytes(folder / "driver.png", encode_strip(scorer.pictures(pair.source, pair.frames).images))
            truth = scorer.truth(pair)
            if truth is not None and pair.kind != "self":
                write_bytes(folder / "truth.png", encode_strip(truth.images))
        strip = folder / f"{cell.method.name}.png"
        if cell.state == plan.CACHED and cell.key is not None:
            write_bytes(strip, job.store.strip(cell.key))
        else:
            strip.unlink(missing_ok=True)
