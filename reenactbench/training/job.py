"""One training as it was asked for, and what is to be known of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reenactbench.errors import Damaged, ReenactbenchError
from reenactbench.files import read_json, sha256_file, write_json
from reenactbench.provenance import command_line
from reenactbench.training.footage import Footage
from reenactbench.training.recipe import Plan, Recipe
from reenactbench.training.state import Progress

SCHEMA_VERSION = 1
RECORD, CHECKPOINT = "training.json", "checkpoint.safetensors"
IDENTITY = ("method", "preset", "variant", "settings", "seed", "ema", "init", "dataset", "identities")
"""What of the record makes two trainings the same one, so that the second goes on with the first."""
PACKAGES = ("reenactbench", "torch", "lightning-fabric")


@dataclass(frozen=True, slots=True)
class Job:
    """What `reenactbench train` was asked for."""

    recipe: type[Recipe]
    footage: Footage
    dataset: str
    """Its name."""
    folder: Path
    preset: str
    variant: str
    settings: Mapping[str, str]
    seed: int = 0
    device: str = "cpu"
    steps: int | None = None
    """Where to end; None: where the recipe says."""
    minutes: float | None = None
    """Minutes of training, those before it was taken up again included, after which to end; None: no limit."""
    ema: float | None = None
    """None: as the recipe has it."""
    init: Path | None = None
    """A checkpoint of the same networks, whose weights are the first ones."""
    validation: Footage | None = None
    """Of people who are not trained on."""
    resume: bool = False
    save_minutes: float = 5.0
    sample_every: int = 500
    """Steps between pictures of how far it is."""

    @property
    def plan(self) -> Plan:
        return Plan(
            self.preset, self.variant, self.settings, len(self.footage.identities), self.footage.size, self.seed
        )


def record(job: Job, recipe: Recipe, precision: str, machine: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """All that a checkpoint says of its training; nothing of it tells who made it.

    machine: as of `provenance.environment`, when the training was begun or taken up again.
    """
    return {
        **recipe.metadata(),
        "schema_version": SCHEMA_VERSION,
        "method": recipe.method,
        "preset": job.preset,
        "variant": job.variant,
        "settings": dict(recipe.settings),
        "seed": job.seed,
        "ema": recipe.ema,
        "init": sha256_file(job.init) if job.init else None,
        "dataset": {"name": job.dataset, "fingerprint": job.footage.fingerprint},
        "identities": list(job.footage.identities),
        "image_size": job.footage.size,
        "steps": progress.steps,
        "samples": progress.steps * recipe.batch,
        "validation": list(progress.validation),
        "minutes": round(progress.seconds / 60, 2),
        "precision": precision,
        "device": machine["device_name"],
        "versions": {"python": machine["python"], **{name: machine["packages"].get(name) for name in PACKAGES}},
        "git_commits": list(progress.commits),
    }


def write_record(job: Job, status: str, said: Mapping[str, Any]) -> None:
    """training.json: what the checkpoint says, with how the training stands and the command."""
    write_json(job.folder / RECORD, {"status": status, "command": command_line(), **said})


def refuse_existing(folder: Path, resume: bool) -> None:
    """Raises ReenactbenchError where the folder holds a training and it is not to go on."""
    if not resume and (folder / RECORD).is_file():
        raise ReenactbenchError(f"{folder} holds a training already; give --resume to go on, or another --name")


def refuse_other(job: Job, said: Mapping[str, Any]) -> None:
    """Raises ReenactbenchError where the folder holds a training that this one does not go on with."""
    refuse_existing(job.folder, job.resume)
    if not (job.folder / RECORD).is_file():
        return
    try:
        recorded = read_json(job.folder / RECORD)
    except Damaged as error:
        raise Damaged(f"{error}; train under another --name") from error
    differing = [part for name in IDENTITY for part in _differing(name, recorded.get(name), said[name])]
    if differing:
        raise ReenactbenchError(
            f"{job.folder} holds another training ({'; '.join(differing)}); give the same options, or another --name"
        )


def _differing(name: str, recorded: Any, asked: Any) -> list[str]:
    """What differs, in words: a setting by its own name, lists without their content."""
    if recorded == asked:
        return []
    if isinstance(recorded, dict) and isinstance(asked, dict):
        keys = dict.fromkeys([*recorded, *asked])
        return [part for key in keys for part in _differing(f"{name}.{key}", recorded.get(key), asked.get(key))]
    if isinstance(recorded, list) or name == "dataset.fingerprint":
        return [f"{name} differ" if isinstance(recorded, list) else f"{name} differs"]
    return [f"{name} {recorded} there, {asked} here"]
