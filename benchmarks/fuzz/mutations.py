"""What is done to an undamaged input: to its bytes, its lines, its values, or the file as a whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

TEXTS = (
    "", " ", "x" * 300, "..", "../../x", "/dev/full", "/dev/null/x", "~nosuchuser/x", "-x", "=1+1", "@x", "a\nb",
    "a\tb", "\x1b[2J", "\0", "\u202e", "名前", "e\u0301", "\udcff", "%s{0}$(x)", "<b>", "NaN", "1_0", "1e39", "-1",
    "0", "9" * 25,
)  # fmt: skip
"""Names, paths and numbers that somebody may well give."""
NUMBERS = ("nan", "inf", "-1e6", "1e5", "1e39", "1e400", "2_0.5", "0x10", "1,5", "", "--1", "1e", "２.5", "9" * 25)
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 10**30, 1e308, float("nan"), float("inf"), "", "x", "\x1b[2J", [], {}, [[]], ["x"],
)  # fmt: skip


def damaged(random: Random, data: bytes) -> bytes:
    """With one or more bits flipped, a range zeroed, cut out, doubled or exchanged for noise, or an end cut off."""
    torn = bytearray(data)
    start = random.randrange(len(torn) + 1)
    if random.random() < 0.3:  # headers are small and decide the most
        start = min(start, random.randrange(64))
    end = min(len(torn), start + int(2 ** random.uniform(0, 12)))
    match random.randrange(6):
        case 0:
            for _ in range(random.choice((1, 1, 1, 3, 30))):
                torn[random.randrange(len(torn))] ^= 1 << random.randrange(8)
        case 1:
            torn[start:end] = bytes(end - start)
        case 2:
            del torn[start:end]
        case 3:
            torn[start:start] = torn[start:end]
        case 4:
            torn[start:end] = random.randbytes(end - start)
        case 5:
            del torn[start:]
    return bytes(torn)


def torn(random: Random, data: bytes) -> bytes:
    """As after a loss of power: empty, cut off, or zero from somewhere to its end."""
    kept = data[: random.choice((0, random.randrange(len(data) + 1)))]
    return kept + bytes(len(data) - len(kept)) if random.random() < 0.5 else kept


def reworded(random: Random, text: str, words: tuple[str, ...]) -> str:
    """With a line gone, doubled or moved, or a word of it exchanged for one of the words."""
    lines = text.split("\n")
    at = random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(random.randrange(len(lines)), lines.pop(at))
        case _:
            parts = lines[at].split(" ")
            parts[random.randrange(len(parts))] = random.choice(words)
            lines[at] = " ".join(parts)
    return "\n".join(lines)


def altered(random: Random, value: Any) -> Any:
    """JSON's value with one change somewhere in it: a part gone, or another in its place."""
    whole: Any = [deepcopy(value)]
    holder, key = whole, 0
    while isinstance(holder[key], dict | list) and holder[key] and random.random() < 0.9:
        holder = holder[key]
        key = random.choice([*holder] if isinstance(holder, dict) else range(len(holder)))
    if holder is not whole and random.random() < 0.2:
        del holder[key]
    else:
        holder[key] = random.choice(VALUES)
    return whole[0]


def file_damaged(random: Random, file: Path) -> None:
    file.write_bytes(damaged(random, file.read_bytes()))


def file_torn(random: Random, file: Path) -> None:
    file.write_bytes(torn(random, file.read_bytes()))


def file_altered(random: Random, file: Path) -> None:
    """Of a JSON file."""
    file.write_text(json.dumps(altered(random, json.loads(file.read_text()))))


def file_replaced(random: Random, file: Path) -> None:
    """By nothing, a folder, a pipe, or a link that leads nowhere or to what has no end."""
    shutil.rmtree(file) if file.is_dir() else file.unlink()
    make: tuple[Callable[[], object], ...] = (
        lambda: None,
        file.mkdir,
        lambda: os.mkfifo(file),
        lambda: file.symlink_to("nowhere"),
        lambda: file.symlink_to("/dev/zero"),
    )
    random.choice(make)()
