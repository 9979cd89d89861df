"""The picture in the documentation: `python -m benchmarks.pictures [--method NAME ...] [--out FILE]`.

Unseen people drive unseen people; columns: target, driving frame, the methods with their embedded checkpoints, true
frame.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from reenactbench.datasets.synthetic.dataset import Synthetic
from reenactbench.engine.setup import load_methods
from reenactbench.interfaces import DataOptions, Method
from reenactbench.plugins import load_plugins
from reenactbench.preparing import prepare_clips
from reenactbench.protocols.sampling import with_frames
from reenactbench.types import Pair

PAIRS = (("053", "058", 20), ("056", "061", 41), ("062", "054", 9), ("059", "057", 33))
"""Driver, target, number of the driving frame."""
METHODS = ("landmark-warp", "x2face", "talking-head", "gannotation", "crossid")
FILE = Path(__file__).parents[1] / "docs" / "images" / "methods.jpg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", action="append", default=[])
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    specs = load_methods(load_plugins().registry, options.method or METHODS, [])
    methods = [spec.construct("cpu", seed=0) for spec in specs]
    data = Synthetic(DataOptions())
    prepare_clips(data, sorted({clip for driver, target, _ in PAIRS for clip in (driver, target)}))
    pairs = [pair_of(data, *chosen) for chosen in PAIRS]
    data.prepare_truth(pairs, lambda frames: None, 1)
    rows = [row(data, methods, pair) for pair in pairs]
    cv2.imwrite(str(options.out), np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def pair_of(data: Synthetic, driver: str, target: str, frame: int) -> Pair:
    """That one frame of the driver, and the target images that a run would take."""
    source_clip, target_clip = data.prepared(driver), data.prepared(target)
    assert source_clip is not None and target_clip is not None
    pair = Pair(
        id=f"cross/{driver}/{target}",
        protocol="cross",
        kind="cross",
        split="unseen-unseen",
        quadrant="unseen-unseen",
        source=driver,
        target=target,
        source_identity=driver,
        target_identity=target,
    )
    return replace(with_frames(pair, source_clip, target_clip), frames=(frame,))


def row(data: Synthetic, methods: list[Method], pair: Pair) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    source, target, truth = data.prepared(pair.source), data.prepared(pair.target), data.truth(pair)
    assert source is not None and target is not None and truth is not None
    driving, targets = source.frames(pair.frames), target.frames(pair.target_frames)
    with torch.no_grad():
        made = [method.reenact(method.encode_target(targets[: method.shots]), driving)[0] for method in methods]
    columns = [targets.images[0], driving.images[0], *made, truth.frames(pair.frames).images[0]]
    pixels = torch.cat(columns, dim=2).clamp(0, 1).mul(255).round().byte()
    return np.asarray(pixels.permute(1, 2, 0))


if __name__ == "__main__":
    main()
