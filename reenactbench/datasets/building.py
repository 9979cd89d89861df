"""Folders that appear whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reenactbench.files import PARTIAL, accessing, held


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that is renamed to it when the block ends well, and removed when it does not.

    Where another process made `folder` meanwhile, that one stays. Raises StorageError where it cannot be written.
    """
    with accessing(folder), partial_folder(folder.parent) as temporary:
        yield temporary
        temporary.chmod(0o755)
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """A temporary folder, removed when the block ends."""
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=parent, prefix=PARTIAL))
    try:
        with held(temporary):
            yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
