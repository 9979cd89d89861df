"""Where the page's pictures and videos are: inside it, or in a folder beside it."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import TYPE_CHECKING

from reenactbench.errors import ReenactbenchError
from reenactbench.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = {"image/webp": "webp", "video/webm": "webm"}


class Assets:
    """Gives each picture and video its address. In a folder the same content is one file, called by its sha256."""

    def __init__(self, folder: Path | None) -> None:
        """folder: None puts everything into the page itself. Raises ReenactbenchError for one that is a link."""
        if folder is not None and folder.is_symlink():
            raise ReenactbenchError(f"{folder} is a symbolic link; remove it, or give another --out")
        self._folder = folder
        self._files: dict[Path, None] = {}

    @property
    def files(self) -> list[Path]:
        """Those written, in the order of the page."""
        return list(self._files)

    @property
    def policy(self) -> str:
        """The sources that the page's content security policy has to allow for them."""
        return "data:" if self._folder is None else "'self'"

    def address(self, content: bytes, kind: str) -> str:
        """The `src` under which the page finds the content. kind: its media type, a key of SUFFIXES."""
        if self._folder is None:
            return f"data:{kind};base64,{b64encode(content).decode()}"
        path = self._folder / f"{hashlib.sha256(content).hexdigest()[:16]}.{SUFFIXES[kind]}"
        if path not in self._files:
            with replacing(path) as temporary:
                temporary.write_bytes(content)
            self._files[path] = None
        return f"{self._folder.name}/{path.name}"

    def remove_others(self) -> None:
        """Remove the pictures and videos that an earlier report left in the folder: what is called as we call them."""
        for path in self._folder.iterdir() if self._folder is not None and self._folder.is_dir() else ():
            if re.fullmatch(rf"[0-9a-f]{{16}}\.({'|'.join(SUFFIXES.values())})", path.name) and path not in self._files:
                path.unlink()
