"""How fast CrossID-GAN draws and learns, and where the time goes: `python -m benchmarks.crossid.speed [--device cuda]`.

Prints Markdown tables. Weights and pictures are drawn at random, which takes the same time as trained weights and real
faces. Every figure is the best of --repeats, so that what else the machine does matters little; a figure is only good
for the machine that it names.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.precision import Precision
from reenactbench_methods.crossid import CrossID
from torch import Tensor

from crossid_gan.config import PRESETS, VARIANTS, Config
from crossid_gan.model import CrossID as Model
from crossid_gan.networks import FIRST_SIDE, SIZE
from crossid_gan.recipe import CrossIDRecipe
from reenactbench.errors import MissingWeights
from reenactbench.provenance import environment
from reenactbench.training.checkpoints import save_checkpoint
from reenactbench.training.features import feature_network
from reenactbench.training.footage import Footage
from reenactbench.training.heatmaps import LANDMARKS, HeatmapConvolution, heatmaps
from reenactbench.training.loop import Mixed, fast_in_bfloat16
from reenactbench.training.recipe import Plan
from reenactbench.training.sampling import Draws
from reenactbench.types import SEEN, Clip, ClipInfo, Frames

BATCHES = (1, 16)
PEOPLE = 52
FRAMES = 8
"""Of each person's clip."""
STAND_INS = {"vgg19": "synthface", "alexnet": "alexnet-untrained"}
"""For networks whose weights are not here."""


class Clock:
    """Best times on one device."""

    def __init__(self, device: str, repeats: int) -> None:
        self.device, self.repeats = device, repeats

    def best(self, action: Callable[..., object], *inputs: object) -> float:
        """Seconds of the quickest call with these inputs, after one that does not count."""
        times = []
        for _ in range(self.repeats + 1):
            self._finish()
            start = time.perf_counter()
            action(*inputs)
            self._finish()
            times.append(time.perf_counter() - start)
        return min(times[1:])

    def _finish(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title: str, words: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    """The title of a table, and its columns: those of words, then those of numbers."""
    print(f"\n## {title}\n")
    row(*words, *numbers)
    row(*["---"] * len(words), *["---:"] * len(numbers))


def noise(count: int, device: str) -> Frames:
    landmarks = SIZE * (0.15 + 0.7 * torch.rand(count, LANDMARKS, 2))
    return Frames(torch.rand(count, 3, SIZE, SIZE), landmarks).to(device)


@contextmanager
def checkpoint(config: Config) -> Iterator[Path]:
    """A file with weights drawn at random."""
    model = Model(config.width, config.code)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.safetensors"
        settings = {"width": config.width, "code": config.code}
        save_checkpoint(path, dict(model.named_children()), {"method": "crossid", "settings": settings})
        yield path


@torch.no_grad()
def drawing(clock: Clock) -> None:
    """Through the adapter, as in a run: driving frames to frames, the target encoded before."""
    rate_columns = tuple(f"frames/s, batches of {batch}" for batch in BATCHES)
    head("Reenact", ("preset",), ("parameters", *rate_columns))
    for name, config in PRESETS.items():
        with checkpoint(config) as path:
            method = CrossID(torch.device(clock.device), path)
        identity = method.encode_target(noise(1, clock.device))
        rates = [batch / clock.best(method.reenact, identity, noise(batch, clock.device)) for batch in BATCHES]
        parameters = sum(value.numel() for value in Model(config.width, config.code).parameters())
        row(name, f"{parameters:,}", *(f"{rate:,.1f}" for rate in rates))


@torch.no_grad()
def parts(clock: Clock) -> None:
    """Each part alone, on a batch of its own inputs; what all of them take together is 100 %."""
    batch = BATCHES[-1]
    head(f"Where the time goes (batches of {batch})", ("preset", "part"), ("ms a frame", "share"))
    for name, config in PRESETS.items():
        model = Model(config.width, config.code).eval().to(clock.device)
        encoder, frames = model.landmark_encoder, noise(batch, clock.device)
        first = encoder.first
        assert isinstance(first, HeatmapConvolution)
        seen = first.of_points(frames.landmarks, SIZE)
        motion, content = encoder.rest(seen), model.content_encoder(frames.images)
        of_frames = {
            "E_L, first layer": clock.best(first.of_points, frames.landmarks, SIZE),
            "E_L, the rest": clock.best(encoder.rest, seen),
            "G": clock.best(model.generator, content, motion, frames.images),
        }
        whole = sum(of_frames.values())
        for part, seconds in of_frames.items():
            row(name, part, f"{1000 * seconds / batch:.2f}", f"{seconds / whole:.0%}")
        seconds = clock.best(model.content_encoder, frames.images[:1])
        row(name, "E_C, once a pair", f"{1000 * seconds:.2f}", "")


def first_layer(clock: Clock) -> None:
    """From heatmaps, as any encoder would, and from the landmarks themselves."""
    batch = BATCHES[-1]
    columns = ("ms a frame, forward", "forward and backward", "largest difference")
    head(f"The first layer of E_L (batches of {batch})", ("preset", "from"), columns)
    for name, config in PRESETS.items():
        layer = HeatmapConvolution(config.width, FIRST_SIDE).to(clock.device)
        points = noise(batch, clock.device).landmarks
        with torch.no_grad():
            dense = from_heatmaps(layer, points)
        for way in (from_heatmaps, from_landmarks):
            with torch.no_grad():
                forward = clock.best(way, layer, points)
                off = float((way(layer, points) - dense).abs().max() / dense.abs().max())
            both = clock.best(there_and_back, way, layer, points)
            difference = f"{off:.0e} of the largest value" if way is from_landmarks else ""
            word = way.__name__.removeprefix("from_")
            row(name, word, *(f"{1000 * seconds / batch:.2f}" for seconds in (forward, both)), difference)


def from_heatmaps(layer: HeatmapConvolution, points: Tensor) -> Tensor:
    output: Tensor = layer(heatmaps(points, SIZE))
    return output


def from_landmarks(layer: HeatmapConvolution, points: Tensor) -> Tensor:
    return layer.of_points(points, SIZE)


def there_and_back(way: Callable[..., Tensor], layer: HeatmapConvolution, points: Tensor) -> None:
    torch.autograd.grad(way(layer, points).sum(), list(layer.parameters()))


def footage() -> Footage:
    random = np.random.default_rng(0)
    clips = []
    for number in range(PEOPLE):
        images = random.integers(0, 256, (FRAMES, SIZE, SIZE, 3), np.uint8)
        landmarks = random.uniform(0.15 * SIZE, 0.85 * SIZE, (FRAMES, LANDMARKS, 2)).astype(np.float32)
        info = ClipInfo(f"{number:03d}", f"{number:03d}", SEEN)
        clips.append(Clip(info, info.id, 25.0, np.arange(1, FRAMES + 1, dtype=np.int32), images, landmarks, {}))
    return Footage(clips)


def settings(config: Config) -> dict[str, str]:
    """What stands in for the networks whose weights are not here."""
    found = {}
    for name in ("perceptual", "siamese"):
        network = getattr(config, name)
        try:
            feature_network(network, "cpu")
        except MissingWeights:
            found[name] = STAND_INS[network]
    return found


def recipe_of(preset: str, variant: str, changes: Mapping[str, str], device: str) -> CrossIDRecipe:
    recipe = CrossIDRecipe(Plan(preset, variant, changes, PEOPLE, SIZE, seed=0))
    precision = Mixed(device) if fast_in_bfloat16(device) else Precision()
    recipe.set_up(Fabric(accelerator=device, devices=1, plugins=precision))
    return recipe


def learning(clock: Clock) -> None:
    """Whole steps, with drawing and disturbing the samples; of the `paper` preset on a GPU only."""
    precision = "bfloat16 where it pays" if fast_in_bfloat16(clock.device) else "float32"
    head(f"Train ({precision})", ("preset", "variant"), ("steps/s", "samples/s"))
    clips = footage()
    for preset, config in PRESETS.items():
        if preset == "paper" and clock.device == "cpu":
            continue
        changes = settings(config)
        label = f"{preset} ({', '.join(f'{name}={value}' for name, value in changes.items())})" if changes else preset
        phases = [(variant, variant, max(config.warm_up, config.extractor_steps)) for variant in VARIANTS]
        if config.warm_up:
            phases.append(("warm-up of all", "sup", config.warm_up - 1))
        phases.append(("full, while F is trained", "full", 0))
        for name, variant, number in phases:
            recipe = recipe_of(preset, variant, changes, clock.device)
            draws = Draws(clips, 0, number, clock.device)
            seconds = clock.best(recipe.step, number, draws)
            row(label, name, f"{1 / seconds:.2f}", f"{config.batch / seconds:.1f}")


def main() -> None:
    at_hand = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=at_hand, help="one of those at hand; all of them by default")
    parser.add_argument("--repeats", type=int, default=10)
    given = parser.parse_args()
    for device in (given.device,) if given.device else at_hand:
        torch.manual_seed(0)
        machine = environment(device)
        threads = f"{torch.get_num_threads()} threads, " if device == "cpu" else ""
        print(f"\n{machine['device_name']}, {threads}torch {machine['packages']['torch']}, ", end="")
        print(f"commit {machine['git_commit']}")
        clock = Clock(device, given.repeats)
        for measure in (drawing, parts, first_layer, learning):
            measure(clock)


if __name__ == "__main__":
    main()
