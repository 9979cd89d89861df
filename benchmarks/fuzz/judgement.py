"""What becomes of an input, and what a kind of inputs is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import ClassVar

ACCEPTED, REFUSED, ANOTHER = "accepted", "refused", "another"
TRACEBACK, HANG, DEATH, MEMORY, WRONG, DIFFERING = "traceback", "hang", "death", "memory", "wrong", "differing"
FINE = (ACCEPTED, REFUSED, ANOTHER)
FOUND = (TRACEBACK, HANG, DEATH, MEMORY, WRONG, DIFFERING)


class Found(Exception):
    """Something that must never happen."""

    def __init__(self, what: str, why: str) -> None:
        """what: one of FOUND."""
        super().__init__(why)
        self.what = what


class Kind(ABC):
    """A kind of inputs."""

    name: ClassVar[str]
    share: ClassVar[int] = 1
    """Of all inputs, beside the other kinds' shares."""
    seconds: ClassVar[float] = 20.0
    """After which an input hangs."""

    def __init__(self, base: Path) -> None:
        """base: a folder for the undamaged input; what an earlier process made there is taken."""
        self.base = base

    @abstractmethod
    def attempt(self, random: Random, folder: Path) -> str:
        """Make an input in the empty folder, which is the working directory, and have it read.

        Returns one of FINE. Raises ReenactbenchError where the input is refused, Found, and whatever passes the door.
        """

    def words(self) -> list[str]:
        """The command line that reads, in the folder, what the last attempt left there; empty where there is none."""
        return []


def once(folder: Path, make: Callable[[Path], object]) -> Path:
    """The folder, made where it is not there whole."""
    if not folder.is_dir():
        partial = folder.with_name(f"{folder.name}.partial")
        make(partial)
        partial.rename(folder)
    return folder
