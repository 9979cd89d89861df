"""Paired comparisons as a matrix: the row's method against the column's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reenactbench.compare import DIFFERS, SIGNIFICANCE
from reenactbench.report.tables import Builder, Column
from reenactbench.report.verdicts import BETTER, SAME, WORSE
from reenactbench.report.wording import identities, number, plural, shorten
from reenactbench.summary import ANY, FRAME

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNS = {BETTER: "▲", WORSE: "▼", SAME: "≈", DIFFERS: "≠", "": ""}
WORDS = {
    BETTER: "{row} is better than {column}",
    WORSE: "{row} is worse than {column}",
    SAME: "{row} and {column} are not distinguishable",
    DIFFERS: "{row} and {column} differ",
    "": "no test of {row} against {column}",
}


@dataclass(frozen=True, slots=True)
class Square:
    """One method against another."""

    verdict: str
    """As of `Verdicts.verdict`."""
    difference: str
    """Row minus column, signed; empty where there is none."""
    words: str
    """The whole comparison in a sentence."""

    @property
    def sign(self) -> str:
        return SIGNS[self.verdict]


@dataclass(frozen=True, slots=True)
class Matrix:
    protocol: str
    split: str
    title: str
    column: Column
    names: list[str]
    squares: list[list[Square | None]]
    """[row][column]; None on the diagonal."""


def matrices(builder: Builder) -> Iterator[Matrix]:
    """One for each protocol, split and variant of which pairs have values of their own, if there are two methods."""
    entrants = builder.group.entrants
    if len(entrants) < 2:
        return
    for protocol, split in builder.subjects():
        if protocol == ANY:
            continue
        present = {variant for _, variant in builder.found[protocol, split]}
        for column in builder.columns:
            if column.kind == FRAME and column.variant in present:
                yield Matrix(
                    protocol=protocol,
                    split=split,
                    title=f"{shorten(protocol)}: {identities(split)}",
                    column=column,
                    names=[entrant.label for entrant in entrants],
                    squares=[
                        [
                            _square(builder, column, (protocol, split, column.variant), a, b)
                            for b in range(len(entrants))
                        ]
                        for a in range(len(entrants))
                    ],
                )


def _square(builder: Builder, column: Column, subject: tuple[str, str, str], a: int, b: int) -> Square | None:
    if a == b:
        return None
    verdict = builder.verdicts.verdict(a, b, subject)
    labels = [builder.group.entrants[number].label for number in (a, b)]
    words = WORDS[verdict].format(row=labels[0], column=labels[1])
    found = builder.verdicts.between(a, b, subject)
    if found is None or found[0].difference is None:
        return Square(verdict, "", f"{words}: no pair was measured on both sides")
    row, sign = found
    digits = column.digits
    difference = signed(sign * found[0].difference, digits)
    if row.ci_low is None or row.ci_high is None or row.p_corrected is None:
        return Square(
            verdict, difference, f"{words}: {difference} over {plural(row.n_pairs or 0, 'pair')}. {row.reason}"
        )
    low, high = sorted((sign * row.ci_low, sign * row.ci_high))
    interval = f"[{signed(low, digits)}, {signed(high, digits)}]"
    chance = "p < 0.001" if row.p_corrected < 0.001 else f"p = {row.p_corrected:.3f}"
    doubt = "" if row.p_corrected < SIGNIFICANCE else ", which is not below 0.05"
    return Square(
        verdict,
        difference,
        f"{words}: {difference} {interval} over {plural(row.n_pairs or 0, 'pair')}, {chance}{doubt}",
    )


def signed(value: float, digits: int) -> str:
    """0.0312 -> `+0.031`."""
    text = number(value, digits)
    return f"+{text}" if value > 0 and float(f"{value:.{digits}f}") else text
