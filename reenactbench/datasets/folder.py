"""Your own videos: any folder of `NAME/vid.*`, one identity a folder."""

from __future__ import annotations

from typing import ClassVar

from reenactbench.datasets.prepare import RawClip
from reenactbench.datasets.tree import VideoTree, annotations_of, data_root
from reenactbench.datasets.video import SUFFIXES
from reenactbench.datasets.w300vw import W300VW
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import DataOptions
from reenactbench.types import UNSEEN, ClipInfo


class Folder(VideoTree):
    """Clips without .pts files get landmarks from the landmark backbone. Every identity counts as unseen."""

    name: ClassVar[str] = "folder"
    backbones: ClassVar[dict[str, str]] = W300VW.backbones

    def __init__(self, options: DataOptions) -> None:
        root = data_root(options, self.name)
        raw = {}
        for folder in sorted(path for path in root.iterdir() if path.is_dir()):
            if not folder.name.isprintable():  # nor is a name that is no UTF-8
                raise ReenactbenchError(f"{root} holds a folder whose name cannot be printed: {folder.name!r}")
            videos = sorted(path for path in folder.glob("vid.*") if path.suffix.lower() in SUFFIXES)
            if len(videos) > 1:
                raise ReenactbenchError(f"{folder} holds {len(videos)} videos called vid.*; keep one")
            if videos:
                info = ClipInfo(folder.name, identity=folder.name, split=UNSEEN)
                raw[folder.name] = RawClip(info, videos[0], annotations_of(folder / "annot"))
        if not raw:
            raise ReenactbenchError(f"{root} holds no clip; expected NAME/vid.mp4 (or {', '.join(SUFFIXES)}) inside it")
        super().__init__(raw, options)
