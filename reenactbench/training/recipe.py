"""What a method says of its training: the networks, the optimisers, and one step of all of them."""

from __future__ import annotations

import dataclasses
import difflib
import math
import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from torch import Tensor, nn
from torch.optim import Optimizer

from reenactbench.errors import ReenactbenchError
from reenactbench.training import steps
from reenactbench.training.sampling import Draws, Pairs

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Scalar = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Plan:
    """Which training of a method is asked for."""

    preset: str
    variant: str
    settings: Mapping[str, str]
    """What `--set NAME=VALUE` says: name -> the text of the value."""
    identities: int
    """How many the footage holds."""
    image_size: int
    seed: int


class Recipe(ABC):
    """How one method is trained."""

    method: ClassVar[str]
    presets: ClassVar[tuple[str, ...]]
    """The first is the default."""
    variants: ClassVar[tuple[str, ...]]
    """The first is the default."""

    steps: int
    """Steps that the preset asks for."""
    batch: int
    """Samples of each kind, paired and unpaired, that a step takes: by them epochs are counted."""
    ema: float = 0.0
    """Decay a step of the average of the exported networks' weights, which then makes samples and the checkpoint;
    0: the weights are taken as they are."""
    mixed: bool = True
    """Whether forward passes may be in bfloat16, where the device is fast at it."""
    fabric: Fabric
    """What networks and optimisers were set up with; there from `set_up` on."""

    @abstractmethod
    def __init__(self, plan: Plan) -> None:
        """Called on the CPU, after torch was seeded.

        Raises ReenactbenchError where the plan's settings are not those of its preset.
        """

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Scalar]:
        """All settings with the values in use, for training.json and the checkpoint."""

    @abstractmethod
    def networks(self) -> Mapping[str, nn.Module]:
        """All that is trained or must be kept, by the name of the recipe's attribute that holds it."""

    @abstractmethod
    def optimisers(self) -> Mapping[str, Optimizer]:
        """By the name of the recipe's attribute that holds it."""

    @abstractmethod
    def exported(self) -> Mapping[str, nn.Module]:
        """Those of the networks that make the checkpoint, by the name that they have there."""

    @abstractmethod
    def step(self, number: int, draws: Draws) -> Mapping[str, Tensor]:
        """Update everything once: `backward` by `self.fabric`. Returns losses by name: detached scalars.

        number: steps made before this one. Torch is seeded for each step, so what it draws at random is the same
        when the training is taken up again.
        """

    @abstractmethod
    def sample(self, draws: Draws) -> Tensor:
        """Pictures [rows,columns,3,S,S] in 0..1 that show how far the training is; called without gradients, with all
        networks in evaluation mode."""

    def reenacted(self, pairs: Pairs) -> Tensor | None:
        """The frames [B,3,S,S] in 0..1 that the method makes of samples with one driving frame each, for the validation
        that the log keeps; None: it keeps none. Called like `sample`."""
        return None

    def metadata(self) -> Mapping[str, Any]:
        """What else the checkpoint should say, as JSON: such as which perceptual network the losses used."""
        return {}

    def set_up(self, fabric: Fabric) -> None:
        """Move everything to the device and wrap it for the precision and the number of devices; called once, first.

        Networks and optimisers are replaced by what Fabric wraps them in: in bfloat16 the forward of a network runs in
        autocast and returns float32. What calls other methods of a network needs `self.fabric.autocast()`.
        """
        self.fabric = fabric
        for name, network in self.networks().items():
            setattr(self, name, fabric.setup_module(network))
        for name, optimiser in self.optimisers().items():
            setattr(self, name, fabric.setup_optimizers(optimiser))

    def seen(self, network: nn.Module, images: Tensor) -> list[Tensor]:
        """The feature maps that a network of `reenactbench.training.features` makes of pictures [N,3,S,S] in 0..1."""
        with self.fabric.autocast():
            features: list[Tensor] = network(images)
        return features

    def descend(self, loss: Tensor, optimiser: Optimizer, clip: float | None = None) -> None:
        """`reenactbench.training.steps.descend` through Fabric."""
        steps.descend(loss, optimiser, clip, self.fabric.backward)


Settings = TypeVar("Settings")


def resolve(preset: Settings, given: Mapping[str, str]) -> Settings:
    """The preset, an instance of a dataclass, with the fields that `--set NAME=VALUE` names read as their own types.

    Raises ReenactbenchError where there is no such setting, with the nearest names, or no such value of its type.
    """
    kinds = typing.get_type_hints(type(preset))
    changes = {}
    for name, text in given.items():
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, n=3) or list(kinds)
            raise ReenactbenchError(
                f"--set {name}={text}: there is no setting {name!r}; did you mean {', '.join(near)}?"
            )
        try:
            changes[name] = _READERS[kinds[name]](text)
        except ValueError:
            raise ReenactbenchError(f"--set {name}={text}: {name} is {_KINDS[kinds[name]]}") from None
    return dataclasses.replace(preset, **changes)  # type: ignore[type-var]


def check_range(settings: object, names: str, least: float, below: float = math.inf) -> None:
    """Raises ReenactbenchError, in the words of the command line, for the first of these settings, side by side in a
    text, whose value is not from `least` to below `below`."""
    for name in names.split():
        value = getattr(settings, name)
        if not least <= value < below:
            limits = f"{least} at least" if below == math.inf else f"from {least} to below {below}"
            raise ReenactbenchError(f"--set {name}={value}: {name} is {limits}")


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


_READERS: Mapping[type, Any] = {int: int, float: _number, bool: _truth, str: str}
_KINDS: Mapping[type, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
