"""A finished or interrupted run on disk: `run.json`, tables and `media/`. The report reads nothing else.

Tables (parquet), a row each:
- `pairs`: method, pair, variant. `value` is the mean over the pair's measured frames; null unless `status` is `ok`.
- `frames`: the same for every frame of every frame metric.
- `sets`: method, protocol, split, variant for metrics of a whole set (FID) or of the method itself (speed, leak;
  protocol `any`, split `all`).
- `codes`, only where motion codes were measured (leak) and a method has any: the data of the paper's Figure 5. The
  place (x, y) of a frame's motion code in a t-SNE map of that method's codes, for 20 random frames of each of the first
  10 people in the footage that methods are trained on, drawn over all the clips of a person. Axes have no unit.

- `driving`, where drivers' landmarks were known: how far each driving frame's head is turned left or right, in degrees.
- `sizes`, where there were frames enough: distances between sets of frames (FID) over parts of them, by their size.

Media: `media/<pair id>/{target,driver,truth,METHOD}.png`, each a strip of square frames, one under the other, in the
order of the pair's `frames` (`target_frames` for target.png): of every method for the pairs in run.json's `shown`,
chosen before anything was scored; and of one method for those in `telling`, the worst and the median pair of each
method by each metric.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reenactbench.errors import ReenactbenchError
from reenactbench.files import read_json, replacing, write_json
from reenactbench.foreign import plain_file
from reenactbench.run_info import (
    STATUSES,
    TELLING,
    TRUTHS,
    VARIANT_STATUSES,
    check_info,
    most_rows,
    subjects,
)
from reenactbench.run_tables import check_known, check_unique, read_table

if TYPE_CHECKING:
    import pandas as pd

OK, FAILED = "ok", "failed"
METRIC_FAILED = "metric failed: "
"""How the reason begins where a metric raised an error."""
COMPUTED, NOT_COMPUTED = VARIANT_STATUSES
RUNNING, COMPLETE, INTERRUPTED = STATUSES
GIVEN, RENDERED = TRUTHS
"""How the true frames of a protocol are known (run.json's `dataset.truth`): from the data, or made for the pair."""

PAIR_COLUMNS = {
    "method": "string",
    "pair_id": "string",
    "protocol": "string",
    "kind": "string",
    "split": "string",
    "quadrant": "string",
    "source": "string",
    "target": "string",
    "source_identity": "string",
    "target_identity": "string",
    "metric": "string",
    "variant": "string",
    "backbone_sha256": "string",
    "value": "Float64",
    "n_frames": "Int64",
    "n_failed": "Int64",
    "status": "string",
    "reason": "string",
}
FRAME_COLUMNS = {
    "method": "string",
    "pair_id": "string",
    "protocol": "string",
    "kind": "string",
    "quadrant": "string",
    "source": "string",
    "target": "string",
    "metric": "string",
    "variant": "string",
    "frame": "Int64",
    "value": "Float64",
    "status": "string",
    "reason": "string",
}
SET_COLUMNS = {
    "method": "string",
    "protocol": "string",
    "split": "string",
    "metric": "string",
    "variant": "string",
    "backbone_sha256": "string",
    "value": "Float64",
    "n_pairs": "Int64",
    "n_planned": "Int64",
    "n_frames": "Int64",
    "n_reference": "Int64",
    "status": "string",
    "reason": "string",
}
CODE_COLUMNS = {
    "method": "string",
    "identity": "string",
    "clip": "string",
    "frame": "Int64",
    "x": "Float64",
    "y": "Float64",
}
DRIVING_COLUMNS = {"clip": "string", "frame": "Int64", "yaw": "Float64"}
SIZE_COLUMNS = {
    "method": "string",
    "protocol": "string",
    "split": "string",
    "metric": "string",
    "variant": "string",
    "n_frames": "Int64",
    "value": "Float64",
}
STRIPS = ("target", "driver", "truth")  # beside those that are called like their methods
TABLES = {"pairs": PAIR_COLUMNS, "frames": FRAME_COLUMNS, "sets": SET_COLUMNS}
"""Those of every finished run."""
OPTIONAL_TABLES = {"codes": CODE_COLUMNS, "driving": DRIVING_COLUMNS, "sizes": SIZE_COLUMNS}
NULLABLE = {
    "pairs": {"backbone_sha256", "value", "n_frames", "n_failed", "reason"},
    "frames": {"value", "reason"},
    "sets": {"backbone_sha256", "value", "n_frames", "n_reference", "reason"},
    "driving": {"yaw"},
}
"""Table -> its columns that may have no value; of other tables none may."""
KEYS = {
    "pairs": ("method", "variant", "pair_id"),
    "frames": ("method", "variant", "pair_id", "frame"),
    "sets": ("method", "variant", "protocol", "split"),
}
"""Table -> the columns that together tell a row from all others."""
AGAIN = "make the run again, or take it out of its folder"
WORST, MEDIAN = TELLING
"""What a pair in run.json's `telling` is among those of its method."""


@dataclass(frozen=True, slots=True)
class Run:
    path: Path
    info: dict[str, Any]
    """What run.json holds."""
    pairs: pd.DataFrame
    frames: pd.DataFrame
    sets: pd.DataFrame
    codes: pd.DataFrame | None = None
    driving: pd.DataFrame | None = None
    sizes: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        return str(self.info["name"])

    @property
    def methods(self) -> list[str]:
        """Method names, in the order of the command line."""
        return [method["name"] for method in self.info["methods"]]


def table(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a table with exactly the columns and types of that name; NaN becomes null."""
    import pandas as pd

    columns = (TABLES | OPTIONAL_TABLES)[name]
    frame = pd.DataFrame(rows, columns=list(columns))
    return frame.astype(columns)


def write_run_info(path: Path, info: dict[str, Any]) -> None:
    write_json(path / "run.json", info)


def write_table(path: Path, name: str, rows: list[dict[str, Any]]) -> None:
    with replacing(path / f"{name}.parquet") as temporary:
        table(name, rows).to_parquet(temporary, index=False, compression="zstd")


def remove_tables(path: Path) -> None:
    """Without its tables a run counts as not finished."""
    for name in TABLES | OPTIONAL_TABLES:
        (path / f"{name}.parquet").unlink(missing_ok=True)


def read_run(path: Path) -> Run:
    """Read a run's folder, which anybody may have made; raises ReenactbenchError where it is none, or not scored yet.

    What this returns is as `run_info` and the columns above say, and names no method, variant or pair that run.json
    does not list.
    """
    if not (path / "run.json").is_file():
        raise ReenactbenchError(f"{path} holds no run (no run.json); `reenactbench run` makes one")
    info = read_run_info(path)
    missing = [name for name in TABLES if not (path / f"{name}.parquet").exists()]
    if missing:
        raise ReenactbenchError(
            f"{path} was not finished ({', '.join(missing)} missing); the same `reenactbench run` again goes on with it"
        )
    tables = {}
    for name, columns in (TABLES | OPTIONAL_TABLES).items():
        if not (path / f"{name}.parquet").exists():
            continue
        try:
            file = plain_file(path, f"{name}.parquet")
            tables[name] = read_table(file, columns, NULLABLE.get(name, ()), most_rows(info)[name])
            _check_table(name, tables[name], info)
        except ValueError as error:
            raise ReenactbenchError(f"{path}/{name}.parquet cannot be read: {error}; {AGAIN}") from error
    return Run(path, info, **tables)


def read_run_info(path: Path) -> dict[str, Any]:
    """What a run's run.json holds; raises Damaged where nothing can be made of it, ReenactbenchError where it is not
    what a run writes."""
    try:
        info = read_json(plain_file(path, "run.json"))
        check_info(info)
    except ValueError as error:
        raise ReenactbenchError(f"{path}/run.json is not what a run writes: {error}; {AGAIN}") from error
    return info


def _check_table(name: str, table: pd.DataFrame, info: dict[str, Any]) -> None:
    """Raises ValueError where a table does not fit to run.json."""
    kinds = {entry["variant"]: entry["kind"] for entry in info["variants"]}
    pair_fields = ("id", "protocol", "source", "target")
    known: dict[tuple[str, ...], tuple[str, Any]] = {
        ("method",): ("methods", {method["name"] for method in info["methods"]}),
        ("variant",): ("variants", {name for name, kind in kinds.items() if (kind == "frame") == ("pair_id" in table)}),
        ("pair_id", *pair_fields[1:]): ("pairs", {tuple(pair[key] for key in pair_fields) for pair in info["pairs"]}),
        ("protocol", "split"): ("pairs", subjects(info)),
        ("status",): ("words", {OK, FAILED, NOT_COMPUTED}),
    }
    for columns, (what, values) in known.items():
        if {*columns} <= {*table}:
            check_known(table, columns, values, what)
    if name in KEYS:
        check_unique(table, KEYS[name])
    if "status" in table:
        measured = table["status"] == OK
        if (measured != table["value"].notna()).any():
            raise ValueError(f"a row has a value and is not {OK}, or the other way round")
        of_sets = table["variant"].map(kinds) == "set"
        counts = table.loc[measured if name == "pairs" else measured & of_sets, [*{"n_frames", "n_failed"} & {*table}]]
        if counts.isna().any(axis=None):
            raise ValueError(f"a row that is {OK} does not say of how many frames")
    if name == "pairs":
        owed = {(item["method"], item["variant"], item["pair_id"]) for item in info.get("telling", [])}
        keys = table.loc[measured, ["method", "variant", "pair_id"]].itertuples(index=False, name=None)
        if owed - {*keys}:
            raise ValueError("a pair that run.json calls telling has no value")


def find_run(out: Path, name: str | None = None) -> Path:
    """The folder of the run called `name` (a name under `out`, or a path), or of the newest run under `out`."""
    if name is not None:
        for candidate in (out / name, Path(name)):
            if (candidate / "run.json").is_file():
                return candidate
        raise ReenactbenchError(f"there is no run {name!r} in {out}; `ls {out}` shows the runs")
    runs = sorted(out.glob("*/run.json"), key=lambda path: (path.stat().st_mtime_ns, path))
    if not runs:
        raise ReenactbenchError(f"there is no run in {out}; `reenactbench run --method NAME` makes one")
    return runs[-1].parent
