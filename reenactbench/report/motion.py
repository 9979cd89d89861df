"""Moving pictures: for each pair shown everybody at the same instant, and how the numbers go with it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

from reenactbench.progress import progress_bar
from reenactbench.report import film
from reenactbench.report.album import pair_title
from reenactbench.report.pictures import matrix_protocols, shown_pairs
from reenactbench.report.plots.curves import Curve, curves
from reenactbench.report.wording import number, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reenactbench.report.album import Album
    from reenactbench.report.assets import Assets
    from reenactbench.report.frame_values import FrameValues
    from reenactbench.report.groups import Entrant
    from reenactbench.report.strips import Images, Pair, Strip
    from reenactbench.report.tables import Builder

MOST_SEEN, MOST_PIXELS = 1 << 26, 1 << 30  # pixels at once, and in all frames of a film
FPS = 25.0  # where a run did not record the clip's
METRICS = ("csim", "akd", "ssim")
GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Tile:
    """One of those who are seen at once."""

    name: str
    entrant: int | None
    """The entrant's number; None: target, driver or truth."""


@dataclass(frozen=True, slots=True)
class Moving:
    """A pair's film and its curves."""

    number: int
    title: str
    pair: str
    protocol: str
    folded: bool
    """Whether it is one of the many of a matrix of drivers by targets, which are kept folded up, after the others."""
    source: str
    """Where the film is."""
    side: int
    across: int
    fps: float
    frames: list[int]
    """The numbers of the driver's frames."""
    tiles: list[Tile]
    """In the film row by row, `across` in each."""
    absent: list[tuple[str, str]]
    """Who is not seen, and why."""
    curves: list[Curve]

    @property
    def readings(self) -> list[dict[str, Any]]:
        """For the script: of each curve its name, and each entrant's values as printed, frame by frame."""
        return [
            {
                "metric": curve.heading,
                "values": {
                    str(entrant): [None if value is None else number(value, curve.digits) for value in values]
                    for entrant, values in curve.values.items()
                },
            }
            for curve in self.curves
        ]


def moving_pictures(
    builder: Builder, album: Album, values: FrameValues, assets: Assets, numbers: Iterator[int], name: str
) -> Iterator[Moving]:
    """One for each pair shown that has frames."""
    whole = matrix_protocols(builder.group)
    columns = [column for metric in METRICS for column in builder.of_metric(metric)]
    pairs = [pair for pair in shown_pairs(builder.group) if pair["frames"]]
    pairs.sort(key=lambda pair: pair["protocol"] in whole)
    with progress_bar("making films", len(pairs), "films") as advance:
        for place, pair in enumerate(pairs):
            advance(1)
            tiles, absent, strips = _seen(builder.group.entrants, pair, album)
            if len(strips) < 2:
                continue
            across = ceil(sqrt(len(tiles)))
            fps = float(builder.group.info["dataset"].get("fps", {}).get(pair["source"], FPS))
            title = pair_title(pair)
            content = film.encoded(film.tiled(strips, across), fps, title)
            yield Moving(
                number=next(numbers),
                title=title,
                pair=pair["id"],
                protocol=shorten(pair["protocol"]),
                folded=pair["protocol"] in whole,
                source=assets.address(content, film.KIND),
                side=strips[0][1].shape[1],
                across=across,
                fps=fps,
                frames=list(pair["frames"]),
                tiles=tiles,
                absent=absent,
                curves=curves(builder.group.entrants, pair, columns, values, f"{name}-curve-{place}"),
            )


def _seen(
    entrants: list[Entrant], pair: Pair, album: Album
) -> tuple[list[Tile], list[tuple[str, str]], list[tuple[str, Images]]]:
    """Tiles with their strips, all of the size of the first; and who has none."""
    tiles: list[Tile] = []
    absent: list[tuple[str, str]] = []
    strips: list[tuple[str, Images]] = []
    everybody: list[tuple[str, int | None, Strip]] = [
        ("Target", None, album.strips.target(pair)),
        ("Driver", None, album.strips.driver(pair)),
    ]
    if pair["kind"] != "self" and (truth := album.strips.truth(pair)):
        everybody.append(("Truth", None, truth))
    everybody += [(entrant.label, entrant.number, album.strips.made(entrant, pair)) for entrant in entrants]
    for label, entrant, strip in everybody:
        if not strip:
            absent.append((label, strip.reason))
        elif strips and strip.side != strips[0][1].shape[1]:
            absent.append((label, f"no picture: of another size than {strips[0][0]}"))
        elif (len(strips) + 1) * strip.side**2 * max(MOST_PIXELS // MOST_SEEN, len(strip.images)) > MOST_PIXELS:
            absent.append((label, "no picture: the film would be too large"))
        else:
            tiles.append(Tile(label, entrant))
            images = strip.images[:1] if label == "Target" and entrant is None else strip.images
            strips.append((label if entrant is None else f"{label} ({GENERATED})", images))
    return tiles, absent, strips
