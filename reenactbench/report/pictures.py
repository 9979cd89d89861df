"""Strips of frames become figures: pairs as rows; target, driver, truth and methods as columns."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

from reenactbench.report.wording import REASON_LENGTH, identities, shorten

if TYPE_CHECKING:
    from reenactbench.results import Run

FRAMES_SHOWN = 3

Pair = Mapping[str, Any]
"""A pair as run.json holds it."""


@dataclass(frozen=True, slots=True)
class Picture:
    source: str
    """A data URI of the frame's own pixels, lossless."""
    side: int
    """Its width and height in pixels."""
    alt: str


@dataclass(frozen=True, slots=True)
class Strip:
    """What one column shows of one pair: a picture for each frame shown, or none and the words why."""

    pictures: list[Picture]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One pair, its frames from top to bottom."""

    title: str
    pair: str
    frames: list[str]
    """The numbers of the driver's frames shown; a dash where the pair has none."""
    strips: list[Strip]
    """Target (its first image alone), driver, truth where the figure has that column, then the methods."""


@dataclass(frozen=True, slots=True)
class Figure:
    number: int
    protocol: str
    columns: list[str]
    """Headings over `Block.strips`."""
    blocks: list[Block]


def figures(runs: Sequence[Run], numbers: Iterator[int]) -> Iterator[Figure]:
    """A figure for each protocol that has pairs to show, of runs with the same pairs; each run adds its methods."""
    pairs = {pair["id"]: pair for pair in runs[0].info["pairs"]}
    shown = [pairs[name] for name in dict.fromkeys(name for run in runs for name in run.info["shown"])]
    for protocol in dict.fromkeys(pair["protocol"] for pair in shown):
        yield _figure(next(numbers), runs, [pair for pair in shown if pair["protocol"] == protocol])


def _figure(number: int, runs: Sequence[Run], pairs: Sequence[Pair]) -> Figure:
    methods = [(run, method) for run in runs for method in run.methods]
    names = [shorten(f"{method} ({run.name})" if len(runs) > 1 else method) for run, method in methods]
    truths = [_first_found(runs, pair, "truth") for pair in pairs]
    with_truth = any(strip.pictures for strip in truths)
    blocks = []
    for pair, truth in zip(pairs, truths, strict=True):
        strips = [
            _first_found(runs, pair, "target"),
            _first_found(runs, pair, "driver"),
            *([truth] if with_truth else []),
            *(_of_method(run, pair, method) for run, method in methods),
        ]
        frames = [str(pair["frames"][position]) for position in _positions(pair)] or ["–"]
        blocks.append(Block(_title(pair), pair["id"], frames, strips))
    is_truth = not with_truth and all(pair["kind"] == "self" for pair in pairs)
    driver = "Driver (truth)" if is_truth else "Driver"
    columns = ["Target", driver, *(["Truth"] if with_truth else []), *names]
    return Figure(number, shorten(pairs[0]["protocol"]), columns, blocks)


def _title(pair: Pair) -> str:
    whom = "itself" if pair["kind"] == "self" else shorten(pair["target"])
    return f"{shorten(pair['source'])} drives {whom} ({identities(pair['quadrant'])})"


def _positions(pair: Pair) -> list[int]:
    """Which of the pair's frames are shown: spread evenly, none at the very ends."""
    n, parts = len(pair["frames"]), 2 * FRAMES_SHOWN
    return sorted({n * part // parts for part in range(1, parts, 2)}) if n else []


def _of_method(run: Run, pair: Pair, method: str) -> Strip:
    for failure in run.info["failures"]:
        if (failure["method"], failure["pair_id"]) == (method, pair["id"]):
            return Strip([], f"failed: {shorten(failure['reason'], REASON_LENGTH)}")
    return _strip(run, pair, method)


def _first_found(runs: Sequence[Run], pair: Pair, name: str) -> Strip:
    """The strip of that name from the first run that has it; the last run's reason where none does."""
    strips = [_strip(run, pair, name) for run in runs]
    return next((strip for strip in strips if strip.pictures), strips[-1])


def _strip(run: Run, pair: Pair, name: str) -> Strip:
    """The frames shown, cut from `media/<pair id>/<name>.png`."""
    frames, positions = (pair["target_frames"], [0]) if name == "target" else (pair["frames"], _positions(pair))
    media = run.path / "media"
    path = media / pair["id"] / f"{name}.png"
    try:
        if not path.resolve().is_relative_to(media.resolve()):
            raise ValueError("outside of the run's media")
        with Image.open(path) as image:
            if image.height != image.width * len(frames):
                raise ValueError(f"{image.width} x {image.height} pixels are not {len(frames)} square frames")
            return Strip([Picture(_data_uri(image, at), image.width, _alt(pair, name, frames[at])) for at in positions])
    except FileNotFoundError:
        return Strip([], "no picture")
    except ValueError as error:
        return Strip([], f"no picture: {error}")
    except (OSError, Image.DecompressionBombError):
        return Strip([], "no picture: its file cannot be read")


def _data_uri(strip: Image.Image, position: int) -> str:
    side = strip.width
    frame = strip.crop((0, position * side, side, (position + 1) * side)).convert("RGB")
    encoded = BytesIO()
    frame.save(encoded, "WEBP", lossless=True, quality=100)
    return f"data:image/webp;base64,{b64encode(encoded.getvalue()).decode()}"


def _alt(pair: Pair, name: str, frame: int) -> str:
    source, target = shorten(pair["source"]), shorten(pair["target"])
    known = {
        "target": f"Target {target}, frame {frame}",
        "driver": f"Driver {source}, frame {frame}",
        "truth": f"Truth: {target} as it should look for frame {frame} of {source}",
    }
    return known.get(name, f"{shorten(name)}: {target} driven by frame {frame} of {source}")
