"""Kills at random moments, each followed by the same command, judged by the numbers of an undisturbed one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from safetensors.numpy import load_file

from benchmarks.fuzz.door import TREE, started
from benchmarks.fuzz.footage import write_tree
from benchmarks.fuzz.judgement import ACCEPTED, DIFFERING, TRACEBACK, Found, Kind, once
from benchmarks.fuzz.records import TRAIN, tables
from benchmarks.fuzz.results import RUN
from reenactbench.cli import INTERRUPTED
from reenactbench.files import sha256_file

KILLS = 2  # of a command before it is left to end; the second one, of what the first one left


class Kills(Kind):
    """`run`, `train`, `data prepare` and `report`, ended by SIGKILL and SIGINT."""

    name: ClassVar[str] = "kills"
    share: ClassVar[int] = 0
    seconds: ClassVar[float] = 2400.0

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        once(base / "tree", write_tree)
        self._undisturbed: dict[str, tuple[float, Any]] = {}

    def attempt(self, random: Random, folder: Path) -> str:
        name = random.choice([*COMMANDS])
        words, numbers = COMMANDS[name]
        seconds, expected = self._of_undisturbed(name, folder / "undisturbed")
        self._begin(name, folder / "killed")
        for _ in range(KILLS):
            _kill(words, random.uniform(0.1, 1.05) * seconds, random.choice((signal.SIGKILL, signal.SIGINT)))
        done = started(words, 10 * seconds)
        if done.status:
            raise Found(DIFFERING, f"{name} ends with status {done.status} after the kill: {done.err[-300:]}")
        if numbers(Path()) != expected:
            raise Found(DIFFERING, f"{name} ends with other numbers after the kill")
        return ACCEPTED

    def _begin(self, name: str, folder: Path) -> None:
        """Into a new folder that holds what the command starts from."""
        folder.mkdir()
        os.chdir(folder)
        (folder / "tree").symlink_to(self.base / "tree")
        os.environ["REENACTBENCH_CACHE"] = str(folder / "cache")
        if name == "report":
            run = once(self.base / "run", lambda made: self._run(made, folder))
            shutil.copytree(run, folder / "results" / "r")

    def _run(self, made: Path, folder: Path) -> None:
        assert started(RUN, self.seconds / 4).status == 0
        shutil.move(folder / "results" / "r", made)
        shutil.rmtree(folder / "results")

    def _of_undisturbed(self, name: str, folder: Path) -> tuple[float, Any]:
        """How long the command takes, and its numbers."""
        if name not in self._undisturbed:
            self._begin(name, folder)
            words, numbers = COMMANDS[name]
            begun = time.monotonic()
            done = started(words, self.seconds / 4)
            assert done.status == 0, done.err
            self._undisturbed[name] = time.monotonic() - begun, numbers(folder)
        return self._undisturbed[name]


def _kill(words: Sequence[str], seconds: float, number: signal.Signals) -> None:
    """Start the command and end it after so many seconds: Ctrl-C reaches its workers too, SIGKILL itself alone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reenactbench", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    said, _ = process.communicate()
    if "Traceback" in said or process.returncode not in (0, INTERRUPTED, -signal.SIGINT, -signal.SIGKILL):
        raise Found(TRACEBACK, f"{words[0]}, {number.name}: status {process.returncode}: {said[-300:]}")


def _trained(folder: Path) -> dict[str, bytes]:
    weights = load_file(folder / "training" / "t" / "checkpoint.safetensors")
    return {name: weight.tobytes() for name, weight in weights.items()}


def _prepared(folder: Path) -> dict[str, str]:
    files = (folder / "cache" / "prepared").rglob("*.npy")
    return {f"{file.parent.name}/{file.name}": sha256_file(file) for file in files if ".partial" not in str(file)}


COMMANDS: dict[str, tuple[Sequence[str], Callable[[Path], Any]]] = {
    "run": (RUN, lambda folder: tables(folder / "results" / "r")),
    "train": (TRAIN, _trained),
    "prepare": (("data", "prepare", *TREE), _prepared),
    "report": (("report", "r"), lambda folder: sha256_file(folder / "results" / "r" / "report.html")),
}
"""Words, and the numbers that they end with."""
