"""What plugins of every kind promise: to say what they are, and to leave alone what is not theirs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from reenactbench.conformance.checks import Failed, Skipped
from reenactbench.conformance.state import Changes, watched
from reenactbench.ending import outlived
from reenactbench.registry import Entry

T = TypeVar("T")


class Subject:
    """A plugin under its checks."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.changed: dict[str, list[str]] = {}
        """Settings of the process that were left changed, by what was called."""
        self.drawn: dict[str, list[str]] = {}
        """Random generators of the process that were drawn from or seeded, by what was called; of the last call, since
        what a first call imports may do so too."""

    def watch(self, what: str, action: Callable[[], T]) -> T:
        """Do it, and note under this name what it leaves changed, which is put back."""
        changes = Changes()
        try:
            with watched() as changes, outlived(self.entry.title):
                return action()
        finally:
            if changes.settings:
                self.changed[what] = changes.settings
            self.drawn[what] = list(changes.generators)

    def importing(self, action: Callable[[], T]) -> T:
        """Do it, and note what it leaves changed but for random generators: what others draw while they are imported is
        not this plugin's doing."""
        try:
            return self.watch("importing it", action)
        finally:
            del self.drawn["importing it"]


def check_loads(subject: Subject) -> None:
    subject.importing(subject.entry.load)


def check_summary(subject: Subject) -> str:
    summary = subject.entry.summary.strip()
    if not summary:
        raise Failed("it is registered without a summary, so lists show nothing but its name")
    return summary


def check_licence(subject: Subject) -> str:
    licence = subject.entry.metadata.get("licence", "").strip()
    if not licence:
        raise Failed("it is registered without a licence, so nobody knows whether they may use it")
    return licence


def check_citation(subject: Subject) -> str:
    citation = subject.entry.metadata.get("citation")
    if citation is None:
        raise Skipped(
            "it is registered without anything to cite",
            'if it is published, register(..., citation="Author et al., Title, Venue 2020")',
        )
    if not re.search(r"\b(19|20)\d\d\b", citation):
        raise Failed(f"the citation {citation!r} names no year, so nobody finds the work")
    return citation


def check_random_state(subject: Subject) -> None:
    found = [f"{what} drew from or seeded {', '.join(names)}" for what, names in subject.drawn.items() if names]
    if found:
        raise Failed("; ".join(found))


def check_global_state(subject: Subject) -> None:
    if subject.changed:
        raise Failed("; ".join(f"{what} changed {', '.join(found)}" for what, found in subject.changed.items()))
