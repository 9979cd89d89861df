"""Render the pictures for training and measuring: `python -m benchmarks.synthface.render --work DIR`.

About 1 GB in a folder of DIR that is named after the version of the renderer. What is there already is kept, so the
command goes on where it was stopped, and renders everything anew after a change of the renderer.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from concurrent.futures import as_completed
from pathlib import Path

from rich.progress import track

from reenactbench.datasets.workers import workers
from reenactbench.preparing import available_cores

from .pictures import PARTS, chunk_file, write_chunk


def render(work: Path, names: Iterable[str]) -> None:
    """What is missing of these parts."""
    wanted = [(name, chunk) for name in names for chunk in range(PARTS[name].chunks)]
    missing = [item for item in wanted if not chunk_file(work, *item).is_file()]
    if not missing:
        return
    with workers(min(available_cores(), len(missing))) as pool:
        futures = [
            pool.submit(write_chunk, chunk_file(work, name, chunk), PARTS[name], chunk, name == "benchmark")
            for name, chunk in missing
        ]
        for future in track(as_completed(futures), "rendering", total=len(futures)):
            future.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    render(parser.parse_args().work, PARTS)


if __name__ == "__main__":
    main()
