"""What hair and beards promise: budgets, determinism, and that they stay out of the face and on top of the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reenactbench.datasets.synthetic.body.chart import chart
from reenactbench.datasets.synthetic.body.head import Head
from reenactbench.datasets.synthetic.hair.beard import beard, region, stubble_cover
from reenactbench.datasets.synthetic.hair.hair import hair, scalp_cover
from reenactbench.datasets.synthetic.hair.strands import Hull, Strands
from reenactbench.datasets.synthetic.parameters import BEARDS, HAIR_STYLES, SHAPE, Looks

LOOKS = Looks(
    melanin=0.3,
    blood=0.5,
    age=0.2,
    freckles=0.0,
    moles=0,
    gloss=0.3,
    iris=(0.1, 0.1, 0.1),
    lip_colour=0.0,
    lip_hue=0.5,
    lashes=0.5,
    brow_thickness=0.5,
    brow_density=0.5,
    hair="crop",
    hair_colour=(0.08, 0.04, 0.02),
    grey=0.2,
    hair_length=0.5,
    hair_volume=0.5,
    parting=0.3,
    beard="none",
    beard_length=0.5,
    glasses="none",
    glasses_colour=(0.0, 0.0, 0.0),
    seed=1,
)
STYLES = [style for style in HAIR_STYLES if style != "bald"]
HANGING = ("bob", "long", "wavy", "fringe")


def person(seed: int) -> Head:
    spread = np.random.default_rng(seed).standard_normal(len(SHAPE))
    return Head(np.clip(spread, -2.5, 2.5).astype(np.float32))


def grown(looks: Looks, head: Head, seed: int = 1) -> Strands:
    return hair(looks, head, np.random.default_rng(seed))


def check(strands: Strands, most: int) -> None:
    count, points = strands.widths.shape
    assert count * points <= most
    assert strands.points.shape == strands.normals.shape == (count, points, 3)
    assert strands.depth.shape == (count, points)
    assert strands.albedo.shape == (count, 3)
    assert strands.roots.shape == (count,)
    for field in strands[:5]:
        assert field.dtype == np.float32
        assert np.isfinite(field).all()
    assert strands.widths.min() > 0
    assert strands.widths.max() < 0.6
    assert strands.depth.min() >= 0
    assert strands.depth.max() <= 1
    assert strands.albedo.min() > 0
    assert strands.albedo.max() < 1
    assert np.allclose(np.linalg.norm(strands.normals, axis=2), 1, atol=1e-2)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("amount", [0.0, 1.0])
def test_hair_keeps_to_its_budget_and_ranges(style: str, amount: float) -> None:
    looks = replace(LOOKS, hair=style, hair_length=amount, hair_volume=amount, parting=2 * amount - 1, age=amount)
    strands = grown(looks, person(0))
    check(strands, 16_000)
    assert (strands.roots == -1).all()
    assert len(strands.points) > 400


@pytest.mark.parametrize("style", STYLES)
def test_no_hair_lies_inside_the_head(style: str) -> None:
    for seed in range(3):
        head = person(seed)
        strands = grown(replace(LOOKS, hair=style), head, seed)
        _, reach, skin, _ = Hull(head, over_ears=False).at(strands.points.reshape(-1, 3))
        assert (reach - skin).min() > -0.1


@pytest.mark.parametrize("style", [style for style in STYLES if style != "fringe"])
def test_the_face_stays_free(style: str) -> None:
    for seed in range(3):
        head = person(seed)
        points = grown(replace(LOOKS, hair=style, parting=0.9), head, seed).points.reshape(-1, 3)
        brows, eyes, chin = (head.neutral[chart().landmarks[at]] for at in (slice(17, 27), slice(36, 48), 8))
        inside = (np.abs(points[:, 0]) < np.abs(eyes[:, 0]).max()) & (points[:, 2] > 5)
        inside &= (points[:, 1] < brows[:, 1].min()) & (points[:, 1] > chin[1])
        assert inside.mean() < 0.002


def test_a_fringe_hangs_over_the_forehead() -> None:
    head = person(0)
    points = grown(replace(LOOKS, hair="fringe", hair_volume=0.0), head).points.reshape(-1, 3)
    brows = head.neutral[chart().landmarks[17:27]]
    over = (np.abs(points[:, 0]) < 4) & (points[:, 2] > 6) & (points[:, 1] < brows[:, 1].max() + 2)
    assert over.sum() > 100


@pytest.mark.parametrize("style", HANGING)
def test_long_hair_ends_lower_than_short_hair(style: str) -> None:
    ends = [grown(replace(LOOKS, hair=style, hair_length=at), person(0)).points[..., 1].min() for at in (0.0, 1.0)]
    assert ends[1] < ends[0] - 3


@pytest.mark.parametrize("style", STYLES)
def test_hair_depends_on_its_seed_alone(style: str) -> None:
    looks, head = replace(LOOKS, hair=style), person(1)
    first, again, other = grown(looks, head, 5), grown(looks, head, 5), grown(looks, head, 6)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first.albedo[:50], other.albedo[:50])


def test_hair_without_a_parting_covers_both_sides_alike() -> None:
    points = grown(replace(LOOKS, hair="long", parting=0.0), Head(np.zeros(len(SHAPE), np.float32))).points
    left, right = (points[points[..., 0] * side > 0] for side in (-1, 1))
    assert abs(len(left) / len(right) - 1) < 0.2
    assert np.allclose(left.mean(axis=0) * [-1, 1, 1], right.mean(axis=0), atol=1.0)


def test_a_bald_head_is_bare_when_young_and_keeps_its_sides_when_old() -> None:
    head, young = person(0), replace(LOOKS, hair="bald", age=0.1)
    assert len(grown(young, head).points) == 0
    assert scalp_cover(young, head).max() == 0
    old = replace(young, age=0.8)
    check(grown(old, head), 16_000)
    assert grown(old, head).points[..., 1].max() < 10


@pytest.mark.parametrize("style", STYLES)
def test_roots_are_painted_on_the_scalp_and_not_on_the_face(style: str) -> None:
    head = person(2)
    cover = scalp_cover(replace(LOOKS, hair=style), head)
    assert cover.shape == (len(head.neutral),)
    assert cover[chart().landmarks].max() < 0.6  # the jaw's outermost points lie at the sideburns
    assert cover[chart().landmarks[17:]].max() == 0
    assert cover[chart().points[:, 1] > 12].min() > 0.7


def test_the_hairline_recedes_with_age() -> None:
    head = person(0)
    covers = [scalp_cover(replace(LOOKS, hair="crop", age=age), head).sum() for age in (0.1, 0.9)]
    assert covers[1] < covers[0]


@pytest.mark.parametrize("style", BEARDS)
def test_beards_grow_on_the_lower_face(style: str) -> None:
    looks, head = replace(LOOKS, beard=style), person(3)
    strands = beard(looks, head, np.random.default_rng(1))
    density = stubble_cover(looks, head)
    assert density.min() >= 0
    assert density.max() <= 1
    assert (density.max() > 0) == (style != "none")
    assert density[chart().landmarks[17:48]].max() < 0.2
    assert region(looks)[chart().lips].max() < 0.2
    if style in ("none", "stubble"):
        assert len(strands.points) == 0
        return
    check(strands, 6_000)
    assert np.linalg.norm(strands.points[:, 0] - head.neutral[strands.roots], axis=1).max() < 0.9
    assert strands.points[..., 1].max() < head.neutral[chart().landmarks[36:48], 1].min()


def test_a_long_beard_is_longer() -> None:
    lengths = []
    for amount in (0.0, 1.0):
        points = beard(replace(LOOKS, beard="full", beard_length=amount), person(0), np.random.default_rng(1)).points
        lengths.append(np.linalg.norm(points[:, -1] - points[:, 0], axis=1).mean())
    assert lengths[1] > 1.5 * lengths[0]
