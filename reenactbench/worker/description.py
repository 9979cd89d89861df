"""A method in an environment of its own, as its TOML file describes it. Importing this imports nothing heavy."""

from __future__ import annotations

import difflib
import math
import os
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reenactbench.errors import ReenactbenchError
from reenactbench.files import sha256_files
from reenactbench.registry import NAME, WORD

SHIM = "{shim}"  # in a command: where the file is that the worker has to run


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What the file says; paths in it are relative to its folder."""

    file: Path
    name: str
    interpreter: str = ""
    """The environment's Python: a path, or a name that PATH knows."""
    command: tuple[str, ...] = ()
    """Instead of it, a whole command that runs the shim; `{shim}` stands for its path."""
    target: str = ""
    """`module:attr` of a class, or of any callable (device, checkpoint, **parameters) that returns the method."""
    script: str = ""
    """Instead of it, a Python file with the method's functions."""
    path: tuple[str, ...] = ()
    """Further folders that Python searches for modules, such as the clone of a repository."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    checkpoint: str = ""
    image_size: int = 128
    shots: int = 1
    timeout: float = 300.0
    """Seconds for one call."""
    memory_limit: float | None = None
    """In GB."""
    summary: str = ""
    licence: str = ""
    citation: str = ""

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def metadata(self) -> dict[str, str]:
        """What a registration says beside name, target and summary."""
        return {key: text for key in ("licence", "citation") if (text := getattr(self, key))}

    def words(self, shim: Path) -> tuple[str, ...]:
        """The command that starts the worker; raises ReenactbenchError where its program is no file."""
        first, *rest = self.command or (self.interpreter, SHIM)
        if os.sep in first:
            program = Path(os.path.abspath(self.folder / Path(first).expanduser()))  # resolve() would leave a venv
            if not program.is_file():
                key = "command" if self.command else "interpreter"
                raise ReenactbenchError(f"{self.file}: {key}: there is no program {program}")
            first = str(program)
        return tuple(word.replace(SHIM, str(shim)) for word in (first, *rest))

    def search(self) -> list[Path]:
        """The folders that the worker's Python searches first."""
        beside = [self._given(self.script).parent] if self.script else []
        return [folder.resolve() for folder in (*beside, self.folder, *(self._given(text) for text in self.path))]

    def script_file(self) -> Path | None:
        return self._given(self.script) if self.script else None

    def default_checkpoint(self) -> Path | None:
        return self._given(self.checkpoint).resolve() if self.checkpoint else None

    def code(self) -> str:
        """sha256 over all that decides what is generated, but the checkpoint and the environment: the file itself, the
        script or the target's module or top package, and the Python files in `path`. Raises ReenactbenchError where one
        of them is not there."""
        files = [self.file, *self._own_code()]
        for text in self.path:
            if not self._given(text).is_dir():
                raise ReenactbenchError(f"{self.file}: path: {text} is no folder")
            files += _python_files(self._given(text))
        return sha256_files(dict.fromkeys(files))

    def _own_code(self) -> list[Path]:
        if self.script:
            if not self._given(self.script).is_file():
                raise ReenactbenchError(f"{self.file}: script: there is no file {self.script}")
            return [self._given(self.script)]
        package = self.target.partition(":")[0].partition(".")[0]
        for folder in self.search():
            if (folder / package).is_dir():
                return list(_python_files(folder / package))
            if (folder / f"{package}.py").is_file():
                return [folder / f"{package}.py"]
        raise ReenactbenchError(
            f"{self.file}: target: neither {package}.py nor a folder {package} is beside the file or in `path`"
        )

    def _given(self, text: str) -> Path:
        return self.folder / Path(text).expanduser()


def _python_files(folder: Path) -> Iterator[Path]:
    """All Python files under the folder, without environments and hidden folders."""
    for place, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names or "conda-meta" in folders:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if name.endswith(".py"))


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _path(value: Any) -> bool:
    try:
        return _text(value) and bool(Path(value).expanduser())
    except RuntimeError:  # the home folder of nobody
        return False


def _paths(value: Any) -> bool:
    return _texts(value) and all(map(_path, value))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value))


def _count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _amount(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < math.inf


def _parameters(value: Any) -> bool:
    return isinstance(value, dict) and not value.keys() & {"device", "checkpoint"} and _plain(value)


def _plain(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_plain, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))


KEYS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "name": (
        NAME,
        lambda value: isinstance(value, str) and bool(re.fullmatch(WORD, value)),
    ),
    "interpreter": ("the path of a Python", _path),
    "command": ("a list of words, the first a program", lambda value: _texts(value) and _path(value[0])),
    "target": (
        "'module:attr'",
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"\w+(\.\w+)*:\w+", value)),
    ),
    "script": ("the path of a Python file", lambda value: _path(value) and value.endswith(".py")),
    "path": ("a list of folders", _paths),
    "parameters": ("a table of text, numbers, lists and tables, without device and checkpoint", _parameters),
    "checkpoint": ("the path of a file", _path),
    "image_size": ("a number of pixels from 1", _count),
    "shots": ("a number of target images from 1", _count),
    "timeout": ("a number of seconds above 0", _amount),
    "memory_limit": ("a number of GB above 0", _amount),
    "summary": ("text", _text),
    "licence": ("text", _text),
    "citation": ("text", _text),
}
"""What each key takes: in words, and as a test."""


def read_description(file: Path) -> Description:
    """Raises ReenactbenchError naming the file and the key that is wrong."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReenactbenchError(f"{file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReenactbenchError(f"{file} is no TOML file: {error}") from error
    for key, value in given.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KEYS)}"
            raise ReenactbenchError(f"{file}: there is no key {key!r}; {hint}")
        wanted, fits = KEYS[key]
        if not fits(value):
            raise ReenactbenchError(f"{file}: {key} = {value!r} is not {wanted}")
    if "name" not in given:
        raise ReenactbenchError(f"{file}: the key 'name' is missing")
    for one, other in (("interpreter", "command"), ("target", "script")):
        if (one in given) == (other in given):
            raise ReenactbenchError(f"{file}: give one of the keys {one!r} and {other!r}")
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    return Description(file=file.absolute(), **values)
