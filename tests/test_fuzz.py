"""benchmarks/fuzz: a few inputs of each kind are read as they must be, and what must never happen is found."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest

from benchmarks.fuzz.__main__ import KINDS, inputs_of_each
from benchmarks.fuzz.judgement import ACCEPTED, DEATH, FINE, HANG, MEMORY, REFUSED, TRACEBACK, WRONG, Found, Kind
from benchmarks.fuzz.kills import KILLS
from benchmarks.fuzz.worker import Worker, tried
from reenactbench.errors import ReenactbenchError

EACH = {"landmarks": 40, "video": 40, "toml": 40, "checkpoints": 3, "results": 4, "records": 4, "commands": 10}


@pytest.mark.parametrize("name", EACH)
def test_a_few_inputs_of_each_kind(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REENACTBENCH_CACHE", str(tmp_path / "cache"))
    kind = KINDS[name](tmp_path)
    found = {}
    for number in range(EACH[name]):
        folder = tmp_path / str(number)
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("REENACTBENCH_CACHE", str(folder / "cache"))
        what, why = tried(kind, Random(f"0/{name}/{number}"), folder, sampled=False)
        if what not in FINE:
            found[number] = what, why
    assert not found


def test_the_shares_are_all_of_the_inputs() -> None:
    amounts = inputs_of_each(10_000, 100)
    assert amounts.pop("kills") * KILLS == 100
    assert 10_000 - len(KINDS) < sum(amounts.values()) <= 10_000


DEEDS = (ACCEPTED, REFUSED, TRACEBACK, HANG, DEATH, MEMORY, WRONG)


class Deeds(Kind):
    """An input at whose reading something happens that depends on its number."""

    name: ClassVar[str] = "deeds"
    seconds: ClassVar[float] = 1.0

    def attempt(self, random: Random, folder: Path) -> str:
        match random.choice(DEEDS):
            case "refused":
                raise ReenactbenchError("no")
            case "traceback":
                raise KeyError("oh")
            case "hang":
                time.sleep(60)
            case "death":
                os.abort()
            case "memory":
                bytearray(8 << 30)
            case "wrong":
                raise Found(WRONG, "black")
        return ACCEPTED


def test_what_happens_to_the_process_that_tries_an_input_is_told(tmp_path: Path) -> None:
    numbers = {Random(f"0/deeds/{number}").choice(DEEDS): number for number in range(1, 50)}
    worker = Worker(Deeds, 0, tmp_path / "deeds")
    told = {deed: worker.attempt(numbers[deed]).what for deed in DEEDS}
    worker.end()
    assert told == {deed: deed for deed in DEEDS}
