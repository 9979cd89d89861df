"""One pass over a raw clip: its pictures, its landmarks and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reenactbench.datasets.annotations import FOLDER, Annotations, Landmarks, landmark_problems
from reenactbench.datasets.pixels import Picture, Unreadable
from reenactbench.datasets.problem import Problem, spans
from reenactbench.datasets.video import Video
from reenactbench.types import ClipInfo

NO_LANDMARKS, BROKEN, NO_PICTURE = "no landmarks", "known broken annotation", "no picture"


@dataclass(frozen=True, slots=True)
class RawClip:
    """A video file and its landmark files, as found in a tree."""

    info: ClipInfo
    video: Path
    annotations: Annotations = field(repr=False)
    broken: frozenset[int] = frozenset()
    """Frames whose annotation is known to be wrong."""


class Reading:
    """A raw clip that is being read: what `data verify` lists and what `prepare` goes by are its `problems`."""

    def __init__(self, raw: RawClip) -> None:
        self.raw = raw
        self.landmarks: Mapping[int, Landmarks]
        self.landmarks, unreadable = raw.annotations.read()
        self.problems: list[Problem] = [*raw.annotations.problems, *unreadable]
        """What is known so far; complete when `frames` came to its end."""
        self.video: Video | None = None
        try:
            self.video = Video(raw.video)
        except Unreadable as error:
            self.problems.append(Problem(raw.video.name, str(error), True))
        else:
            self.problems += self._of_numbers(self.video)
            self.judge(self.landmarks, FOLDER)

    def judge(self, landmarks: Mapping[int, Landmarks], where: str) -> None:
        """Look for what is wrong with landmarks, read or found."""
        assert self.video is not None
        self.problems += landmark_problems(where, landmarks, self.video.width, self.video.height)

    def frames(self) -> Iterator[tuple[int, Picture]]:
        """Number and picture uint8 [H,W,3] RGB of every frame that can be decoded, in order."""
        if self.video is not None:
            yield from self.video.frames()
            self.problems += self.video.problems()

    def _of_numbers(self, video: Video) -> Iterator[Problem]:
        """Which frames have landmarks, and which landmarks a frame."""
        raw = self.raw
        numbers = set(raw.annotations.numbers)
        if not numbers:
            if not raw.annotations.problems:
                note = "has no landmarks beside it; --landmarks and --detector find them"
                yield Problem(raw.video.name, note, False)
            return
        broken = tuple(sorted(raw.broken & numbers))
        if broken:
            yield Problem(
                FOLDER, f"{len(broken)} frames are excluded as known broken annotations", False, BROKEN, broken
            )
        without = tuple(number for number in range(1, video.count + 1) if number not in numbers)
        if without:
            reason = f"{len(without)} of {video.count} frames have no landmarks: {spans(without)}"
            yield Problem(raw.video.name, reason, False, NO_LANDMARKS, without)
        beyond = tuple(sorted(number for number in numbers if number > video.count))
        if beyond:
            reason = f"{len(beyond)} landmark files have no frame (the video has {video.count}): {spans(beyond)}"
            yield Problem(FOLDER, reason, True, NO_PICTURE, beyond)
