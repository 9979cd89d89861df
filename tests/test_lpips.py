"""LPIPS against its formula, with weights that need no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from reenactbench.backbones import perceptual
from reenactbench.backbones.weights import KNOWN
from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.files import content_key
from reenactbench.interfaces import Features, Pictures, Scene
from reenactbench.metrics.lpips import LPIPS
from reenactbench.types import Pair

CONVOLUTIONS = {0: (64, 3, 11), 3: (192, 64, 5), 6: (384, 192, 3), 8: (256, 384, 3), 10: (256, 256, 3)}
"""Number in torchvision's AlexNet -> channels out, channels in, side."""
Weights = tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def random_weights() -> Weights:
    generator = torch.Generator().manual_seed(0)
    features = {}
    for number, (out, into, side) in CONVOLUTIONS.items():
        spread = (2 / (into * side * side)) ** 0.5
        features[f"features.{number}.weight"] = spread * torch.randn(out, into, side, side, generator=generator)
        features[f"features.{number}.bias"] = 0.1 * torch.randn(out, generator=generator)
    features["classifier.1.weight"] = torch.zeros(2, 2)  # the file has a classifier too; it is not used
    linear = {
        f"lin{index}.model.1.weight": torch.rand(1, out, 1, 1, generator=generator)
        for index, (out, _, _) in enumerate(CONVOLUTIONS.values())
    }
    return features, linear


def loaded(folder: Path, weights: Weights) -> perceptual.LPIPSAlex:
    files = folder / "alexnet.pth", folder / "linear.pth"
    for part, file in zip(weights, files, strict=True):
        torch.save(part, file)
    return perceptual.LPIPSAlex(*files, "cpu")


@pytest.fixture(scope="module")
def backbone(random_weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> perceptual.LPIPSAlex:
    return loaded(tmp_path_factory.mktemp("lpips"), random_weights)


def formula(first: np.ndarray, second: np.ndarray, weights: Weights) -> float:
    """Zhang et al., Eq. 1, written out for two pictures [S,S,3]."""
    features, linear = weights
    maps = []
    for image in (first, second):
        x = torch.from_numpy(image.astype(np.float64)).permute(2, 0, 1)[None] / 255 * 2 - 1
        x = (x - torch.tensor([-0.030, -0.088, -0.188])[:, None, None]) / torch.tensor([0.458, 0.448, 0.450])[
            :, None, None
        ]
        five = []
        for number in CONVOLUTIONS:
            if number in (3, 6):
                x = functional.max_pool2d(x, 3, 2)
            stride, padding = (4, 2) if number == 0 else (1, 2 if number == 3 else 1)
            weight, bias = (features[f"features.{number}.{kind}"].double() for kind in ("weight", "bias"))
            x = torch.relu(functional.conv2d(x, weight, bias, stride, padding))
            five.append(x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10))
        maps.append(five)
    total = 0.0
    for index, (a, b) in enumerate(zip(*maps, strict=True)):
        weight = linear[f"lin{index}.model.1.weight"].double()
        total += float(((a - b).square() * weight).sum(1).mean())
    return total


def side_by_side(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.concatenate([first, second], axis=2)


@pytest.mark.parametrize("size", [64, 128])
def test_it_is_the_papers_formula(backbone: perceptual.LPIPSAlex, random_weights: Weights, size: int) -> None:
    first, second = np.random.default_rng(size).integers(0, 256, (2, 3, size, size, 3), np.uint8)
    second[1] = first[1] // 2
    found = backbone.extract(side_by_side(first, second), {})["distance"]
    expected = [formula(a, b, random_weights) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    assert found.min() > 0.01


def test_by_hand(random_weights: Weights, tmp_path: Path) -> None:
    """Only the first map is not 0: its channel 0 is the red of the pixel in the middle, its channel 1 is always 1."""
    features = {name: torch.zeros_like(value) for name, value in random_weights[0].items()}
    features["features.0.weight"][0, 0, 5, 5] = 1
    features["features.0.bias"][1] = 1
    linear = {name: torch.ones_like(value) for name, value in random_weights[1].items()}
    linear["lin0.model.1.weight"][0, :2, 0, 0] = torch.tensor([2.0, 3.0])
    grey, white = np.full((1, 64, 64, 3), 204, np.uint8), np.full((1, 64, 64, 3), 255, np.uint8)
    reds = [(0.6 + 0.030) / 0.458, (1 + 0.030) / 0.458]
    (x1, y1), (x2, y2) = ((red / (red**2 + 1) ** 0.5, 1 / (red**2 + 1) ** 0.5) for red in reds)
    found = loaded(tmp_path, (features, linear)).extract(side_by_side(grey, white), {})["distance"]
    assert found[0] == pytest.approx(2 * (x1 - x2) ** 2 + 3 * (y1 - y2) ** 2, rel=1e-5)


def test_equal_pictures_differ_by_0_and_neither_order_nor_batch_matters(backbone: perceptual.LPIPSAlex) -> None:
    first, second = np.random.default_rng(0).integers(0, 256, (2, 19, 64, 64, 3), np.uint8)
    assert (backbone.extract(side_by_side(first, first), {})["distance"] == 0).all()
    whole = backbone.extract(side_by_side(first, second), {})["distance"]
    np.testing.assert_allclose(backbone.extract(side_by_side(second, first), {})["distance"], whole, rtol=1e-5)
    one = backbone.extract(side_by_side(first[4:5], second[4:5]), {})["distance"]
    np.testing.assert_allclose(one, whole[4:5], rtol=1e-5)


def test_loading_draws_no_random_numbers(random_weights: Weights, tmp_path: Path) -> None:
    before = torch.get_rng_state()
    loaded(tmp_path, random_weights)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_metric_puts_generated_and_true_frames_side_by_side(backbone: perceptual.LPIPSAlex) -> None:
    generated, truth = np.random.default_rng(3).integers(0, 256, (2, 3, 64, 64, 3), np.uint8)
    asked = []

    def features(kind: str, pictures: Pictures) -> Features:
        asked.append((kind, pictures.key))
        return backbone.extract(pictures.images, {})

    nothing = Pictures("", generated[:0])
    scene = Scene(
        pair=Pair("p", "cross", "cross", "seen", "seen", "a", "b", "a", "b", (1, 2, 3), (1,)),
        generated=Pictures("made", generated),
        driving=nothing,
        target=nothing,
        truth=Pictures("true", truth),
        reference=nothing,
        device="cpu",
        features=features,
    )
    values, reason = LPIPS().score(scene)
    np.testing.assert_allclose(values, backbone.extract(side_by_side(generated, truth), {})["distance"])
    assert asked == [("perceptual", content_key(["made", "true"]))]
    assert reason == ""
    assert LPIPS.variant({"perceptual": "alex-v0.1"}) == "lpips/alex-v0.1@1"


def test_missing_weights_are_named_both_at_once() -> None:
    with pytest.raises(MissingWeights) as error:
        perceptual.load_lpips("lpips-alex-v0.1.pth", "cpu")
    for name in ("alexnet-owt-7be5be79.pth", "lpips-alex-v0.1.pth"):
        assert f"{name} is not here: `reenactbench weights fetch {name}`" in str(error.value)
        assert KNOWN[name].used_by == "lpips"


def test_files_that_are_no_lpips_weights(random_weights: Weights, tmp_path: Path) -> None:
    features, linear = random_weights
    with pytest.raises(ReenactbenchError, match=r"alexnet\.pth and linear\.pth are not the weights of LPIPS: KeyError"):
        loaded(tmp_path, (features, {"other": linear["lin0.model.1.weight"]}))
    with pytest.raises(ReenactbenchError, match="not the weights of LPIPS: RuntimeError"):
        loaded(tmp_path, ({}, linear))
