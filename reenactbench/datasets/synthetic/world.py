"""The benchmark's 64 people, each with a setting and a track of motion, and whom to train on: takes of them, extras.

Importing this module imports no torch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from reenactbench import types
from reenactbench.datasets.synthetic.identities import draw_identity, sibling
from reenactbench.datasets.synthetic.motion.tracks import CALM, EXTREME, LIVELY, motion_track
from reenactbench.datasets.synthetic.parameters import BEARDS, GLASSES, HAIR_STYLES, Identity, Setting, Vector
from reenactbench.datasets.synthetic.settings import draw_setting
from reenactbench.errors import ReenactbenchError

FRAMES = 64
FPS = 25.0
SEEN, UNSEEN = 52, 12
TAKES = 3
"""Of each seen person, besides their clip."""
HELD_OUT = 40
"""The first so many extras are never trained on: settings are chosen on them."""
SIBLINGS = (("004", "005"), ("021", "022"), ("038", "039"), ("013", "055"), ("030", "060"), ("047", "063"))
"""Hard pairs: three both seen, three seen and unseen."""

_BENCHMARK, _TRAINING = 0x72656561, 0x7472616E  # entropies: no draw for training is one of the benchmark's
_PEOPLE, _SIBLINGS, _SETTINGS, _TRACKS = range(4)
_TAKE_SETTINGS, _TAKE_TRACKS = 4, 5  # purposes for `training_random`; those below are of the judges' training
_EXTRAS, _EXTRA_SETTINGS, _EXTRA_TRACKS, GEOMETRY = 6, 7, 8, 9

_SKINS = 4
_GROUPS = 2 * _SKINS  # of skin and lashes, which tell women from men; equally many people each
_CANDIDATES = 640
_CONSIDERED = 10  # candidates for each place; the one least like all before gets it
_MOTION = (CALM, EXTREME, LIVELY, CALM, LIVELY, EXTREME, CALM, LIVELY, LIVELY)  # in turn: two of nine are extreme
_TAKE_MOTION = (LIVELY, EXTREME)  # in turn: the odd takes are extreme


@dataclass(frozen=True)
class Person:
    """One of the benchmark's people, in the setting of their clip or of a take, or an extra."""

    id: str
    """Of the clip or take: "001", "001.1"; of an extra "e00001"."""
    split: str
    identity: Identity
    setting: Setting

    @property
    def identity_id(self) -> str:
        """Who it is, in whatever take: the id of their clip."""
        return self.id.partition(".")[0]


@cache
def people() -> tuple[Person, ...]:
    """The 64 people "001" to "064", of whom the last 12 are unseen.

    They are spread over the population, but for six pairs of siblings. The same on every call and in every process.
    """
    identities = _identities()
    return tuple(
        Person(
            id=_id(number),
            split=types.SEEN if number <= SEEN else types.UNSEEN,
            identity=identities[_id(number)],
            setting=draw_setting(_random(_BENCHMARK, _SETTINGS, number)),
        )
        for number in range(1, SEEN + UNSEEN + 1)
    )


@cache
def takes() -> tuple[Person, ...]:
    """Footage for training, sorted by id: the seen people again in TAKES other settings each, "001.1" to "052.3".

    A take shares nothing but the identity with the person's clip; no setting or motion of it is one of the benchmark's.
    """
    return tuple(
        Person(
            id=f"{person.id}.{take}",
            split=person.split,
            identity=person.identity,
            setting=draw_setting(training_random(_TAKE_SETTINGS, _take_index(number, take))),
        )
        for number, person in enumerate(people()[:SEEN], start=1)
        for take in range(1, TAKES + 1)
    )


def extra(number: int) -> Person:
    """Further footage for training: any number from 1 is another person, in a setting of their own, whom the benchmark
    does not know."""
    return Person(
        id=f"e{number:05d}",
        split=types.SEEN,
        identity=draw_identity(training_random(_EXTRAS, number)),
        setting=draw_setting(training_random(_EXTRA_SETTINGS, number)),
    )


def extra_number(person_id: str) -> int | None:
    """The number of the extra with that id; None where it is none."""
    return int(person_id[1:]) if re.fullmatch(r"e(?!0+$)\d{5}", person_id) else None


def track(person_id: str) -> Vector:
    """The motion float32 [FRAMES,19] of this clip, take or extra, in the columns of MOTION.

    Of the 64 clips 14 are extreme, of the takes and the extras the odd ones; the even ones are lively.
    """
    number = extra_number(person_id)
    if number is not None:
        return motion_track(training_random(_EXTRA_TRACKS, number), FRAMES, FPS, _TAKE_MOTION[number % 2])
    if person_id not in {person.id for person in (*people(), *takes())}:
        known = f"they are 001 to 064, with takes 001.1 to 052.{TAKES}, and extras from e00001"
        raise ReenactbenchError(f"there is no person {person_id!r} in the synthetic world; {known}")
    number, take = (int(part or 0) for part in person_id.partition(".")[::2])
    if take:
        random, character = training_random(_TAKE_TRACKS, _take_index(number, take)), _TAKE_MOTION[take % 2]
        return motion_track(random, FRAMES, FPS, character)
    return motion_track(_random(_BENCHMARK, _TRACKS, number), FRAMES, FPS, _MOTION[number % len(_MOTION)])


def training_random(purpose: int, index: int) -> np.random.Generator:
    """A source for people and motions that the benchmark never uses: one stream for each purpose and index, from 0."""
    return _random(_TRAINING, purpose, index)


def _random(entropy: int, purpose: int, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(purpose, index)))


def _take_index(number: int, take: int) -> int:
    return SEEN * (take - 1) + number - 1


def _id(number: int) -> str:
    return f"{number:03d}"


def _identities() -> dict[str, Identity]:
    """Strangers far from each other, then the younger siblings."""
    random = _random(_BENCHMARK, _PEOPLE, 0)
    candidates = [draw_identity(random) for _ in range(_CANDIDATES)]
    traits = np.stack([_traits(identity) for identity in candidates])
    groups = np.array([_group(identity) for identity in candidates])
    younger = {second for _, second in SIBLINGS}
    nearest = np.full(_CANDIDATES, np.inf)  # distance of each candidate to the nearest person chosen
    identities = {}
    for number in range(1, SEEN + UNSEEN + 1):
        if _id(number) not in younger:
            (fitting,) = np.nonzero((groups == number % _GROUPS) & (nearest > 0))
            considered = random.choice(fitting, _CONSIDERED, replace=False)
            chosen = considered[nearest[considered].argmax()]
            identities[_id(number)] = candidates[chosen]
            nearest = np.minimum(nearest, np.linalg.norm(traits - traits[chosen], axis=1))
    for first, second in SIBLINGS:
        identities[second] = sibling(identities[first], _random(_BENCHMARK, _SIBLINGS, int(second)))
    return identities


def _group(identity: Identity) -> int:
    skin = min(int(identity.looks.melanin * _SKINS), _SKINS - 1)
    return skin + _SKINS * (identity.looks.lashes > 0.25)


def _traits(identity: Identity) -> npt.NDArray[np.float64]:
    """What tells people apart at a glance, on such scales that equal distances are about equally plain."""
    looks = identity.looks
    hair = np.log(np.array(looks.hair_colour) * (1 - looks.grey) + 0.5 * looks.grey)
    scales = (looks.melanin * 5, looks.age * 2, looks.brow_thickness * 2, looks.lip_colour * 1.5, looks.lashes * 1.5)
    kinds = (
        1.5 * (np.array(HAIR_STYLES) == looks.hair),
        1.5 * (np.array(BEARDS) == looks.beard),
        1.0 * (np.array(GLASSES) == looks.glasses),
    )
    return np.concatenate([identity.shape, 0.6 * hair, scales, *kinds])
