"""`reenactbench train`: train a method that has a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reenactbench.cli import options as shared
from reenactbench.errors import ReenactbenchError

if TYPE_CHECKING:
    from reenactbench.registry import Registry
    from reenactbench.training.recipe import Recipe


def train(
    ctx: typer.Context,
    method: Annotated[str, typer.Option("--method", help="Method to train.")],
    dataset: shared.DatasetName = shared.DEFAULT_DATASET,
    data_root: shared.DataRoot = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="One of the method's presets; default: its first.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option("--variant", help="One of the method's variants; default: its first.")
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting of the preset; may be given several times."),
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="End after so many steps.")] = None,
    max_minutes: Annotated[
        float | None, typer.Option("--max-minutes", min=0, help="End after so many minutes, all resumptions together.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Take the first N identities.")] = None,
    people: Annotated[
        int,
        typer.Option("--people", min=0, help="Add N further rendered people, who are in no protocol (synthetic)."),
    ] = 0,
    init: Annotated[
        Path | None, typer.Option("--init", help="Begin with the weights of this checkpoint of the same networks.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of weights and samples.")] = 0,
    device: shared.Device = "auto",
    out: Annotated[Path, typer.Option("--out", help="Folder that holds the trainings.")] = Path("training"),
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the training; default: METHOD-VARIANT-PRESET.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training of that name.")] = False,
    ema: Annotated[
        float | None,
        typer.Option("--ema", min=0, max=1, help="Decay a step of the average of the weights; 0: none."),
    ] = None,
    allow_missing: shared.AllowMissing = False,
    crop: shared.Crop = None,
    detector: shared.Detector = None,
    landmarks: shared.Landmarks = None,
) -> None:
    """Train a method on the seen people of a data set. Stopped in any way, it goes on with --resume."""
    recipe = _recipe(ctx.obj.registry, method)
    preset, variant = (
        _chosen("preset", preset, recipe.presets, method),
        _chosen("variant", variant, recipe.variants, method),
    )

    from reenactbench.engine.setup import DatasetOptions, load_dataset, pick_device
    from reenactbench.files import folder_name
    from reenactbench.training.footage import open_footage, open_validation
    from reenactbench.training.job import Job, refuse_existing
    from reenactbench.training.loop import train as carry_out

    parts = [method, variant, preset, *([dataset] if dataset != shared.DEFAULT_DATASET else [])]
    folder = (out / folder_name(name or "-".join(parts))).absolute()
    refuse_existing(folder, resume)  # before anything is prepared
    picked = pick_device(device)
    given = shared.backbones(detector=detector, landmarks=landmarks)
    options = DatasetOptions(dataset, data_root, allow_missing, crop, given, people)
    data = load_dataset(ctx.obj.registry, options, picked)
    job = Job(
        recipe=recipe,
        footage=open_footage(data, limit),
        dataset=dataset,
        folder=folder,
        preset=preset,
        variant=variant,
        settings=_settings(setting or []),
        seed=seed,
        device=picked,
        steps=steps,
        minutes=max_minutes,
        ema=ema,
        init=init,
        validation=open_validation(data),
        resume=resume,
    )
    outcome = carry_out(job)
    if outcome.interrupted:
        typer.echo("interrupted; the same command with --resume goes on", err=True)
        raise typer.Exit(130)
    checkpoint = out / folder.name / outcome.checkpoint.name
    print(f"checkpoint after {outcome.steps} steps: {checkpoint}")
    print(f"reenactbench run --method {method} --checkpoint {checkpoint}")


def _recipe(registry: Registry, method: str) -> type[Recipe]:
    entry = registry.find("methods", method)
    if "recipe" not in entry.metadata:
        having = [other.name for other in registry.of("methods") if "recipe" in other.metadata]
        which = f"those that are: {', '.join(having)}" if having else "no method that is loaded is"
        raise ReenactbenchError(f"method {method!r} is not trained; {which}")
    found = replace(entry, target=entry.metadata["recipe"]).load()

    from reenactbench.training.recipe import Recipe

    if not (isinstance(found, type) and issubclass(found, Recipe)):
        raise ReenactbenchError(
            f"recipe {entry.metadata['recipe']!r} of method {method!r} is no subclass of "
            "reenactbench.training.recipe.Recipe"
        )
    return found


def _chosen(what: str, asked: str | None, known: tuple[str, ...], method: str) -> str:
    if asked is not None and asked not in known:
        raise ReenactbenchError(f"--{what} {asked}: {what}s of method {method!r} are {', '.join(known)}")
    return asked or known[0]


def _settings(given: list[str]) -> dict[str, str]:
    for text in given:
        if not text.partition("=")[0] or "=" not in text:
            raise ReenactbenchError(f"--set {text}: write NAME=VALUE")
    return {name: value for name, _, value in (text.partition("=") for text in given)}
