"""Content keys, writes that a kill or a full disk cannot tear, and reading back no other than what was written."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reenactbench.errors import Damaged, ReenactbenchError, StorageError

PARTIAL = ".partial-"  # how what is not yet complete is called
FULL = (errno.ENOSPC, errno.EDQUOT)
LARGEST_JSON = 64 << 20  # bytes
SEAL = "_seal"


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
def accessing(path: Path) -> Iterator[None]:
    """Raises StorageError, one sentence with the path, where the operating system refuses what the block does there."""
    try:
        yield
    except OSError as error:
        raise StorageError(refusal(error, path)) from error


def refusal(error: OSError, path: Path | None = None) -> str:
    """What the operating system refused, and where: a full disk, a folder that cannot be written.

    path: what was to be written; said where the error names no file, or one that is not yet in its place.
    """
    where = path if error.filename is None or PARTIAL in str(error.filename) else error.filename
    reason = error.strerror or str(error)
    if error.errno in FULL:
        reason = f"{os.strerror(error.errno)}; free some space, and give the same command again"
    return f"{where}: {reason}" if where else reason


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and is removed when it does not.

    Raises StorageError where it cannot be written.
    """
    with accessing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=PARTIAL, suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            with held(temporary):
                yield temporary
                temporary.chmod(0o644)
                os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def flush_to_disk(path: Path) -> None:
    """Wait until the file's content would survive a loss of power: for what cannot be checked or made again."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


@contextmanager
def held(partial: Path) -> Iterator[None]:
    """Marks what is not yet complete as that of a living process: until the block ends or the process does."""
    handle = os.open(partial, os.O_RDONLY)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> bool | None:
    """Whether nobody else holds the file or folder, which is now held; None where this is not known here."""
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):
        return None
    return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the folder of a run or training, making it; raises ReenactbenchError where another process does. A killed
    process lets go of it."""
    from filelock import FileLock, Timeout

    lock = FileLock(path / ".lock")
    with accessing(path):
        path.mkdir(parents=True, exist_ok=True)
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


def remove_leftovers(folder: Path) -> None:
    """Remove what processes that are gone left half-written under a folder."""
    for leftover in folder.rglob(f"{PARTIAL}*"):
        with suppress(OSError):  # its writer has just finished, or it may not be removed
            if _abandoned(leftover):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _abandoned(partial: Path) -> bool:
    """Whether nobody writes it any more. Where that cannot be known, a day is waited."""
    handle = os.open(partial, os.O_RDONLY | os.O_NONBLOCK)
    try:
        age, free = time.time() - os.fstat(handle).st_mtime, _lock(handle)
    finally:
        os.close(handle)
    return age > (86400 if free is None else 1) and free is not False  # who has just begun may not hold it yet


def write_json(path: Path, value: Any) -> None:
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_bytes(path, text.encode())


def read_json(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds, its numbers finite; raises Damaged where it holds none, or is no file."""
    if not path.is_file():
        raise Damaged(f"{path} is no file")
    if path.stat().st_size > LARGEST_JSON:
        raise Damaged(f"{path} is damaged: it has more than {LARGEST_JSON >> 20} MB")
    try:
        value = json.loads(path.read_bytes().decode(), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path} is damaged: it is no JSON ({type(error).__name__})") from error
    if not isinstance(value, dict):
        raise Damaged(f"{path} is damaged: it holds no JSON object")
    return value


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def write_sealed(path: Path, value: dict[str, Any]) -> None:
    """Write an object as JSON with a digest of it and of the file's name."""
    write_json(path, {**value, SEAL: content_key([path.name, value])})


def read_sealed(path: Path) -> dict[str, Any]:
    """What was written; raises Damaged where the file is not, to the last letter, what was written under its name."""
    value = read_json(path)
    seal = value.pop(SEAL, None)
    if seal != content_key([path.name, value]):
        raise Damaged(f"{path} is damaged: it is not as it was written")
    return value
