"""Metrics each of which is wrong in one way; its docstring says in which, its name which check finds it."""

from __future__ import annotations

import inspect
import os
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reenactbench import FrameMetric, Scene, hookimpl
from reenactbench.hookspecs import Register

Scores = tuple[npt.NDArray[np.float64], str]


class Right(FrameMetric):
    """How far frames are from the true ones, or from the target where nobody knows them."""

    key: ClassVar[str] = "right"
    recipe: ClassVar[str] = "grey"
    title: ClassVar[str] = "Right"
    definition: ClassVar[str] = "Mean absolute difference; 0 to 1."
    higher_is_better: ClassVar[bool | None] = False

    def score(self, scene: Scene) -> Scores:
        wanted = (scene.truth or scene.target).images.astype(np.float64)
        return np.abs(scene.generated.images - wanted).mean(axis=(1, 2, 3)) / 255, ""


class Metadata(Right):
    """is registered without a summary"""


class Loads(Right):
    """is registered as `"no_such_module:Loads"`"""


class Interface(Right):
    """has no definition for the glossary"""

    definition = ""


class Variant(Right):
    """names a network in its recipe that it does not need"""

    recipe = "{identity}/grey"


class Runs(Right):
    """wants features that the network does not give"""

    needs = ("landmarks",)
    recipe = "{landmarks}"

    def score(self, scene: Scene) -> Scores:
        return scene.features("landmarks", scene.generated)["points"].mean(axis=(1, 2)), ""


class Needs(Right):
    """looks through the landmark network and does not declare it"""

    def score(self, scene: Scene) -> Scores:
        scene.features("landmarks", scene.generated)
        return super().score(scene)


class Values(Right):
    """returns its values without a reason"""

    def score(self, scene: Scene) -> Any:
        return super().score(scene)[0]


class NothingToSee(Right):
    """gives NaN without a reason where a frame shows nothing"""

    def score(self, scene: Scene) -> Scores:
        values, reason = super().score(scene)
        values[scene.generated.images.std(axis=(1, 2, 3)) < 1] = np.nan
        return values, reason


class OneFrame(Right):
    """squeezes its values, so that a single one is no array"""

    def score(self, scene: Scene) -> Scores:
        values, reason = super().score(scene)
        return values.squeeze(), reason


class WithoutTruth(Right):
    """looks at the true frames and does not say that it needs them"""

    def score(self, scene: Scene) -> Scores:
        true: Any = scene.truth
        return np.abs(scene.generated.images - true.images.astype(np.float64)).mean(axis=(1, 2, 3)), ""


class Repeat(Right):
    """adds noise that follows from nothing"""

    def score(self, scene: Scene) -> Scores:
        values, reason = super().score(scene)
        return values + int.from_bytes(os.urandom(4)) * 1e-18, reason


class Direction(Right):
    """is a distance and says that higher is better"""

    higher_is_better = True


class Inputs(Right):
    """blackens the border of the pictures that it is given"""

    def score(self, scene: Scene) -> Scores:
        scene.generated.images[:, :4] = 0
        return super().score(scene)


class RandomState(Right):
    """seeds NumPy's generator"""

    def score(self, scene: Scene) -> Scores:
        np.random.seed(0)
        return super().score(scene)


class GlobalState(Right):
    """turns NumPy's warnings off for everybody"""

    def score(self, scene: Scene) -> Scores:
        np.seterr(all="ignore")
        return super().score(scene)


WRONG = [
    item for item in list(globals().values()) if inspect.isclass(item) and issubclass(item, Right) and item is not Right
]


@hookimpl
def register_metrics(register: Register) -> None:
    register("right", Right, summary="nothing wrong with it")
    for metric in WRONG:
        metric.key = metric.__name__
        target = "no_such_module:Loads" if metric is Loads else metric
        register(metric.key, target, summary="" if metric is Metadata else "wrong in one way")
