"""TOML files that describe methods, judged by a table of what each key may hold."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from random import Random
from typing import ClassVar

from benchmarks.fuzz import mutations
from benchmarks.fuzz.judgement import ACCEPTED, WRONG, Found, Kind
from reenactbench.worker.description import read_description
from reenactbench.worker.method import SHIM, own_environment

LINES = (
    'name = "m1"', 'summary = "does"', 'licence = "MIT"', 'citation = "Me"', 'checkpoint = "c.bin"', 'path = ["."]',
    "image_size = 64", "shots = 2", "timeout = 10.5", "memory_limit = 4", "[parameters]", "a = 1", 'b = ["x", 2.5]',
)  # fmt: skip
TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str, "interpreter": str, "command": list, "target": str, "script": str, "path": list, "parameters": dict,
    "checkpoint": str, "image_size": int, "shots": int, "timeout": (int, float), "memory_limit": (int, float),
    "summary": str, "licence": str, "citation": str,
}  # fmt: skip
SCALARS = ("nan", "inf", "-1", "0", "true", "1e400", "[]", "{}", "1979-05-27", "9" * 30, '""', '" "', '"s.py"', '"a:b"')


class Descriptions(Kind):
    """A TOML file."""

    name: ClassVar[str] = "toml"
    share: ClassVar[int] = 8

    def attempt(self, random: Random, folder: Path) -> str:
        (folder / "s.py").write_text("def encode_target(i, l): pass\ndef reenact(t, i, l): return i\n")
        (folder / "c.bin").write_bytes(b"weights")
        python = f'interpreter = "{sys.executable}"', 'command = ["python", "{shim}"]'
        pairs = ('script = "s.py"', 'target = "s:load"'), python
        lines = [*map(random.choice, pairs), *(line for line in LINES if line[0] in "n[ab" or random.random() < 0.5)]
        text = "\n".join(lines)
        hostile = tuple(f'"{given}"'.replace("\n", "\\n").replace("\x1b", "\\u001b").replace("\0", "\\u0000")
                        for given in mutations.TEXTS)  # fmt: skip
        for _ in range(random.choice((0, 1, 1, 2))):
            text = mutations.reworded(random, text, (*hostile, *SCALARS))
        data = text.encode(errors="surrogateescape")
        file = folder / "m.toml"
        file.write_bytes(mutations.damaged(random, data) if random.random() < 0.2 else data)

        description = read_description(file)
        description.code()
        description.words(SHIM)
        own_environment(description)
        for key, value in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if not isinstance(value, TYPES.get(key, ())) or (isinstance(value, bool | str) and not value):
                raise Found(WRONG, f"{key} = {value!r} is accepted")
        return ACCEPTED

    def words(self) -> list[str]:
        return ["--plugin", "m.toml", "plugins"]
