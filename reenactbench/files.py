"""Content keys and writes that a kill cannot tear."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reenactbench.errors import ReenactbenchError

PARTIAL = ".partial-"  # how what is not yet complete is called


def sha256_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_files(paths: Iterable[Path]) -> str:
    """One digest over several files' names and contents, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}\0{sha256_file(path)}\n".encode())
    return digest.hexdigest()


def content_key(value: Any) -> str:
    """sha256 over the canonical JSON of a value: keys sorted, no white space, no NaN."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and is removed when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL, suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the folder of a run or training, making it; raises ReenactbenchError where another process does. A killed
    process lets go of it."""
    from filelock import FileLock, Timeout

    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ReenactbenchError(
            f"{path} is in use by another reenactbench run; wait for it or give another --name"
        ) from None
    try:
        yield
    finally:
        lock.release()


def home_path(text: str) -> Path:
    """The path, with the home folder for `~`, from the root on; raises ReenactbenchError where `~NAME` is nobody's."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:
        raise ReenactbenchError(f"{text}: there is no user of that name, so no home folder") from None


def folder_name(name: str) -> str:
    """The name that `--name` gives to a folder; raises ReenactbenchError where it could lead to another place."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
        raise ReenactbenchError(f"--name {name}: take letters, digits, '.', '_' and '-'")
    return name


def remove_leftovers(folder: Path, older_than: float = 86400.0) -> None:
    """Remove what killed processes left half-written under a folder, once it is older than so many seconds."""
    for leftover in folder.rglob(f"{PARTIAL}*"):
        with suppress(FileNotFoundError):  # its writer has just finished
            if time.time() - leftover.stat().st_mtime > older_than:
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def write_json(path: Path, value: Any) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
