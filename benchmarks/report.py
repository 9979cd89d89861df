"""What a report of many methods costs: `python -m benchmarks.report [--methods 20] [--pairs 300] [--profile]`.

Makes up a finished run and writes its report in every format, each in a process of its own. Prints a Markdown table of
processor seconds; with `--profile` also where each format spends them. The films of `--shown` pairs, each of 64 frames
of 128 x 128 pixels from every method, take as long as their encoder does.
"""

from __future__ import annotations

import argparse
import cProfile
import multiprocessing
import pstats
import resource
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from reenactbench.report import FORMATS, write_report
from reenactbench.results import COMPLETE, COMPUTED, OK, read_run, write_run_info, write_table
from reenactbench.run_info import SCHEMA_VERSION

FRAMES = [*range(1, 17), *range(101, 117), *range(201, 217), *range(301, 317)]
SIDE = 128
FRAME_METRICS = ("csim", "akd", "ssim", "psnr", "l1", "lpips", "pose", "expression", "face_rate")
SET_METRICS = ("fid", "kid")
LOWER = ("akd", "l1", "lpips", "pose", "expression", "fid", "kid")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", type=int, default=20)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--shown", type=int, default=0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "many"
        make_run(path, options.methods, options.pairs, options.shown)
        print(f"| {options.methods} methods x {options.pairs} pairs | processor seconds |\n|---|---:|")
        for form in FORMATS:
            process = multiprocessing.get_context("spawn").Process(target=report, args=(path, form, options.profile))
            process.start()
            process.join()


def report(path: Path, form: str, profile: bool) -> None:
    with cProfile.Profile() if profile else tempfile.TemporaryDirectory() as profiler:
        write_report([read_run(path)], path, form)
    print(f"| {form} | {resource.getrusage(resource.RUSAGE_SELF).ru_utime:.1f} |", flush=True)
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(25)


def make_run(path: Path, n_methods: int, n_pairs: int, n_shown: int = 0) -> None:
    """A finished run in the folder: a third of the pairs `self`, the others `cross`, of people who meet repeatedly."""
    methods = [f"method-{number:02}" for number in range(n_methods)]
    pairs = [_pair(number, n_pairs) for number in range(n_pairs)]
    shown = [pair["id"] for pair in pairs[:n_shown]]
    write_run_info(path, _info(path.name, methods, pairs, shown))
    for name, rows in _tables(methods, pairs).items():
        write_table(path, name, rows)
    for pair in shown:
        (path / "media" / pair).mkdir(parents=True)
        for place, name in enumerate(("target", "driver", *methods)):
            _strip(3 if name == "target" else len(FRAMES), place).save(path / "media" / pair / f"{name}.png")


def _strip(count: int, seed: int) -> Image.Image:
    """Smooth frames that move slowly, as faces do."""
    across, down, time = np.ogrid[0 : 3 : SIDE * 1j, 0 : 3 : SIDE * 1j, 0 : 2 : count * 1j]
    waves = [np.sin(across + phase + seed) * np.cos(down + time - phase) for phase in range(3)]
    pixels = (127 + 120 * np.stack(waves, axis=-1)).astype(np.uint8)
    return Image.fromarray(np.moveaxis(pixels, 2, 0).reshape(-1, SIDE, 3))


def _pair(number: int, count: int) -> dict[str, Any]:
    own = number < count // 3
    source, target = number % 40, number % 40 if own else (number * 7 + 1 + number // 40) % 41
    splits = ["seen" if person < 20 else "unseen" for person in (source, target)]
    split = splits[0] if own else "-".join(splits)
    protocol = "self" if own else "cross"
    return {
        "id": f"{protocol}/{number:04}", "protocol": protocol, "kind": protocol, "split": split, "quadrant": split,
        "source": f"clip-{source}", "target": f"clip-{target}", "source_identity": f"person-{source}",
        "target_identity": f"person-{target}", "frames": FRAMES, "target_frames": [50, 150, 250],
    }  # fmt: skip


def _info(name: str, methods: list[str], pairs: list[dict[str, Any]], shown: list[str]) -> dict[str, Any]:
    protocols = list(dict.fromkeys(pair["protocol"] for pair in pairs))
    parts = [{"name": name, "version": 1, "sha256": "f" * 64, "frozen": True, "n_pairs": 1} for name in protocols]
    dataset = {
        "name": "made-up", "fingerprint": "d" * 64, "partial": False, "missing": [], "n_clips": 41, "n_frames": 41000,
        "fps": {}, "excluded": {}, "landmarks": ["exact"], "image_size": SIDE, "crop": None, "truth": {},
    }  # fmt: skip
    return {
        "schema_version": SCHEMA_VERSION, "name": name, "status": COMPLETE, "command": "reenactbench run",
        "started": "2026-01-01T00:00:00+00:00", "seconds": 1.0, "seed": 0, "limit": None, "splits": [],
        "dataset": dataset, "protocol": {"name": "+".join(protocols), "sha256": "e" * 64, "parts": parts},
        "methods": [_method(name, len(pairs)) for name in methods],
        "variants": [_variant(metric) for metric in (*FRAME_METRICS, *SET_METRICS, "speed")],
        "environment": {
            "python": "3", "platform": "Linux", "device": "cpu", "device_name": "a processor", "cores": 2,
            "packages": {}, "git_commit": None,
        },
        "pairs": pairs, "shown": shown, "telling": [], "failures": [],
    }  # fmt: skip


def _method(name: str, done: int) -> dict[str, Any]:
    return {
        "name": name, "distribution": "made-up", "version": "1", "summary": "Made up.", "licence": "", "citation": "",
        "control": False, "checkpoint": None, "checkpoint_sha256": None, "image_size": SIDE, "shots": 1,
        "n_ok": done, "n_failed": 0,
    }  # fmt: skip


def _variant(metric: str) -> dict[str, Any]:
    kind = "set" if metric in SET_METRICS else "method" if metric == "speed" else "frame"
    return {
        "metric": metric, "variant": _name(metric), "kind": kind, "title": metric.upper(), "definition": "Made up.",
        "unit": "", "digits": 3, "higher_is_better": metric not in LOWER, "needs_truth": False, "kinds": [],
        "backbones": [], "backbone_sha256": None, "status": COMPUTED, "reason": "",
    }  # fmt: skip


def _name(metric: str) -> str:
    return f"{metric}/fps@1" if metric == "speed" else f"{metric}/made-up@1"


def _tables(methods: list[str], pairs: list[dict[str, Any]]) -> dict[str, Any]:
    random = np.random.default_rng(1)
    planned = pd.DataFrame(pairs).rename(columns={"id": "pair_id"}).drop(columns=["frames", "target_frames"])
    subjects = pd.DataFrame({"method": methods}).merge(
        pd.DataFrame({"metric": FRAME_METRICS, "variant": [_name(metric) for metric in FRAME_METRICS]}), how="cross"
    )
    scores = subjects.merge(planned, how="cross").assign(status=OK, reason="", n_frames=len(FRAMES), n_failed=0)
    scores["value"] = random.normal(0.5, 0.1, len(scores)) + 0.002 * scores["method"].astype("category").cat.codes
    frames = scores.loc[scores.index.repeat(len(FRAMES))].assign(frame=FRAMES * len(scores))
    frames["value"] += random.normal(0, 0.05, len(frames))
    groups = dict.fromkeys(pair for p in pairs for pair in ((p["protocol"], p["split"]), (p["protocol"], "all")))
    sets = [
        {"method": method, "protocol": protocol, "split": split, "metric": metric, "variant": _name(metric),
         "value": random.uniform(5, 50), "n_pairs": 9, "n_planned": 9, "n_frames": 576, "status": OK, "reason": ""}
        for method in methods
        for metric in (*SET_METRICS, "speed")
        for protocol, split in ([("any", "all")] if metric == "speed" else groups)
    ]  # fmt: skip
    driving = [
        {"clip": f"clip-{clip}", "frame": frame, "yaw": random.uniform(-60, 60)}
        for clip in range(40)
        for frame in FRAMES
    ]
    return {"pairs": scores, "frames": frames, "sets": sets, "driving": driving}


if __name__ == "__main__":
    main()
