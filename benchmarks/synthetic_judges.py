"""What independent networks, trained on real faces, think of the synthetic ones.

    python -m benchmarks.synthetic_judges --detector YUNET.onnx --landmarks PFLD68.onnx --identity ARCFACE.onnx
        [--pictures 12] [--seed 0]

From the root of a clone. Prints a Markdown table over all 64 identities, each in as many settings and motions: half
nearly frontal, half over the whole range of pose (`turned`). Cosines are of two pictures of the same column. Landmark
errors are in per cent of the outer-eye distance that the person has when seen from the front at the same size.
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
from reenactbench.datasets.synthetic.motion.tracks import draw_motion
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX
from reenactbench.datasets.synthetic.settings import draw_setting
from reenactbench.datasets.synthetic.world import SIBLINGS, people
from reenactbench.interfaces import Features

from .synthface.measure import verification

Array = npt.NDArray[Any]
GROUPS = {
    "68": slice(0, 68), "inner 51": slice(17, 68), "jaw": slice(0, 17), "brows": slice(17, 27), "nose": slice(27, 36),
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


def table(shown: Pictures, seen: Features, found: Array, embedding: Array) -> str:
    """What the judges think, in Markdown: a row a question, a column a kind of pictures."""
    errors, faces = landmark_errors(shown, found, seen["box"]), np.isfinite(seen["score"])
    views = {"near frontal": shown.frontal, "turned": ~shown.frontal, "all": np.ones(len(faces), bool)}
    columns = []
    for view in views.values():
        column = {
            "pictures": f"{view.sum()}",
            "YuNet finds a face": f"{faces[view].sum()} ({faces[view].mean():.2%})",
            "YuNet mean score there": f"{seen['score'][view & faces].mean():.3f}",
        }
        for name, points in GROUPS.items():
            column[f"PFLD landmark error there, {name}"] = f"{errors[view & faces][:, points].mean():.2f} %"
        columns.append(column | recognition(shown.people[view], embedding[view]))
    rows = [["judge", *views], ["---", *["---:"] * len(views)]]
    rows += [[name, *(column[name] for column in columns)] for name in columns[0]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def recognition(persons: Array, embedding: Array) -> dict[str, str]:
    """How well MobileFaceNet tells people apart, over all pairs of pictures that have an embedding."""
    known = np.isfinite(embedding).all(axis=1)
    persons, units = persons[known], embedding[known] / np.linalg.norm(embedding[known], axis=1, keepdims=True)
    found = verification(units, persons)
    ids = [person.id for person in people()]
    kin = [units[persons == ids.index(a)] @ units[persons == ids.index(b)].T for a, b in SIBLINGS]
    return {
        "MobileFaceNet has an embedding": f"{known.sum()}",
        "mean cosine, same identity": f"{found.same:.3f}",
        "mean cosine, different identities": f"{found.different:.3f}",
        "gap of the two": f"{found.same - found.different:.3f}",
        "AUC": f"{found.auc:.4f}",
        "EER": f"{found.eer:.2%}",
        "mean cosine, siblings": f"{np.mean([cosines.mean() for cosines in kin]):.3f}",
    }


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
    print(table(shown, seen, found, embedding))


if __name__ == "__main__":
    main()
