"""What plugins registered, by kind and name. Listing imports nothing; a target is imported when it is first used."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from reenactbench.errors import ReenactbenchError

KINDS = ("methods", "datasets", "protocols", "metrics", "backbones", "report_sections")


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered thing and who registered it."""

    kind: str
    name: str
    target: Any = field(repr=False)
    """`"module:attr"`, or the object itself."""
    owner: str
    """The plugin's name."""
    distribution: str
    version: str
    summary: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    """Such as licence and citation."""

    def load(self) -> Any:
        """The object itself; raises ReenactbenchError naming the plugin where it cannot be imported."""
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except Exception as error:
            raise ReenactbenchError(
                f"{self.kind[:-1]} {self.name!r} of plugin {self.owner!r} cannot be loaded from {self.target!r}: "
                f"{type(error).__name__}: {error}"
            ) from error


class Registry:
    """All entries, in the order of registration."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}

    def add(self, entry: Entry) -> None:
        """Raises ReenactbenchError naming both owners where the name is taken."""
        taken = self._entries.get((entry.kind, entry.name))
        if taken is not None:
            raise ReenactbenchError(
                f"{entry.kind[:-1]} {entry.name!r} of plugin {entry.owner!r} is refused: "
                f"plugin {taken.owner!r} has that name already"
            )
        self._entries[entry.kind, entry.name] = entry

    def of(self, kind: str) -> Iterator[Entry]:
        return (entry for entry in self._entries.values() if entry.kind == kind)

    def owned_by(self, owner: str, distribution: str) -> Iterator[Entry]:
        return (e for e in self._entries.values() if (e.owner, e.distribution) == (owner, distribution))

    def find(self, kind: str, name: str) -> Entry:
        """Raises ReenactbenchError with the nearest names, or all of them, where there is none."""
        entry = self._entries.get((kind, name))
        if entry is not None:
            return entry
        names = [entry.name for entry in self.of(kind)]
        near = difflib.get_close_matches(name, names, n=3) or names
        hint = f"did you mean {', '.join(near)}?" if near else f"no plugin registers {kind}"
        raise ReenactbenchError(
            f"there is no {kind[:-1]} {name!r}; {hint} (`reenactbench list {kind}` shows all, "
            "`reenactbench plugins` why one failed to load)"
        )
