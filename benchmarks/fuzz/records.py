"""Records of the store, of the cache and of trainings, torn: the next run makes them again or says what is wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from random import Random
from typing import ClassVar

import pandas as pd

from benchmarks.fuzz import mutations
from benchmarks.fuzz.door import TREE, here, serial, verdict
from benchmarks.fuzz.footage import write_tree
from benchmarks.fuzz.judgement import ANOTHER, WRONG, Found, Kind, once
from benchmarks.fuzz.results import RUN, TEARS

TRAIN = ("train", *TREE, "--method", "x2face", "--set", "width=2", "--set", "levels=7", "--set", "batch=1",
         "--steps", "2", "--name", "t", "--device", "cpu", "--resume")  # fmt: skip
TABLES = ("pairs", "frames", "sets")


class Records(Kind):
    """One file of those that reenactbench reads back."""

    name: ClassVar[str] = "records"
    share: ClassVar[int] = 1
    seconds: ClassVar[float] = 120.0

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        once(base / "tree", write_tree)
        once(base / "made", self._make)
        self._tables = tables(base / "made" / "results" / "r")

    def _make(self, folder: Path) -> None:
        folder.mkdir()
        with chdir(folder):
            self._prepare(folder)
            assert here(*RUN).status == here(*TRAIN).status == 0

    def _prepare(self, folder: Path) -> None:
        """The tree stays where it is, because a digest is kept under its path."""
        (folder / "tree").symlink_to(self.base / "tree")
        os.environ["REENACTBENCH_CACHE"] = str(folder / "cache")

    def attempt(self, random: Random, folder: Path) -> str:
        for name in ("cache", "results", "training"):
            shutil.copytree(self.base / "made" / name, folder / name)
        self._prepare(folder)
        trained = random.random() < 0.2
        places = ["training"] if trained else ["cache/digests", "cache/prepared", "results/.store", "results/r"]
        files = [file for file in (folder / random.choice(places)).rglob("*.*") if file.suffix in CHANGES]
        file = random.choice(sorted(file for file in files if file.is_file()))
        change = random.choice(CHANGES[file.suffix])
        change(random, file)
        with serial():
            done = here(*(TRAIN if trained else RUN))
        if done.status == 0 and not trained and tables(folder / "results" / "r") != self._tables:
            if change is mutations.file_altered:
                return ANOTHER
            raise Found(WRONG, f"{file.relative_to(folder)}: {change.__name__}, and the numbers are others")
        return verdict(done)

    def words(self) -> list[str]:
        return [*RUN]


def tables(run: Path) -> dict[str, str]:
    """The numbers of a run as text."""
    return {name: pd.read_parquet(run / f"{name}.parquet").to_csv() for name in TABLES}


def _array_torn(random: Random, file: Path) -> None:
    """Its header, or its length."""
    data = file.read_bytes()
    file.write_bytes(
        random.choice((data[: random.randrange(len(data))], mutations.damaged(random, data[:128]) + data[128:]))
    )


CHANGES: dict[str, tuple[Callable[[Random, Path], None], ...]] = {
    ".json": (*TEARS, mutations.file_altered),
    **dict.fromkeys((".png", ".npz", ".pt", ".parquet", ".safetensors"), TEARS),
    ".npy": (_array_torn, mutations.file_replaced),
}
"""What becomes of a file, by its suffix."""
