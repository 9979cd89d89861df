"""The tiny set that plugins are looked at with: eight frames each of two people who do not exist, rendered once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.films import Film, cast, open_film, render_all
from reenactbench.datasets.workers import workers
from reenactbench.engine.store import pixel_hash
from reenactbench.interfaces import Pictures
from reenactbench.types import Clip, ClipInfo, Pair

SOURCE, TARGET = "001", "053"
"""A seen person drives an unseen one."""
NUMBERS = (4, 12, 20, 28, 36, 44, 52, 60)


@dataclass(frozen=True, slots=True)
class Sample:
    """Who drives, who is driven, and the true frames of the one moving like the other; all with the same numbers."""

    driving: Clip
    target: Clip
    truth: Clip
    pair: Pair


@cache
def sample() -> Sample:
    """The tiny set, from the cache or rendered into it."""
    films = [Film(*who, NUMBERS) for who in ((SOURCE, SOURCE), (TARGET, TARGET), (TARGET, SOURCE))]
    missing = [(film, film.folder) for film in films if _opened(film) is None]
    if missing:
        with workers(1) as pool:  # as the data set itself is rendered, so that both are the same to the bit
            list(pool.map(render_all, [[film] for film in missing]))
    driving, target, truth = (_rendered(film) for film in films)
    pair = Pair(
        id=f"cross/{SOURCE}/{TARGET}",
        protocol="cross",
        kind="cross",
        split="seen-unseen",
        quadrant="seen-unseen",
        source=SOURCE,
        target=TARGET,
        source_identity=driving.info.identity,
        target_identity=target.info.identity,
        frames=NUMBERS,
        target_frames=NUMBERS[:3],
    )
    return Sample(driving, target, truth, pair)


def as_pictures(images: npt.NDArray[np.uint8]) -> Pictures:
    """Images uint8 [T,S,S,3], of which nothing else holds a view, under the key of their content."""
    return Pictures(pixel_hash(images), np.array(images))


def _rendered(film: Film) -> Clip:
    clip = _opened(film)
    assert clip is not None, film
    return clip


def _opened(film: Film) -> Clip | None:
    person = cast()[film.target]
    return open_film(film, ClipInfo(person.id, person.identity_id, person.split))
