"""Render the training pictures: `python -m benchmarks.synthface.render --work DIR`.

About 1 GB in DIR/pictures. What is there already is kept, so the command goes on where it was stopped; after a change
of the renderer, start with an empty DIR.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.progress import track

from reenactbench.engine.setup import available_cores

from .pictures import PARTS, chunk_file, write_chunk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    work: Path = parser.parse_args().work
    wanted = [(name, chunk) for name, part in PARTS.items() for chunk in range(part.chunks)]
    missing = [item for item in wanted if not chunk_file(work, *item).is_file()]
    with ProcessPoolExecutor(available_cores()) as pool:
        futures = [pool.submit(write_chunk, work, *item) for item in missing]
        for future in track(as_completed(futures), "rendering", total=len(futures)):
            future.result()


if __name__ == "__main__":
    main()
