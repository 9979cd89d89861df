"""Landmark heatmaps, and the convolution of them that never sees them: the same numbers and the same gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from reenactbench.training.heatmaps import HeatmapConvolution, heatmaps


def test_a_heatmap_is_the_unit_gaussian_of_its_landmark() -> None:
    points = 150 * torch.rand(2, 68, 2, dtype=torch.float64) - 11
    found = heatmaps(points, 128)
    y, x = np.mgrid[:128, :128]
    for frame in range(2):
        for number in (0, 30, 67):
            px, py = points[frame, number].tolist()
            expected = np.exp(-((x - px) ** 2 + (y - py) ** 2) / 2)
            np.testing.assert_allclose(found[frame, number], expected, atol=1e-12)
    assert found.shape == (2, 68, 128, 128)


def test_a_landmark_on_a_pixel_is_1_there_and_at_the_next_falls_by_the_root_of_e() -> None:
    points = torch.zeros(1, 68, 2)
    points[0, 8] = torch.tensor([40.0, 100.0])  # column, row
    found = heatmaps(points, 128)[0, 8]
    assert found[100, 40] == 1
    for neighbour in (found[100, 41], found[99, 40]):
        assert float(neighbour) == pytest.approx(np.exp(-0.5))
    assert float(found.sum()) == pytest.approx(2 * np.pi, rel=1e-6)


SIZE = 20
PLACES = st.one_of(
    st.floats(0, SIZE - 1), st.sampled_from([-0.5, 0.0, SIZE - 1.0, SIZE - 0.5]), st.floats(-60, 80), st.just(1e6)
)


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=8),
    side=st.sampled_from([1, 3, 5, 7]),
    frames=st.integers(1, 3),
    landmarks=st.sampled_from([1, 5, 66, 68]),
    bias=st.booleans(),
)
def test_the_first_layer_of_landmarks_is_the_first_layer_of_their_heatmaps_with_all_gradients(
    places: list[tuple[float, float]], side: int, frames: int, landmarks: int, bias: bool
) -> None:
    """Inside, on the border and far outside; in float64, where nothing but the reach of the Gaussians is left out."""
    random = torch.Generator().manual_seed(0)
    layer = HeatmapConvolution(3, side, landmarks, bias).double()
    assert (layer.bias is not None) == bias
    spread = torch.tensor(places, dtype=torch.float64).repeat(frames * landmarks, 1)[: frames * landmarks]
    points = spread.view(frames, landmarks, 2).requires_grad_()
    wanted = torch.randn(frames, 3, SIZE, SIZE, dtype=torch.float64, generator=random)
    inputs = (points, *layer.parameters())

    def with_gradients(output: Tensor) -> tuple[Tensor, ...]:
        return output, *torch.autograd.grad(output, inputs, wanted)

    dense = with_gradients(layer(heatmaps(points, SIZE)))
    quick = with_gradients(layer.of_points(points, SIZE))
    for mine, reference in zip(quick, dense, strict=True):
        torch.testing.assert_close(mine, reference, atol=1e-9, rtol=1e-9)


def test_the_short_way_is_exact_to_the_last_bits_of_float32_at_full_size() -> None:
    torch.manual_seed(0)
    layer, points = HeatmapConvolution(4, 7), 160 * torch.rand(1, 68, 2) - 16
    dense = layer.double()(heatmaps(points.double(), 128))
    quick = layer.float().of_points(points, 128)
    assert (quick - dense).abs().max() < 1e-6 * dense.abs().max()


def test_the_first_layer_leaves_its_channels_apart_in_memory() -> None:
    """Group norm of channels last is off by 1e-4 on more than one thread, and by how much hangs on the batch."""
    assert HeatmapConvolution(8, 7).of_points(100 * torch.rand(3, 68, 2), 128).is_contiguous()
