"""The picture in the documentation: `python -m benchmarks.crossid.pictures [--checkpoint FILE]`.

Unseen people drive unseen people; columns: target, driving frame, landmark-warp, CrossID-GAN, true frame.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from reenactbench_methods.crossid import CrossID
from reenactbench_methods.landmark_warp.method import LandmarkWarp

from reenactbench.datasets.synthetic.dataset import Synthetic
from reenactbench.interfaces import DataOptions, Method
from reenactbench.preparing import prepare_clips
from reenactbench.types import Pair

PAIRS = (("053", "058", 20), ("056", "061", 41), ("062", "054", 9), ("059", "057", 33))
"""Driver, target, number of the driving frame."""
TARGET_FRAME = 1
FILE = Path(__file__).parents[2] / "docs" / "images" / "crossid.jpg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=CrossID.default_checkpoint)
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    device = torch.device("cpu")
    methods: list[Method] = [LandmarkWarp(device), CrossID(device, options.checkpoint)]
    data = Synthetic(DataOptions())
    prepare_clips(data, sorted({clip for driver, target, _ in PAIRS for clip in (driver, target)}))
    pairs = [pair_of(*chosen) for chosen in PAIRS]
    data.prepare_truth(pairs, lambda frames: None, 1)
    rows = [row(data, methods, pair) for pair in pairs]
    cv2.imwrite(str(options.out), np.concatenate(rows)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def pair_of(driver: str, target: str, frame: int) -> Pair:
    return Pair(
        id=f"cross/{driver}/{target}",
        protocol="cross",
        kind="cross",
        split="unseen-unseen",
        quadrant="unseen-unseen",
        source=driver,
        target=target,
        source_identity=driver,
        target_identity=target,
        frames=(frame,),
        target_frames=(TARGET_FRAME,),
    )


def row(data: Synthetic, methods: list[Method], pair: Pair) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    source, target, truth = data.prepared(pair.source), data.prepared(pair.target), data.truth(pair)
    assert source is not None and target is not None and truth is not None
    driving, targets = source.frames(pair.frames), target.frames(pair.target_frames)
    with torch.no_grad():
        made = [method.reenact(method.encode_target(targets), driving)[0] for method in methods]
    columns = [targets.images[0], driving.images[0], *made, truth.frames(pair.frames).images[0]]
    pixels = torch.cat(columns, dim=2).clamp(0, 1).mul(255).round().byte()
    return np.asarray(pixels.permute(1, 2, 0))


if __name__ == "__main__":
    main()
