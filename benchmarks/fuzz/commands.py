"""Command lines put together at random from the commands' own options, and values right, wrong and hostile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import typer

from benchmarks.fuzz import mutations
from benchmarks.fuzz.door import TREE, here, serial, verdict
from benchmarks.fuzz.judgement import Kind, once
from benchmarks.fuzz.results import finished_run
from reenactbench.cli import build_app
from reenactbench.plugins import load_plugins

RIGHT: dict[str, tuple[str, ...]] = {
    "--method": ("copy-target", "copy-driver", "landmark-warp", "x2face", "crossid"),
    "--dataset": ("300vw", "folder"),
    "--data-root": ("tree",),
    "--protocol": ("self", "cross", "matrix"),
    "--metric": ("l1", "psnr", "ssim"),
    "--split": ("seen", "unseen", "seen-unseen"),
    "--crop": ("square@1", "tight@1"),
    "--out": ("results", "new/folder"),
    "--name": ("r", "other"),
    "--run": ("r", "results/r"),
    "--device": ("cpu", "auto"),
    "--checkpoint": ("c.safetensors", "x2face=c.safetensors"),
    "--set": ("width=2", "steps=1", "levels=7", "rate=nan"),
    "--timeout": ("5", "nan", "inf"),
    "--memory-limit": ("4", "1e-3"),
    "--detector": ("yunet:f.onnx", "insightface:x", "synthface"),
    "--landmarks": ("onnx68:f.onnx", "synthface"),
    "--identity": ("insightface:f.onnx", "synthface"),
    "--format": ("md", "csv", "latex", "json"),
    "--assets": ("inline", "folder"),
    "kind": ("methods", "metrics", "method"),
    "run": ("r", "results/r"),
    "runs": ("r", "results/r"),
    "a": ("copy-target", "r/copy-target"),
    "b": ("copy-driver", "r/copy-driver"),
    "name": ("my-method",),
}
SURE: dict[str, tuple[str, ...]] = {
    "run": ("--method", "copy-target", "--metric", "l1", *TREE),
    "report": ("--format", "md"),
    "train": ("--method", "x2face", "--steps", "1", "--set", "width=2", "--set", "levels=7", "--set", "batch=1", *TREE),
    "data verify": TREE,
    "data prepare": TREE,
    "data info": TREE,
    "data export": ("--clip", "nobody"),
    "weights fetch": ("nothing",),
}
"""What a command starts with, so that nothing is rendered for hours or downloaded."""


class Commands(Kind):
    """A command with options."""

    name: ClassVar[str] = "commands"
    share: ClassVar[int] = 2
    seconds: ClassVar[float] = 120.0

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        once(base / "run", finished_run)
        app: Any = typer.main.get_command(build_app(load_plugins()))
        self._commands = dict(_leaves(app, ()))
        self._words: list[str] = []

    def attempt(self, random: Random, folder: Path) -> str:
        shutil.copytree(self.base / "run" / "results", folder / "results", symlinks=True)
        (folder / "tree").symlink_to(self.base / "run" / "tree")
        (folder / "c.safetensors").write_bytes(b"none")
        os.environ["REENACTBENCH_CACHE"] = str(self.base / "cache")
        path = random.choice([*self._commands])
        words = [*path.split(), *SURE.get(path, ())]
        options = self._commands[path]
        for option in random.sample(options, min(len(options), random.choice((0, 1, 2, 4)))):
            words += _given(random, option)
        if random.random() < 0.1:
            words.insert(random.randrange(len(words) + 1), _text(random))
        self._words = words
        with serial():
            return verdict(here(*words))

    def words(self) -> list[str]:
        return self._words


def _leaves(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, list[Any]]]:
    """Every command that does something, with its parameters."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _leaves(inner, (*path, name))
    else:
        yield " ".join(path), [option for option in command.params if "--help" not in option.opts]


def _given(random: Random, option: Any) -> list[str]:
    """The option with a value that is right or not."""
    called = option.opts[0]
    if getattr(option, "is_flag", False):
        return [called]
    value = random.choice(RIGHT.get(called, ("1",))) if random.random() < 0.5 else _text(random)
    return [called, value] if called.startswith("--") else [value]


def _text(random: Random) -> str:
    """What a shell can hand over, which is no NUL."""
    return random.choice([text for text in (*mutations.TEXTS, *mutations.NUMBERS) if "\0" not in text])
