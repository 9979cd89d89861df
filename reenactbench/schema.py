"""What a value read from JSON must be, said as a value of the same form.

A shape is
- a dict, for an object: key -> shape; a key that ends with `?` may be absent, and other keys are let through;
- `Each(shape)`, for an object with any keys; `[shape]`, for a list; a tuple of shapes, for any of them;
- None; bool; a `range`, for a whole number in it; `Number(low, high)`, for a number from the one to the other;
- `Text(most)`, for at most so many characters; a frozenset, for one of these words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Shape = Any
DEEPEST = 20
"""Levels of lists and objects, those under keys that no shape names included."""
SAID = 60


@dataclass(frozen=True, slots=True)
class Each:
    shape: Shape


@dataclass(frozen=True, slots=True)
class Number:
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Text:
    most: int


def check(value: Any, shape: Shape) -> None:
    """Raises ValueError, saying where and what is wanted, where a value from JSON is not of the shape."""
    level = [value]
    for _ in range(DEEPEST):
        level = [item for value in level if isinstance(value, (dict, list)) for item in _items(value)]
    if level:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    _check(value, shape, "")


def _items(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value


def _check(value: Any, shape: Shape, place: str) -> None:
    if not _is(value, shape):
        raise ValueError(f"{place or 'it'} is {_said(value)} where {_wanted(shape)} is expected")
    match shape:
        case dict():
            for key, inner in shape.items():
                name = key.removesuffix("?")
                at = f"{place}.{name}" if place else name
                if name in value:
                    _check(value[name], inner, at)
                elif name == key:
                    raise ValueError(f"{at} is missing")
        case Each():
            for key, item in value.items():
                _check(item, shape.shape, f"{place}[{_said(key)}]")
        case list():
            for position, item in enumerate(value):
                _check(item, shape[0], f"{place}[{position}]")
        case tuple():
            _check(value, next(inner for inner in shape if _is(value, inner)), place)


def _is(value: Any, shape: Shape) -> bool:
    """Whether the value itself is what the shape says, whatever is in it."""
    match shape:
        case dict() | Each():
            return isinstance(value, dict)
        case list():
            return isinstance(value, list)
        case tuple():
            return any(_is(value, inner) for inner in shape)
        case range():
            return type(value) is int and value in shape
        case Number():
            return type(value) in (int, float) and shape.low <= value <= shape.high
        case Text():
            return isinstance(value, str) and len(value) <= shape.most and not _surrogates(value)
        case frozenset():
            return isinstance(value, str) and value in shape
    return value is None if shape is None else type(value) is shape


def _surrogates(text: str) -> bool:
    """Whether it holds halves of characters, which JSON can say and no file can."""
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False


def _wanted(shape: Shape) -> str:
    match shape:
        case dict() | Each():
            return "an object"
        case list():
            return "a list"
        case tuple():
            return " or ".join(_wanted(inner) for inner in shape)
        case range():
            return f"a whole number from {shape.start} to {shape.stop - 1}"
        case Number():
            return f"a number from {shape.low:g} to {shape.high:g}"
        case Text():
            return f"text of at most {shape.most} characters"
        case frozenset():
            return " or ".join(sorted(map(repr, shape)))
    return "null" if shape is None else "true or false"


def _said(value: Any) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
    said = ascii(value) if not isinstance(value, int) else format(value, "d") if abs(value) < 10**SAID else "a number"
    return said if len(said) <= SAID else f"{said[:SAID]}…"
