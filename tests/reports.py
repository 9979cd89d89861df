"""A scored run on disk, made up, and what a browser would make of its report: for the tests of the report."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from PIL import Image

from reenactbench.report import write_report
from reenactbench.report.contents import contents
from reenactbench.results import read_run, write_run_info, write_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from reenactbench.report.tables import Table
    from reenactbench.results import Run

CSIM, SSIM, FID, FPS = "csim/net-a/detect5@1", "ssim/gauss11-rgb@1", "fid/inception@1", "speed/fps@1"
HOSTILE = "\"><script>alert('x')</script><img src=x onerror=y>\\{}$&#%_^~[|]`*\u202e\n新" + "z" * 900
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
    pair("cross/1/2", "seen-seen", "1", "2"),
    pair("cross/3/4", "seen-seen", "3", "4"),
    pair("cross/5/6", "seen-seen", "5", "6"),
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
        "control": name == "copy",
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
            "landmarks": ["files"],
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
        "shown": ["cross/1/2", "self/7"],
        "telling": [],
        "variants": VARIANTS,
        "failures": [],
    }
    return content | changes


def fake_run(folder: Path, methods: tuple[str, ...] = ("ours", "theirs"), side: int = 8, **changes: Any) -> Run:
    """A scored run on disk; a cell in `failures` has no value and no strip. side: of its square frames, in pixels."""
    content = info(methods, **changes)
    content["dataset"] = content["dataset"] | {"image_size": side}
    failed = {(failure["method"], failure["pair_id"]) for failure in content["failures"]}
    scores, frames, sets = [], [], []
    for position, name in enumerate(methods):
        for number, item in enumerate(content["pairs"]):
            ok = (name, item["id"]) not in failed
            value = 0.5 + 0.1 * position + 0.01 * number
            score = {"method": name, "pair_id": item["id"], "n_frames": 6, "n_failed": 0 if ok else 6}
            score |= {"status": "ok", "reason": ""} if ok else {"status": "failed", "reason": "it broke"}
            score |= {"value": value if ok else None}
            for entry in content["variants"]:
                known = item["kind"] == "self" or "cross" in content["dataset"].get("truth", {})
                if entry["kind"] == "frame" and (known or not entry["needs_truth"]):
                    scores.append(item | entry | score)
                    frames += [
                        item | entry | score | {"frame": frame, "value": value + 0.02 * (2.5 - place)}
                        for place, frame in enumerate(item["frames"] if ok else [])
                    ]
        speed = {"method": name, "protocol": "any", "split": "all", "metric": "speed", "variant": FPS}
        speed |= {"value": 1234.5 / (1 + position)}
        if any(entry["variant"] == FPS for entry in content["variants"]):
            sets.append(speed | {"n_pairs": 1, "n_planned": 1, "n_frames": 6, "status": "ok", "reason": ""})
    write_run_info(folder, content)
    for table, rows in (("pairs", scores), ("frames", frames), ("sets", sets)):
        write_table(folder, table, rows)
    told = {(item["method"], item["pair_id"]) for item in content["telling"]}
    pairs = {item["id"]: item for item in content["pairs"]}
    for name in dict.fromkeys([*content["shown"], *(pair_id for _, pair_id in told)]):
        media, count = folder / "media" / name, len(pairs[name]["frames"])
        media.mkdir(parents=True)
        if not count:
            continue
        strip(2, side).save(media / "target.png")
        strip(count, side).save(media / "driver.png")
        if pairs[name]["kind"] == "cross" and "cross" in content["dataset"].get("truth", {}):
            strip(count, side).save(media / "truth.png")
        for maker in methods:
            seen = name in content["shown"] or (maker, name) in told
            if seen and maker.isalnum() and (maker, name) not in failed:
                strip(count, side).save(media / f"{maker}.png")
    return read_run(folder)


def strip(frames: int, side: int = 8) -> Image.Image:
    """Square frames one under the other; the n-th is grey of level 10 n."""
    image = Image.new("RGB", (side, side * frames))
    for number in range(frames):
        image.paste((10 * number,) * 3, (0, side * number, side, side * (number + 1)))
    return image


FAILURE = {
    "method": "ours",
    "pair_id": "cross/1/2",
    "reason": "it broke",
    "traceback": ["run.py:1 in f", "boom"],
}


VOID = {"meta", "br", "img", "input", "wbr"}
REFERENCES = {"src", "href", "srcset", "action", "data", "poster"}


class Page(HTMLParser):
    """What a browser would make of a page: its elements, whether they nest, and the text that people read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.text = ""
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & {*self.open}:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(runs: list[Run], out: Path, sections: Mapping[str, Callable[[list[Run]], str]] | None = None) -> Page:
    (path,) = write_report(runs, out, "html", sections or {})
    return Page(path.read_text(encoding="utf-8"))


def metric_tables(runs: list[Run]) -> list[Table]:
    """Those of all metrics by protocol and split, of runs that all compare."""
    (part,) = contents(runs)
    return part.metrics
