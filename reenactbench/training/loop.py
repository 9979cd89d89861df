"""The loop that trains any recipe. Killed at any moment and taken up again, it ends with the same weights."""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import MixedPrecision, Precision
from torch import nn

from reenactbench.errors import ReenactbenchError
from reenactbench.files import locked, remove_leftovers
from reenactbench.progress import progress_bar
from reenactbench.provenance import environment
from reenactbench.results import COMPLETE, FAILED, INTERRUPTED, RUNNING
from reenactbench.seeding import seed_everything
from reenactbench.training.average import Average
from reenactbench.training.checkpoints import read_checkpoint, save_checkpoint
from reenactbench.training.job import CHECKPOINT, Job, record, refuse_other, write_record
from reenactbench.training.logs import Logs
from reenactbench.training.sampling import Draws, epoch
from reenactbench.training.state import Progress, last, load_state, save_state
from reenactbench.training.validation import validated

SHOWN_LOSSES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    checkpoint: Path
    steps: int
    interrupted: bool


def train(job: Job) -> Outcome:
    """Train, or go on training, until the steps or the minutes are used up or Ctrl-C ends it.

    The folder then holds training.json, state.pt, log.jsonl, tensorboard/, samples/ and checkpoint.safetensors. A state
    is saved every so many minutes, with every picture and at the end; each step is seeded by its number, so that going
    on from a state needs nothing else. Raises ReenactbenchError where the folder holds another training, and where a
    loss is no finite number, which leaves the last good state.
    """
    with locked(job.folder):
        remove_leftovers(job.folder)
        return _Training(job).run()


class _Training:
    """Everything that is at work while a job is trained."""

    def __init__(self, job: Job) -> None:
        self.job = job
        seed_everything(job.seed, job.recipe.method)
        self.recipe = job.recipe(job.plan)
        if job.init is not None:
            given = read_checkpoint(job.init, job.recipe.method)
            given.load_into(self.recipe.exported(), "the networks of these settings")
        if job.ema is not None:
            self.recipe.ema = job.ema
        mixed = self.recipe.mixed and fast_in_bfloat16(job.device)
        self.precision = "bf16-mixed" if mixed else "32-true"
        self.machine = environment(job.device)
        refuse_other(job, record(job, self.recipe, self.precision, self.machine, Progress()))
        logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # the precision is in the record
        fabric = Fabric(accelerator=job.device, devices=1, plugins=Mixed(job.device) if mixed else Precision())
        self.recipe.set_up(fabric)
        self.average = Average(self.recipe.exported(), self.recipe.ema) if self.recipe.ema else None
        self.progress = load_state(job.folder, self.recipe, self.average)
        self.device = fabric.device

    def run(self) -> Outcome:
        job = self.job
        write_record(job, RUNNING, self._record())
        try:
            with Logs(job.folder, self.progress.steps) as logs, ctrl_c() as stop:
                self._steps(logs, stop)
                if not stop and self.progress.steps % job.sample_every:
                    self._show(logs)
                self._save()
        except ReenactbenchError:
            write_record(job, FAILED, self._record())
            raise
        write_record(job, INTERRUPTED if stop else COMPLETE, self._record())
        return Outcome(job.folder / CHECKPOINT, self.progress.steps, bool(stop))

    def _steps(self, logs: Logs, stop: Sequence[int]) -> None:
        """All steps until the end or until `stop` holds something, with what is shown and saved in between."""
        job, progress = self.job, self.progress
        end = min(self.recipe.steps, job.steps or self.recipe.steps)
        limit = math.inf if job.minutes is None else 60 * job.minutes
        saved = time.perf_counter()
        started = saved - progress.seconds
        with progress_bar("training", end - progress.steps, "steps") as advance:
            while progress.steps < end and progress.seconds < limit and not stop:
                losses = self._step()
                taken = time.perf_counter() - started - progress.seconds
                advance(1, "  ".join(f"{name} {value:.3g}" for name, value in list(losses.items())[:SHOWN_LOSSES]))
                shown = progress.steps % job.sample_every == 0
                found = self._validate() if shown else {}
                progress.seconds = time.perf_counter() - started
                current = epoch((progress.steps - 1) * self.recipe.batch, job.footage)
                logs.step(progress.steps, current, losses | found, progress.seconds, self.recipe.batch / taken)
                if shown:
                    self._show(logs)
                if shown or time.perf_counter() - saved > 60 * job.save_minutes:
                    progress.seconds = time.perf_counter() - started
                    self._save()
                    saved = time.perf_counter()

    def _step(self) -> dict[str, float]:
        """One step, and its losses; raises ReenactbenchError where one of them is not finite."""
        job, number = self.job, self.progress.steps
        seed_everything(job.seed, job.recipe.method, str(number))
        found = self.recipe.step(number, Draws(job.footage, job.seed, number, self.device))
        names, values = list(found), torch.stack([value.detach().float() for value in found.values()]).tolist()
        for name, value in zip(names, values, strict=True):
            if not math.isfinite(value):
                raise ReenactbenchError(f"step {number + 1}: the loss {name} is {value}; {last(job.folder)}")
        self.progress.steps = number + 1
        commit = self.machine["git_commit"]
        if commit and self.progress.commits[-1:] != [commit]:
            self.progress.commits.append(commit)
        if self.average:
            self.average.update(number)
        return dict(zip(names, values, strict=True))

    def _validate(self) -> dict[str, float]:
        """What is found on people who are not trained on, noted with the samples so far."""
        if self.job.validation is None:
            return {}
        with self._averaged(), evaluating(self.recipe.networks()), torch.no_grad():
            found = validated(self.recipe, self.job.validation, self.device)
        if found:
            self.progress.validation.append({"samples": self.progress.steps * self.recipe.batch, **found})
        return found

    def _show(self, logs: Logs) -> None:
        """The same samples every time."""
        job = self.job
        seed_everything(job.seed, job.recipe.method)
        with self._averaged(), evaluating(self.recipe.networks()), torch.no_grad():
            logs.pictures(self.progress.steps, self.recipe.sample(Draws(job.footage, job.seed, 0, self.device)))

    def _save(self) -> None:
        save_state(self.job.folder, self.recipe, self.average, self.progress)
        with self._averaged():
            save_checkpoint(self.job.folder / CHECKPOINT, self.recipe.exported(), self._record())

    def _averaged(self) -> AbstractContextManager[None]:
        return self.average.in_use() if self.average else nullcontext()

    def _record(self) -> dict[str, Any]:
        return record(self.job, self.recipe, self.precision, self.machine, self.progress)


class Mixed(MixedPrecision):
    """Mixed precision whose inputs stay as they are: landmarks in bfloat16 would be off by a quarter of a pixel."""

    def __init__(self, device: str) -> None:
        super().__init__("bf16-mixed", device)

    def convert_input(self, data: Any) -> Any:
        return data


def fast_in_bfloat16(device: str) -> bool:
    """Whether the device computes in bfloat16 at least as fast as in float32."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)  # torch may take it back
    return supported is not None and bool(supported())


@contextmanager
def evaluating(networks: Mapping[str, nn.Module]) -> Iterator[None]:
    """All of the networks are in evaluation mode until the block ends; then each part is in the mode that it was."""
    modes = {module: module.training for network in networks.values() for module in network.modules()}
    for network in networks.values():
        network.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def ctrl_c() -> Iterator[list[int]]:
    """Yields a list that Ctrl-C fills, so that the step at hand can be finished; a second one interrupts at once."""
    stop: list[int] = []
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: object) -> None:
        stop.append(number)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
