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

from benchmarks.fuzz.checkpoints import Checkpoints
from benchmarks.fuzz.commands import Commands
from benchmarks.fuzz.descriptions import Descriptions
from benchmarks.fuzz.judgement import FINE, FOUND, Kind
from benchmarks.fuzz.kills import KILLS, Kills
from benchmarks.fuzz.landmarks import Landmarks
from benchmarks.fuzz.records import Records
from benchmarks.fuzz.results import Results
from benchmarks.fuzz.video import Video
from benchmarks.fuzz.worker import Outcome, Worker
from reenactbench.preparing import available_cores
from reenactbench.progress import say

KINDS: dict[str, type[Kind]] = {
    kind.name: kind for kind in (Landmarks, Video, Descriptions, Checkpoints, Results, Records, Commands, Kills)
}
COLUMNS = ("inputs", *FINE, *FOUND, "peak MB", "seconds")


def inputs_of_each(inputs: int, kills: int) -> dict[str, int]:
    """kind -> how many, by their shares."""
    total = sum(kind.share for kind in KINDS.values())
    return {name: inputs * kind.share // total for name, kind in KINDS.items()} | {Kills.name: -(-kills // KILLS)}


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
    rows = [f"| kind | {' | '.join(COLUMNS)} |", f"|---|{'---:|' * len(COLUMNS)}"]
    found = 0
    with tempfile.TemporaryDirectory(prefix="fuzz-") as work:
        for name in asked.only:
            numbers = range(amounts[name]) if asked.input is None else [asked.input]
            begun, counts, peak = time.monotonic(), Counter[str](), 0
            for number, outcome in tried(KINDS[name], numbers, asked.seed, Path(work)):
                counts[outcome.what] += 1
                peak = max(peak, outcome.peak)
                if outcome.what in FOUND:
                    found += 1
                    again = f"--seed {asked.seed} --only {name} --input {number}"
                    say(f"{outcome.what}: {again}: {outcome.why}")
            cells = [counts.total(), *(counts[what] for what in (*FINE, *FOUND)), peak, round(time.monotonic() - begun)]
            rows.append(f"| {name} | {' | '.join(map(str, cells))} |")
            say(rows[-1])
    print("\n".join(rows))
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
