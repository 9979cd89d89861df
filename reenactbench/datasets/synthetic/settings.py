"""What surrounds a person in one clip: lights that expose a face well, clothes, and the seed of a backdrop."""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np
import numpy.typing as npt

from reenactbench.datasets.synthetic.parameters import CLOTHES, Colour, Light, Setting

Array = npt.NDArray[np.float64]

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of linear RGB (ITU-R BT.709)
_WARM, _COOL = np.array([1.16, 0.99, 0.76]), np.array([0.9, 1.0, 1.14])
_SHADES: tuple[Colour, ...] = (
    (0.012, 0.012, 0.014),  # black
    (0.05, 0.052, 0.058),
    (0.2, 0.2, 0.21),
    (0.62, 0.61, 0.58),  # white
    (0.45, 0.38, 0.28),
    (0.012, 0.02, 0.06),  # navy
    (0.04, 0.09, 0.2),
    (0.18, 0.3, 0.45),
    (0.02, 0.11, 0.11),
    (0.03, 0.08, 0.035),
    (0.11, 0.11, 0.045),
    (0.4, 0.24, 0.035),
    (0.36, 0.08, 0.03),
    (0.28, 0.02, 0.022),
    (0.08, 0.01, 0.022),
    (0.45, 0.2, 0.2),
    (0.11, 0.04, 0.13),
    (0.1, 0.05, 0.026),
)
"""Of clothes, in linear RGB."""


def draw_setting(random: np.random.Generator) -> Setting:
    """Lights, backdrop and clothes of one clip.

    A white patch that faces the camera reflects 0.85 to 1.15 in luminance (see `reflected`), and no patch that turns to
    the key light or 45 degrees to a side less than 0.4 or more than 1.6. Key over fill is 1.3 to 5; the fill comes from
    the other side. Two in five have a rim light from behind; the others' is black.
    """
    while True:
        setting = _draw(random)
        patches = (direction(setting.key), np.array([-1, 0, 1]) / 2**0.5, np.array([1, 0, 1]) / 2**0.5)
        if all(0.4 < reflected(setting, normal) @ _LUMINANCE < 1.6 for normal in patches):
            return setting


def direction(light: Light) -> Array:
    """Where the light is: a unit vector [3] in head coordinates."""
    azimuth, height = radians(light.azimuth), radians(light.height)
    return np.array([sin(azimuth) * cos(height), sin(height), cos(azimuth) * cos(height)])


def reflected(setting: Setting, normal: Array) -> Array:
    """Linear RGB [3] of a white matt patch, not in shadow, with this unit normal [3].

    The sum of colour * max(0, normal . direction) over the lights, and ambient light: from `ground` for a patch that
    faces down to `sky` for one that faces up.
    """
    lights = (setting.key, setting.fill, setting.rim)
    up = (1 + normal[1]) / 2
    total: Array = up * np.array(setting.sky) + (1 - up) * np.array(setting.ground)
    for light in lights:
        total += max(0.0, float(normal @ direction(light))) * np.array(light.colour)
    return total


def _draw(random: np.random.Generator) -> Setting:
    side, rim_side = random.choice((-1.0, 1.0), 2)
    azimuth, height = random.uniform((8, 5), (60, 60))
    fill_azimuth, fill_height = random.uniform((25, 0), (75, 35))
    ratio = np.exp(random.uniform(np.log(1.3), np.log(5)))
    facing = _facing(azimuth, height) + _facing(fill_azimuth, fill_height) / ratio
    brightness, part = random.uniform((0.85, 0.25), (1.15, 0.5))
    ambient, key = part * brightness, (1 - part) * brightness / facing
    rim = random.uniform(0.4, 1.2) if random.random() < 0.4 else 0.0
    warmth = random.uniform(-1, 1)
    key_colour, other_colour = _tint(warmth), _tint(-0.5 * warmth + random.normal(0, 0.25))
    sky = random.uniform(0.55, 0.75)  # its part of the ambient light
    shade = _SHADES[random.integers(len(_SHADES))]
    return Setting(
        key=_light(side * azimuth, height, key * key_colour),
        fill=_light(-side * fill_azimuth, fill_height, key / ratio * other_colour),
        rim=_light(rim_side * random.uniform(125, 165), random.uniform(10, 50), rim * _tint(random.uniform(-1, 1))),
        sky=_colour(2 * sky * ambient * other_colour),
        ground=_colour(2 * (1 - sky) * ambient * _tint(random.uniform(0, 0.7))),
        backdrop=int(random.integers(2**31)),
        clothes=CLOTHES[random.integers(len(CLOTHES))],
        clothes_colour=_colour(np.array(shade) * np.exp(random.normal(0, 0.08, 3))),
    )


def _facing(azimuth: float, height: float) -> float:
    return cos(radians(azimuth)) * cos(radians(height))


def _tint(warmth: float) -> Array:
    """Linear RGB of luminance 1, from cool (-1) over white to warm (1), as a camera sees it after its white balance."""
    warmth = min(1.0, max(-1.0, warmth))
    colour = 1 + abs(warmth) * ((_WARM if warmth > 0 else _COOL) - 1)
    tint: Array = colour / (colour @ _LUMINANCE)
    return tint


def _light(azimuth: float, height: float, colour: Array) -> Light:
    return Light(round(azimuth, 2), round(height, 2), _colour(colour))


def _colour(colour: Array) -> Colour:
    red, green, blue = (round(float(value), 4) for value in colour)
    return red, green, blue
