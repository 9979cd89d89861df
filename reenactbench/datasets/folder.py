"""Your own videos: any folder of `NAME/vid.*`, one identity a folder."""

from __future__ import annotations

from typing import ClassVar

from reenactbench.datasets.annotations import annotations_of
from reenactbench.datasets.reading import RawClip
from reenactbench.datasets.tree import VideoTree, data_root, video_in
from reenactbench.datasets.video import SUFFIXES
from reenactbench.datasets.w300vw import W300VW
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import DataOptions
from reenactbench.types import UNSEEN, ClipInfo, Finding

NAMES = tuple(f"vid{suffix}" for suffix in SUFFIXES)
OTHERS = (*SUFFIXES, ".3gp", ".asf", ".divx", ".flv", ".gif", ".m2ts", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".wmv")
"""Of files that somebody may take for the video of a clip."""


class Folder(VideoTree):
    """Clips without .pts files get landmarks from the landmark backbone. Every identity counts as unseen."""

    name: ClassVar[str] = "folder"
    backbones: ClassVar[dict[str, str]] = W300VW.backbones

    def __init__(self, options: DataOptions) -> None:
        root = data_root(options, self.name)
        raw = {}
        skipped = []
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            if not folder.name.isprintable():  # nor is a name that is no UTF-8
                raise ReenactbenchError(f"{root} holds a folder whose name cannot be printed: {folder.name!r}")
            videos = video_in(folder, *NAMES)
            if len(videos) > 1:
                raise ReenactbenchError(f"{folder} holds {len(videos)} videos called vid.*; keep one")
            if videos:
                info = ClipInfo(folder.name, identity=folder.name, split=UNSEEN)
                raw[folder.name] = RawClip(info, videos[0], annotations_of(folder))
            elif others := sorted(path.name for path in folder.iterdir() if path.suffix.lower() in OTHERS):
                reason = f"holds no vid.* that can be read; found {', '.join(others)}"
                skipped.append(Finding(folder.name, reason, fatal=False))
        if not raw:
            found = f"; {skipped[0].path} {skipped[0].reason}" if skipped else ""
            raise ReenactbenchError(
                f"{root} holds no clip; expected NAME/vid.mp4 (or {', '.join(SUFFIXES)}) inside it{found}"
            )
        super().__init__(raw, options, skipped)
