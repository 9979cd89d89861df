"""The benchmark's people are 64, the same everywhere, unlike each other, and never those of a training set."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reenactbench.datasets.synthetic import world
from reenactbench.datasets.synthetic.identities import draw_identity, sibling
from reenactbench.datasets.synthetic.parameters import (
    BEARDS,
    CLOTHES,
    GLASSES,
    HAIR_STYLES,
    MOTION,
    MOTION_INDEX,
    SHAPE,
    SHAPE_INDEX,
    Identity,
    Looks,
    Setting,
)
from reenactbench.datasets.synthetic.settings import direction, draw_setting, reflected
from reenactbench.errors import ReenactbenchError

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
UNIT = """melanin blood age freckles gloss lip_colour lip_hue lashes brow_thickness brow_density grey hair_length
    hair_volume beard_length""".split()


def population(count: int = 1500) -> list[Identity]:
    random = np.random.default_rng(0)
    return [draw_identity(random) for _ in range(count)]


POPULATION = population()
SHAPES = np.stack([identity.shape for identity in POPULATION])


def values(name: str) -> npt.NDArray[np.float64]:
    return np.array([getattr(identity.looks, name) for identity in POPULATION])


def correlation(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def shape(name: str) -> npt.NDArray[np.float32]:
    return SHAPES[:, SHAPE_INDEX[name]]


def check_identity(identity: Identity) -> None:
    looks = identity.looks
    assert identity.shape.shape == (len(SHAPE),) and identity.shape.dtype == np.float32
    assert np.abs(identity.shape).max() <= 2.5
    assert all(0 <= getattr(looks, name) <= 1 for name in UNIT)
    assert -1 <= looks.parting <= 1 and looks.moles >= 0 and 0 <= looks.seed < 2**31
    assert looks.hair in HAIR_STYLES and looks.beard in BEARDS and looks.glasses in GLASSES
    for colour in (looks.iris, looks.hair_colour, looks.glasses_colour):
        assert len(colour) == 3 and all(0 < part <= 1 for part in colour)
    for field in fields(Looks):
        assert type(getattr(looks, field.name)) in (float, int, str, tuple), field.name  # no numpy number


@given(st.integers(0, 2**32 - 1))
def test_any_person_and_their_sibling_are_within_the_ranges(seed: int) -> None:
    random = np.random.default_rng(seed)
    identity = draw_identity(random)
    check_identity(identity)
    check_identity(sibling(identity, random))


def test_shapes_spread_over_their_range() -> None:
    deviation = SHAPES.std(axis=0)
    asymmetric = np.array([parameter.name.startswith("asymmetry") for parameter in SHAPE])
    assert (np.abs(deviation[~asymmetric] - 1) < 0.15).all()
    assert np.abs(SHAPES.mean(axis=0)).max() < 0.15


def test_shape_and_looks_belong_together() -> None:
    assert correlation(shape("upper_lip"), shape("lower_lip")) > 0.4
    assert correlation(shape("jaw_width"), shape("brow_ridge")) > 0.15
    assert correlation(shape("face_height"), shape("nose_length")) > 0.2
    assert correlation(shape("nose_width"), values("melanin")) > 0.3
    assert correlation(shape("brow_ridge"), values("lashes")) < -0.3
    bearded = values("beard") != "none"
    assert shape("jaw_width")[bearded].mean() > shape("jaw_width")[~bearded].mean() + 0.3
    assert (values("lashes")[bearded] <= 0.25).all()


def test_colours_are_those_of_people() -> None:
    """Skin of all the world; dark hair and eyes beside dark skin; grey with age."""
    melanin, age, grey = values("melanin"), values("age"), values("grey")
    hair = np.stack([identity.looks.hair_colour for identity in POPULATION]) @ LUMINANCE
    iris = np.stack([identity.looks.iris for identity in POPULATION])
    counts, _ = np.histogram(melanin, 4, (0, 0.94))
    assert counts.min() > 0.2 * len(POPULATION)
    assert hair[melanin > 0.6].max() < 0.1
    assert 0.15 < (hair[melanin < 0.2] > 0.1).mean() < 0.5
    assert (iris[melanin > 0.6, 0] > iris[melanin > 0.6, 2]).all()  # brown
    assert 0.2 < (iris[melanin < 0.2, 2] > iris[melanin < 0.2, 0]).mean() < 0.8  # blue, among others
    assert grey[age < 0.4].max() == 0 < grey[age > 0.7].mean()


def test_every_kind_of_hair_beard_and_glasses_is_worn() -> None:
    for name, kinds in (("hair", HAIR_STYLES), ("beard", BEARDS), ("glasses", GLASSES)):
        worn = values(name)
        assert all((worn == kind).mean() > 0.02 for kind in kinds), name
    assert 0.15 < (values("glasses") != "none").mean() < 0.3


def test_siblings_are_alike_and_strangers_are_not() -> None:
    random = np.random.default_rng(1)
    kin = [sibling(identity, random) for identity in POPULATION[:600]]
    shapes = np.stack([identity.shape for identity in kin])
    alike = [correlation(shapes[:, column], SHAPES[:600, column]) for column in range(len(SHAPE))]
    assert 0.76 < np.mean(alike) < 0.84
    for identity, other in zip(POPULATION, kin, strict=False):
        assert abs(identity.looks.melanin - other.looks.melanin) < 0.12
        assert identity.looks.seed != other.looks.seed
    same_hair = np.mean([a.looks.hair == b.looks.hair for a, b in zip(POPULATION, kin, strict=False)])
    assert 0.4 < same_hair < 0.8


def test_the_world_has_52_seen_and_12_unseen_people() -> None:
    people = world.people()
    assert [person.id for person in people] == [f"{number:03d}" for number in range(1, 65)]
    assert [person.split for person in people] == ["seen"] * 52 + ["unseen"] * 12
    for person in people:
        check_identity(person.identity)


def test_the_world_is_the_same_in_another_process() -> None:
    script = """
import hashlib, sys
from reenactbench.datasets.synthetic import world
digest = hashlib.sha256()
for number in range(64, 0, -1):
    digest.update(world.track(f"{number:03d}").tobytes())
for person in world.people():
    digest.update(person.identity.shape.tobytes() + repr((person.identity.looks, person.setting)).encode())
for take in reversed(world.takes()):
    digest.update(world.track(take.id).tobytes() + repr((take.id, take.setting)).encode())
print(digest.hexdigest(), [name for name in ("torch", "scipy", "cv2") if name in sys.modules])
"""
    outputs = {
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(outputs) == 1
    assert outputs.pop().split(maxsplit=1)[1].strip() == "[]"  # nothing slow is imported


def test_both_splits_span_the_population() -> None:
    people = world.people()
    for part in (people[:52], people[52:]):
        melanin = np.array([person.identity.looks.melanin for person in part])
        counts, _ = np.histogram(melanin, 4, (0, 1))
        assert counts.min() >= len(part) / 6
        women = np.mean([person.identity.looks.lashes > 0.25 for person in part])
        assert 0.35 < women < 0.65
        assert len({person.identity.looks.hair for person in part}) >= min(9, len(part) / 2)
    assert len({person.setting.backdrop for person in people}) == 64


def test_only_siblings_look_alike() -> None:
    people = world.people()
    shapes = {person.id: person.identity.shape for person in people}
    distances = {(a, b): float(np.linalg.norm(shapes[a] - shapes[b])) for a in shapes for b in shapes if a < b}
    kin = [distances.pop(pair) for pair in world.SIBLINGS]
    assert max(kin) < 0.9 * min(distances.values())


def test_siblings_stand_in_both_splits() -> None:
    split = {person.id: person.split for person in world.people()}
    assert len(world.SIBLINGS) == 6 and len({person for pair in world.SIBLINGS for person in pair}) == 12
    assert {(split[a], split[b]) for a, b in world.SIBLINGS} == {("seen", "seen"), ("seen", "unseen")}


def test_every_clip_has_its_own_track_and_some_are_extreme() -> None:
    tracks = np.stack([world.track(person.id) for person in world.people()])
    assert tracks.shape == (64, world.FRAMES, len(MOTION)) and tracks.dtype == np.float32
    assert len({track.tobytes() for track in tracks}) == 64
    turned = np.abs(tracks[..., MOTION_INDEX["yaw"]]).max(axis=1)
    assert (turned > 28).sum() >= 12 and (turned[52:] > 28).sum() >= 2
    assert (turned < 15).sum() >= 12
    assert tracks[..., MOTION_INDEX["jaw"]].max() > 0.9


@pytest.mark.parametrize("absent", ["065", "1", "053.1", "001.0", "001.4", "001.1.1", "e00000", "e1", "e00001.1"])
def test_a_person_or_take_that_does_not_exist_has_no_track(absent: str) -> None:
    with pytest.raises(
        ReenactbenchError, match=f"no person '{absent}' .* 001 to 064, with takes 001.1 to 052.3, and extras"
    ):
        world.track(absent)


def test_a_take_shares_the_identity_with_the_clip_and_nothing_else() -> None:
    people, takes = world.people(), world.takes()
    assert [take.id for take in takes] == [f"{number:03d}.{take}" for number in range(1, 53) for take in (1, 2, 3)]
    identities = {person.id: person.identity for person in people}
    for take in takes:
        assert (take.identity_id, take.split) == (take.id[:3], "seen")
        np.testing.assert_array_equal(take.identity.shape, identities[take.identity_id].shape)
        assert take.identity.looks == identities[take.identity_id].looks
    everything = [*people, *takes]
    assert len({person.setting.key for person in everything}) == len(everything)
    assert len({person.setting.backdrop for person in everything}) == len(everything)
    frames = np.concatenate([world.track(person.id) for person in everything])
    assert len(np.unique(frames, axis=0)) == len(everything) * world.FRAMES  # not one frame of motion is met twice


def test_takes_are_extreme_and_lively_in_turn() -> None:
    tracks = np.stack([world.track(take.id) for take in world.takes()]).reshape(52, 3, world.FRAMES, len(MOTION))
    turned = np.abs(tracks[..., MOTION_INDEX["yaw"]]).max(axis=2)
    assert (turned[:, [0, 2]] > 28).all()
    assert (turned[:, 1] < 28).all() and np.median(turned[:, 1]) > 12


def test_an_extra_is_another_person_by_every_number_and_nobody_of_the_benchmark() -> None:
    extras = [world.extra(number) for number in (1, 2, 40, 41, 99_999)]
    assert [extra.id for extra in extras] == ["e00001", "e00002", "e00040", "e00041", "e99999"]
    assert [world.extra_number(extra.id) for extra in extras] == [1, 2, 40, 41, 99_999]
    assert {(extra.identity_id == extra.id, extra.split) for extra in extras} == {(True, "seen")}
    again = world.extra(41)
    assert again.setting == extras[3].setting
    np.testing.assert_array_equal(again.identity.shape, extras[3].identity.shape)
    everybody = [*world.people(), *extras]
    assert len({person.identity.shape.tobytes() for person in everybody}) == len(everybody)
    tracks = [world.track(person.id) for person in everybody]
    assert len({track.tobytes() for track in tracks}) == len(everybody)
    assert np.abs(tracks[-1][:, MOTION_INDEX["yaw"]]).max() > 28 > np.abs(tracks[-4][:, MOTION_INDEX["yaw"]]).max()


def test_no_judge_was_trained_with_the_random_numbers_of_a_take(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.synthface.pictures import PARTS

    drawn: list[tuple[int, int]] = []
    stream = world.training_random

    def noted(purpose: int, index: int) -> np.random.Generator:
        drawn.append((purpose, index))
        return stream(purpose, index)

    takes = world.takes()
    monkeypatch.setattr(world, "training_random", noted)
    world.takes.__wrapped__()
    for take in takes:
        world.track(take.id)
    assert len(set(drawn)) == len(drawn) == 2 * len(takes)
    assert {purpose for purpose, _ in drawn}.isdisjoint(part.purpose for part in PARTS.values())


def test_training_never_meets_the_benchmark() -> None:
    """Streams differ by purpose and index, and none of them draws a person of the benchmark."""
    counts = {0: 1000, 1: 100, 2: 100, 3: 100}  # more than benchmarks/synthface draws
    streams = [world.training_random(purpose, index) for purpose, count in counts.items() for index in range(count)]
    drawn = {draw_identity(random).shape.tobytes() for random in streams}
    assert len(drawn) == len(streams)
    assert drawn.isdisjoint(person.identity.shape.tobytes() for person in world.people())
    first, again = (world.training_random(1, 2).integers(2**63) for _ in range(2))
    assert first == again


def luminances(setting: Setting) -> tuple[float, float]:
    return float(np.array(setting.key.colour) @ LUMINANCE), float(np.array(setting.fill.colour) @ LUMINANCE)


@given(st.integers(0, 2**32 - 1))
def test_any_setting_exposes_a_face_well(seed: int) -> None:
    setting = draw_setting(np.random.default_rng(seed))
    assert abs(setting.key.azimuth) <= 60 and 5 <= setting.key.height <= 60
    assert setting.key.azimuth * setting.fill.azimuth < 0
    key, fill = luminances(setting)
    assert 1.29 < key / fill < 5.01
    front = reflected(setting, np.array([0, 0, 1.0]))
    assert 0.8 < front @ LUMINANCE < 1.2
    assert (np.abs(front / (front @ LUMINANCE) - 1) < 0.2).all()  # tinted, no more
    brightest = reflected(setting, direction(setting.key)) @ LUMINANCE
    assert 0.4 < brightest < 1.6
    assert setting.clothes in CLOTHES and 0 <= setting.backdrop < 2**31
    colours = (setting.key.colour, setting.fill.colour, setting.rim.colour, setting.sky, setting.ground)
    assert all(part >= 0 for colour in colours for part in colour)
    assert all(0 < part < 1 for part in setting.clothes_colour)


def test_some_settings_have_a_rim_light_from_behind() -> None:
    random = np.random.default_rng(0)
    drawn = [draw_setting(random) for _ in range(300)]
    assert 0.25 < np.mean([sum(setting.rim.colour) > 0 for setting in drawn]) < 0.55
    assert all(direction(setting.rim)[2] < 0 for setting in drawn)
    assert 0.4 < np.mean([setting.key.azimuth > 0 for setting in drawn]) < 0.6


def test_a_light_from_the_right_lights_the_right() -> None:
    setting = next(s for s in map(draw_setting, [np.random.default_rng(0)] * 50) if s.key.azimuth > 40)
    np.testing.assert_allclose(np.linalg.norm(direction(setting.key)), 1)
    assert direction(setting.key)[0] > 0.3 and direction(setting.key)[1] > 0
