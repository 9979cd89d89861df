"""The paper's ablation (4.4): `python -m benchmarks.crossid.ablation --work DIR` trains and runs sup, sup+dc and full.

The steps of the warm-up are the same in all variants, bit for bit (`tests/test_crossid_training.py` holds that), so
they are trained once, as `full`, which trains F and D_C beside, and each variant goes on from there. Stopped, the same
command goes on. Each variant then drives the unseen targets of `cross`, as the methods without training do; DIR/results
holds the runs, DIR/table.md what they say. With `--identity` and `--detector`, CSIM is also that of another network
than the one the demo preset is trained through.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crossid_gan.config import PRESETS
from reenactbench.files import read_json, write_json
from reenactbench.types import ALL

PRESET = "demo"
VARIANTS = {"sup": "sup", "sup-dc": "sup+dc", "full": "full"}
"""By the name of the training and of the run."""
SHARED = "state.pt", "log.jsonl"
CONTROLS = ("copy-target", "copy-driver", "landmark-warp")
METRICS = ("csim", "face_rate", "akd", "akd_truth", "ssim", "l1", "leak")
SPLITS = ("seen-unseen", "unseen-unseen")
INDEPENDENT = "-independent"
"""Ends the names of runs whose CSIM is of the network that `--identity` names."""
OTHERS = ("sup", "sup-dc", *(f"controls/{name}" for name in CONTROLS))
"""What `full` is compared with."""

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--identity", help="as of `reenactbench run`")
    parser.add_argument("--detector", help="as of `reenactbench run`")
    options = parser.parse_args()
    if options.identity and not options.detector:
        parser.error("--identity needs --detector")
    work: Path = options.work
    networks = ["--identity", options.identity, "--detector", options.detector] if options.identity else []
    train(work, "full", "warm-up", "--steps", str(PRESETS[PRESET].warm_up))
    for name, variant in VARIANTS.items():
        branch(work / "warm-up", work / name, variant)
        train(work, variant, name)
    methods = {"controls": [word for name in CONTROLS for word in ("--method", name)]}
    for name in VARIANTS:
        methods[name] = ["--method", "crossid", "--checkpoint", str(work / name / "checkpoint.safetensors")]
    for name, method in methods.items():
        run(work, name, method, METRICS)
        if networks:
            run(work, name + INDEPENDENT, [*method, *networks], ["csim"])
    (work / "table.md").write_text(table(work) + "\n\n" + comparisons(work) + "\n", encoding="utf-8")


def train(work: Path, variant: str, name: str, *more: str) -> None:
    options = ["--variant", variant, "--preset", PRESET, "--out", str(work), "--name", name, "--resume", *more]
    command("train", "--method", "crossid", *options)


def branch(trained: Path, folder: Path, variant: str) -> None:
    """A training of that variant that stands at the end of the warm-up."""
    if (folder / "training.json").is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHARED:
        shutil.copy(trained / name, folder)
    write_json(folder / "training.json", read_json(trained / "training.json") | {"variant": variant})


def run(work: Path, name: str, method: list[str], metrics: Sequence[str]) -> None:
    where = [word for split in SPLITS for word in ("--split", split)]
    scored = [word for metric in metrics for word in ("--metric", metric)]
    command("run", *method, "--protocol", "cross", *where, *scored, "--out", str(work / "results"), "--name", name)


def command(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "reenactbench", *words], check=True)


def said(work: Path, *words: str) -> list[Row]:
    """What a command prints with --json of all pairs together."""
    options = ["--out", str(work / "results"), "--json"]
    text = subprocess.run(
        [sys.executable, "-m", "reenactbench", *words, *options], check=True, capture_output=True, text=True
    ).stdout
    return [row for row in json.loads(text) if row["split"] in (ALL, "any")]


def table(work: Path) -> str:
    """A row for each variant of a metric, a column for each method and each variant of the training."""
    cells: dict[str, dict[str, str]] = {}
    for name in ("controls", *VARIANTS):
        for found in [name, name + INDEPENDENT]:
            for row in said(work, "show", found) if (work / "results" / found).is_dir() else []:
                column = row["method"] if name == "controls" else name
                cells.setdefault(row["variant"], {})[column] = cell(row)
    columns = [*CONTROLS, *VARIANTS]
    lines = [["", *columns], ["---", *("---:" for _ in columns)]]
    lines += [[f"`{variant}`", *(found.get(column, "") for column in columns)] for variant, found in cells.items()]
    return markdown(lines)


def cell(row: Row) -> str:
    if row["mean"] is None:
        return ""
    interval = "" if row["ci_low"] is None else f" [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
    return f"{row['mean']:.3f}{interval}"


def comparisons(work: Path) -> str:
    """The differences, pair by pair, between `full` and the others."""
    lines = [["", "metric", "difference", "p (corrected)", "verdict"], ["---", "---", "---:", "---:", "---"]]
    for ending in ("", INDEPENDENT) if (work / "results" / f"full{INDEPENDENT}").is_dir() else ("",):
        for other in OTHERS:
            run, slash, method = other.partition("/")
            for row in said(work, "compare", f"full{ending}", f"{run}{ending}{slash}{method}"):
                if row["p_corrected"] is not None:
                    interval = f"{row['difference']:+.3f} [{row['ci_low']:+.3f}, {row['ci_high']:+.3f}]"
                    p = f"{row['p_corrected']:.2g}"
                    lines.append([f"full - {method or run}", f"`{row['variant']}`", interval, p, row["verdict"]])
    return markdown(lines)


def markdown(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
