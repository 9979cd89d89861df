"""Methods each of which is wrong in one way; its docstring says in which, its name which check finds it."""

from __future__ import annotations

import inspect
import os
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import instance_norm

from reenactbench import Frames, Method, hookimpl
from reenactbench.hookspecs import Register


class Right(Method):
    """Half target, half driver, and nothing wrong with it."""

    image_size = 32
    shots = 3

    def encode_target(self, targets: Frames) -> Tensor:
        return targets.images.mean(0, keepdim=True)

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return (identity + driving.images) / 2

    def motion_code(self, driving: Frames) -> Tensor:
        return driving.landmarks.flatten(1)


class Metadata(Right):
    """is registered without a summary"""


class Licence(Right):
    """is registered without a licence"""


class Citation(Right):
    """says `citation="see our website"`"""


class Loads(Right):
    """is registered as `"no_such_module:Loads"`"""


class Interface(Right):
    """declares `shots = 0`"""

    shots = 0


class Starts(Right):
    """opens in its constructor a file that is not there"""

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        Path("weights.pth").read_bytes()


class Runs(Right):
    """takes the driving frames for channels last"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return identity + driving.images * torch.ones(3)


class Shape(Right):
    """returns its frames with channels last"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return super().reenact(identity, driving).permute(0, 2, 3, 1)


class Dtype(Right):
    """returns float64"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return super().reenact(identity, driving).double()


class Finite(Right):
    """divides each frame by its darkest pixel, which may be black"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        dark = driving.images - driving.images.amin(dim=(1, 2, 3), keepdim=True)
        return super().reenact(identity, driving) * (dark / dark)


class Range(Right):
    """returns the output of its tanh, -1 to 1"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return super().reenact(identity, driving) * 2 - 1


class OneFrame(Right):
    """squeezes its output, so that a single frame loses an axis"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return super().reenact(identity, driving).squeeze(0)


class OddCounts(Right):
    """works on pairs of frames and drops the one that is left over"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        whole = max(1, len(driving) // 2 * 2)
        return super().reenact(identity, driving[:whole])


class Shots(Right):
    """takes it for granted that it gets three target images"""

    def encode_target(self, targets: Frames) -> Tensor:
        return targets.images[2:3]


class Seed(Right):
    """adds noise that follows from nothing"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        noise = np.frombuffer(os.urandom(32 * 32), np.uint8).reshape(32, 32).astype(np.float32)
        return (super().reenact(identity, driving) + torch.from_numpy(noise) / 2550).clamp(0, 1)


class BatchSize(Right):
    """normalises over the frames of a batch, as a network does that was left in train()"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        pixels = driving.images.transpose(0, 1).flatten(1)[None]
        normal = instance_norm(pixels)[0].view(3, len(driving), 32, 32).transpose(0, 1)
        return torch.sigmoid(normal + identity)


class Order(Right):
    """smooths over time: each frame is mixed with the one before it"""

    def encode_target(self, targets: Frames) -> Tensor:
        self._last: Tensor | None = None
        return super().encode_target(targets)

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        frames = []
        for frame in super().reenact(identity, driving):
            self._last = frame if self._last is None else 0.5 * self._last + 0.5 * frame
            frames.append(self._last)
        return torch.stack(frames)


class Identity(Right):
    """keeps the target in `self` and returns nothing"""

    def encode_target(self, targets: Frames) -> None:  # type: ignore[override]
        self._target = super().encode_target(targets)

    def reenact(self, identity: Any, driving: Frames) -> Tensor:
        return super().reenact(self._target, driving)


class Inputs(Right):
    """brings the landmarks it is given to 0..1 in place"""

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        driving.landmarks.div_(self.image_size)
        return super().reenact(identity, driving)


class RandomState(Right):
    """calls `torch.manual_seed(0)` before it works"""

    def encode_target(self, targets: Frames) -> Tensor:
        torch.manual_seed(0)
        return super().encode_target(targets)


class GlobalState(Right):
    """sets torch's default dtype in its constructor"""

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        torch.set_default_dtype(torch.float64)


class Cpu(Right):
    """is always on the first GPU, whatever it is told"""

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(torch.device("cuda"), checkpoint)


class Gpu(Right):
    """forgets to move its constants to the device"""

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        self._tint = torch.tensor([0.9, 1.0, 0.9]).view(1, 3, 1, 1)

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        return super().reenact(identity, driving) * self._tint


class MotionCode(Right):
    """returns one motion code for all frames"""

    def motion_code(self, driving: Frames) -> Tensor:
        return driving.landmarks.flatten(1).mean(0)


class Memory(Right):
    """keeps every frame that it ever made"""

    image_size = 128
    kept: ClassVar[list[Tensor]] = []

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        self.kept.append(super().reenact(identity, driving))
        return self.kept[-1]


class Time(Right):
    """goes through all that came before, again with every call"""

    def __init__(self, device: torch.device, checkpoint: Path | None = None) -> None:
        super().__init__(device, checkpoint)
        self._calls = 0

    def reenact(self, identity: Tensor, driving: Frames) -> Tensor:
        self._calls += 1
        start = time.process_time()
        while time.process_time() - start < 0.002 * self._calls:
            pass
        return super().reenact(identity, driving)


WRONG = [
    item for item in list(globals().values()) if inspect.isclass(item) and issubclass(item, Right) and item is not Right
]


@hookimpl
def register_methods(register: Register) -> None:
    texts = {"summary": "wrong in one way", "licence": "MIT", "citation": "Nobody, Wrong in one way, 2024"}
    others = {Metadata: {"summary": ""}, Licence: {"licence": ""}, Citation: {"citation": "see our website"}}
    register("right", Right, **texts)
    for method in WRONG:
        target = "no_such_module:Loads" if method is Loads else method
        register(method.__name__, target, **texts | others.get(method, {}))
