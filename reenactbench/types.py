"""The words everyone uses: frames, clips and pairs. Importing this module imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import torch
    from torch import Tensor

SEEN, UNSEEN, ALL = "seen", "unseen", "all"


@dataclass(frozen=True, slots=True)
class Frames:
    """A batch of face crops with their landmarks, on one device.

    images: float32 [T,3,S,S], RGB, 0..1.
    landmarks: float32 [T,68,2], iBUG order, x then y, in 0-based pixels of that crop.
    """

    images: Tensor
    landmarks: Tensor

    def __len__(self) -> int:
        return int(self.images.shape[0])

    def __getitem__(self, index: slice) -> Frames:
        return Frames(self.images[index], self.landmarks[index])

    def copy(self) -> Frames:
        return Frames(self.images.clone(), self.landmarks.clone())

    @property
    def size(self) -> int:
        """Side S of the square crop, in pixels."""
        return int(self.images.shape[-1])

    def to(self, device: torch.device | str) -> Frames:
        return Frames(self.images.to(device), self.landmarks.to(device))

    def resized(self, size: int) -> Frames:
        """The same frames at size x size (anti-aliased bilinear); landmarks keep to pixel centres."""
        if size == self.size:
            return self
        from torch.nn.functional import interpolate

        images = interpolate(self.images, (size, size), mode="bilinear", antialias=True, align_corners=False)
        landmarks = (self.landmarks + 0.5) * (size / self.size) - 0.5
        return Frames(images.clamp(0, 1), landmarks)


@dataclass(frozen=True, slots=True)
class ClipInfo:
    """One video of one identity, as a data set lists it before anything is decoded."""

    id: str
    identity: str
    split: str
    """`seen`: its identity is in the training part; `unseen`: it is not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the data, and where."""

    path: str
    """Relative to the folder that holds the data."""
    reason: str
    fatal: bool
    """Fatal: numbers made from this data would be wrong or missing. Not fatal: handled, and counted in every run."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One prepared video: crops on disk, memory-mapped, with the landmarks of every usable frame."""

    info: ClipInfo
    fingerprint: str
    """sha256 over everything the crops were made from: files, crop, networks that found landmarks; of rendered clips
    over the pixels and landmarks themselves."""
    fps: float
    numbers: npt.NDArray[np.int32]
    """[T] 1-based numbers of the usable frames in the video, ascending."""
    images: npt.NDArray[np.uint8]
    """[T,S,S,3] RGB."""
    landmarks: npt.NDArray[np.float32]
    """[T,68,2] in 0-based pixels of the crop."""
    excluded: dict[str, int]
    """Frames of the video that are not used: reason -> how many."""
    landmarks_from: str = "files"
    """`files`, `exact` (projected by what rendered the pictures), or the networks that found them."""
    findings: tuple[Finding, ...] = ()
    """What was wrong with it when it was prepared, and did not stop that."""

    def positions(self, numbers: tuple[int, ...]) -> npt.NDArray[np.intp]:
        """Where the frames with these numbers lie in `images`; every number must be a usable frame."""
        import numpy as np

        found = np.searchsorted(self.numbers, numbers)
        if found.max(initial=-1) >= len(self.numbers) or (self.numbers[found] != numbers).any():
            raise KeyError(f"clip {self.info.id} lacks one of the frames {numbers}")
        return found

    def frames(self, numbers: tuple[int, ...]) -> Frames:
        """The frames with these numbers, on the CPU."""
        import numpy as np
        import torch

        at = self.positions(numbers)
        pixels = torch.from_numpy(np.ascontiguousarray(self.images[at].transpose(0, 3, 1, 2)))
        return Frames(pixels.float() / 255, torch.from_numpy(np.array(self.landmarks[at], dtype=np.float32)))


@dataclass(frozen=True, slots=True)
class Pair:
    """Who drives whom, with which frames. `frames` and `target_frames` are empty until the clips are prepared."""

    id: str
    """Unique in a run, and a relative path: `self/001`, `cross/003/541` (source, then target)."""
    protocol: str
    kind: str
    """`self` (one clip) or `cross` (two identities)."""
    split: str
    """The group this pair is averaged in: `seen`, `seen-unseen` (source-target), `all`, ..."""
    quadrant: str
    """`SOURCE-TARGET`, each `seen` or `unseen`; of a `self` pair just the one word."""
    source: str
    target: str
    source_identity: str
    target_identity: str
    frames: tuple[int, ...] = ()
    """1-based numbers of the driving frames in the source clip."""
    target_frames: tuple[int, ...] = ()
    """1-based numbers of the target images in the target clip; a method takes the first `shots` of them."""
