"""Every metric against a reference implementation or an exact answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from reenactbench.interfaces import Method, Pictures, Scene
from reenactbench.metrics.akd import AKD, AKDTruth
from reenactbench.metrics.csim import CSIM, CSIMDriver
from reenactbench.metrics.face_rate import FaceRate
from reenactbench.metrics.fid import FID
from reenactbench.metrics.frechet import frechet_distance, frechet_infinity
from reenactbench.metrics.kid import kernel_distance
from reenactbench.metrics.l1 import l1
from reenactbench.metrics.psnr import psnr
from reenactbench.metrics.speed import Speed, parameters_of
from reenactbench.metrics.ssim import ssim
from reenactbench.types import Frames, Pair

# --- SSIM, PSNR, L1


def image_pairs(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of all kinds: noise, gradients, flat, tiny contrast, equal, inverted."""
    random = np.random.default_rng(0)
    first, second = [], []
    ramp = np.linspace(0, 255, 64)[None, :, None] * np.ones((64, 1, 3))
    for number in range(count):
        kind = number % 8
        noise = random.integers(0, 256, (64, 64, 3))
        if kind == 0:
            a, b = noise, random.integers(0, 256, (64, 64, 3))
        elif kind == 1:
            a, b = ramp, ramp + random.normal(0, 12, ramp.shape)
        elif kind == 2:
            a, b = np.full((64, 64, 3), random.integers(0, 256)), np.full((64, 64, 3), random.integers(0, 256))
        elif kind == 3:
            a, b = 127 + random.integers(0, 2, (64, 64, 3)), 127 + random.integers(0, 2, (64, 64, 3))
        elif kind == 4:
            a, b = noise, noise
        elif kind == 5:
            a, b = noise, 255 - noise
        elif kind == 6:
            a, b = np.zeros((64, 64, 3)), random.integers(0, 3, (64, 64, 3))
        else:
            a, b = np.full((64, 64, 3), 255), ramp.transpose(1, 0, 2)
        first.append(np.clip(a, 0, 255).astype(np.uint8))
        second.append(np.clip(b, 0, 255).astype(np.uint8))
    return np.stack(first), np.stack(second)


def skimage_ssim(a: np.ndarray, b: np.ndarray) -> float:
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    return float(structural_similarity(a, b, channel_axis=2, **options))


def test_ssim_is_skimages_to_a_millionth_on_200_pairs() -> None:
    first, second = image_pairs()
    expected = [skimage_ssim(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(ssim(first, second), expected, rtol=0, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), height=st.integers(11, 40), width=st.integers(11, 40), noise=st.floats(0, 40))
def test_ssim_is_skimages_at_any_size(seed: int, height: int, width: int, noise: float) -> None:
    random = np.random.default_rng(seed)
    a = random.integers(0, 256, (height, width, 3), np.uint8)
    b = np.clip(a + random.normal(0, noise, a.shape), 0, 255).astype(np.uint8)
    assert ssim(a[None], b[None])[0] == pytest.approx(skimage_ssim(a, b), abs=1e-6)


def test_ssim_is_symmetric_bounded_and_1_for_equal_images() -> None:
    first, second = image_pairs(40)
    np.testing.assert_allclose(ssim(first, second), ssim(second, first), atol=1e-12)
    np.testing.assert_allclose(ssim(first, first), 1, atol=1e-12)
    assert (np.abs(ssim(first, second)) <= 1 + 1e-12).all()


def test_psnr_is_skimages_and_100_for_equal_images() -> None:
    first, second = image_pairs(64)
    with np.errstate(divide="ignore"):
        expected = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(psnr(first, second), np.minimum(expected, 100), rtol=1e-12)
    assert psnr(first, first).tolist() == [100.0] * 64


def test_l1_by_hand() -> None:
    black, white = np.zeros((1, 4, 4, 3), np.uint8), np.full((1, 4, 4, 3), 255, np.uint8)
    one = black.copy()
    one[0, 0, 0, 0] = 51
    assert l1(black, white).tolist() == [1.0]
    assert l1(white, black).tolist() == [1.0]
    assert l1(black, black).tolist() == [0.0]
    assert l1(black, one)[0] == pytest.approx(0.2 / 48)


@pytest.mark.parametrize("measure", [ssim, psnr, l1])
def test_batch_size_and_order_change_nothing(measure) -> None:
    first, second = image_pairs(35)
    whole = measure(first, second)
    np.testing.assert_allclose(whole, [measure(first[i : i + 1], second[i : i + 1])[0] for i in range(35)], atol=1e-9)
    np.testing.assert_allclose(whole[::-1], measure(first[::-1], second[::-1]), atol=1e-9)


# --- The Frechet distance


def moments_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The textbook formula with SciPy's matrix root, as pytorch-fid has it."""
    means, covariances = zip(*[(x.mean(axis=0), np.cov(x, rowvar=False)) for x in (first, second)], strict=True)
    root = sqrtm(covariances[0] @ covariances[1]).real
    return float(((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root))


@pytest.mark.parametrize(("n", "m", "width"), [(400, 300, 32), (60, 90, 48), (200, 30, 64), (2000, 1500, 128)])
def test_frechet_against_scipys_matrix_root(n: int, m: int, width: int) -> None:
    random = np.random.default_rng(n)
    first = random.normal(size=(n, width)) @ random.normal(size=(width, width))
    second = random.normal(1, 2, size=(m, width)) @ random.normal(size=(width, width)) + 1
    tolerance = 1e-6 if min(n, m) > width else 1e-3  # below the width, sqrtm itself meets a singular product
    assert frechet_distance(first, second) == pytest.approx(moments_distance(first, second), rel=tolerance)


def sample_with(mean: np.ndarray, covariance: np.ndarray, count: int, seed: int) -> np.ndarray:
    """A sample whose mean and (N-1) covariance are exactly these."""
    raw = np.random.default_rng(seed).normal(size=(count, len(mean)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_frechet_of_gaussians_with_equal_covariances_is_the_squared_distance_of_the_means() -> None:
    random = np.random.default_rng(1)
    half = random.normal(size=(16, 16))
    covariance = half @ half.T + np.eye(16)
    shift = random.normal(size=16)
    first, second = (sample_with(mean, covariance, 100, seed) for mean, seed in ((shift, 2), (0 * shift, 3)))
    assert frechet_distance(first, second) == pytest.approx(float(shift @ shift), rel=1e-6)


def test_frechet_of_gaussians_with_commuting_covariances() -> None:
    random = np.random.default_rng(4)
    basis, _ = np.linalg.qr(random.normal(size=(12, 12)))
    a, b = random.uniform(0.1, 4, (2, 12))
    shift = random.normal(size=12)
    first = sample_with(shift, basis @ np.diag(a) @ basis.T, 80, 5)
    second = sample_with(0 * shift, basis @ np.diag(b) @ basis.T, 90, 6)
    expected = shift @ shift + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("n", [7, 40, 500])
def test_frechet_below_and_above_the_feature_width_in_one_dimension_too(n: int) -> None:
    """In a plane of 2 of 40 features the answer is that of the plane, however few samples there are."""
    random = np.random.default_rng(n)
    plane = np.linalg.qr(random.normal(size=(40, 2)))[0]
    first, second = random.normal(size=(n, 2)), random.normal(2, 3, size=(n + 3, 2))
    inside = moments_distance(first, second)
    assert frechet_distance(first @ plane.T, second @ plane.T) == pytest.approx(inside, rel=1e-6)


def test_frechet_is_symmetric_and_0_for_equal_samples() -> None:
    random = np.random.default_rng(8)
    first, second = random.normal(size=(50, 64)), random.normal(1, 1, size=(70, 64))
    assert frechet_distance(first, second) == pytest.approx(frechet_distance(second, first), rel=1e-10)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(first, first[::-1]) == pytest.approx(0, abs=1e-9)


def test_frechet_of_one_frame_is_an_error_with_a_reason() -> None:
    with pytest.raises(ValueError, match="at least 2 frames, here are 1"):
        frechet_distance(np.zeros((1, 4)), np.zeros((5, 4)))
    with pytest.raises(ValueError, match="at least 8 frames"):
        frechet_infinity(np.zeros((7, 4)), np.zeros((50, 4)))


def test_the_extrapolation_takes_the_bias_away() -> None:
    """Two samples of one Gaussian: the truth is 0; FID is far above it and falls with N, FID-infinity is not."""
    random = np.random.default_rng(9)
    draws = [random.normal(size=(2, 400, 32)) for _ in range(10)]
    plain = np.mean([frechet_distance(a, b) for a, b in draws])
    extrapolated = np.mean([frechet_infinity(a, b) for a, b in draws])
    assert plain > 0.9
    assert abs(extrapolated) < 0.1 * plain
    assert frechet_infinity(*draws[0]) == frechet_infinity(*draws[0])


# --- KID


def direct_kid(first: np.ndarray, second: np.ndarray) -> float:
    """The definition, term by term."""

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    n, m = len(first), len(second)
    xx = sum(kernel(first[i], first[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(kernel(second[i], second[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    xy = sum(kernel(a, b) for a in first for b in second) / (n * m)
    return xx + yy - 2 * xy


@pytest.mark.parametrize(("n", "m"), [(2, 2), (9, 14), (40, 25)])
def test_kid_against_a_direct_sum(n: int, m: int) -> None:
    random = np.random.default_rng(n)
    first, second = random.normal(size=(n, 20)), random.normal(0.5, 1, size=(m, 20))
    assert kernel_distance(first, second) == pytest.approx(direct_kid(first, second), rel=1e-9)


def test_kid_does_not_depend_on_how_it_is_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    first, second = random.normal(size=(300, 16)), random.normal(size=(200, 16))
    whole = kernel_distance(first, second)
    monkeypatch.setattr("reenactbench.metrics.kid.BLOCK", 7)
    assert kernel_distance(first, second) == pytest.approx(whole, rel=1e-9)


def test_kid_is_unbiased() -> None:
    random = np.random.default_rng(5)
    values = [kernel_distance(*random.normal(size=(2, 30, 8))) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))
    with pytest.raises(ValueError, match="at least 2 frames on each side, here are 1 and 3"):
        kernel_distance(np.zeros((1, 4)), np.zeros((3, 4)))


# --- Metrics that look through backbones, on given features


def scene(kind: str, features: dict[str, dict[str, dict[str, np.ndarray]]]) -> Scene:
    """A scene of 3 frames; features: backbone kind -> picture -> arrays."""
    blank = np.zeros((3, 8, 8, 3), np.uint8)
    names = ("generated", "driving", "target", "truth")
    generated, driving, target, truth = (Pictures(name, blank) for name in names)
    return Scene(
        pair=Pair("p", "cross", kind, "seen", "seen", "a", "b", "a", "b", (1, 2, 3), (1,)),
        generated=generated,
        driving=driving,
        target=target,
        truth=truth,
        reference=truth,
        device="cpu",
        features=lambda backbone, pictures: features[backbone][pictures.key],
    )


def test_csim_of_cross_compares_with_the_target_and_of_self_with_the_true_frame() -> None:
    nan = [np.nan, np.nan]
    embeddings = {
        "generated": {"embedding": np.array([[2.0, 0], [0, 3], nan], np.float32)},
        "target": {"embedding": np.array([[5.0, 0]], np.float32)},
        "truth": {"embedding": np.array([[0, 1.0], [0, 1], [1, 0]], np.float32)},
    }
    scores = {"generated": [0.9, 0.9, np.nan], "target": [0.9], "truth": [0.9, 0.9, 0.9]}
    faces = {name: {"score": np.array(values, np.float32)} for name, values in scores.items()}
    cross, reason = CSIM().score(scene("cross", {"detector": faces, "identity": embeddings}))
    np.testing.assert_allclose(cross, [1, 0, np.nan])
    assert reason == "no face found"
    own, _ = CSIM().score(scene("self", {"detector": faces, "identity": embeddings}))
    np.testing.assert_allclose(own, [0, 1, np.nan])
    embeddings["target"] = {"embedding": np.array([nan], np.float32)}
    values, reason = CSIM().score(scene("cross", {"detector": faces, "identity": embeddings}))
    assert np.isnan(values).all()
    assert reason == "no face found in the real picture"


def test_csim_driver_compares_with_the_driver_whatever_the_protocol() -> None:
    embeddings = {
        "generated": {"embedding": np.array([[2.0, 0], [0, 3], [1, 0]], np.float32)},
        "driving": {"embedding": np.array([[0, 1.0], [0, 1], [1, 0]], np.float32)},
    }
    faces = {name: {"score": np.array([0.9, 0.9, np.nan])} for name in embeddings}
    for kind in ("self", "cross"):
        values, reason = CSIMDriver().score(scene(kind, {"detector": faces, "identity": embeddings}))
        np.testing.assert_allclose(values, [0, 1, np.nan])
        assert reason == "no face found"


def test_csim_has_no_value_where_no_face_is_found_even_if_the_network_answers() -> None:
    """A network that takes the whole crop has an embedding of every picture."""
    same = {name: {"embedding": np.ones((rows, 2), np.float32)} for name, rows in (("generated", 3), ("target", 1))}
    faces = {"generated": {"score": np.array([0.9, np.nan, 0.8])}, "target": {"score": np.array([0.9])}}
    values, reason = CSIM().score(scene("cross", {"detector": faces, "identity": same}))
    np.testing.assert_allclose(values, [1, np.nan, 1])
    assert reason == "no face found"
    faces["target"] = {"score": np.array([np.nan])}
    values, reason = CSIM().score(scene("cross", {"detector": faces, "identity": same}))
    assert np.isnan(values).all()
    assert reason == "no face found in the real picture"


def test_face_rate_counts_frames_without_a_face() -> None:
    found = {"generated": {"score": np.array([0.9, np.nan, 0.8])}}
    values, _ = FaceRate().score(scene("cross", {"detector": found}))
    assert values.tolist() == [1, 0, 1]


def test_akd_is_in_units_of_the_drivers_outer_eye_distance() -> None:
    driving = np.zeros((3, 68, 2), np.float32)
    driving[:, 36], driving[:, 45] = (10, 20), (50, 50)  # 50 pixels apart
    generated = driving + np.array([[[3, 4]], [[0, 0]], [[np.nan, np.nan]]], np.float32)
    found = {"generated": {"landmarks": generated}, "driving": {"landmarks": driving}}
    values, reason = AKD().score(scene("cross", {"landmarks": found}))
    np.testing.assert_allclose(values, [5 / 50, 0, np.nan])
    assert reason.startswith("no face found")


def test_akd_to_truth_compares_with_the_true_frame_in_units_of_its_own_outer_eye_distance() -> None:
    truth = np.zeros((3, 68, 2), np.float32)
    truth[:, 36], truth[:, 45] = (10, 20), (50, 50)
    generated = truth + np.array([[[3, 4]], [[0, 0]], [[np.nan, np.nan]]], np.float32)
    found = {"generated": {"landmarks": generated}, "truth": {"landmarks": truth}}
    values, reason = AKDTruth().score(scene("cross", {"landmarks": found}))
    np.testing.assert_allclose(values, [5 / 50, 0, np.nan])
    assert reason == "no face found in the generated or the true frame"
    assert AKDTruth.needs_truth
    names = {"detector": "synthface", "landmarks": "synthface"}
    assert AKDTruth.variant(names) == "akd_truth/synthface/outer-eye@1"


def test_a_variant_names_the_backbones_and_the_detector_only_where_it_is_of_another_pack() -> None:
    pack = {"detector": "insightface-buffalo_l", "identity": "insightface-buffalo_l", "cropping": "detect5"}
    assert CSIM.variant(pack) == "csim/insightface-buffalo_l/detect5@1"
    assert CSIM.variant({**pack, "detector": "yunet"}) == "csim/insightface-buffalo_l/detect5-yunet@1"
    whole = {"detector": "synthface", "identity": "synthface", "cropping": "crop"}
    assert CSIM.variant(whole) == "csim/synthface/crop@1"
    assert CSIM.variant({**whole, "detector": "yunet"}) == "csim/synthface/crop-yunet@1"
    assert FID.variant({"inception": "pytorch-fid"}) == "fid/pytorch-fid-pool3@1"
    assert FaceRate.variant({"detector": "yunet"}) == "face_rate/yunet@1"


# --- Speed


class OneConvolution(Method):
    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.network = torch.nn.Conv2d(3, 3, 3, padding=1, bias=False)
        self.again = {"same": [self.network]}

    def encode_target(self, targets: Frames) -> None:
        return None

    def reenact(self, identity: None, driving: Frames) -> torch.Tensor:
        return torch.sigmoid(self.network(driving.images))


def test_speed_counts_parameters_once_and_flops_exactly() -> None:
    method = OneConvolution(torch.device("cpu"))
    frames = Frames(torch.rand(5, 3, 32, 32), torch.zeros(5, 68, 2))
    measured = Speed().measure(method, frames[:1], frames)
    assert sum(parameter.numel() for parameter in parameters_of(method)) == 81
    assert measured["mparams"] == 81e-6
    assert measured["gflops"] == pytest.approx(2 * 81 * 32 * 32 / 1e9)
    assert measured["fps-b16"] > 0
    assert measured["encode-ms"] >= 0
    assert measured["peak-mb"] == "measured on CUDA devices only"
    assert set(measured) == set(Speed.quantities)
