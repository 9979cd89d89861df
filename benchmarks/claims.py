"""What the CrossID-GAN paper says of its rivals, asked of a run: `python -m benchmarks.claims RUN [--data-root DIR]`.

It says that X2Face distorts faces in extreme poses, and that a talking head keeps the shape of the driver's face. So
for each method, over all `cross` pairs, two tables in Markdown: metrics by how far the driver turns from the camera,
and by how much the faces of driver and target differ in shape. Means over frames, then over pairs, with 95 %
intervals over people.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reenactbench.engine.setup import DatasetOptions, load_dataset
from reenactbench.interfaces import Dataset
from reenactbench.metrics.akd import outer_eye_distance
from reenactbench.metrics.expression import shape_distance
from reenactbench.metrics.pose import head_rotations
from reenactbench.plugins import load_plugins
from reenactbench.results import OK, Run, find_run, read_run
from reenactbench.stats import mean_interval

Array = npt.NDArray[np.float64]
TURNS = (0, 10, 20, 30, 90)
"""Bounds of the driver's turn to the side, in degrees."""
TURNED = ("l1", "akd_truth", "akd", "csim")
SHAPED = ("csim", "csim_driver", "akd_truth")
FRONTAL = 10
"""So many frames of a clip, those nearest to the front, say which shape a face has."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", help="folder or name of a run of reenactbench")
    parser.add_argument("--out", type=Path, default=Path("results"), help="folder that holds the runs")
    parser.add_argument("--data-root", type=Path, help="as of `reenactbench run`")
    options = parser.parse_args()
    run = read_run(find_run(options.out, options.run))
    frames = measured(run)
    data = load_dataset(
        load_plugins().registry, DatasetOptions(run.info["dataset"]["name"], options.data_root, True), "cpu"
    )
    landmarks = {clip: found(data, clip) for clip in {*frames["source"], *frames["target"]}}
    turned = pd.concat([turns(points) for points in landmarks.values()], keys=landmarks, names=["source", "frame"])
    turn = frames.join(turned, on=["source", "frame"])["turn"]
    bins = pd.cut(turn, TURNS, right=False, labels=[f"{a}° to {b}°" for a, b in pairwise(TURNS)])
    print(f"## By the driver's turn to the side\n\n{table(frames.assign(group=bins), TURNED)}\n")
    pairs = list(zip(frames["source"], frames["target"], strict=True))
    apart = {pair: shape_difference(*(landmarks[clip] for clip in pair)) for pair in set(pairs)}
    thirds = np.searchsorted(np.quantile(list(apart.values()), [1 / 3, 2 / 3]), [apart[pair] for pair in pairs])
    groups = np.array(["alike", "between", "unlike"])[thirds]
    print(f"## By the difference of the faces of driver and target\n\n{table(frames.assign(group=groups), SHAPED)}")


def measured(run: Run) -> pd.DataFrame:
    """A row a frame of a `cross` pair, method and metric that has a value."""
    frames = run.frames
    frames = frames[(frames["kind"] == "cross") & (frames["status"] == OK) & frames["metric"].isin([*TURNED, *SHAPED])]
    people = {pair["id"]: (pair["source_identity"], pair["target_identity"]) for pair in run.info["pairs"]}
    return frames.assign(people=frames["pair_id"].map(people))


def found(data: Dataset, clip: str) -> pd.Series[Any]:
    """The landmarks [68,2] of each frame by its number."""
    prepared = data.prepared(clip)
    assert prepared is not None
    return pd.Series(list(np.asarray(prepared.landmarks, np.float64)), index=[int(n) for n in prepared.numbers])


def turns(points: pd.Series[Any]) -> pd.DataFrame:
    """How far the nose points to the side, in degrees, of each frame."""
    forwards = head_rotations(np.stack(points.to_list()))[:, :, 2]
    return pd.DataFrame({"turn": np.abs(np.degrees(np.arctan2(forwards[:, 0], forwards[:, 2])))}, index=points.index)


def shape_difference(first: pd.Series[Any], second: pd.Series[Any]) -> float:
    """Mean distance of the 68 landmarks of two faces seen from the front, after the best similarity, over the outer-eye
    distance."""
    one, other = face(np.stack(first.to_list())), face(np.stack(second.to_list()))
    return float(shape_distance(one[None], other[None])[0] / outer_eye_distance(other[None])[0])


def face(points: Array) -> Array:
    """[68,2]: the mean of the frames nearest to the front, each over its outer-eye distance."""
    facing = head_rotations(points)[:, 2, 2]
    front = points[np.argsort(-facing)[:FRONTAL]]
    front = (front - front.mean(1, keepdims=True)) / outer_eye_distance(front)[:, None, None]
    mean: Array = front.mean(0)
    return mean


def table(frames: pd.DataFrame, metrics: tuple[str, ...]) -> str:
    """A row a method, metric and group with its mean over pairs; pairs without a frame in a group are not in it."""
    per_pair = frames.groupby(["metric", "method", "group", "pair_id"], observed=True).agg(
        value=("value", "mean"), people=("people", "first")
    )
    cells = {key: cell(rows) for key, rows in per_pair.groupby(level=["metric", "method", "group"], observed=True)}
    groups = sorted(frames["group"].dropna().unique())
    lines = [["metric", "method", *groups], ["---", "---", *("---:" for _ in groups)]]
    for metric in metrics:
        for method in dict.fromkeys(frames["method"]):
            found = [cells.get((metric, method, group), "") for group in groups]
            if any(found):
                lines.append([f"`{metric}`", method, *found])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(rows: pd.DataFrame) -> str:
    interval = mean_interval(rows["value"].to_numpy(np.float64), list(rows["people"]))
    bounds = "" if interval.low is None else f" [{interval.low:.3f}, {interval.high:.3f}]"
    return f"{interval.mean:.3f}{bounds} (n = {interval.n})"


if __name__ == "__main__":
    main()
