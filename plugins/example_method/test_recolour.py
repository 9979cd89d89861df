"""The method keeps its promises: the target's colours, the driver's picture, and each frame on its own."""

import torch
from reenactbench_example_method import Colours, Recolour

from reenactbench import Frames


def frames(count: int, low: float, high: float) -> Frames:
    """Noise in a range of brightness, with landmarks that the method does not look at."""
    images = torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(count)) * (high - low) + low
    return Frames(images, torch.zeros(count, 68, 2))


def test_recolour() -> None:
    method = Recolour(torch.device("cpu"))
    target, driving = frames(3, 0.3, 0.5), frames(4, 0.2, 0.9)
    identity = method.encode_target(target)
    output = method.reenact(identity, driving)

    assert output.shape == driving.images.shape
    for found, wanted in zip(Colours.of(output), identity, strict=True):
        torch.testing.assert_close(found, wanted.expand_as(found))
    torch.testing.assert_close(output[:1], method.reenact(identity, driving[:1]))
    same_colours = Colours.of(driving[:1].images)
    torch.testing.assert_close(method.reenact(same_colours, driving[:1]), driving[:1].images)
