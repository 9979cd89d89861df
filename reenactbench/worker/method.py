"""A method that works in another process, behind the interface of one that works in this."""

from __future__ import annotations

import os
import sys
import weakref
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import Method
from reenactbench.worker import shim
from reenactbench.worker.description import Description
from reenactbench.worker.failures import WorkerDied, WorkerFailure
from reenactbench.worker.process import Launch, Limits, WorkerProcess
from reenactbench.worker.usage import can_be_limited

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from reenactbench.types import Frames

OURS = ("PYTHONPATH", "PYTHONHOME")  # which would lead another interpreter to the packages of this one
DEATHS = 3  # in a row, after which a method is given up
SHIM = Path(shim.__file__).resolve()


class Identity:
    """A target that the worker has encoded: what it knows stays there, under a number."""

    def __init__(self, worker: WorkerProcess, number: int) -> None:
        self.worker, self.number = worker, number


class WorkerMethod(Method):
    """Passes everything on to a worker, which is started with it, and anew for the cell after one in which it died.

    Its functions raise WorkerFailure: with what the method raised in the worker, or with what the worker died of. After
    three cells in a row in which it died, the method is given up and they raise that.
    """

    launch: ClassVar[Launch]
    limits: ClassVar[Limits]

    def __init__(
        self,
        device: torch.device,
        checkpoint: Path | None = None,
        seed: int = 0,
        log: Path | None = None,
        finetune_steps: int = 0,
    ) -> None:
        """Start the worker. seed: of what the method's constructor draws. log: takes the worker's standard error.
        finetune_steps: for which the worker prepares the method, which must be able to fine-tune."""
        super().__init__(device, checkpoint)
        self.finetune_steps = finetune_steps
        self.packages_there: dict[str, str] = {}
        """Versions of Python, NumPy and torch in the worker."""
        self._log = log
        self._start = {
            **self.launch.start,
            "call": "start",
            "device": device.type,
            "checkpoint": None if checkpoint is None else str(checkpoint.resolve()),
            "seed": seed,
        }
        if finetune_steps:
            self._start["parameters"] = {**self.launch.start["parameters"], "finetune_steps": finetune_steps}
        self._seed: int | None = None
        self._died, self._deaths, self._given_up = False, 0, ""
        self._worker = self._started()

    @property
    def pid(self) -> int:
        """Of the worker."""
        return self._worker.pid

    def seeded(self, seed: int) -> None:
        """What the method draws from now on follows from this seed."""
        self._seed = seed

    def encode_target(self, targets: Frames) -> Identity:
        """Encode the target in the worker; with this a cell begins."""
        if not self._died:
            self._deaths = 0
        self._died = False
        answer, _ = self._call("encode_target", targets)
        identity = Identity(self._worker, answer["identity"])
        weakref.finalize(identity, self._worker.forget.append, identity.number).atexit = False
        return identity

    def reenact(self, identity: Identity, driving: Frames) -> Tensor:
        """What the worker's method makes of it, whatever that is."""
        if identity.worker is not self._worker:
            raise WorkerFailure("the worker that encoded this target has died since")
        _, (images,) = self._call("reenact", driving, identity=identity.number)
        return self._tensor(images)

    def motion_code(self, driving: Frames) -> Tensor | None:
        _, codes = self._call("motion_code", driving)
        return self._tensor(codes[0]) if codes else None

    def _call(self, function: str, frames: Frames, **more: Any) -> tuple[dict[str, Any], list[Any]]:
        if self._given_up:
            raise WorkerFailure(self._given_up)
        header = {"call": function, **more}
        try:
            if not self._worker.alive:
                self._worker = self._started()
            if self._seed is not None:
                header["seed"], self._seed = self._seed, None
            return self._worker.call(header, [tensor.cpu().numpy() for tensor in (frames.images, frames.landmarks)])
        except WorkerDied as death:
            self._died = True
            self._deaths += 1
            if self._deaths == DEATHS:
                self._given_up = f"given up after {DEATHS} deaths in a row; the last: {death}"
            raise

    def _started(self) -> WorkerProcess:
        worker = WorkerProcess(self.launch, self.limits, self._log)
        try:
            answer, _ = worker.call(self._start)
        except BaseException:
            worker.end()
            raise
        self.packages_there = answer["packages"]
        return worker

    def _tensor(self, array: Any) -> Tensor:
        import torch

        return torch.from_numpy(array).to(self.device)


def isolated(cls: type[Method], name: str, **limits: float) -> type[WorkerMethod]:
    """The class as one that does its work in a worker with this interpreter; raises ReenactbenchError where the worker
    could not find it."""
    import torch

    module = sys.modules[cls.__module__]
    try:
        found = attrgetter(cls.__qualname__)(module)
    except AttributeError:
        found = None
    if found is not cls or cls.__module__ == "__main__":
        raise ReenactbenchError(
            f"--isolate: a worker cannot find the class {cls.__qualname__} of method {name!r} in {cls.__module__}; "
            "define it at the top of its module, under its own name"
        )
    start = {
        "target": "reenactbench.worker.adapter:Adapter",
        "script": "",
        "path": [str(folder) for folder in sys.path],
        "modules": {cls.__module__: module.__file__},
        "parameters": {"module": cls.__module__, "name": cls.__qualname__, "threads": torch.get_num_threads()},
    }
    shown = {name: getattr(cls, name) for name in ("image_size", "shots", "default_checkpoint", "fine_tunes")}
    return _launched(cls.__name__, Launch((sys.executable, str(SHIM)), start), Limits(**limits), shown)


def own_environment(description: Description, **limits: float) -> type[WorkerMethod]:
    """The method that a TOML file describes, as a class; raises ReenactbenchError where its program is no file."""
    start = {
        "target": description.target,
        "script": str(description.script_file() or ""),
        "modules": {},
        "path": [str(folder) for folder in description.search()],
        "parameters": description.parameters,
    }
    own: dict[str, Any] = {"timeout": description.timeout, "memory": description.memory_limit}
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    shown = {
        "image_size": description.image_size,
        "shots": description.shots,
        "default_checkpoint": description.default_checkpoint(),
    }
    launch = Launch(description.words(SHIM), start, description.folder, clean, shares=not description.command)
    return _launched(description.name, launch, Limits(**{**own, **limits}), shown)


def _launched(name: str, launch: Launch, limits: Limits, shown: dict[str, Any]) -> type[WorkerMethod]:
    if limits.memory is not None:
        can_be_limited()
    return type(name, (WorkerMethod,), {**shown, "launch": launch, "limits": limits})
