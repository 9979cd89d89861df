"""The paper's ablation (4.4): `python -m benchmarks.crossid.ablation --work DIR` trains and runs sup, sup+dc and full.

The steps of the warm-up are the same in all variants, bit for bit (`tests/test_crossid_training.py` holds that), so
they are trained once, as `full`, which trains F and D_C beside, and each variant goes on from there. Stopped, the same
command goes on. It ends with a run of each variant in DIR/results, for `reenactbench show` and `reenactbench compare`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from crossid_gan.config import PRESETS, VARIANTS
from reenactbench.files import read_json, write_json

PRESET = "demo"
SHARED = "state.pt", "log.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    work: Path = parser.parse_args().work
    warm_up = PRESETS[PRESET].warm_up
    train(work, "full", "warm-up", "--steps", str(warm_up))
    for variant in VARIANTS:
        branch(work / "warm-up", work / variant, variant)
        train(work, variant, variant)
        checkpoint = work / variant / "checkpoint.safetensors"
        command(
            "run",
            "--method",
            "crossid",
            "--checkpoint",
            str(checkpoint),
            "--name",
            variant,
            "--out",
            str(work / "results"),
        )


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


def command(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "reenactbench", *words], check=True)


if __name__ == "__main__":
    main()
