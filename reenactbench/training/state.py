"""The state to go on from: one file, torch's, that is read without unpickling anything but tensors and numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import torch

from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import flush_to_disk, replacing
from reenactbench.training.average import Average
from reenactbench.training.recipe import Recipe

STATE = "state.pt"


@dataclass(slots=True)
class Progress:
    """How far a training is."""

    steps: int = 0
    seconds: float = 0.0
    """Of training, over all times it was taken up again."""
    validation: list[dict[str, float]] = field(default_factory=list)
    """What was found on people who are not trained on, by samples."""
    commits: list[str] = field(default_factory=list)
    """Of the code that trained, one for each time that it was another."""


def save_state(folder: Path, recipe: Recipe, average: Average | None, progress: Progress) -> None:
    """Write the state in place of the one before.

    Raises ReenactbenchError, and leaves that one, where a weight is no finite number.
    """
    networks = {name: network.state_dict() for name, network in recipe.networks().items()}
    for name, state in networks.items():
        for key, value in state.items():
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise ReenactbenchError(f"step {progress.steps}: {name}.{key} is not finite any more; {last(folder)}")
    state = {
        "networks": networks,
        "optimisers": {name: optimiser.state_dict() for name, optimiser in recipe.optimisers().items()},
        "average": average.state_dict() if average else {},
        "steps": progress.steps,
        "seconds": progress.seconds,
        "validation": progress.validation,
        "commits": progress.commits,
    }
    content = BytesIO()  # of a full disk torch itself says nothing to be understood
    torch.save(state, content)
    with replacing(folder / STATE) as temporary:
        temporary.write_bytes(content.getbuffer())
        flush_to_disk(temporary)


def load_state(folder: Path, recipe: Recipe, average: Average | None) -> Progress:
    """Put everything where it was; Progress of nothing where there is no state yet.

    Raises ReenactbenchError where the file is damaged, or holds the state of something else.
    """
    path = folder / STATE
    if not path.is_file():
        return Progress()
    state = _read(path)
    try:
        for name, network in recipe.networks().items():
            network.load_state_dict(state["networks"][name])
        for name, optimiser in recipe.optimisers().items():
            optimiser.load_state_dict(state["optimisers"][name])
        if average:
            average.load_state_dict(state["average"])
        commits = [str(commit) for commit in state["commits"]]
        return Progress(int(state["steps"]), float(state["seconds"]), state["validation"], commits)
    except Exception as error:  # torch raises whatever a value of another kind leads to
        raise Damaged(
            f"{path} does not hold the state of this training ({type(error).__name__}); train under another --name"
        ) from error


def last(folder: Path) -> str:
    """Where the last good state is, and what to try, for a sentence on what went wrong."""
    path = folder / STATE
    kept = f"{path} keeps that after step {_read(path)['steps']}" if path.is_file() else "no state was saved before"
    return f"{kept}; train anew under another --name with a smaller learning rate (--set) or another --seed"


def _read(path: Path) -> dict[str, Any]:
    try:
        with ZipFile(path) as file:
            if file.testzip() is not None:  # torch would take it
                raise ValueError
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # zipfile and torch.load raise pickle, zip and runtime errors
        raise Damaged(f"{path} cannot be read ({type(error).__name__}); train under another --name") from error
    return state
