"""Clips of drawn people to train on, and what a training wrote of its losses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import faces
import numpy as np

from reenactbench.files import content_key
from reenactbench.types import SEEN, Clip, ClipInfo


def clip(number: int, frames: range) -> Clip:
    """The crops of 128 x 128 pixels of a person of that number."""
    images = np.stack([faces.draw(number, frame)[6:134, 16:144] for frame in frames])
    landmarks = np.stack([faces.landmarks(number, frame) - [16, 6] for frame in frames]).astype(np.float32)
    name = f"{number:03d}"
    info = ClipInfo(name, identity=name, split=SEEN)
    return Clip(info, content_key(number), 25.0, np.array(frames, np.int32), images, landmarks, {})


def logged(folder: Path) -> list[dict[str, Any]]:
    """The lines of the log without times and pace."""
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    untimed = ("seconds", "samples_per_second")
    return [{key: value for key, value in line.items() if key not in untimed} for line in lines]
