"""Who lives in the world: people in whom shape and looks belong together, and their siblings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import erf, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.parameters import SHAPE, SHAPE_INDEX, Colour, Identity, Looks, Vector

Array = npt.NDArray[np.float64]

_LOADINGS: dict[str, dict[str, float]] = {
    "masculine": {
        "jaw_width": 0.45, "brow_ridge": 0.55, "chin_width": 0.4, "chin_height": 0.3, "chin_forward": 0.25,
        "neck_width": 0.5, "nose_width": 0.2, "nose_length": 0.25, "bridge_height": 0.2, "upper_lip": -0.25,
        "lower_lip": -0.2, "eye_size": -0.35, "eye_opening": -0.25, "brow_height": -0.45, "brow_arch": -0.4,
        "forehead_slope": 0.4, "face_height": 0.25, "face_width": 0.2, "jaw_height": 0.2, "ear_size": 0.3,
        "forehead_height": 0.2, "mouth_width": 0.2, "cheek_fullness": -0.2, "philtrum": 0.2,
    },
    "weight": {
        "cheek_fullness": 0.65, "face_width": 0.35, "neck_width": 0.45, "jaw_width": 0.3, "chin_width": 0.3,
        "temple_width": 0.2, "cheekbone": -0.25, "nose_width": 0.15, "eye_opening": -0.15,
    },
    "length": {
        "face_height": 0.6, "chin_height": 0.4, "nose_length": 0.4, "philtrum": 0.35, "jaw_height": 0.4,
        "forehead_height": 0.3, "face_width": -0.25,
    },
    "profile": {
        "tip_forward": 0.4, "nose_length": 0.25, "bridge_height": 0.4, "nose_hump": 0.5, "tip_up": -0.4,
        "eye_depth": 0.2,
    },
    "lips": {"upper_lip": 0.5, "lower_lip": 0.5, "mouth_forward": 0.25, "mouth_width": 0.2},
    "warmth": {  # of the climate: noses and skin follow it (Zaidi et al. 2017)
        "nose_width": 0.5, "bridge_height": -0.4, "bridge_width": 0.35, "upper_lip": 0.4, "lower_lip": 0.4,
        "mouth_forward": 0.35, "mouth_width": 0.25, "nose_hump": -0.25, "eye_spacing": 0.2, "chin_forward": -0.2,
    },
    "fold": {  # epicanthic: what comes with it, and straight black hair
        "lid_fold": 0.5, "eye_opening": -0.3, "bridge_height": -0.35, "brow_ridge": -0.35, "face_width": 0.3,
        "cheekbone": 0.35, "eye_depth": -0.4, "nose_hump": -0.25, "eye_tilt": 0.4, "brow_height": 0.2,
    },
}  # fmt: skip
"""How much of a shape parameter each latent explains: correlations."""

_AGEING = {"ear_size": 0.8, "nose_length": 0.5, "upper_lip": -0.8, "lower_lip": -0.5, "lid_fold": 0.7}
"""Standard deviations from 20 to 70 years."""

_SPREAD = 1.12  # people differ more than nature's do, so that no two strangers look alike
_ASYMMETRY = 0.7
_KINSHIP = 0.8  # correlation of siblings' shapes

_MEN_HAIR = {
    "bald": 0.05, "buzz": 0.14, "crop": 0.2, "side_part": 0.18, "swept_back": 0.13, "curly": 0.1, "afro": 0.04,
    "long": 0.04, "wavy": 0.03, "bun": 0.03, "fringe": 0.03,
}  # fmt: skip
_WOMEN_HAIR = {
    "buzz": 0.01, "crop": 0.05, "side_part": 0.03, "swept_back": 0.04, "curly": 0.1, "afro": 0.05, "bob": 0.17,
    "long": 0.19, "wavy": 0.17, "bun": 0.14, "fringe": 0.08,
}  # fmt: skip
_HAIR_KIN = {
    "bald": "buzz", "buzz": "crop", "crop": "side_part", "side_part": "swept_back", "swept_back": "crop",
    "curly": "curly", "afro": "curly", "bob": "fringe", "long": "wavy", "wavy": "long", "bun": "long", "fringe": "crop",
}  # fmt: skip
"""What a sibling may wear instead."""

_BEARDS = {"none": 0.43, "stubble": 0.24, "moustache": 0.08, "goatee": 0.1, "full": 0.15}
_GLASSES = {"round": 0.35, "square": 0.45, "rimless": 0.2}
_FRAMES: tuple[Colour, ...] = (
    (0.01, 0.01, 0.01),
    (0.05, 0.022, 0.01),
    (0.16, 0.16, 0.17),
    (0.3, 0.2, 0.07),
    (0.14, 0.012, 0.018),
    (0.02, 0.04, 0.12),
)


class _Pigment(NamedTuple):
    colour: Colour  # linear RGB
    pale: float  # how common beside the palest skin
    dark: float  # how common beside darker skin


_HAIR_COLOURS = {
    "black": _Pigment((0.010, 0.0085, 0.008), 0.06, 0.72),
    "dark brown": _Pigment((0.026, 0.0155, 0.0095), 0.22, 0.25),
    "brown": _Pigment((0.068, 0.036, 0.019), 0.24, 0.03),
    "light brown": _Pigment((0.15, 0.086, 0.044), 0.18, 0),
    "blond": _Pigment((0.37, 0.245, 0.118), 0.18, 0),
    "red": _Pigment((0.2, 0.057, 0.018), 0.12, 0),
}
_IRISES = {
    "dark brown": _Pigment((0.022, 0.011, 0.006), 0.06, 0.6),
    "brown": _Pigment((0.06, 0.028, 0.012), 0.16, 0.37),
    "hazel": _Pigment((0.13, 0.08, 0.028), 0.16, 0.03),
    "green": _Pigment((0.095, 0.125, 0.06), 0.16, 0),
    "blue": _Pigment((0.10, 0.19, 0.33), 0.3, 0),
    "grey": _Pigment((0.17, 0.21, 0.24), 0.16, 0),
}


def draw_identity(random: np.random.Generator) -> Identity:
    """A person of the world's population.

    The shape has a standard deviation of about 1 in each parameter and stays within 2.5. Sex, weight, climate and the
    like act as latents on shape and looks together; they are not kept.
    """
    masculine = float(random.choice((-0.92, 0.92)) + 0.4 * random.standard_normal())  # two humps, variance 1
    latents = dict(zip(_LOADINGS, random.standard_normal(len(_LOADINGS)), strict=True)) | {"masculine": masculine}
    age = float(random.beta(1.2, 1.7))
    return Identity(_shape(random, latents, age), _looks(random, latents, age))


def sibling(identity: Identity, random: np.random.Generator) -> Identity:
    """A brother or sister: the shape correlates at 0.8, skin and hair are much the same. Hard to tell apart."""
    stranger = draw_identity(random)
    shape = _KINSHIP * identity.shape + sqrt(1 - _KINSHIP**2) * stranger.shape
    looks = identity.looks
    glasses = random.random() < 0.25
    return Identity(
        _bounded(shape),
        replace(
            looks,
            melanin=_near(random, looks.melanin, 0.02),
            blood=_near(random, looks.blood, 0.08),
            age=_near(random, looks.age, 0.08),
            freckles=_near(random, looks.freckles, 0.08),
            moles=stranger.looks.moles,
            gloss=stranger.looks.gloss,
            iris=_varied(random, looks.iris, 0.15),
            lip_colour=_near(random, looks.lip_colour, 0.1),
            lip_hue=_near(random, looks.lip_hue, 0.1),
            lashes=_near(random, looks.lashes, 0.1),
            brow_thickness=_near(random, looks.brow_thickness, 0.12),
            brow_density=_near(random, looks.brow_density, 0.12),
            hair=looks.hair if random.random() < 0.5 else _HAIR_KIN[looks.hair],
            hair_colour=_varied(random, looks.hair_colour, 0.2),
            grey=_near(random, looks.grey, 0.1) if looks.grey else 0.0,
            hair_length=_near(random, looks.hair_length, 0.2),
            hair_volume=_near(random, looks.hair_volume, 0.2),
            parting=-looks.parting if random.random() < 0.3 else looks.parting,
            beard=_pick(random, _BEARDS) if looks.beard != "none" else "none",
            beard_length=_near(random, looks.beard_length, 0.2),
            glasses=stranger.looks.glasses if glasses else looks.glasses,
            glasses_colour=stranger.looks.glasses_colour if glasses else looks.glasses_colour,
            seed=stranger.looks.seed,
        ),
    )


def _shape(random: np.random.Generator, latents: Mapping[str, float], age: float) -> Vector:
    common, explained = np.zeros(len(SHAPE)), np.zeros(len(SHAPE))
    for latent, loadings in _LOADINGS.items():
        for name, loading in loadings.items():
            common[SHAPE_INDEX[name]] += loading * latents[latent]
            explained[SHAPE_INDEX[name]] += loading**2
    shape = common + np.sqrt(1 - explained) * random.standard_normal(len(SHAPE))
    for name, change in _AGEING.items():
        shape[SHAPE_INDEX[name]] += change * (age - 0.4)
    shape *= _SPREAD
    for name in ("asymmetry_nose", "asymmetry_mouth"):
        shape[SHAPE_INDEX[name]] *= _ASYMMETRY
    return _bounded(2.5 * np.tanh(shape / 2.5))


def _looks(random: np.random.Generator, latents: Mapping[str, float], age: float) -> Looks:
    man = latents["masculine"] > 0
    melanin = 0.47 * (1 + erf(0.66 * (latents["warmth"] + 0.35 * random.standard_normal())))  # about uniform
    fold = max(0.0, latents["fold"] - 0.5)  # few, more or less
    pale = min(1.0, max(0.0, 1.5 - 3 * melanin)) / (1 + 4 * fold)
    hair_name = _pick(random, {name: pale * p.pale + (1 - pale) * p.dark for name, p in _HAIR_COLOURS.items()})
    light = 1.0 if hair_name in ("light brown", "blond", "red") else 0.6
    iris_name = _pick(random, {name: light * pale * p.pale + (1 - pale) * p.dark for name, p in _IRISES.items()})
    red = hair_name == "red"
    painted = not man and random.random() < 0.45
    grey = max(0.0, min(1.0, (age - random.uniform(0.4, 1.1)) / 0.3))
    return Looks(
        melanin=_unit(melanin),
        blood=_unit(random.beta(3, 3) * (0.75 + 0.35 * pale)),
        age=_unit(age),
        freckles=_unit(random.random() ** 2 * (1.0 if red else 0.7 * pale + 0.1)),
        moles=int(random.poisson(1.6)),
        gloss=_unit(random.beta(2, 3)),
        iris=_varied(random, _IRISES[iris_name].colour, 0.15),
        lip_colour=_unit(random.uniform(0.3, 1) if painted else random.uniform(0, 0.05 if man else 0.2)),
        lip_hue=_unit(random.random()),
        lashes=_unit(random.uniform(0, 0.25) if man else random.uniform(0.25, 1)),
        brow_thickness=_unit(random.uniform(0.35, 1) if man else random.uniform(0.05, 0.65)),
        brow_density=_unit(random.uniform(0.35, 1) - 0.25 * age),
        hair=_pick(random, _hair_weights(man, melanin, fold, age)),
        hair_colour=_varied(random, _HAIR_COLOURS[hair_name].colour, 0.2),
        grey=_unit(grey) if man or random.random() < 0.5 else 0.0,  # or dyed
        hair_length=_unit(random.random()),
        hair_volume=_unit(random.random()),
        parting=round(float(random.uniform(-1, 1)), 3),
        beard=_pick(random, _BEARDS) if man else "none",
        beard_length=_unit(random.random()),
        glasses=_pick(random, _GLASSES) if random.random() < 0.1 + 0.14 * age else "none",
        glasses_colour=_FRAMES[random.integers(len(_FRAMES))],
        seed=int(random.integers(2**31)),
    )


def _hair_weights(man: bool, melanin: float, fold: float, age: float) -> dict[str, float]:
    weights = dict(_MEN_HAIR if man else _WOMEN_HAIR)
    coiled = max(0.0, (melanin - 0.5) / 0.5) / (1 + 4 * fold)
    weights["afro"] *= 5 * coiled
    weights["curly"] *= (0.6 + 1.4 * coiled) / (1 + 2 * fold)
    for style in ("side_part", "swept_back", "long", "wavy", "fringe"):
        weights[style] *= 1 - 0.8 * coiled
    if man:
        weights["bald"] += 0.25 * age**2
        weights["fringe"] *= 1 - 0.8 * age
    return weights


def _pick(random: np.random.Generator, weights: Mapping[str, float]) -> str:
    sums = np.cumsum(list(weights.values()))
    return list(weights)[int(np.searchsorted(sums, random.random() * sums[-1], side="right"))]


def _varied(random: np.random.Generator, colour: Colour, amount: float) -> Colour:
    """The colour lighter or darker, and a little warmer or cooler."""
    brightness, warmth = np.exp(random.normal(0, (amount, 0.3 * amount)))
    red, green, blue = colour
    return _rounded(red * brightness * warmth), _rounded(green * brightness), _rounded(blue * brightness / warmth)


def _near(random: np.random.Generator, value: float, deviation: float) -> float:
    return _unit(value + deviation * random.standard_normal())


def _unit(value: float) -> float:
    return round(float(min(1.0, max(0.0, value))), 3)


def _rounded(reflectance: float) -> float:
    return round(float(min(1.0, reflectance)), 5)


def _bounded(shape: npt.NDArray[np.floating]) -> Vector:
    """Three decimals, which hides that platforms differ in the last bits of their functions."""
    bounded: Vector = np.clip(shape, -2.5, 2.5).round(3).astype(np.float32)
    return bounded
