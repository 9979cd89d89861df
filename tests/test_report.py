"""The report: one model of the tables, four formats, and a page that nothing in a run can break."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from reenactbench.errors import ReenactbenchError
from reenactbench.report import FORMATS, latex, markdown, tables, wording, write_report
from reenactbench.results import read_run, write_run_info, write_table
from reenactbench.summary import summary_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reenactbench.results import Run

CSIM, SSIM, FID, FPS = "csim/net-a/detect5@1", "ssim/gauss11-rgb@1", "fid/inception@1", "speed/fps@1"
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=y>\\{}$&#%_^~[|]`*\u202e\n新" + "z" * 10_000
FRAMES = [3, 10, 17, 24, 31, 38]


def variant(name: str, **changes: Any) -> dict[str, Any]:
    entry = {
        "metric": name.split("/")[0],
        "variant": name,
        "kind": "frame",
        "title": name.split("/")[0].upper(),
        "definition": f"What {name} is.",
        "unit": "",
        "digits": 3,
        "higher_is_better": True,
        "needs_truth": False,
        "backbones": [],
        "backbone_sha256": None,
        "status": "computed",
        "reason": "",
    }
    return entry | changes


VARIANTS = [
    variant(CSIM, backbones=[{"kind": "identity", "name": "net-a", "sha256": "a1" * 32}], backbone_sha256="a1" * 32),
    variant(SSIM, needs_truth=True),
    variant(FID, kind="set", higher_is_better=False, digits=2, status="not computed", reason="no Inception weights"),
    variant(FPS, kind="method", title="Speed", unit="frames/s", digits=1),
]


def pair(name: str, split: str, source: str, target: str) -> dict[str, Any]:
    protocol = name.split("/")[0]
    return {
        "id": name,
        "protocol": protocol,
        "kind": "self" if source == target else "cross",
        "split": split,
        "quadrant": split,
        "source": source,
        "target": target,
        "source_identity": source,
        "target_identity": target,
        "frames": FRAMES,
        "target_frames": [5, 9],
    }


PAIRS = [
    pair("cross/1-to-2", "seen-seen", "1", "2"),
    pair("cross/3-to-4", "seen-seen", "3", "4"),
    pair("cross/5-to-6", "seen-seen", "5", "6"),
    pair("self/7", "seen", "7", "7"),
    pair("self/8", "seen", "8", "8"),
]


def method(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "distribution": "reenactbench",
        "version": "0.1.0",
        "summary": f"What {name} does.",
        "licence": "MIT",
        "citation": None,
        "checkpoint": f"{name[:9]}.safetensors",
        "checkpoint_sha256": "c4" * 32,
        "image_size": 128,
        "shots": 1,
        "n_ok": 5,
        "n_failed": 0,
    }


def info(methods: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    content = {
        "schema_version": 1,
        "name": "demo",
        "status": "complete",
        "command": "reenactbench run --method ours --name demo",
        "started": "2026-10-25T14:03:11+00:00",
        "seconds": 3725.0,
        "seed": 0,
        "limit": None,
        "splits": ["seen-seen", "seen"],
        "dataset": {
            "name": "synthetic",
            "fingerprint": "d5" * 32,
            "partial": False,
            "missing": [],
            "n_clips": 8,
            "n_frames": 12345,
            "excluded": {"no face": 3},
            "image_size": 128,
            "crop": "square@1",
        },
        "protocol": {
            "name": "cross, self",
            "sha256": "e6" * 32,
            "parts": [{"name": "cross", "version": 1, "sha256": "f7" * 32, "frozen": True, "n_pairs": 3}],
        },
        "methods": [method(name) for name in methods],
        "environment": {
            "python": "3.11.7",
            "platform": "Linux",
            "device": "cpu",
            "device_name": "Some CPU",
            "cores": 2,
            "packages": {"numpy": "2.1.0"},
            "git_commit": "0123abc",
        },
        "pairs": PAIRS,
        "shown": ["cross/1-to-2", "self/7"],
        "variants": VARIANTS,
        "failures": [],
    }
    return content | changes


def fake_run(folder: Path, methods: tuple[str, ...] = ("ours", "theirs"), **changes: Any) -> Run:
    """A scored run on disk, whose first method failed on the second cross pair where `changes` says so."""
    content = info(methods, **changes)
    failed = {(failure["method"], failure["pair_id"]) for failure in content["failures"]}
    scores, sets = [], []
    for position, name in enumerate(methods):
        for number, item in enumerate(content["pairs"]):
            for entry in content["variants"]:
                if entry["kind"] != "frame" or entry["status"] != "computed":
                    continue
                if entry["needs_truth"] and item["kind"] == "cross":
                    continue
                is_failed = (name, item["id"]) in failed
                scores.append(
                    item
                    | {"method": name, "pair_id": item["id"], "metric": entry["metric"], "variant": entry["variant"]}
                    | {"backbone_sha256": entry["backbone_sha256"], "n_frames": 6, "n_failed": 6 * is_failed}
                    | {"value": None if is_failed else 0.5 + 0.1 * position + 0.01 * number}
                    | {"status": "failed" if is_failed else "ok", "reason": "it broke" if is_failed else ""}
                )
        speed = {"method": name, "protocol": "any", "split": "all", "metric": "speed", "variant": FPS, "value": 1234.5}
        sets.append(speed | {"n_pairs": 1, "n_planned": 1, "n_frames": 6, "status": "ok", "reason": ""})
    write_run_info(folder, content)
    columns = [name for name in scores[0] if name in read_columns()]
    write_table(folder, "pairs", [{column: row[column] for column in columns} for row in scores])
    write_table(folder, "frames", [])
    write_table(folder, "sets", sets)
    for shown in content["shown"]:
        media = folder / "media" / shown
        media.mkdir(parents=True, exist_ok=True)
        strip(len(FRAMES)).save(media / "driver.png")
        strip(2).save(media / "target.png")
        if shown.startswith("self/"):
            strip(len(FRAMES)).save(media / "truth.png")
        for name in methods:
            if (name, shown) not in failed and name.isalnum() and len(name) < 100:
                strip(len(FRAMES)).save(media / f"{name}.png")
    return read_run(folder)


def strip(frames: int, side: int = 8) -> Image.Image:
    """Square frames one under the other; the n-th is grey of level 10 n."""
    image = Image.new("RGB", (side, side * frames))
    for number in range(frames):
        image.paste((10 * number,) * 3, (0, side * number, side, side * (number + 1)))
    return image
