"""One run from start to end: prepare, plan, generate, score, write. Every step can be killed and taken up again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reenactbench.engine import plan, record
from reenactbench.engine.driving import driving_rows
from reenactbench.engine.generate import Generator, failed_record
from reenactbench.engine.job import Job, load_job
from reenactbench.engine.measure import method_rows
from reenactbench.engine.measure_codes import code_rows
from reenactbench.engine.media import telling_pairs, write_media
from reenactbench.engine.score import Rows, Scorer, failed_everywhere, grouped
from reenactbench.engine.setup import MethodSpec, RunOptions
from reenactbench.errors import Damaged, ReenactbenchError, StorageError
from reenactbench.files import locked, read_json, remove_leftovers
from reenactbench.foreign import refuse_links
from reenactbench.interfaces import SetMetric
from reenactbench.plugins import Plugins
from reenactbench.progress import progress_bar, say
from reenactbench.registry import BROKEN
from reenactbench.results import COMPLETE, FAILED, INTERRUPTED, OK, remove_tables, write_run_info, write_table


@dataclass(frozen=True, slots=True)
class Outcome:
    path: Path
    failed_cells: int
    interrupted: bool
    failed_metrics: Mapping[str, str]
    """variant -> reason, of the metrics that failed on whatever was generated."""


def run(options: RunOptions, plugins: Plugins) -> Outcome:
    """Carry the run out, or on from where it was stopped."""
    started = time.time()
    job = load_job(options, plugins.registry, prepare=True)
    path = job.path
    remove_leftovers(job.store.root)
    refuse_links(path)
    with locked(path):
        remove_leftovers(path)
        _refuse_other_run(path, job)
        info = record.opening(job, started)
        remove_tables(path)  # what an earlier start of this run wrote; its scores are in the store
        write_run_info(path, info)
        plugins.notify("run_started", run=info)
        try:
            try:
                rows = _carry_out(job, plugins, path, info)
            except Damaged:  # frames that were generated earlier; what was scored so far is in the store
                plan.forget_damaged(job.cells, job.store)
                rows = _carry_out(job, plugins, path, info)
        except KeyboardInterrupt:
            record.close(info, job, started, INTERRUPTED)
            write_run_info(path, info)
            return Outcome(path, 0, True, {})
        record.close(info, job, started, COMPLETE)
        write_run_info(path, info)
        plugins.notify("run_finished", run=info)
    return Outcome(path, len(info["failures"]), False, failed_everywhere(rows))


def _carry_out(job: Job, plugins: Plugins, path: Path, info: dict[str, Any]) -> Rows:
    """Generate what is not there, score, and copy what is shown; returns the rows of `pairs` and `sets`.

    Raises Damaged where frames in the store are.
    """
    generators = _generate(job, plugins)
    pair_rows, set_rows = _score(job, path, generators)
    info["telling"] = telling_pairs(pair_rows, info["variants"])
    write_media(job, info["shown"], info["telling"], path)
    return pair_rows + set_rows


def _refuse_other_run(path: Path, job: Job) -> None:
    if not (path / "run.json").is_file():
        return
    try:
        recorded, identity = read_json(path / "run.json").get("identity"), job.identity()
    except Damaged as error:
        if job.options.name is not None:  # which run it was nobody knows; a name from the content is this run's alone
            raise ReenactbenchError(f"{error}; remove it to make this run there, or give another --name") from error
        say(f"{error}; it is made again")
        return
    known = recorded if isinstance(recorded, dict) else {}
    differing = [key for key in identity if known.get(key) != identity[key]]
    if differing:
        raise ReenactbenchError(f"{path} holds another run ({', '.join(differing)} differ); give another --name")


def _generate(job: Job, plugins: Plugins) -> dict[str, Generator]:
    """Generate every cell that is not in the store; returns the methods that were constructed for it."""
    todo = [cell for cell in job.cells if cell.state in (plan.MISSING, FAILED)]
    makers: dict[str, Generator | dict[str, Any]] = {}
    with progress_bar("generating", sum(len(cell.pair.frames) for cell in todo)) as advance:
        for cell in todo:
            name = cell.method.name
            if name not in makers:
                makers[name] = _constructed(job, cell.method)
            maker = makers[name]
            if isinstance(maker, Generator):
                done = maker.run(cell)
            else:
                assert cell.key is not None
                done = maker
                job.store.write_record("generated", cell.key, done)
            cell.state, cell.reason = plan.CACHED if done["status"] == OK else FAILED, done["reason"]
            plugins.notify(
                "cell_finished", method=name, pair_id=cell.pair.id, status=done["status"], reason=cell.reason
            )
            advance(len(cell.pair.frames))
    return {name: maker for name, maker in makers.items() if isinstance(maker, Generator)}


def _constructed(job: Job, method: MethodSpec) -> Generator | dict[str, Any]:
    """The method ready to generate, or the record that each of its cells fails with."""
    try:
        return Generator(job.construct(method), job.dataset, job.options.seed, job.store)
    except StorageError:
        raise
    except BROKEN as error:
        failed = failed_record(error, 0.0)
        return {**failed, "reason": f"the method cannot be constructed: {failed['reason']}"}


def _score(job: Job, path: Path, generators: dict[str, Generator]) -> tuple[Rows, Rows]:
    """Write the tables; returns the rows of `pairs` and of `sets`."""
    scorer = Scorer(job.dataset, job.metrics, job.device, job.store)
    pair_rows: Rows = []
    frame_rows: Rows = []
    with progress_bar("scoring", sum(len(cell.pair.frames) for cell in job.cells)) as advance:
        for cell in job.cells:
            of_pair, of_frames = scorer.frame_rows(cell)
            pair_rows += of_pair
            frame_rows += of_frames
            advance(len(cell.pair.frames))
    set_metrics = sum(1 for spec in scorer.metrics if isinstance(spec.metric, SetMetric))
    with progress_bar("comparing sets", set_metrics * len(grouped(job.cells)), "sets") as advance:
        set_rows = scorer.set_rows(job.cells, advance)
    size_rows = scorer.size_rows(job.cells)
    write_table(path, "pairs", pair_rows)
    write_table(path, "frames", frame_rows)
    code_values, code_points = code_rows(job, generators)
    set_rows += method_rows(job, generators) + code_values
    write_table(path, "sets", set_rows)
    for name, rows in (("codes", code_points), ("driving", driving_rows(job)), ("sizes", size_rows)):
        if rows:
            write_table(path, name, rows)
    return pair_rows, set_rows
