"""What is wrong with a clip, and what is left out for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reenactbench.types import Finding


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a clip, found by looking at its files."""

    where: str
    """The file or folder, relative to the clip's folder."""
    reason: str
    fatal: bool
    """As `Finding.fatal`; where --allow-missing lets it pass, what it concerns is left out."""
    exclusion: str = ""
    """The few words under which the frames concerned are counted; a fatal one without concerns the whole clip."""
    frames: tuple[int, ...] = field(default=(), repr=False)
    """1-based numbers of the frames that cannot be used."""

    @property
    def whole_clip(self) -> bool:
        """Whether no frame of the clip can be used."""
        return self.fatal and not self.exclusion

    def finding(self, clip: str) -> Finding:
        """It, of the clip with this id."""
        return Finding(f"{clip}/{self.where}", self.reason, self.fatal)


def excluded(problems: Sequence[Problem]) -> tuple[set[int], dict[str, int]]:
    """The frames that cannot be used, and how many for each reason; a frame counts for the first one that names it."""
    frames: set[int] = set()
    counts: dict[str, int] = {}
    for problem in problems:
        new = set(problem.frames) - frames
        if new:
            counts[problem.exclusion] = counts.get(problem.exclusion, 0) + len(new)
            frames |= new
    return frames, counts


def spans(numbers: Iterable[int]) -> str:
    """Ascending numbers as ranges: `1-3, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
