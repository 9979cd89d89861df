"""300VW (Shen et al., ICCVW 2015): the official tree, the CrossID-GAN paper's split, the known broken frames."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import ClassVar

from reenactbench.datasets.annotations import annotations_of
from reenactbench.datasets.reading import RawClip
from reenactbench.datasets.tree import VIDEO, VideoTree, data_root, video_in
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import DataOptions
from reenactbench.types import SEEN, UNSEEN, ClipInfo

# The 114 folders sorted by name (open-mmlab/mmpose, tools/dataset_converters/300vw2coco.py; the official lists agree).
# The CrossID-GAN paper trains on "the first 102" and does not state the order; by name is the only one that does not
# depend on a file system. A folder is taken for an identity, as the paper does.
CLIPS = tuple(
    """
    001 002 003 004 007 009 010 011 013 015 016 017 018 019 020 022 025 027 028 029 031 033 034 035 037 039 041
    043 044 046 047 048 049 053 057 059 112 113 114 115 119 120 123 124 125 126 138 143 144 150 158 160 203 204
    205 208 211 212 213 214 218 223 224 225 401 402 403 404 405 406 407 408 409 410 411 412 505 506 507 508 509
    510 511 514 515 516 517 518 519 520 521 522 524 525 526 528 529 530 531 533 537 538 540 541 546 547 548 550
    551 553 557 558 559 562
    """.split()
)
SEEN_CLIPS = 102


@cache
def broken_frames() -> dict[str, frozenset[int]]:
    """Clip -> 1-based numbers of the frames whose annotation is known to be wrong (mmpose, Apache-2.0): 2,127."""
    ranges = json.loads((files(__package__) / "w300vw_broken.json").read_text())["videos"]
    return {
        clip: frozenset(number for first, last in spans for number in range(first, last + 1))
        for clip, spans in ranges.items()
    }


def clip_info(clip: str) -> ClipInfo:
    return ClipInfo(clip, identity=clip, split=SEEN if CLIPS.index(clip) < SEEN_CLIPS else UNSEEN)


class W300VW(VideoTree):
    """`NNN/vid.avi` with `NNN/annot/000001.pts`, ..., one file a frame; a partial tree only with --allow-missing."""

    name: ClassVar[str] = "300vw"
    backbones: ClassVar[dict[str, str]] = {
        "detector": "insightface:buffalo_l",
        "identity": "insightface:buffalo_l",
        "landmarks": "insightface:buffalo_l",
        "inception": "pytorch-fid:pt_inception-2015-12-05-6726825d.pth",
        "perceptual": "lpips:lpips-alex-v0.1.pth",
    }

    def __init__(self, options: DataOptions) -> None:
        root = data_root(options, self.name)
        annotations = {clip: annotations_of(root / clip) for clip in CLIPS}
        videos = {clip: video_in(root / clip, VIDEO) for clip in CLIPS}
        present = [clip for clip in CLIPS if annotations[clip] and videos[clip]]
        self._missing = [clip for clip in CLIPS if clip not in present]
        if not present:
            raise ReenactbenchError(f"{root} is no 300VW tree: it holds none of its 114 folders, as {root / CLIPS[0]}")
        if self._missing and not options.allow_missing:
            raise ReenactbenchError(
                f"{root} lacks {len(self._missing)} of the 114 clips of 300VW ({', '.join(self._missing)}); "
                "complete it, or give --allow-missing to run on the part that is here"
            )
        self.frozen = not self._missing
        broken = broken_frames()
        super().__init__(
            {
                clip: RawClip(
                    clip_info(clip),
                    videos[clip][0],
                    annotations[clip],
                    broken.get(clip, frozenset()),
                )
                for clip in present
            },
            options,
        )

    def missing(self) -> Sequence[str]:
        return sorted([*self._missing, *super().missing()])
