"""Files that anybody may have made, and their words: a folder of results is data, and leads nowhere else."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath
from unicodedata import category

from reenactbench.errors import ReenactbenchError

UNSEEN_CHARACTERS = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp"}
"""Categories of characters that are not seen but act (control, direction, line), or are none at all."""


def plain_file(folder: Path, name: str) -> Path:
    """The path of the file `name`, a relative path with slashes, in a folder.

    Raises FileNotFoundError where there is none; ValueError, in words that name no path, where it lies outside of the
    folder, a symbolic link leads to it, or it is not a regular file, which a reader could wait for without end.
    """
    parts = PurePosixPath(name).parts
    if PurePosixPath(name).is_absolute() or ".." in parts:
        raise ValueError("its name leads out of the folder")
    path, mode = folder, 0
    for part in parts:
        path /= part
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            raise ValueError("a symbolic link leads to it")
    if not stat.S_ISREG(mode):
        raise ValueError("it is no regular file")
    return path


def refuse_links(folder: Path) -> None:
    """Raises ReenactbenchError where anything in the folder is a symbolic link, through which one would write
    elsewhere."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if (path := Path(place, name)).is_symlink():
                raise ReenactbenchError(f"{path} is a symbolic link; remove it, or give another folder")


def one_line(text: str) -> str:
    """The text without line breaks and without characters that are not seen but act (control, direction)."""
    return "".join(" " if category(character) in UNSEEN_CHARACTERS else character for character in text).strip()
