"""How fast rendering, preparing, generating and scoring are: `python benchmarks/speed.py [--data-root DIR ...]`.

Prints Markdown tables. Without --data-root it draws eight clips of its own. Every figure is the best of three, so that
what else the machine does matters little; a figure is only good for the machine that it names.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # for the drawn faces

from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.dataset import Synthetic
from reenactbench.datasets.synthetic.films import SIZE
from reenactbench.datasets.synthetic.world import FRAMES, people, track
from reenactbench.datasets.tree import VideoTree
from reenactbench.engine.generate import Generator
from reenactbench.engine.job import Job, load_job
from reenactbench.engine.plan import plan_cells
from reenactbench.engine.score import Scorer
from reenactbench.engine.setup import DatasetOptions, RunOptions, load_dataset
from reenactbench.engine.store import Store
from reenactbench.interfaces import DataOptions, FrameMetric, SetMetric
from reenactbench.plugins import load_plugins
from reenactbench.preparing import available_cores
from reenactbench.provenance import environment
from reenactbench.results import OK

REPEATS = 3
RENDERED = 2  # clips for each process
PLUGINS = load_plugins()


def best(action: Callable[[], object]) -> float:
    """Seconds of the quickest of three calls."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def start_up() -> None:
    def cpu() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "reenactbench", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    print("\n## Start\n")
    row("command", "CPU seconds")
    row("---", "---:")
    row("`reenactbench --help`", f"{min(cpu() for _ in range(REPEATS)):.2f}")


def rendering() -> None:
    """Synthetic clips: the bare renderer, and into a cache of their own with as many processes as cores."""
    person, motion = people()[0], track(people()[0].id)
    build = best(lambda: Actor(person.identity, person.setting))
    actor = Actor(person.identity, person.setting)
    print(f"\n## Render ({SIZE} x {SIZE})\n")
    row("what", "frames/s")
    row("---", "---:")
    cores = cv2.getNumThreads()
    cv2.setNumThreads(1)
    seconds = best(lambda: [actor.render(values, SIZE) for values in motion])
    cv2.setNumThreads(cores)
    row("`Actor.render`, one process", f"{len(motion) / seconds:,.1f}")
    for jobs in sorted({1, available_cores()}):
        ids = [person.id for person in people()[: RENDERED * jobs]]
        times = []
        for _ in range(REPEATS):
            with tempfile.TemporaryDirectory() as cache:
                os.environ["REENACTBENCH_CACHE"] = cache
                start = time.perf_counter()
                Synthetic(DataOptions()).prepare(ids, lambda handled: None, jobs)
                times.append(time.perf_counter() - start)
        rate = f"{FRAMES * len(ids) / min(times):,.1f}"
        row(f"{len(ids)} clips into the cache, {jobs} process{'es' if jobs > 1 else ''} with their start", rate)
    print(f"\nBuilding a person takes {1000 * build:.0f} ms.")


def decode(videos: list[Path]) -> int:
    """The bare loop: every frame of every file as RGB, and nothing done with it."""
    frames = 0
    for video in videos:
        with av.open(str(video)) as container:
            for frame in container.decode(video=0):
                frame.to_ndarray(format="rgb24")
                frames += 1
    return frames


def preparing(options: DatasetOptions) -> None:
    """Each repeat prepares into a cache of its own."""
    dataset = load_dataset(PLUGINS.registry, options, "cpu")
    assert isinstance(dataset, VideoTree)
    videos = [raw.video for raw in dataset.raw()]
    frames = decode(videos)
    bare = best(lambda: decode(videos))
    rates = {}
    for jobs in sorted({1, available_cores()}):
        times = []
        for _ in range(REPEATS):
            with tempfile.TemporaryDirectory() as cache:
                os.environ["REENACTBENCH_CACHE"] = cache
                fresh = load_dataset(PLUGINS.registry, options, "cpu")
                start = time.perf_counter()
                fresh.prepare([clip.id for clip in fresh.clips()], lambda handled: None, jobs)
                times.append(time.perf_counter() - start)
        rates[jobs] = min(times)
    print(f"\n## Prepare ({len(videos)} clips, {frames} frames)\n")
    row("what", "frames/s", "of the bare loop")
    row("---", "---:", "---:")
    row("bare decode loop, one process", f"{frames / bare:,.0f}", "100 %")
    for jobs, seconds in rates.items():
        row(
            f"`data prepare`, {jobs} process{'es' if jobs > 1 else ''}",
            f"{frames / seconds:,.0f}",
            f"{bare / seconds:.0%}",
        )


def generating(job: Job) -> None:
    """copy-target does nothing, so what is left is the harness: reading, checking, quantising, writing."""
    print("\n## Generate\n")
    row("method", "ms a frame", "frames/s")
    row("---", "---:", "---:")
    frames = sum(len(pair.frames) for pair in job.pairs)
    for spec in job.methods:
        method = spec.construct(job.device, 0)
        seconds = []
        for _ in range(REPEATS):
            with tempfile.TemporaryDirectory() as folder:
                store = Store(Path(folder))
                generator = Generator(method, job.dataset, 0, store)
                cells = plan_cells(job.dataset, [spec], job.pairs, {}, 0, store)
                start = time.perf_counter()
                statuses = {generator.run(cell)["status"] for cell in cells}
                seconds.append(time.perf_counter() - start)
                assert statuses == {OK}
        row(spec.name, f"{1000 * min(seconds) / frames:.2f}", f"{frames / min(seconds):,.0f}")


def scoring(job: Job) -> None:
    """Each metric alone, with nothing cached, on what landmark-warp made; backbones count for whoever needs them."""
    print("\n## Score\n")
    row("metric", "ms a frame", "")
    row("---", "---:", "---")
    (spec,) = [spec for spec in job.methods if spec.name == "landmark-warp"]
    frames = sum(len(pair.frames) for pair in job.pairs)
    for metric in job.metrics:
        if not isinstance(metric.metric, FrameMetric | SetMetric):
            continue
        if metric.missing:
            row(metric.metric.key, "", "not computed: its weights are not here")
            continue
        seconds = []
        for _ in range(REPEATS):
            with tempfile.TemporaryDirectory() as folder:
                store = Store(Path(folder))
                cells = plan_cells(job.dataset, [spec], job.pairs, {}, 0, store)
                generator = Generator(spec.construct(job.device, 0), job.dataset, 0, store)
                for cell in cells:
                    generator.run(cell)
                    cell.state = "cached"
                scorer = Scorer(job.dataset, [metric], job.device, store)
                start = time.perf_counter()
                for cell in cells:
                    scorer.frame_rows(cell)
                scorer.set_rows(cells, lambda done: None)
                seconds.append(time.perf_counter() - start)
        row(metric.metric.key, f"{1000 * min(seconds) / frames:.2f}", metric.variant)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--dataset", default="folder")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    for kind in ("identity", "detector", "landmarks"):
        parser.add_argument(f"--{kind}")
    given = parser.parse_args()
    backbones = {kind: spec for kind in ("identity", "detector", "landmarks") if (spec := getattr(given, kind))}
    with tempfile.TemporaryDirectory() as work:
        root = given.data_root or draw(Path(work) / "drawn")
        options = RunOptions(
            dataset=given.dataset,
            data_root=root,
            allow_missing=True,
            backbones=backbones,
            methods=("copy-target", "landmark-warp"),
            protocols=("self",),
            limit=given.pairs,
            device=given.device,
            out=Path(work) / "results",
        )
        machine = environment(given.device)
        print(f"{machine['device_name']}, {available_cores()} cores, torch {machine['packages']['torch']}, ", end="")
        print(f"{given.dataset} data{' (drawn)' if not given.data_root else ''}, commit {machine['git_commit']}")
        start_up()
        rendering()
        preparing(options)
        os.environ["REENACTBENCH_CACHE"] = str(Path(work) / "cache")
        job = load_job(options, PLUGINS.registry, prepare=True)
        generating(job)
        scoring(job)


def draw(root: Path) -> Path:
    import faces

    faces.write_tree(root, {f"{number:03d}": 120 for number in range(8)})
    return root


if __name__ == "__main__":
    main()
