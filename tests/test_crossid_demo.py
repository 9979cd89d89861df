"""The embedded checkpoint says what it is, and moves faces it has never seen better than standing still."""

from __future__ import annotations

import pytest
import torch
from reenactbench_methods.crossid import CrossID

from crossid_gan.model import DEMO
from reenactbench.datasets.synthetic.actor import Actor
from reenactbench.datasets.synthetic.world import people, track
from reenactbench.training.checkpoints import read_checkpoint
from reenactbench.types import UNSEEN, Frames


def test_it_fits_into_the_repository_and_says_how_it_was_made() -> None:
    said = read_checkpoint(DEMO, "crossid").metadata
    unseen = {person.id for person in people() if person.split == UNSEEN}
    assert DEMO.stat().st_size < 8_000_000
    assert said["preset"] == "demo" and said["dataset"]["name"] == "synthetic" and said["git_commits"]
    assert not unseen & set(said["identities"])


@pytest.mark.parametrize(("driver", "target"), [("054", "061"), ("062", "053")])
def test_an_unseen_person_moved_by_another_comes_nearer_to_the_truth_than_one_that_stands_still(
    driver: str, target: str
) -> None:
    cast = {person.id: person for person in people()}
    actors = {name: Actor(cast[name].identity, cast[name].setting) for name in (driver, target)}

    def frames(name: str, motion: int, of: str) -> Frames:
        shots = [actors[name].render(track(of)[number]) for number in (motion, motion + 8)]
        pixels = torch.stack([torch.from_numpy(shot.image.transpose(2, 0, 1).copy()) for shot in shots])
        return Frames(pixels / 255, torch.stack([torch.from_numpy(shot.landmarks) for shot in shots]))

    still, driving, truth = frames(target, 0, target)[:1], frames(driver, 30, driver), frames(target, 30, driver)
    method = CrossID(torch.device("cpu"), DEMO)
    with torch.no_grad():
        moved = method.reenact(method.encode_target(still), driving)
    assert (moved - truth.images).abs().mean() < 0.9 * (still.images - truth.images).abs().mean()
