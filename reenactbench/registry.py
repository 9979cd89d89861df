"""What plugins registered, by kind and name. Listing imports nothing; a target is imported when it is first used."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from reenactbench.errors import ReenactbenchError
from reenactbench.results import STRIPS

KINDS = ("methods", "datasets", "protocols", "metrics", "backbones", "report_sections")
BROKEN = (Exception, SystemExit)
"""What a plugin may raise without stopping the rest; Ctrl-C is ours."""

DOCTOR = "; `reenactbench doctor` says which package is broken and how to mend it"
WORD = r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}"  # names stand on the command line, in file names and at the head of columns
NAME = "a name of at most 64 letters from A to Z, digits and . _ + -"
_NAMES = {"backbones": rf"{WORD}/{WORD}", "report_sections": ".{1,64}", "commands": WORD}


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered thing and who registered it."""

    kind: str
    name: str
    target: Any = field(repr=False)
    """`"module:attr"`, or the object itself; of a method also the `Description` of one in its own environment."""
    owner: str
    """The plugin's name."""
    distribution: str
    version: str
    summary: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    """Such as licence and citation, and of a method that can be trained its recipe."""

    def __post_init__(self) -> None:
        """Raises TypeError or ValueError where a plugin registers what could not be listed, named or imported."""
        what = self.title
        if not all(isinstance(text, str) for text in (self.name, self.summary, *self.metadata.values())):
            raise TypeError(f"{what}: name, summary and metadata must be text")
        if not re.fullmatch(_NAMES.get(self.kind, WORD), self.name):
            raise ValueError(f"{what}: write {NAME}, and of a backbone KIND/SCHEME")
        if self.kind == "methods" and self.name.lower() in STRIPS:
            raise ValueError(f"{what}: the report calls one of its rows of pictures so; write another name")
        for role, target in (("target", self.target), ("recipe", self.metadata.get("recipe"))):
            if isinstance(target, str) and not re.fullmatch(r"[\w.]+:\w+", target):
                raise ValueError(f"{what}: {role} {target!r} is not 'module:attr'")

    def __str__(self) -> str:
        return f"{self.title} of {self.provider}"

    @property
    def title(self) -> str:
        return f"{noun(self.kind)} {self.name!r}"

    @property
    def provider(self) -> str:
        """The plugin, with its distribution: two of them may well call their plugin `methods`."""
        return f"plugin {self.owner!r} ({self.distribution} {self.version})"

    def load(self) -> Any:
        """The object itself; raises ReenactbenchError naming the plugin where it cannot be imported."""
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except BROKEN as error:
            hint = DOCTOR if isinstance(error, ImportError) and error.name != module else ""
            raise ReenactbenchError(f"{self} cannot be loaded from {self.target!r}: {cause(error)}{hint}") from error


class Registry:
    """All entries, in the order of registration."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        """By kind and lower-case name: files of names that differ in case only are one file in some places."""

    def add(self, *entries: Entry) -> None:
        """Take all of them, or none: raises ReenactbenchError naming both owners where a name is taken."""
        for entry in entries:
            taken = self._entries.get((entry.kind, entry.name.lower()))
            if taken is not None:
                spelling = "" if taken.name == entry.name else f", as {taken.name!r}"
                raise ReenactbenchError(f"{entry} is refused: {taken.provider} has that name already{spelling}")
        self._entries |= {(entry.kind, entry.name.lower()): entry for entry in entries}

    def of(self, kind: str) -> Iterator[Entry]:
        return (entry for entry in self._entries.values() if entry.kind == kind)

    def find(self, kind: str, name: str) -> Entry:
        """Raises ReenactbenchError with the nearest names, or all of them, where there is none."""
        entry = self._entries.get((kind, name.lower()))
        if entry is not None and entry.name == name:
            return entry
        names = [entry.name for entry in self.of(kind)]
        near = difflib.get_close_matches(name, names, n=3) or names
        hint = f"did you mean {', '.join(near)}?" if near else f"no plugin registers {kind}"
        raise ReenactbenchError(
            f"there is no {noun(kind)} {name!r}; {hint} (`reenactbench list {kind}` shows all, "
            "`reenactbench plugins` why one failed to load)"
        )


def noun(kind: str) -> str:
    """One of the kind: `report section` of `report_sections`."""
    return kind[:-1].replace("_", " ")


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503): `My_Method` is `my-method`."""
    return re.sub(r"[-_.]+", "-", name).lower()


def cause(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())
    if isinstance(error, ReenactbenchError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
