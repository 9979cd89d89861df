"""The method keeps its promises: those of every method, and its own."""

from pathlib import Path

import pytest
import torch
from reenactbench import Frames
from reenactbench.testing import Conformance

from reenactbench_recolour import Recolour


@pytest.mark.reenactbench(Path(__file__).parent)
def test_conformance(conformance: Conformance) -> None:
    """One test for each of the checks of `reenactbench check`."""
    conformance()


def frames(count: int, low: float, high: float) -> Frames:
    """Noise in a range of brightness, with landmarks that the method does not look at."""
    images = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(count)) * (high - low) + low
    return Frames(images, torch.zeros(count, 68, 2))


def test_a_frame_has_the_colours_of_the_target() -> None:
    method = Recolour(torch.device("cpu"))
    identity = method.encode_target(frames(3, 0.3, 0.5))
    output = method.reenact(identity, frames(4, 0.2, 0.9))
    torch.testing.assert_close(output.mean((2, 3), keepdim=True), identity.mean.repeat(4, 1, 1, 1))
    torch.testing.assert_close(output.std((2, 3), keepdim=True), identity.deviation.repeat(4, 1, 1, 1))


def test_a_frame_that_has_them_already_stays_as_it_is() -> None:
    method, driving = Recolour(torch.device("cpu")), frames(1, 0.2, 0.9)
    torch.testing.assert_close(method.reenact(method.encode_target(driving), driving), driving.images)
