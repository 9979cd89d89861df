"""`python -m benchmarks.fuzz [--seed 0] [--inputs 10000] [--kills 100] [--only KIND ...] [--input N]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from benchmarks.fuzz.judgement import FINE, FOUND, Kind
from benchmarks.fuzz.kinds import KINDS, inputs_of_each
from benchmarks.fuzz.worker import Outcome, Worker
from reenactbench.preparing import available_cores


class Row(NamedTuple):
    """What became of the inputs of a kind."""

    kind: str
    counts: Counter[str]
    peak: int
    seconds: float


def tried(kind: type[Kind], numbers: Sequence[int], seed: int, work: Path) -> Iterator[tuple[int, Outcome]]:
    """Number and outcome of each input, in order, on all cores."""
    workers = [Worker(kind, seed, work / f"{kind.name}-{lane}") for lane in range(available_cores())]
    idle: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def attempt(number: int) -> Outcome:
        worker = idle.get()
        try:
            return worker.attempt(number)
        finally:
            idle.put(worker)

    try:
        with ThreadPoolExecutor(len(workers)) as pool:
            yield from zip(numbers, pool.map(attempt, numbers), strict=True)
    finally:
        for worker in workers:
            worker.end()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=10_000, help="of all kinds together, by their shares")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=KINDS, default=[*KINDS], metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--input", type=int, help="this one alone")
    asked = parser.parse_args()
    amounts = inputs_of_each(asked.inputs, asked.kills)
    rows = []
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        for name in asked.only:
            numbers = range(amounts[name]) if asked.input is None else [asked.input]
            begun, counts, peak = time.monotonic(), Counter[str](), 0
            for number, outcome in tried(KINDS[name], numbers, asked.seed, Path(work)):
                counts[outcome.what] += 1
                peak = max(peak, outcome.peak)
                if outcome.what in FOUND:
                    again = f"--seed {asked.seed} --only {name} --input {number}"
                    print(f"{outcome.what}: {again}: {outcome.why}", file=sys.stderr, flush=True)
            rows.append(Row(name, counts, peak, time.monotonic() - begun))
    columns = ("inputs", *FINE, *FOUND, "peak MB", "seconds")
    print("| kind |", " | ".join(columns), "|")
    print("|---|", " | ".join("---:" for _ in columns), "|")
    for row in rows:
        counted = [row.counts.total(), *(row.counts[what] for what in (*FINE, *FOUND)), row.peak, round(row.seconds)]
        print(f"| {row.kind} |", " | ".join(map(str, counted)), "|")
    return int(any(row.counts[what] for row in rows for what in FOUND))


if __name__ == "__main__":
    sys.exit(main())
