"""Reading the tables of a run that anybody may have made: nothing is trusted that was not looked at here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LARGEST_VALUE = 1e100  # its square is a number still
LARGEST_COUNT = 2**31
LARGEST_TABLE = 4 << 30  # bytes, unpacked


def read_table(path: Path, columns: Mapping[str, str], nullable: Collection[str], most: int) -> pd.DataFrame:
    """The table with these columns and pandas types, and no more rows than `most`.

    Raises ValueError, in words that name no path, where the file is damaged or holds something else: a column gone, of
    another type or with nulls where it may have none, numbers that are not finite or beyond all measure.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    kinds = {"string": pa.large_string(), "Float64": pa.float64(), "Int64": pa.int64()}
    limits = {"Float64": (-LARGEST_VALUE, LARGEST_VALUE), "Int64": (0, LARGEST_COUNT)}
    try:
        file = pq.ParquetFile(path)
        _check_size(file.metadata, most)
        _check_columns(file.schema_arrow, columns)
        table = file.read(columns=list(columns)).replace_schema_metadata(None)
        table.validate(full=True)
        table = table.select(list(columns)).cast(pa.schema([(name, kinds[kind]) for name, kind in columns.items()]))
    except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError) as error:
        raise ValueError(f"it is damaged, or no parquet file ({type(error).__name__})") from error
    for name, kind in columns.items():
        if name not in nullable and table[name].null_count:
            raise ValueError(f"its column {name} has no value in some rows")
        if kind in limits and table.num_rows > table[name].null_count:
            low, high = limits[kind]
            if not pc.all(pc.and_(pc.greater_equal(table[name], low), pc.less_equal(table[name], high))).as_py():
                raise ValueError(f"its column {name} holds a number that is not from {low:g} to {high:g}")
    types = {pa.large_string(): pd.StringDtype(), pa.float64(): pd.Float64Dtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas(types_mapper=types.get)
    return frame


def _check_size(metadata: Any, most: int) -> None:
    if metadata.num_rows > most:
        raise ValueError(f"it has {metadata.num_rows:,} rows, more than the {most:,} that run.json has cells for")
    unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if not 0 <= unpacked <= LARGEST_TABLE:
        raise ValueError(f"it unpacks to more than {LARGEST_TABLE >> 30} GB")


def _check_columns(schema: Any, columns: Mapping[str, str]) -> None:
    import pyarrow.types as kinds

    def is_text(kind: Any) -> bool:
        return bool(kinds.is_string(kind) or kinds.is_large_string(kind))

    tests = {"string": is_text, "Float64": kinds.is_float64, "Int64": kinds.is_int64}
    for name, kind in columns.items():
        if schema.names.count(name) != 1:
            raise ValueError(
                f"it has {schema.names.count(name) or 'no'} column{'s' * bool(schema.names.count(name))} {name}"
            )
        if not tests[kind](schema.field(name).type):
            raise ValueError(f"its column {name} holds {schema.field(name).type}, not {kind}")


def check_known(table: pd.DataFrame, columns: Sequence[str], known: Collection[Any], what: str) -> None:
    """Raises ValueError where the columns hold, together, anything that is not among those known."""
    rows = table[list(columns)].drop_duplicates().itertuples(index=False, name=None)
    found = next((row for row in rows if (row if len(columns) > 1 else row[0]) not in known), None)
    if found:
        raise ValueError(f"it names {what} that run.json lacks: {', '.join(str(word)[:60] for word in found)!r}")


def check_unique(table: pd.DataFrame, columns: Sequence[str]) -> None:
    if table.duplicated(list(columns)).any():
        raise ValueError(f"it has two rows of the same {', '.join(columns)}")
