"""What independent networks, trained on real faces, think of the synthetic ones.

    python benchmarks/synthetic_judges.py --detector YUNET.onnx --landmarks PFLD68.onnx --identity ARCFACE.onnx
        [--pictures 12] [--seed 0]

Prints a Markdown table over all 64 identities, each in as many settings and motions: half nearly frontal, half over the
whole range of pose. Landmark errors are in per cent of the outer-eye distance that the person has when seen from the
front at the same size.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from reenactbench.backbones.detector import load_yunet
from reenactbench.backbones.identity import load_insightface
from reenactbench.backbones.landmarks import load_onnx68
from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX
from reenactbench.datasets.synthetic.settings import draw_setting
from reenactbench.datasets.synthetic.tracks import draw_motion
from reenactbench.datasets.synthetic.world import SIBLINGS, people

Array = npt.NDArray[Any]
GROUPS = {
    "all": slice(0, 68), "inner 51": slice(17, 68), "jaw": slice(0, 17), "brows": slice(17, 27), "nose": slice(27, 36),
    "eyes": slice(36, 48), "mouth": slice(48, 68),
}  # fmt: skip
PFLD_OFFSET = 1.33 / 112
"""Of its crop, to the right and down: how far PFLD's landmarks lie off, on real faces too."""
POSE = ("yaw", "pitch", "roll")


class Pictures(NamedTuple):
    images: Array  # uint8 [N,128,128,3]
    landmarks: Array  # [N,68,2]
    eyes: Array  # [N] pixels: the outer-eye distance from the front
    people: Array  # [N]
    frontal: Array  # [N] bool
    yaw: Array  # [N] degrees


def pictures(count: int, seed: int) -> Pictures:
    rows = []
    for number, person in enumerate(people()):
        random = np.random.default_rng([seed, number])
        actor = Actor(person.identity, person.setting)
        front = actor.render(np.zeros(len(MOTION_INDEX), np.float32)).landmarks
        eyes = float(np.linalg.norm(front[45] - front[36]))
        for picture in range(count):
            motion, frontal = draw_motion(random), picture < count // 2
            if frontal:
                motion[[MOTION_INDEX[name] for name in POSE]] *= 0.15
            shot = actor.with_setting(draw_setting(random)).render(motion)
            size = eyes * float(np.exp(motion[MOTION_INDEX["scale"]]))
            rows.append((shot.image, shot.landmarks, size, number, frontal, motion[MOTION_INDEX["yaw"]]))
    return Pictures(*(np.array(column) for column in zip(*rows, strict=True)))


def landmark_errors(shown: Pictures, found: Array, boxes: Array) -> Array:
    """[N,68] per cent."""
    sides = 1.1 * (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    moved = found - PFLD_OFFSET * sides[:, None, None]
    return np.asarray(100 * np.linalg.norm(moved - shown.landmarks, axis=2) / shown.eyes[:, None])


def verification(embedding: Array, who: Array) -> tuple[float, float, float, float]:
    """Mean cosine of the same and of different people, the area under the ROC curve, the equal error rate."""
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    first, second = np.triu_indices(len(unit), 1)
    cosine, same = (unit @ unit.T)[first, second], who[first] == who[second]
    order = np.argsort(-cosine)
    hits, alarms = np.cumsum(same[order]) / same.sum(), np.cumsum(~same[order]) / (~same).sum()
    equal = int(np.argmin(np.abs(1 - hits - alarms)))
    area = float(np.trapezoid(hits, alarms))
    return float(cosine[same].mean()), float(cosine[~same].mean()), area, float(1 - hits[equal] + alarms[equal]) / 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    for name in ("detector", "landmarks", "identity"):
        parser.add_argument(f"--{name}", required=True, help="ONNX file")
    parser.add_argument("--pictures", type=int, default=12, help="of each identity")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in ("detector", "landmarks", "identity"):
        if not Path(getattr(options, name)).is_file():
            parser.error(f"--{name} {getattr(options, name)} is not a file")
    shown = pictures(options.pictures, options.seed)
    seen = load_yunet(options.detector, "cpu").extract(shown.images, {})
    found = load_onnx68(options.landmarks, "cpu").extract(shown.images, {"detector": seen})["landmarks"]
    embedding = load_insightface(options.identity, "cpu").extract(shown.images, {"detector": seen})["embedding"]

    print(f"{len(shown.images)} pictures of {len(people())} identities, seed {options.seed}\n")
    print("| judge | near frontal | all poses |\n|---|---|---|")
    views = shown.frontal, np.ones(len(shown.frontal), bool)
    faces = [f"{np.isfinite(seen['score'][view]).mean():.2%}" for view in views]
    scores = [f"{np.nanmean(seen['score'][view]):.3f}" for view in views]
    print(f"| YuNet finds a face | {faces[0]} | {faces[1]} |\n| YuNet mean score | {scores[0]} | {scores[1]} |")
    errors = landmark_errors(shown, found, seen["box"])
    turned = ~shown.frontal
    for name, points in GROUPS.items():
        cells = [f"{np.nanmean(errors[view][:, points]):.2f} %" for view in (shown.frontal, turned)]
        print(f"| PFLD landmark error, {name} | {cells[0]} | {cells[1]} (turned only) |")
    kept = np.isfinite(embedding).all(axis=1)
    cells = []
    for view in views:
        same, other, area, equal = verification(embedding[kept & view], shown.people[kept & view])
        cells.append(f"same {same:.3f}, other {other:.3f}, gap {same - other:.3f}, AUC {area:.4f}, EER {equal:.2%}")
    print(f"| MobileFaceNet | {cells[0]} | {cells[1]} |")
    ids = {person.id: number for number, person in enumerate(people())}
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    kin = [np.nanmean(unit[shown.people == ids[a]] @ unit[shown.people == ids[b]].T) for a, b in SIBLINGS]
    print(f"| MobileFaceNet, siblings | | mean cosine {np.mean(kin):.3f} |")


if __name__ == "__main__":
    main()
