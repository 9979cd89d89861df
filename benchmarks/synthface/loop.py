"""The training loop of both networks: AdamW, one cycle of the learning rate, a state to go on from, a log."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reenactbench.datasets.synthetic.films import version
from reenactbench.files import replacing

from .pictures import PARTS

BATCH = 128
AHEAD = 4
LOG_EVERY, SAVE_EVERY = 50, 250


class Task(ABC):
    """A network, and what it is trained with."""

    name: str
    network: nn.Module
    whole: nn.Module
    """What is trained: the network, and what only training needs beside it."""

    @abstractmethod
    def batch(self, random: np.random.Generator) -> tuple[Tensor, ...]:
        """What `loss` takes."""

    @abstractmethod
    def loss(self, batch: tuple[Tensor, ...], progress: float) -> tuple[Tensor, dict[str, float]]:
        """The loss, and what to log; progress runs from 0 to 1."""

    @abstractmethod
    def check(self) -> dict[str, float]:
        """Numbers on people that are not trained on, with the network in evaluation mode."""


def planes(images: Any) -> Tensor:
    """Pictures uint8 [N,H,W,3] as float32 [N,3,H,W] in 0..1, channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2) / 255


def train(task: Task, work: Path, steps: int, rate: float) -> None:
    """Train for so many steps, from the state in `work` where there is one; write the weights and the log there.

    Raises SystemExit where that state was trained on pictures of another version of the renderer. The batch of a step
    depends on its number alone. Forward passes are in bfloat16, which halves the time on a CPU that has it.
    """
    cv2.setNumThreads(1)
    work.mkdir(parents=True, exist_ok=True)
    task.whole.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(task.whole.parameters(), lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.15)
    parts: dict[str, Any] = {"whole": task.whole, "optimiser": optimiser, "schedule": schedule}
    saved = work / f"{task.name}.pt"
    log: list[dict[str, float]] = []
    if saved.is_file():
        state = torch.load(saved, weights_only=True)
        if state.get("renderer") != version():
            raise SystemExit(f"{saved} was trained on pictures of another renderer: remove it, or use another folder")
        log = state["log"]
        for name, part in parts.items():
            part.load_state_dict(state[name])
    since = time.perf_counter()
    done = int(log[-1]["step"]) if log else 0
    for step, batch in enumerate(_ahead(task.batch, done, steps), start=done + 1):
        with torch.autocast("cpu", torch.bfloat16):
            loss, values = task.loss(batch, step / steps)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % LOG_EVERY and step != steps:
            continue
        seconds, since = time.perf_counter() - since, time.perf_counter()
        log.append({"step": step, "loss": loss.item(), **values, "seconds": seconds})
        if step % SAVE_EVERY == 0 or step == steps:
            task.network.eval()
            log[-1] |= task.check()
            task.network.train()
            with replacing(saved) as temporary:
                states = {name: part.state_dict() for name, part in parts.items()}
                torch.save(states | {"log": log, "renderer": version()}, temporary)
        print("  ".join(f"{name} {value:.4g}" for name, value in log[-1].items()), flush=True)
    tensors = {name: tensor.contiguous() for name, tensor in task.network.state_dict().items()}
    with replacing(work / f"{task.name}.safetensors") as temporary:
        save_file(tensors, temporary, _metadata(task.network, steps))
    rows = [json.dumps({name: float(f"{value:.5g}") for name, value in row.items()}) for row in log]
    (work / f"{task.name}.log.jsonl").write_text("\n".join(rows) + "\n")


def _metadata(network: nn.Module, steps: int) -> dict[str, str]:
    return {
        "network": f"{type(network).__module__}.{type(network).__name__}",
        "trained_on": f"{PARTS['train'].people} people of reenactbench.datasets.synthetic, none of the benchmark's",
        "renderer": version(),
        "steps": f"{steps} of {BATCH} pictures",
        "licence": "Apache-2.0",
    }


def _ahead(batch: Callable[[np.random.Generator], Any], done: int, steps: int) -> Iterator[Any]:
    """The batches of the steps that are left, made a few ahead in a thread."""
    with ThreadPoolExecutor(1) as pool:
        waiting = []
        for step in range(done, steps + AHEAD):
            if step < steps:
                waiting.append(pool.submit(batch, np.random.default_rng([1, step])))
            if step >= done + AHEAD:
                yield waiting.pop(0).result()
