"""Which frames a step of training sees. Everything follows from (footage, seed, step), so going on is exact."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from reenactbench.errors import ReenactbenchError
from reenactbench.training.footage import Footage, Indices
from reenactbench.types import Frames

SAMPLES_A_CLIP = 1000
"""Of each clip in an epoch, paired and unpaired ones each (the paper, 4.1)."""

_PAIRED, _UNPAIRED, _LANDMARKS, _SAME_MOTIONS = "paired", "unpaired", "landmarks", "same motions"


@dataclass(frozen=True, slots=True)
class Pairs:
    """B samples of K target images and L driving frames, on one device.

    targets: [B*K], a sample's K shots side by side. driving: [B*L], a sample's L frames in the order of the video.
    """

    targets: Frames
    driving: Frames
    target_ids: Tensor
    """int64 [B], places in `Footage.identities`."""
    driving_ids: Tensor
    """int64 [B]; the same as `target_ids` in paired samples, never in unpaired ones."""

    def __len__(self) -> int:
        return len(self.target_ids)


def epoch(samples: int, footage: Footage) -> int:
    """The epoch, counted from 0, that the sample after so many is in."""
    return samples // (SAMPLES_A_CLIP * len(footage.clips))


class Draws:
    """What one step draws: the same call on the same step gives the same again, whatever was drawn before.

    Sample number `step * count + row` of the whole training is of the clip that stands there in its epoch; which of
    the clip's frames it is of is drawn anew.
    """

    def __init__(self, footage: Footage, seed: int, step: int, device: torch.device | str = "cpu") -> None:
        """seed: 0 or more. step: steps made before this one."""
        self.footage, self.seed, self.step, self.device = footage, seed, step, device

    def random(self, name: str) -> np.random.Generator:
        """A generator of numbers for that purpose, in this step alone."""
        return np.random.default_rng([self.seed, self.step, *name.encode()])

    def paired(self, count: int, shots: int = 1, length: int = 1, candidates: int = 1) -> Pairs:
        """Samples with target and driving from the same clip, and no frame in both.

        candidates: so many choices of driving frames are drawn, of which the one is taken whose landmarks lie farthest
        from the first target's, in the mean; 1 is the paper's way, more make harder samples.
        """
        random = self.random(_PAIRED)
        clips = self._clips(_PAIRED, count)
        targets, driving = [], []
        for clip in clips:
            starts = self.footage.starts(clip, length)
            windows = random.choice(starts, candidates)[:, None] + np.arange(length)
            landmarks = self.footage.clips[clip].landmarks
            first = int(random.integers(len(landmarks)))
            apart = np.linalg.norm(landmarks[windows] - landmarks[first], axis=-1).mean(axis=(1, 2))
            apart[(windows == first).any(axis=1)] = -1
            window = windows[apart.argmax()]
            free = np.setdiff1d(np.arange(len(landmarks)), window)
            if first in window:
                first = int(random.choice(free))
            targets.append(np.array([first, *_some(random, free[free != first], free, shots - 1)]))
            driving.append(window)
        return self._pairs(clips, targets, clips, driving)

    def unpaired(self, count: int, shots: int = 1, length: int = 3) -> Pairs:
        """Samples with target and driving of two identities; the clip that the sample stands for is the driving one.

        The target identity is any other with the same chance, and so is the clip of that identity.
        """
        random = self.random(_UNPAIRED)
        footage = self.footage
        clips = self._clips(_UNPAIRED, count)
        others, targets, driving = [], [], []
        for clip in clips:
            identity = int(random.integers(len(footage.identities) - 1))
            identity += identity >= footage.owner[clip]
            other = int(random.choice(footage.by_identity[identity]))
            others.append(other)
            places = np.arange(len(footage.clips[other].numbers))
            targets.append(_some(random, places, places, shots))
            driving.append(int(random.choice(footage.starts(clip, length))) + np.arange(length))
        return self._pairs(others, targets, clips, driving)

    def landmarks(self, count: int) -> tuple[Tensor, Tensor]:
        """Landmarks [count,68,2] of frames of all clips, and whose they are: int64 [count]; no pixel is read.

        Every identity has the same chance, and so has each of its clips.
        """
        random = self.random(_LANDMARKS)
        identities = random.integers(len(self.footage.identities), size=count)
        found = []
        for identity in identities:
            clip = self.footage.clips[int(random.choice(self.footage.by_identity[identity]))]
            found.append(clip.landmarks[int(random.integers(len(clip.landmarks)))])
        landmarks = torch.from_numpy(np.stack(found).astype(np.float32, copy=False))
        return landmarks.to(self.device), torch.from_numpy(identities).to(self.device)

    def same_motions(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Landmarks [count,68,2] of a person, of another one in another motion, and of that other one in the motion of
        the first; no pixel is read.

        Raises ReenactbenchError where the data set does not know what other people look like in the same motion.
        """
        table = self.footage.same_motions
        if table is None:
            raise ReenactbenchError("this data set does not know what other people look like in the same motion")
        random = self.random(_SAME_MOTIONS)
        (people, motions), chosen = table.shape[:2], []
        first, motion = random.integers(people, size=count), random.integers(motions, size=count)
        other = (first + random.integers(1, people, size=count)) % people
        of_other = (motion + random.integers(1, motions, size=count)) % motions
        for who, what in ((first, motion), (other, of_other), (other, motion)):
            chosen.append(torch.from_numpy(np.asarray(table[who, what], np.float32)).to(self.device))
        driving, own, moved = chosen
        return driving, own, moved

    def _clips(self, kind: str, count: int) -> list[int]:
        """The clips that the samples of this step stand for."""
        numbers = self.step * count + np.arange(count)
        size = SAMPLES_A_CLIP * len(self.footage.clips)
        return [int(_order(len(self.footage.clips), self.seed, kind, int(n) // size)[n % size]) for n in numbers]

    def _pairs(
        self, of_targets: list[int], targets: list[Indices], of_driving: list[int], driving: list[Indices]
    ) -> Pairs:
        owner = torch.from_numpy(self.footage.owner)
        return Pairs(
            self._frames(of_targets, targets),
            self._frames(of_driving, driving),
            owner[of_targets].to(self.device),
            owner[of_driving].to(self.device),
        )

    def _frames(self, clips: list[int], places: list[Indices]) -> Frames:
        """The frames at these places of these clips; the pixels travel to the device as bytes."""
        chosen = [(self.footage.clips[clip], at) for clip, at in zip(clips, places, strict=True)]
        pixels = torch.from_numpy(np.concatenate([clip.images[at] for clip, at in chosen])).to(self.device)
        landmarks = np.concatenate([clip.landmarks[at] for clip, at in chosen])
        return Frames(
            pixels.permute(0, 3, 1, 2).float() / 255,
            torch.from_numpy(landmarks.astype(np.float32, copy=False)).to(self.device),
        )


def _some(random: np.random.Generator, places: Indices, enough: Indices, count: int) -> Indices:
    """So many of these places, each once; where there are too few, from those of `enough` with repetition."""
    return random.choice(places, count, replace=False) if len(places) >= count else random.choice(enough, count)


@lru_cache(maxsize=4)
def _order(clips: int, seed: int, kind: str, number: int) -> Indices:
    """The clip of each sample of an epoch: SAMPLES_A_CLIP of each, shuffled."""
    random = np.random.default_rng([seed, number, *kind.encode()])
    return random.permutation(np.repeat(np.arange(clips, dtype=np.int64), SAMPLES_A_CLIP))
