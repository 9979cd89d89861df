"""The embedded checkpoints say what they are, and move faces they have never seen better than standing still."""

from __future__ import annotations

import pytest
import torch

from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.world import people, track
from reenactbench.plugins import Plugins
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.types import UNSEEN, Frames

METHODS = ("crossid", "x2face", "talking-head")
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
def test_an_unseen_person_moved_by_another_comes_nearer_to_the_truth_than_one_that_stands_still(
    name: str, driver: str, target: str, plugins: Plugins
) -> None:
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
    assert (moved - truth.images).abs().mean() < 0.9 * (still.images - truth.images).abs().mean()
