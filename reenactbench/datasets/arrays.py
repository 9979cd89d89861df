"""Arrays in the cache: a folder of .npy files, and a JSON that says what they are and tells whether they still are.

Rows are written one after the other, never through a map: there a full disk is a signal that ends the process.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reenactbench.errors import Damaged
from reenactbench.files import flush_to_disk, read_sealed, sha256_file, write_sealed

Arrays = dict[str, npt.NDArray[Any]]


@contextmanager
def row_writer(path: Path, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Iterator[Callable[[npt.ArrayLike], None]]:
    """Yields write(row), which adds a row of that shape to the array of a new file; it has as many as were written."""
    kind = np.dtype(dtype)
    rows = 0

    def header() -> None:
        described = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": (rows, *shape)}
        np.lib.format.write_array_header_1_0(stream, described)  # as long for any number of rows

    def write(row: npt.ArrayLike) -> None:
        nonlocal rows
        values = np.asarray(row, kind, order="C")
        if values.shape != shape:
            raise ValueError(f"a row has shape {values.shape}, not {shape}")
        stream.write(values.data)
        rows += 1

    with path.open("wb") as stream:
        header()
        yield write
        stream.seek(0)
        header()


def write_array(path: Path, values: npt.NDArray[Any]) -> None:
    with row_writer(path, values.shape[1:], values.dtype) as write:
        for row in values:
            write(row)


def seal(folder: Path, name: str, meta: Mapping[str, Any]) -> None:
    """Write `meta` into the JSON `name` with what tells each array of the folder from any other, and see to it that
    none of their content is lost with the power."""
    files = {}
    for path in sorted(folder.glob("*.npy")):
        flush_to_disk(path)
        files[path.stem] = [sha256_file(path), path.stat().st_mtime_ns]
    write_sealed(folder / name, {**meta, "arrays": files})


def unseal(folder: Path, name: str, mapped: str = "images") -> tuple[dict[str, Any], Arrays]:
    """What was given to `seal`, and the arrays, the one called `mapped` memory-mapped.

    Raises Damaged where any of it is not as it was written. Of the one that is mapped every byte is read only if its
    file was touched since.
    """
    meta = read_sealed(folder / name)
    arrays: Arrays = {}
    for stem, (sha256, time) in meta.pop("arrays").items():
        path = folder / f"{stem}.npy"
        if not path.is_file():
            raise Damaged(f"{path} is no file")
        untouched = stem == mapped and path.stat().st_mtime_ns == time
        if not untouched and sha256_file(path) != sha256:
            raise Damaged(f"{path} is damaged: it is not as it was written")
        try:
            values = np.lib.format.open_memmap(path, mode="r")
        except ValueError as error:  # shorter than its header says
            raise Damaged(f"{path} is damaged: {error}") from error
        arrays[stem] = values if stem == mapped else np.array(values)
    return meta, arrays


def opened(folder: Path, name: str) -> tuple[dict[str, Any], Arrays] | None:
    """As `unseal`; None where there is no such folder. One that is damaged is removed, so that it is made again."""
    if not folder.is_dir():
        return None
    try:
        return unseal(folder, name)
    except Damaged:
        with suppress(FileNotFoundError):  # another process removes it too
            shutil.rmtree(folder)
        return None
