"""Draws the pictures of docs/synthetic.md: python benchmarks/synthetic_pictures.py docs/images"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.world import FRAMES, Person, people, track

COLUMNS, STEPS = 8, 10
DRIVER, DRIVEN = "055", ("008", "031", "044")  # whose motion the second picture shows, and who else makes it
QUALITY = 88


def shots(person: Person, motions: npt.NDArray[np.float32]) -> list[npt.NDArray[np.uint8]]:
    actor = Actor(person.identity, person.setting)
    return [actor.render(motion).image for motion in motions]


def write(path: Path, rows: list[list[npt.NDArray[np.uint8]]]) -> None:
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    cv2.imwrite(str(path), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    everybody = {person.id: person for person in people()}
    first = [shots(person, track(person.id)[:1])[0] for person in everybody.values()]
    write(folder / "people.jpg", [first[start : start + COLUMNS] for start in range(0, len(first), COLUMNS)])
    motion = track(DRIVER)[np.linspace(0, FRAMES - 1, STEPS).astype(int)]
    write(folder / "motion.jpg", [shots(everybody[number], motion) for number in (DRIVER, *DRIVEN)])


if __name__ == "__main__":
    main()
