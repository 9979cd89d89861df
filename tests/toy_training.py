"""A method of a few weights and a data set of a few pixels, registered as a plugin would: what trainings are tested on.

A picture is of one colour, which says what it shows: red the clip, green the number of the frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adam, Optimizer

from reenactbench import DataOptions, Dataset, Method, hookimpl
from reenactbench.files import content_key
from reenactbench.training.recipe import Plan, Recipe, Scalar, resolve
from reenactbench.training.sampling import Draws
from reenactbench.types import SEEN, UNSEEN, Clip, ClipInfo, Frames

SIDE = 16
CLIPS: Mapping[str, Sequence[int]] = {
    "001": range(1, 9),
    "001.1": (1, 2, 3, 5, 6, 7, 8, 12),
    "002": range(11, 21),
    "003": (2, 3, 4, 6),
    "004": (1, 2, 4, 5, 7, 8),
    "541": range(1, 9),
}
"""The numbers of the usable frames; 004 never has three in a row, and 541 is unseen."""


def clip(name: str, numbers: Sequence[int], red: int = 0) -> Clip:
    """A clip whose landmarks drift to the right, faster and faster."""
    kept = np.array(numbers, np.int32)
    images = np.zeros((len(kept), SIDE, SIDE, 3), np.uint8)
    images[..., 0], images[..., 1] = red, kept[:, None, None]
    landmarks = np.random.default_rng(red).uniform(2, SIDE - 2, (68, 2)) + np.zeros((len(kept), 1, 1))
    landmarks[:, :, 0] += 0.01 * kept[:, None] ** 2
    info = ClipInfo(name, identity=name.partition(".")[0], split=UNSEEN if name == "541" else SEEN)
    return Clip(info, content_key([name, red]), 25.0, kept, images, landmarks.astype(np.float32), {})


class Colours(Dataset):
    name: ClassVar[str] = "colours"
    image_size: ClassVar[int] = SIDE

    def __init__(self, options: DataOptions, clips: Mapping[str, Sequence[int]] = CLIPS) -> None:
        self._all = {name: clip(name, numbers, red) for red, (name, numbers) in enumerate(clips.items())}
        self._done: set[str] = set()

    def clips(self) -> Sequence[ClipInfo]:
        return [found.info for found in self._all.values()]

    def missing(self) -> Sequence[str]:
        return []

    def prepared(self, clip_id: str) -> Clip | None:
        return self._all[clip_id] if clip_id in self._done else None

    def prepare(self, clip_ids: Sequence[str], progress: Callable[[int], None], jobs: int) -> None:
        self._done.update(clip_ids)

    def frame_count(self, clip_id: str) -> int:
        return len(self._all[clip_id].numbers)


@dataclass(frozen=True)
class Settings:
    rate: float = 1e-3
    steps: int = 12
    smooth: bool = False
    loss: str = "l2"


MEANWHILE: dict[int, Callable[[nn.Module], Any]] = {}
"""What happens at the end of a step, by the number of steps made then."""
SHOWN: list[Tensor] = []
"""The weights with which samples were made."""


class ToyRecipe(Recipe):
    """Makes the driving picture from the target's and the driver's, with everything that is hard to take up again:
    dropout, running averages, and an optimiser that remembers."""

    method: ClassVar[str] = "toy"
    presets: ClassVar[tuple[str, ...]] = ("demo", "paper")
    variants: ClassVar[tuple[str, ...]] = ("full", "plain")

    def __init__(self, plan: Plan) -> None:
        self.chosen = resolve(Settings(), plan.settings)
        self.steps, self.batch = self.chosen.steps, 4
        norm, frozen = nn.BatchNorm2d(4), nn.BatchNorm2d(3).eval()
        self.maker = nn.Sequential(nn.Conv2d(6, 4, 3, padding=1), norm, nn.Dropout(0.3), nn.Conv2d(4, 3, 1), frozen)
        self.judge = nn.Conv2d(3, 1, 4)
        self.of_maker = Adam(self.maker.parameters(), self.chosen.rate)
        self.of_judge = Adam(self.judge.parameters(), self.chosen.rate)

    @property
    def settings(self) -> Mapping[str, Scalar]:
        return asdict(self.chosen)

    def networks(self) -> Mapping[str, nn.Module]:
        return {"maker": self.maker, "judge": self.judge}

    def optimisers(self) -> Mapping[str, Optimizer]:
        return {"of_maker": self.of_maker, "of_judge": self.of_judge}

    def exported(self) -> Mapping[str, nn.Module]:
        return {"maker": self.maker}

    def step(self, number: int, draws: Draws) -> Mapping[str, Tensor]:
        pairs = draws.paired(self.batch, candidates=2)
        real, made = pairs.driving.images, self._made(pairs.targets, pairs.driving)
        judged = self.judge(torch.cat([real, made.detach()])).mean((1, 2, 3)).chunk(2)
        judging = functional.relu(1 - judged[0]).mean() + functional.relu(1 + judged[1]).mean()
        self.descend(judging, self.of_judge)
        making = functional.mse_loss(made, real) - 0.01 * self.judge(made).mean()
        self.descend(making, self.of_maker, clip=1.0)
        MEANWHILE.get(number + 1, lambda maker: None)(self.maker)
        return {"making": making, "judging": judging.detach()}

    def sample(self, draws: Draws) -> Tensor:
        assert not any(part.training for part in self.maker.modules())
        SHOWN.append(self.maker.state_dict()["0.weight"].clone())
        pairs = draws.unpaired(2, length=1)
        made = self._made(pairs.targets, pairs.driving)
        return torch.stack([pairs.targets.images, pairs.driving.images, made])

    def metadata(self) -> Mapping[str, Any]:
        return {"perceptual": "none"}

    def _made(self, targets: Frames, driving: Frames) -> Tensor:
        made: Tensor = self.maker(torch.cat([targets.images, driving.images], 1))
        return made


class Toy(Method):
    def encode_target(self, targets: Frames) -> None:
        return None

    def reenact(self, identity: None, driving: Frames) -> Tensor:
        return driving.images


@hookimpl
def register_methods(register: Any) -> None:
    register("toy", Toy, recipe="toy_training:ToyRecipe")
    register("odd", Toy, recipe="toy_training:Colours")


@hookimpl
def register_datasets(register: Any) -> None:
    register("colours", "toy_training:Colours")
