"""The embedded checkpoints say what they are, and make people they have never seen move as others do."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from reenactbench.backbones.synthface import LANDMARKS, load_detector, load_landmarks
from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.world import people, track
from reenactbench.engine.generate import to_pixels
from reenactbench.plugins import Plugins
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.types import UNSEEN, Frames

METHODS = ("crossid", "crossid-flow", "x2face", "talking-head", "gannotation")
PEOPLE = {person.id: person for person in people()}


@pytest.mark.parametrize("name", METHODS)
def test_it_fits_into_the_repository_and_says_how_it_was_made(name: str, plugins: Plugins) -> None:
    file = plugins.registry.find("methods", name).load().default_checkpoint
    said = read_checkpoint(file, name).metadata
    assert file.stat().st_size < 8_000_000
    assert said["preset"] == "demo" and said["dataset"]["name"] == "synthetic" and said["git_commits"]
    assert not {person.id for person in PEOPLE.values() if person.split == UNSEEN} & set(said["identities"])


@pytest.mark.parametrize(("driver", "target"), [("054", "061"), ("062", "053")])
@pytest.mark.parametrize("name", METHODS)
def test_an_unseen_person_moves_as_another_does_and_does_not_become_that_one(
    name: str, driver: str, target: str, plugins: Plugins
) -> None:
    """A method that stands still fails the first, one that copies the driver the second."""
    cast = {who: Actor(PEOPLE[who].identity, PEOPLE[who].setting) for who in (driver, target)}

    def frames(who: str, motion: int, of: str) -> Frames:
        shots = [cast[who].render(track(of)[number]) for number in (motion, motion + 8)]
        pixels = torch.stack([torch.from_numpy(shot.image.transpose(2, 0, 1).copy()) for shot in shots])
        return Frames(pixels / 255, torch.stack([torch.from_numpy(shot.landmarks) for shot in shots]))

    still, driving, truth = frames(target, 0, target)[:1], frames(driver, 30, driver), frames(target, 30, driver)
    method_class = plugins.registry.find("methods", name).load()
    method = method_class(torch.device("cpu"), method_class.default_checkpoint)
    with torch.no_grad():
        moved = method.reenact(method.encode_target(still), driving)
    assert error(places(moved), truth.landmarks) < 0.5 * error(still.landmarks, truth.landmarks)
    assert error(moved, truth.images) < 0.75 * error(driving.images, truth.images)


def places(images: Tensor) -> Tensor:
    """The landmarks [T,68,2] that a network finds."""
    pixels = to_pixels(images, images.shape[-1])
    found = {"detector": load_detector(LANDMARKS, "cpu").extract(pixels, {})}
    return torch.from_numpy(load_landmarks(LANDMARKS, "cpu").extract(pixels, found)["landmarks"])


def error(found: Tensor, truth: Tensor) -> float:
    return float((found - truth).abs().mean())
