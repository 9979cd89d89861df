"""What it takes to run the same again, and every cell that has no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reenactbench.backbones.weights import KNOWN
from reenactbench.report.wording import REASON_LENGTH, shorten
from reenactbench.results import FAILED
from reenactbench.summary import records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reenactbench.results import Run


@dataclass(frozen=True, slots=True)
class Failure:
    """A method on a pair that has no frames, or frames that a metric could not measure."""

    method: str
    pair: str
    what: str
    """The variant that has no value; empty where nothing was generated, so that no metric has one."""
    reason: str
    traceback: str


def failures(run: Run) -> list[Failure]:
    """Every failed cell, in the order of the run: those not generated first, then those not measured."""
    generated = [
        Failure(item["method"], item["pair_id"], "", item["reason"], "\n".join(item["traceback"]))
        for item in run.info["failures"]
    ]
    known = {(failure.method, failure.pair) for failure in generated}
    measured = [
        Failure(row["method"], row["pair_id"], row["variant"], row["reason"] or "no reason was recorded", "")
        for row in records(run.pairs[run.pairs["status"] == FAILED])
        if (row["method"], row["pair_id"]) not in known
    ]
    return generated + measured


def known_licence(backbone: Mapping[str, Any]) -> str:
    """The licence of a network's weights; empty where this package does not know the file."""
    if backbone["name"] == "synthface":
        return "Apache-2.0, part of this package"
    pack = backbone["name"].removeprefix("insightface-")
    known = (weights for weights in KNOWN.values() if pack == weights.name or backbone["sha256"] == weights.sha256)
    return next((weights.licence for weights in known), "")


def reasons(found: Sequence[Failure]) -> list[tuple[str, list[Failure]]]:
    """The failures by their reason, the most frequent first."""
    together: dict[str, list[Failure]] = {}
    for failure in found:
        together.setdefault(shorten(failure.reason, REASON_LENGTH), []).append(failure)
    return sorted(together.items(), key=lambda item: -len(item[1]))
