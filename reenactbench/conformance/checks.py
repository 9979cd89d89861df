"""The words of conformance: a check, what it found, and a suite that runs its checks on one plugin."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.provenance import without_folders
from reenactbench.registry import BROKEN, Entry, cause
from reenactbench.worker.failures import WorkerFailure

S = TypeVar("S")
PASS, FAIL, SKIPPED = "pass", "fail", "skipped"


class Failed(Exception):
    """A check says why the plugin does not do what it asks for."""


class Skipped(Exception):
    """A check says why it cannot look here, and what to do so that it can."""

    def __init__(self, why: str, mend: str = "") -> None:
        super().__init__(why)
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found, in words that a person reads."""

    check: str
    status: str
    """`pass`, `fail` or `skipped`."""
    why: str
    """What was found: of one that passed what was measured, or what it asks for."""
    mend: str
    """What to do about it; empty where it passed."""


@dataclass(frozen=True, slots=True)
class Check(Generic[S]):
    """One promise: a small function that looks at a subject and raises `Failed` or `Skipped`."""

    name: str
    asks: str
    """What the plugin should do, in half a sentence."""
    mend: str
    """How to mend one that does not."""
    needs: Sequence[str]
    """Checks that must pass, or it is not looked at: so that one mistake is said once."""
    look: Callable[[S], str | None] = field(repr=False)
    """Returns what it measured, if that is worth a word."""


class Suite(Generic[S]):
    """The checks of one kind of plugin, in the order in which they are looked at."""

    def __init__(self) -> None:
        self.checks: dict[str, Check[S]] = {}

    def check(
        self, name: str, *, asks: str, mend: str, needs: Sequence[str] = ()
    ) -> Callable[[Callable[[S], str | None]], Callable[[S], str | None]]:
        """Take a function into the suite; its name there is what people see."""

        def take(look: Callable[[S], str | None]) -> Callable[[S], str | None]:
            self.checks[name] = Check(name, asks, mend, needs, look)
            return look

        return take


class Examination(Generic[S]):
    """One subject under a suite; each check is looked at once, and those it needs before it."""

    def __init__(self, entry: Entry, subject: S, suite: Suite[S]) -> None:
        self.entry, self.subject, self._suite = entry, subject, suite
        self._found: dict[str, Result] = {}
        self._causes: dict[str, str] = {}
        """Of checks that were not looked at: the check that is to blame."""

    @property
    def names(self) -> list[str]:
        return list(self._suite.checks)

    def __iter__(self) -> Iterator[Result]:
        return map(self.result, self.names)

    def result(self, name: str) -> Result:
        if name not in self._found:
            self._found[name] = self._look(self._suite.checks[name])
        return self._found[name]

    def _look(self, check: Check[S]) -> Result:
        for needed in check.needs:
            if self.result(needed).status != PASS:
                to_blame = self._causes[check.name] = self._causes.get(needed, needed)
                how = "failed" if self.result(to_blame).status == FAIL else "was skipped"
                return Result(check.name, SKIPPED, f"not looked at, because `{to_blame}` {how}", "")
        try:
            measured = check.look(self.subject)
        except Skipped as skipped:
            return Result(check.name, SKIPPED, str(skipped), skipped.mend)
        except MissingWeights as missing:
            return Result(check.name, SKIPPED, str(missing), "")
        except Failed as failed:
            return Result(check.name, FAIL, str(failed), check.mend)
        except ReenactbenchError as error:
            return Result(check.name, FAIL, str(error), check.mend)
        except BROKEN as error:
            return Result(check.name, FAIL, raised(error, self.entry), check.mend)
        return Result(check.name, PASS, measured or check.asks, "")


def raised(error: BaseException, entry: Entry) -> str:
    """An error in one line, with the last place in the plugin's own code that it went through."""
    if isinstance(error, WorkerFailure):
        return f"{error} ({error.calls[-1]})" if error.kinds and error.calls else str(error)
    module = entry.target if isinstance(entry.target, str) else getattr(entry.target, "__module__", "")
    package, place = re.split(r"[.:]", module)[0], ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__", "").partition(".")[0] == package:
            place = f" ({Path(frame.f_code.co_filename).name}:{line} in {frame.f_code.co_name})"
    return without_folders(cause(error)) + place


def described(value: Any) -> str:
    """What was returned where something else was expected: the type, and of an array its shape too."""
    name, shape = type(value).__name__, getattr(value, "shape", None)
    return f"{name} of shape {tuple(shape)}" if shape is not None else name
