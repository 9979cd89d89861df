"""What a method, a data set, a protocol, a metric and a backbone are to the harness.

A plugin subclasses one of these and registers it through a hook of `reenactbench.hookspecs`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench.errors import ReenactbenchError
from reenactbench.types import SEEN, Finding

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from reenactbench.types import Clip, ClipInfo, Frames, Pair

Array = npt.NDArray[Any]
Features = Mapping[str, Array]
"""Named arrays with a row a picture."""


class Method(ABC):
    """A face reenactment method: makes the target's face move like the driving frames.

    Outputs are pure functions of (checkpoint, inputs, seed): neither the batch size nor the order of frames changes a
    frame by more than 1e-5.
    """

    image_size: ClassVar[int] = 128
    """Side S in pixels that the method works at; the harness resizes to it and back."""
    shots: ClassVar[int] = 1
    """Target images it takes at most."""
    default_checkpoint: ClassVar[Path | None] = None
    """The checkpoint used when none is given on the command line; None: the method has no weights."""
    packages: ClassVar[tuple[str, ...]] = ()
    """Further top-level packages whose Python files decide what the method generates; its own is always one. An edit
    in any of them makes what was generated before out of date."""
    fine_tunes: ClassVar[bool] = False
    """Whether `encode_target` can go on learning from the target images."""
    finetune_steps: int = 0
    """For how many steps."""

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        self.device = device
        self.checkpoint = checkpoint

    def prepare_finetuning(self, steps: int) -> None:
        """Called once, before all targets, where `--finetune-steps` asks for one step or more and the method
        `fine_tunes`.

        Raises ReenactbenchError where this checkpoint cannot be fine-tuned, which ends the run before it begins.
        """
        self.finetune_steps = steps

    @abstractmethod
    def encode_target(self, targets: Frames) -> Any:
        """What the method needs to know of the target; called once a pair.

        targets: 1 to `shots` frames of the target at `image_size`, on the method's device.
        """

    @abstractmethod
    def reenact(self, identity: Any, driving: Frames) -> Tensor:
        """The target moving like `driving`: float32 [T,3,S,S], RGB, 0..1, for any T >= 1.

        identity: what `encode_target` returned. driving: T frames of the source at `image_size`.
        """

    def motion_code(self, driving: Frames) -> Tensor | None:
        """The code [T,D] that carries the motion, or None where the method has no such code."""
        return None


class LandmarkFinder(ABC):
    """Finds landmarks where a clip comes without: the detector and landmark backbones of the command line."""

    key: str
    """Names the networks and their sha256."""

    @abstractmethod
    def faces(self, image: npt.NDArray[np.uint8]) -> Features:
        """Every face in an image [H,W,3] RGB, a row each: `box` [n,4] (left, top, right, bottom) in pixels, and what
        else `landmarks` needs of it."""

    @abstractmethod
    def landmarks(self, image: npt.NDArray[np.uint8], face: Features) -> npt.NDArray[np.float32]:
        """Landmarks [68,2] in 0-based pixels of a face in that image; NaN where none are found.

        face: its row of `faces`, as arrays of one row.
        """


@dataclass(frozen=True, slots=True)
class DataOptions:
    """What the command line says of the data."""

    root: Path | None = None
    allow_missing: bool = False
    crop: str | None = None
    """The crop policy; None: the data set's own way."""
    finder: Callable[[], LandmarkFinder] | None = None
    """Loads what finds landmarks in clips without; None where no landmark backbone was named."""
    people: int = 0
    """So many further people, whom no protocol knows, are to be in `training_clips`."""


class Dataset(ABC):
    """Clips of faces, prepared as square crops of `image_size` pixels."""

    name: ClassVar[str]
    image_size: ClassVar[int] = 128
    backbones: ClassVar[Mapping[str, str]] = {}
    """Backbones used when the command line names none: kind -> `scheme:argument`."""
    by_request: ClassVar[tuple[str, ...]] = ("akd_truth", "lpips", "fd")
    """Metrics that a run computes only if it names them; one that names none computes all others."""
    makes_truth: ClassVar[bool] = False
    """Whether `prepare_truth` can make the true frames of `cross` pairs."""
    makes_people: ClassVar[bool] = False
    """Whether `training_clips` can hold further people, as many as `DataOptions.people` says."""
    crop: str = ""
    """The crop policy in use; empty where nothing is cropped."""
    frozen: bool = False
    """Whether the clips are exactly those that the frozen pair lists of this name were made from."""

    @abstractmethod
    def clips(self) -> Sequence[ClipInfo]:
        """The clips that are here, sorted by id; decodes nothing."""

    def training_clips(self) -> Sequence[ClipInfo]:
        """The clips that methods are trained on, sorted by id: the seen ones, what else there is of their people, and
        further people.

        `prepare`, `prepared` and `frame_count` take their ids too, and those of `validation_clips`.
        """
        return [clip for clip in self.clips() if clip.split == SEEN]

    def validation_clips(self) -> Sequence[ClipInfo]:
        """Clips of people who are neither trained on nor in any protocol, to choose settings on; empty where there are
        none."""
        return []

    def same_motions(self) -> npt.NDArray[np.float32] | None:
        """Landmarks [P,M,68,2] in pixels of `image_size` of P people who all make the same M motions; None where
        nobody knows such."""
        return None

    @abstractmethod
    def missing(self) -> Sequence[str]:
        """Ids of the clips that belong to the data set but are not here."""

    @abstractmethod
    def prepared(self, clip_id: str) -> Clip | None:
        """The prepared clip, or None where `prepare` has not run for it."""

    def findings(self, clip_ids: Sequence[str]) -> Sequence[Finding]:
        """What a person should know of these clips, as far as they are prepared, and of what else lies among them."""
        prepared = [self.prepared(clip_id) for clip_id in clip_ids]
        return [finding for clip in prepared if clip is not None for finding in clip.findings]

    @abstractmethod
    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        """Prepare those clips that are not yet; calls progress(frames) as frames are done. Safe to interrupt."""

    @abstractmethod
    def frame_count(self, clip_id: str) -> int:
        """About how many frames `prepare` will handle for this clip (for a progress bar)."""

    def truth(self, pair: Pair) -> Clip | None:
        """The clip that shows the target making the driving motion, frame by frame; None where nobody knows it.

        It holds the pair's `frames` at least, under their numbers in the source clip. Where `makes_truth`, that of a
        `cross` pair is known only once `prepare_truth` was called for it on this object, so that a run does not depend
        on what others left in the cache.
        """
        return self.prepared(pair.source) if pair.kind == "self" else None

    def prepare_truth(self, pairs: Sequence[Pair], progress: Callable[[int], None], jobs: int) -> None:
        """Make the true frames of `cross` pairs as `prepare` does clips; called only where `makes_truth`, and where a
        metric of the run compares with them. Frames that are there count as done.

        Raises ReenactbenchError where the data set cannot make any.
        """
        raise ReenactbenchError(f"data set {self.name} has no true frames of one identity driven by another")

    def verify(self, allow_missing: bool, jobs: int) -> Iterator[Sequence[Finding]]:
        """All that is wrong: first what is missing (fatal unless allowed), then of each clip that is read its findings.

        Raises ReenactbenchError where there is nothing to verify.
        """
        raise ReenactbenchError(f"data set {self.name} has nothing to verify")


class Protocol(ABC):
    """A rule that says who drives whom; the same clips always give the same pairs in the same order."""

    name: ClassVar[str]
    version: ClassVar[int] = 1

    @abstractmethod
    def pairs(self, clips: Sequence[ClipInfo]) -> list[Pair]:
        """The pairs, in the order that `--limit` cuts, without frame numbers."""


class Backbone(ABC):
    """A network that metrics look through. Its name and its file's sha256 stand in every row made with it."""

    kind: ClassVar[str]
    """`detector`, `identity`, `landmarks`, `inception` or `perceptual`."""
    name: str
    """What variants call it, such as `insightface-buffalo_l`; the harness sets it from the `label` it is registered
    with."""
    sha256: str
    """Of the weights file."""
    origin: str = ""
    """Distribution and version it is from; the harness sets it."""

    @abstractmethod
    def extract(self, images: Array, context: Mapping[str, Features]) -> Features:
        """Features of images uint8 [T,H,W,3] RGB, as named arrays with T rows.

        context: the features of the kinds in `needs`, for the same images.
        """

    needs: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures with the sha256 of their content, by which their features are cached."""

    key: str
    images: npt.NDArray[np.uint8]
    """[T,S,S,3] RGB."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a metric may look at for one pair."""

    pair: Pair
    generated: Pictures
    driving: Pictures
    target: Pictures
    """The first target image alone: [1,S,S,3]."""
    truth: Pictures | None
    """The frames that should have been generated; None where nobody knows them, or nothing in the run needs them."""
    reference: Pictures
    """Real frames of the target identity, to compare distributions with: the truth, or else the target's own clip."""
    device: str
    """Where a metric that uses torch should work."""
    features: Callable[[str, Pictures], Features] = field(repr=False)
    """features(kind, pictures): what the backbone of that kind sees, cached."""


class Metric(ABC):
    """A measurement with a name that says exactly what was computed."""

    key: ClassVar[str]
    version: ClassVar[int] = 1
    recipe: ClassVar[str] = ""
    """The part of the variant's name that says how: `gauss11-rgb`. `{identity}` stands for that backbone's name,
    `{via}` for the detector's where it is not of the same pack."""
    title: ClassVar[str]
    definition: ClassVar[str]
    """One or two sentences for the glossary, with unit and source."""
    higher_is_better: ClassVar[bool | None] = None
    """None: neither direction is better."""
    unit: ClassVar[str] = ""
    digits: ClassVar[int] = 3
    """Decimals worth printing."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Kinds of the backbones it looks through."""
    needs_truth: ClassVar[bool] = False
    by_request: ClassVar[bool] = False
    """Whether a run computes it, on whatever data, only if it names it; `Dataset.by_request` is for one data set."""

    @classmethod
    def variant(cls, names: Mapping[str, str], recipe: str | None = None) -> str:
        """The full name of what is computed with backbones of these names: `csim/insightface-buffalo_l/detect5@1`."""
        others = [names[kind] for kind in cls.needs if kind != "detector"]
        detector = names.get("detector", "")
        via = "" if not others or detector in others else f"-{detector}"
        return f"{cls.key}/{(recipe or cls.recipe).format(**names, via=via)}@{cls.version}"


class FrameMetric(Metric):
    """A value a frame; a pair's value is the mean over its frames, a method's the mean over pairs."""

    kinds: ClassVar[tuple[str, ...]] = ("self", "cross")
    """Kinds of the pairs it is computed for: those of which it says what no other metric does."""

    @abstractmethod
    def score(self, scene: Scene) -> tuple[npt.NDArray[np.float64], str]:
        """Values float64 [T], NaN where a frame could not be measured, and the reason for those ("" if none)."""


class SetMetric(Metric):
    """One value for a set of generated frames against a set of real ones, through the features of one backbone."""

    through: ClassVar[str]
    """Kind of the backbone whose features are compared; `needs` names it too, and what it needs itself."""
    feature: ClassVar[str]
    """Which array of its features."""

    @abstractmethod
    def compare(self, generated: Array, reference: Array) -> float:
        """The value for features [N,D] and [M,D]; raises ValueError with a reason where it is not defined."""

    def by_parts(self, generated: Array, reference: Array) -> Mapping[int, float]:
        """k -> the mean value of k disjoint parts of both sets, of a metric whose value follows the number of frames;
        empty of any other. Raises ValueError like `compare`."""
        return {}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One of the values that a `MethodMetric` or a `CodeMetric` measures."""

    title: str
    definition: str
    unit: str
    digits: int
    higher_is_better: bool | None


class MethodMetric(Metric):
    """Values of the method itself, whatever the pair."""

    quantities: ClassVar[Mapping[str, Quantity]]
    """recipe -> what it is."""

    @abstractmethod
    def measure(self, method: Method, targets: Frames, driving: Frames) -> Mapping[str, float | str]:
        """recipe -> value, or the reason why it cannot be measured here; frames are on the method's device."""


@dataclass(frozen=True, slots=True)
class Codes:
    """Motion codes of one method for frames of many people; a row a frame, by clip and frame number."""

    values: npt.NDArray[np.float32]
    """[N,D], as `Method.motion_code` gave them."""
    identities: npt.NDArray[np.str_]
    """[N]"""
    clips: npt.NDArray[np.str_]
    """[N] ids; several clips may show the same identity."""
    frames: npt.NDArray[np.int64]
    """[N] 1-based numbers in the clip, ascending within it."""


class CodeMetric(Metric):
    """Values of a method's motion codes on the footage that methods are trained on, `Dataset.training_clips`."""

    quantities: ClassVar[Mapping[str, Quantity]]
    """recipe -> what it is."""
    frames: ClassVar[int] = 16
    """It gets so many evenly spaced frames of each clip, or all where there are fewer."""

    def recipes(self, clips: Sequence[ClipInfo]) -> Sequence[str]:
        """Those of the quantities that it measures on such clips."""
        return tuple(self.quantities)

    @abstractmethod
    def measure(self, codes: Codes) -> Mapping[str, float | str]:
        """recipe -> value for the recipes of these clips, or the reason why it cannot be measured."""
