"""Measure the networks that come with the package: `python -m benchmarks.synthface.evaluate --work DIR`.

Prints Markdown and writes it to report.md beside this file. Everything is measured on the part `benchmark`: the data
set's 64 people, whom the networks have never seen, in motions and settings of their own. It is rendered first where
DIR does not hold it for the present version of the renderer.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors import safe_open

from reenactbench.backbones import synthface
from reenactbench.datasets.synthetic.films import version
from reenactbench.datasets.synthetic.parameters import MOTION_INDEX
from reenactbench.datasets.synthetic.posing import head_rotation
from reenactbench.datasets.synthetic.world import SIBLINGS, people
from reenactbench.interfaces import Backbone
from reenactbench.metrics.pose import angles, head_rotations

from .augment import UNDO
from .measure import Array, errors, rates, verification
from .pictures import Pictures, read_part
from .render import render

YAW = MOTION_INDEX["yaw"]
PARTS_OF_FACE = {
    "all": range(68),
    "inner": range(17, 68),
    "jaw": range(17),
    "brows": range(17, 27),
    "nose": range(27, 36),
    "eyes": range(36, 48),
    "mouth": range(48, 68),
}
DAMAGES: dict[str, Callable[[Array], Array]] = {
    "none": lambda image: image,
    "blur, sigma 2 pixels": lambda image: np.asarray(cv2.GaussianBlur(image, (0, 0), 2)),
    "halved and enlarged": lambda image: np.asarray(cv2.resize(cv2.resize(image, (64, 64)), (128, 128))),
    "JPEG, quality 20": lambda image: np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, [1, 20])[1], 1)),
    "moved by 5 pixels": lambda image: np.roll(image, 5, axis=1),
    "a tenth darker": lambda image: (image * 0.9).astype(np.uint8),
}


def table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    cells = [list(map(str, head)), *(list(map(_text, row)) for row in rows)]
    cells.insert(1, ["---", *["---:"] * (len(cells[0]) - 1)])
    return "\n".join("| " + " | ".join(row) + " |" for row in cells) + "\n"


def _text(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if np.isnan(value) else f"{value:.4g}"


def renderer_section(folder: Path) -> str:
    """What rendered the pictures that the weights in a folder were trained on, and those they are measured on."""
    rows = []
    for name in (synthface.IDENTITY, synthface.LANDMARKS):
        with safe_open(folder / name, "pt") as weights:
            rows.append((f"trained: {name}", weights.metadata()["renderer"]))
    return "## Renderer\n\n" + table(("pictures", "version"), [*rows, ("measured", version())])


def identity_section(pictures: Pictures) -> str:
    backbone = synthface.load_identity(synthface.IDENTITY, "cpu")

    def units(images: Array) -> Array:
        embedding = backbone.extract(images, {})["embedding"].astype(np.float64)
        return np.asarray(embedding / np.linalg.norm(embedding, axis=1, keepdims=True))

    clean, persons, yaw = units(pictures.images), pictures.persons, pictures.motions[:, YAW]
    ids = [person.id for person in people()]
    kin = np.zeros((len(ids), len(ids)), bool)
    for first, second in SIBLINGS:
        kin[ids.index(first), ids.index(second)] = kin[ids.index(second), ids.index(first)] = True
    groups = {"everybody": None, "siblings only": kin, "strangers only": ~kin & ~np.eye(len(ids), dtype=bool)}
    found = {name: verification(clean, persons, apart) for name, apart in groups.items()}
    cosines = clean @ clean.T
    same = (persons[:, None] == persons) & np.triu(np.ones(cosines.shape, bool), 1)
    between = np.abs(yaw[:, None] - yaw)
    frontal = np.abs(yaw) < 10
    from_front = (persons[:, None] == persons) & frontal & ~np.eye(len(persons), dtype=bool)
    rows = [
        (
            f"{low} to {low + 10}",
            _mean(cosines[same & (between >= low) & (between < low + 10)]),
            _mean(cosines[from_front & (np.abs(yaw) >= low)[:, None] & (np.abs(yaw) < low + 10)[:, None]]),
        )
        for low in range(0, 80, 10)
    ]
    damaged = []
    for name, damage in DAMAGES.items():
        other = units(np.stack([damage(image) for image in pictures.images])) @ clean.T
        alike = persons[:, None] == persons
        judged = rates(other[alike & ~np.eye(len(persons), dtype=bool)], other[~alike])
        damaged.append((name, 100 * judged.eer, judged.auc, judged.same, judged.different))
    return "\n".join(
        [
            "## Identity\n",
            f"{len(ids)} people, {len(persons)} pictures, all pairs of two pictures.\n",
            table(
                ("pairs of different persons", "EER %", "AUC", "cosine of the same person", "of different persons"),
                [(name, 100 * v.eer, v.auc, v.same, v.different) for name, v in found.items()],
            ),
            "The mean cosine of two pictures of the same person, by degrees of yaw:\n",
            table(("degrees", "difference of the two yaws", "yaw, against pictures with less than 10"), rows),
            "One picture damaged, the other not:\n",
            table(("damage", "EER %", "AUC", "same", "different"), damaged),
        ]
    )


def landmark_section(pictures: Pictures) -> str:
    detector = synthface.load_detector(synthface.LANDMARKS, "cpu")
    seen = detector.extract(pictures.images, {})
    landmarks = synthface.load_landmarks(synthface.LANDMARKS, "cpu").extract(pictures.images, {"detector": seen})[
        "landmarks"
    ]
    found, turned = np.isfinite(seen["score"]), np.abs(pictures.motions[:, YAW])
    off = errors(landmarks, pictures)
    in_picture = np.linalg.norm(pictures.landmarks[found, 45] - pictures.landmarks[found, 36], axis=1)
    wider = pictures.eyes[found] / in_picture
    bands = {
        "all": turned >= 0,
        "yaw to 15": turned <= 15,
        "15 to 30": (turned > 15) & (turned <= 30),
        "beyond": turned > 30,
    }
    rows = [
        (
            part,
            *(_mean(off[rows & found][:, list(numbers)]) for rows in bands.values()),
            _mean(_shown(off, pictures, numbers)),
        )
        for part, numbers in PARTS_OF_FACE.items()
    ]
    random = np.random.default_rng(0)
    undone = []
    for name, undo in UNDO.items():
        images = [
            undo(image, points, random) for image, points in zip(pictures.images, pictures.landmarks, strict=True)
        ]
        undone.append((name, 100 * _mean(np.isfinite(detector.extract(np.stack(images), {})["score"]))))
    exact = np.stack([head_rotation(motion) for motion in pictures.motions])
    poses = []
    for name, points in (("found", landmarks[found]), ("exact", pictures.landmarks[found])):
        measured, true = head_rotations(points), exact[found].astype(np.float64)
        single = angles(measured, true)
        other = np.random.default_rng(1).permutation(len(true))
        pair = np.abs(np.subtract(angles(measured, measured[other]), angles(true, true[other])))
        poses.append((name, *_spread(single), *_spread(pair)))
    return "\n".join(
        [
            "## Landmarks\n",
            "Mean distance to the exact landmarks in per cent of the outer-eye distance that the same head has when it "
            "looks into the camera, so that turning makes no smaller unit. `visible` leaves out hidden points.\n",
            table(("part", *bands, "visible"), rows),
            "In per cent of the outer-eye distance in the very picture, over all landmarks: "
            f"{_mean(off[found] * wider[:, None]):.2f} %.\n",
            "## Faces\n",
            f"Found in {100 * _mean(found):.2f} % of the pictures, {100 * _mean(found[turned > 30]):.2f} % beyond 30 "
            "degrees of yaw. Taken for a face when undone:\n",
            table(("undone", "%"), undone),
            "## Pose\n",
            "Degrees between the rotation that `pose` measures and the exact one; and how far the angle that it "
            "measures between a picture and one of another person is from the exact one.\n",
            table(("landmarks", "mean", "median", "95 %", "of two: mean", "median", "95 %"), poses),
        ]
    )


def speed_section(pictures: Pictures) -> str:
    images = pictures.images[:64]
    loaders: dict[str, Backbone] = {
        "identity": synthface.load_identity(synthface.IDENTITY, "cpu"),
        "detector and landmarks": synthface.load_detector(synthface.LANDMARKS, "cpu"),
    }
    rows = []
    for name, backbone in loaders.items():
        times = []
        for _ in range(6):
            start = time.perf_counter()
            backbone.extract(images, {})
            times.append(time.perf_counter() - start)
        rows.append((name, 1000 * min(times) / len(images)))
    where = f"{torch.get_num_threads()} threads of {platform.machine()}, torch {torch.__version__}"
    return "\n".join(["## Speed\n", f"On {where}, 64 pictures at a time.\n", table(("network", "ms a frame"), rows)])


def _shown(off: Array, pictures: Pictures, numbers: Iterable[int]) -> Array:
    columns = list(numbers)
    return np.asarray(off[:, columns][pictures.visible[:, columns]])


def _mean(values: Any) -> float:
    """Of the numbers among them; NaN where there is none."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    return float(known.mean()) if known.size else float("nan")


def _spread(values: Array) -> tuple[float, float, float]:
    return float(values.mean()), float(np.median(values)), float(np.percentile(values, 95))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    work: Path = parser.parse_args().work
    render(work, ["benchmark"])
    pictures = read_part(work, "benchmark")
    sections = [
        "# The small networks of the synthetic world, measured\n",
        "Written by `benchmarks/synthface/evaluate.py`.\n",
    ]
    sections += [renderer_section(Path(synthface.__file__).parent)]
    sections += [identity_section(pictures), landmark_section(pictures), speed_section(pictures)]
    report = "\n".join(sections)
    print(report)
    Path(__file__).with_name("report.md").write_text(report)


if __name__ == "__main__":
    main()
