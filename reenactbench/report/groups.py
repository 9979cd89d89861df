"""Runs whose numbers may be compared, and who takes part in each such group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reenactbench.compare import Side
from reenactbench.files import content_key
from reenactbench.report.wording import remarks, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reenactbench.results import Run


@dataclass(frozen=True, slots=True)
class Entrant:
    """A method as one run has it; the same method of two runs (an ablation) is two entrants."""

    number: int
    """Its place in the group, from 0: decides its colour and marker everywhere."""
    side: Side
    label: str
    """The method's name, with the run's where the group has that method twice."""
    trained: str
    """Which training of it ran, or that it is a control; empty where there was none."""

    @property
    def run(self) -> Run:
        return self.side.run

    @property
    def method(self) -> str:
        return self.side.method

    @property
    def info(self) -> Mapping[str, Any]:
        """The method's entry in run.json."""
        return next(info for info in self.run.info["methods"] if info["name"] == self.method)

    @property
    def control(self) -> bool:
        """Whether it is there for comparison alone, and neither best nor at any place."""
        return bool(self.info.get("control"))


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs on the same data, pairs and frames, through the same backbone files."""

    runs: list[Run]
    entrants: list[Entrant]

    @property
    def contenders(self) -> list[Entrant]:
        """All but the controls."""
        return [entrant for entrant in self.entrants if not entrant.control]

    @property
    def main(self) -> list[Entrant]:
        """One entrant a method: that of the last run which has it, where an ablation gives the full one last."""
        return list({entrant.method: entrant for entrant in self.entrants}.values())

    @property
    def name(self) -> str:
        return ", ".join(shorten(run.name) for run in self.runs)

    @property
    def info(self) -> Mapping[str, Any]:
        """run.json of the first: data, protocol and pairs are the same in all."""
        return self.runs[0].info

    @property
    def variants(self) -> list[Mapping[str, Any]]:
        """run.json's entry of each variant, computed in a run rather than not where the runs differ."""
        found: dict[str, Mapping[str, Any]] = {}
        for entry in (entry for run in self.runs for entry in run.info["variants"]):
            known = found.get(entry["variant"])
            if known is None or (known["reason"] and not entry["reason"]):
                found[entry["variant"]] = entry
        return list(found.values())


def comparable(one: Run, other: Run) -> bool:
    """Whether the numbers of two runs may share a table: the same data, pairs, frames and backbone files."""

    def subject(run: Run) -> tuple[str, str, str]:
        return run.info["dataset"]["fingerprint"], run.info["protocol"]["sha256"], content_key(run.info["pairs"])

    def backbones(run: Run) -> dict[str, str]:
        return {
            entry["variant"]: entry["backbone_sha256"] for entry in run.info["variants"] if entry["backbone_sha256"]
        }

    mine, theirs = backbones(one), backbones(other)
    return subject(one) == subject(other) and all(mine[name] == theirs[name] for name in mine.keys() & theirs.keys())


def grouped(runs: Sequence[Run]) -> list[RunGroup]:
    """The runs, those together that may be compared, in the order given."""
    together: list[list[Run]] = []
    for run in runs:
        for members in together:
            if all(comparable(run, member) for member in members):
                members.append(run)
                break
        else:
            together.append([run])
    return [RunGroup(members, _entrants(members)) for members in together]


def _entrants(runs: Sequence[Run]) -> list[Entrant]:
    sides = [Side(run, method) for run in runs for method in run.methods]
    times = Counter(side.method for side in sides)
    infos = [info for run in runs for info in run.info["methods"]]
    return [
        Entrant(number, side, _label(side, repeated=times[side.method] > 1), remarks(info))
        for number, (side, info) in enumerate(zip(sides, infos, strict=True))
    ]


def _label(side: Side, repeated: bool) -> str:
    method = shorten(side.method, 40)
    return f"{method} ({shorten(side.run.name, 30)})" if repeated else method
