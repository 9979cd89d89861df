"""One pass over a raw clip: its pictures, its landmarks and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reenactbench.datasets.annotations import Annotations, landmark_problems
from reenactbench.datasets.following import follow
from reenactbench.datasets.geometry import Landmarks
from reenactbench.datasets.pixels import Picture, Unreadable
from reenactbench.datasets.problem import Problem, excluded, spans
from reenactbench.datasets.video import Video
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import LandmarkFinder
from reenactbench.types import ClipInfo, Finding

NO_LANDMARKS, BROKEN, NO_PICTURE = "no landmarks", "known broken annotation", "no picture"


@dataclass(frozen=True, slots=True)
class RawClip:
    """A video file and its landmark files, as found in a tree."""

    info: ClipInfo
    video: Path
    annotations: Annotations = field(repr=False)
    broken: frozenset[int] = frozenset()
    """Frames whose annotation is known to be wrong."""


class Refused(ReenactbenchError):
    """A clip that is not used, for what `data verify` calls fatal."""

    def __init__(self, root: Path, findings: tuple[Finding, ...]) -> None:
        super().__init__(root, findings)
        self.findings = findings
        self._root = root

    def __str__(self) -> str:
        first, *others = self.findings
        more = f" (and {len(others)} more)" if others else ""
        return (
            f"{self._root / first.path}: {first.reason}{more}; `reenactbench data verify` lists all that is wrong, "
            "and --allow-missing leaves out what it concerns"
        )


def refuse(raw: RawClip, findings: tuple[Finding, ...]) -> None:
    """Raises Refused where any of a clip's findings is fatal."""
    fatal = tuple(finding for finding in findings if finding.fatal)
    if fatal:
        raise Refused(raw.video.parent.parent, fatal)


class Reading:
    """A raw clip that is being read: its `problems` are what `data verify` lists and what preparing goes by."""

    def __init__(self, raw: RawClip) -> None:
        self.raw = raw
        self.landmarks: dict[int, Landmarks]
        """Of every frame that has any that can be read."""
        self.landmarks, unreadable = raw.annotations.read()
        self._known = [*raw.annotations.problems, *unreadable]
        self._seen: list[Problem] = []
        self.video: Video | None = None
        try:
            self.video = Video(raw.video)
        except Unreadable as error:
            self._known.append(Problem(raw.video.name, str(error), True))
            return
        if raw.annotations.files and not any(problem.whole_clip for problem in self._known):
            numbers = {*self.landmarks, *(number for problem in unreadable for number in problem.frames)}
            where = raw.annotations.where
            self._known += _numbering(where, numbers, self.video)
            broken = tuple(sorted(raw.broken & numbers))
            if broken:
                reason = f"{len(broken)} frames are excluded as known broken annotations"
                self._known.append(Problem(where, reason, False, BROKEN, broken))
            last = self.video.count
            judged = {n: points for n, points in self.landmarks.items() if n <= last and n not in raw.broken}
            self._known += landmark_problems(where, judged, self.video.width, self.video.height)

    @property
    def problems(self) -> list[Problem]:
        """What is known so far; all there is when `frames` has come to its end."""
        problems = [*self._known, *self._seen]
        looked = self.landmarks or self.raw.annotations
        if looked and not any(problem.whole_clip for problem in problems) and not self.usable(problems):
            problems.append(Problem(self.raw.video.name, "has no frame with usable landmarks", True))
        return problems

    def usable(self, problems: list[Problem]) -> list[int]:
        """Numbers of the frames that have landmarks, ascending, less those that such problems exclude."""
        return sorted({*self.landmarks} - excluded(problems)[0])

    def add(self, problem: Problem) -> None:
        """What the preparation finds, such as landmarks that cannot be used."""
        self._known.append(problem)

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Number and picture uint8 [H,W,3] RGB of every frame that the decoder gives, in order."""
        if self.video is not None:
            yield from self.video.frames()
            self._seen = self.video.problems()

    def find(self, finder: LandmarkFinder) -> None:
        """Find the landmarks of a clip that comes without, those of one person; reads all frames."""
        assert self.video is not None
        name = self.raw.video.name
        numbers: list[int] = []
        without: dict[str, list[int]] = {}

        def pictures() -> Iterator[Picture]:
            for number, picture in self.frames():
                numbers.append(number)
                yield picture

        for found in follow(pictures(), finder):
            if isinstance(found, str):
                without.setdefault(found, []).append(numbers[-1])
            else:
                self.landmarks[numbers[-1]] = found
        for reason, frames in without.items():
            told = f"{reason} in {len(frames)} of {self.video.count} frames: {spans(frames)}"
            self._known.append(Problem(name, told, False, reason, tuple(frames)))
        if not self.landmarks:
            self._known.append(Problem(name, "shows no face that landmarks are found for", True))
        self._known += landmark_problems(name, self.landmarks, self.video.width, self.video.height)


def _numbering(where: str, numbers: set[int], video: Video) -> Iterator[Problem]:
    """Which frames have no landmarks, and which landmarks no frame."""
    without = tuple(number for number in range(1, video.count + 1) if number not in numbers)
    if without:
        reason = f"{len(without)} of {video.count} frames have no landmarks: {spans(without)}"
        yield Problem(video.path.name, reason, False, NO_LANDMARKS, without)
    beyond = tuple(sorted(number for number in numbers if number > video.count))
    uneven = f"the video has a variable frame rate ({video.variable})"
    if beyond:
        reason = f"{len(beyond)} landmark files have no frame (the video has {video.count}): {spans(beyond)}"
        if video.variable:  # then not only those are of other frames
            reason += f"; {uneven}: number its frames as ffmpeg -fps_mode passthrough does"
            yield Problem(where, reason, True)
        else:
            yield Problem(where, reason, True, NO_PICTURE, beyond)
    elif video.variable and numbers and max(numbers) < video.count:
        reason = f"the last landmarks are of frame {max(numbers)} of {video.count}, and {uneven}"
        yield Problem(where, f"{reason}: they are wrong unless numbered as ffmpeg -fps_mode passthrough does", False)
