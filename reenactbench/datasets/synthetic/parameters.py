"""What makes a face, what moves it, and what surrounds it: names, units and ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]


class Parameter(NamedTuple):
    name: str
    low: float
    high: float
    meaning: str


MOTION = (
    Parameter("yaw", -40, 40, "degrees; positive: the nose turns to the right of the picture"),
    Parameter("pitch", -20, 20, "degrees; positive: the face looks up"),
    Parameter("roll", -15, 15, "degrees; positive: the top of the head leans to the right of the picture"),
    Parameter("x", -0.08, 0.08, "of the picture's side; positive: to the right"),
    Parameter("y", -0.08, 0.08, "of the picture's side; positive: down"),
    Parameter("scale", -0.12, 0.12, "logarithm of the size in the picture"),
    Parameter("jaw", 0, 1, "opening of the jaw"),
    Parameter("smile_left", -0.6, 1, "mouth corner on the left of the picture up and out; negative: down"),
    Parameter("smile_right", -0.6, 1, "mouth corner on the right of the picture"),
    Parameter("pucker", 0, 1, "lips narrow and forward, as in 'oo'"),
    Parameter("upper_lip", 0, 1, "upper lip raised, as in 'ee'"),
    Parameter("press", 0, 1, "lips pressed together and inward, as in 'mm'"),
    Parameter("brow_left", -0.5, 1, "brow on the left of the picture raised; negative: lowered"),
    Parameter("brow_right", -0.5, 1, "brow on the right of the picture"),
    Parameter("frown", 0, 1, "brows drawn together"),
    Parameter("blink_left", -0.25, 1, "lids on the left of the picture: 0 at rest, 1 closed, negative wide open"),
    Parameter("blink_right", -0.25, 1, "lids on the right of the picture"),
    Parameter("gaze_x", -30, 30, "degrees against the head; positive: eyes to the right of the picture"),
    Parameter("gaze_y", -20, 20, "degrees against the head; positive: eyes up"),
)
"""The columns of a motion track [T,19], in this order."""

MOTION_INDEX = {parameter.name: index for index, parameter in enumerate(MOTION)}

SHAPE = tuple(
    Parameter(name, -2.5, 2.5, meaning)
    for name, meaning in (
        ("face_width", "cheekbones apart"),
        ("face_height", "whole face long"),
        ("forehead_height", "hairline high"),
        ("forehead_slope", "forehead leans back"),
        ("temple_width", "temples apart"),
        ("brow_ridge", "brow bone forward"),
        ("brow_height", "brows above the eyes"),
        ("brow_arch", "outer brow high"),
        ("brow_tilt", "inner brow low"),
        ("eye_spacing", "eyes apart"),
        ("eye_size", "eyes wide and open"),
        ("eye_opening", "lids apart"),
        ("eye_tilt", "outer corner high"),
        ("eye_depth", "eyes deep set"),
        ("lid_fold", "heavy upper lid"),
        ("nose_length", "nose long"),
        ("nose_width", "wings apart"),
        ("bridge_height", "bridge forward"),
        ("bridge_width", "bridge broad"),
        ("nose_hump", "bridge convex"),
        ("tip_forward", "tip forward"),
        ("tip_up", "tip turned up"),
        ("cheekbone", "cheekbones forward"),
        ("cheek_fullness", "cheeks full"),
        ("mouth_width", "mouth wide"),
        ("upper_lip", "upper lip thick"),
        ("lower_lip", "lower lip thick"),
        ("philtrum", "upper lip long"),
        ("mouth_forward", "mouth forward"),
        ("mouth_curve", "corners high"),
        ("jaw_width", "jaw angle wide"),
        ("jaw_height", "jaw angle low"),
        ("chin_height", "chin long"),
        ("chin_width", "chin broad"),
        ("chin_forward", "chin forward"),
        ("ear_size", "ears large"),
        ("ear_angle", "ears stand off"),
        ("neck_width", "neck thick"),
        ("asymmetry_nose", "nose to one side"),
        ("asymmetry_mouth", "mouth to one side"),
    )
)
"""The shape of a face in standard deviations of the population, in this order."""

SHAPE_INDEX = {parameter.name: index for index, parameter in enumerate(SHAPE)}

HAIR_STYLES = (
    "bald",
    "buzz",
    "crop",
    "side_part",
    "swept_back",
    "curly",
    "afro",
    "bob",
    "long",
    "wavy",
    "bun",
    "fringe",
)
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
GLASSES = ("none", "round", "square", "rimless")
CLOTHES = ("tee", "shirt", "hoodie", "turtleneck", "jacket")

Colour = tuple[float, float, float]
"""Linear RGB reflectance, 0..1."""


@dataclass(frozen=True)
class Looks:
    """The appearance of a person: all that belongs to the identity beside its shape."""

    melanin: float  # 0 (palest skin) .. 1 (darkest)
    blood: float  # 0 (sallow) .. 1 (ruddy)
    age: float  # 0 (20 years) .. 1 (70 years): creases and bags
    freckles: float  # 0 .. 1
    moles: int  # how many
    gloss: float  # 0 (matt) .. 1 (oily)
    iris: Colour
    lip_colour: float  # 0 (skin) .. 1 (painted)
    lip_hue: float  # 0 (brown) .. 1 (pink)
    lashes: float  # 0 (bare) .. 1 (made up)
    brow_thickness: float  # 0 .. 1
    brow_density: float  # 0 .. 1
    hair: str  # of HAIR_STYLES
    hair_colour: Colour
    grey: float  # 0 .. 1
    hair_length: float  # 0 .. 1
    hair_volume: float  # 0 .. 1
    parting: float  # -1 .. 1
    beard: str  # of BEARDS
    beard_length: float  # 0 .. 1
    glasses: str  # of GLASSES
    glasses_colour: Colour
    seed: int  # of everything drawn at random: strands, freckles, moles


@dataclass(frozen=True)
class Identity:
    """A person: shape [40] in standard deviations (the order of SHAPE) and looks."""

    shape: Vector
    looks: Looks


@dataclass(frozen=True)
class Light:
    """A distant light: its azimuth (positive: right of the picture) and height in degrees, and its colour."""

    azimuth: float
    height: float
    colour: Colour


@dataclass(frozen=True)
class Setting:
    """What surrounds a person in one clip: lights, backdrop, clothes. It stays the same under any motion."""

    key: Light
    fill: Light
    rim: Light
    sky: Colour  # ambient light from above
    ground: Colour  # ambient light from below
    backdrop: int  # seed of the backdrop
    clothes: str  # of CLOTHES
    clothes_colour: Colour
