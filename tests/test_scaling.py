"""What a detector and a landmark network find does not depend on the resolution of the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from stand_ins import constant, save_model

from reenactbench.backbones import detector, landmarks
from reenactbench.backbones.detector import Detector
from reenactbench.backbones.scaling import reduced
from reenactbench.datasets.synthetic.films import actor_of
from reenactbench.datasets.synthetic.world import people

LARGE = 1280


@given(factor=st.floats(0.1, 40), x=st.floats(-100, 3000), y=st.floats(-100, 3000))
def test_points_come_back_exactly(factor: float, x: float, y: float) -> None:
    small = reduced(np.zeros((90, 70, 3), np.uint8), factor)
    np.testing.assert_allclose(small.back(small.there(np.array([x, y]))), [x, y], atol=1e-6)
    corner = np.array([[-0.5, -0.5], [69.5, 89.5]])  # the outer edges of the first and the last pixel
    height, width = small.image.shape[:2]
    np.testing.assert_allclose(small.there(corner), [[-0.5, -0.5], [width - 0.5, height - 0.5]], atol=1e-9)


@pytest.mark.parametrize("factor", [0.3, 1])
def test_a_picture_that_is_small_enough_is_itself(factor: float) -> None:
    image, points = np.zeros((4, 5, 3), np.uint8), np.array([[0.1, 0.7]])
    small = reduced(image, factor)
    assert small.image is image
    assert small.there(points).tolist() == small.back(points).tolist() == points.tolist()


def test_areas_are_averaged() -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 45, 3), np.uint8)
    expected = image.reshape(10, 3, 15, 3, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(reduced(image, 3).image, expected, atol=0.51)


class Moments(Detector):
    """Finds the one thing in a dark picture: the box is two standard deviations about its centre of brightness."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def detect(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        self.seen.append(bgr.shape[:2])
        light = bgr.mean(axis=2)
        rows, columns = np.indices(light.shape)
        places = np.stack([columns, rows], axis=-1).reshape(-1, 2)
        weights = light.reshape(-1, 1) / light.sum()
        centre = (places * weights).sum(axis=0)
        spread = np.sqrt(((places - centre) ** 2 * weights).sum(axis=0))
        return np.concatenate([centre - 2 * spread, centre + 2 * spread, np.tile(centre, 5), [0.9]])[None]


@pytest.fixture(scope="module")
def dots() -> npt.NDArray[np.uint8]:
    """Scattered bright pixels [1280,1280,3], which a network that looks at every few pixels mostly misses."""
    random = np.random.default_rng(5)
    image = np.zeros((LARGE, LARGE, 3), np.uint8)
    x, y = (500 + random.integers(0, 320, (2, 500))).reshape(2, -1)
    image[y, x] = 255
    return image


@pytest.fixture(scope="module")
def brightness_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """[N,3,112,112] -> [N,136]: the centre of brightness, in 0..1 of the crop, for every landmark."""
    place = (np.arange(112, dtype=np.float32) / 112)[None, None, None]
    nodes = [helper.make_node("ReduceSum", ["input", "all"], ["sum"], keepdims=0)]
    for axis, grid in (("x", "columns"), ("y", "rows")):
        nodes += [
            helper.make_node("Mul", ["input", grid], [f"{axis}_weighted"]),
            helper.make_node("ReduceSum", [f"{axis}_weighted", "all"], [f"{axis}_sum"], keepdims=0),
            helper.make_node("Div", [f"{axis}_sum", "sum"], [f"{axis}_mean"]),
            helper.make_node("Unsqueeze", [f"{axis}_mean", "one"], [axis]),
        ]
    nodes += [
        helper.make_node("Concat", ["x", "y"], ["pair"], axis=1),
        helper.make_node("Tile", ["pair", "repeats"], ["output"]),
    ]
    constants = [
        constant("all", np.array([1, 2, 3])), constant("one", np.array([1])), constant("repeats", np.array([1, 68])),
        constant("columns", place), constant("rows", place.swapaxes(2, 3)),
    ]  # fmt: skip
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, 3, 112, 112])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [None, 136])
    path = tmp_path_factory.mktemp("networks") / "brightness.onnx"
    return save_model(path, nodes, [image], [output], constants)


@pytest.mark.parametrize("size", [128, 320, LARGE])
def test_exact_networks_find_the_same_at_any_resolution(
    dots: npt.NDArray[np.uint8], brightness_network: Path, size: int
) -> None:
    mark = landmarks.load_onnx68(str(brightness_network), "cpu")
    images = reduced(dots, LARGE / size).image[None]
    found = Moments().extract(images, {})
    point = mark.extract(images, {"detector": found})["landmarks"][0, 0]
    places = (np.stack([*found["box"].reshape(2, 2), point]) + 0.5) * LARGE / size - 0.5
    truth = Moments().detect(dots)[0, :6].reshape(3, 2)
    np.testing.assert_allclose(places, truth, atol=0.01 * 320)  # 1 % of the size of what is there


class OneFace(Detector):
    """Finds one square face whose side is a share of the picture's longer one, or none."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.seen: list[tuple[int, ...]] = []

    def detect(self, bgr: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        self.seen.append(bgr.shape[:2])
        side = self.share * max(bgr.shape)
        return np.array([[0, 0, side, side, *np.zeros(10), 0.9]])[: self.share > 0]


@pytest.mark.parametrize(
    ("shape", "share", "seen"),
    [
        ((128, 128), 0.9, [(128, 128)]),
        ((128, 128), 0.0, [(128, 128)]),
        ((640, 480), 0.4, [(640, 480)]),
        ((640, 480), 0.6, [(640, 480), (320, 240)]),
        ((1080, 1920), 0.4, [(360, 640)]),
        ((1080, 1920), 0.6, [(360, 640), (180, 320)]),
        ((1080, 1920), 0.0, [(360, 640), (180, 320)]),
        ((4000, 3), 0.4, [(640, 1)]),
        ((2, 9000), 0.4, [(1, 640)]),
    ],
)
def test_pictures_have_the_size_that_detectors_were_made_for(shape, share: float, seen) -> None:
    backbone = OneFace(share)
    found = backbone.extract(np.zeros((1, *shape, 3), np.uint8), {})
    assert backbone.seen == seen
    ratio = np.array(seen[-1][::-1]) / shape[::-1]
    edge = share * max(seen[-1])
    expected = [*(0.5 / ratio - 0.5), *((edge + 0.5) / ratio - 0.5)] if share else [np.nan] * 4
    np.testing.assert_allclose(found["box"][0], expected, rtol=1e-6)


def test_insightfaces_landmarks_come_back_from_a_large_picture(tmp_path: Path) -> None:
    """A network that always answers 68 points of a diagonal from the first corner of its crop to the middle."""
    answer = np.zeros((1, 3309), np.float32)
    answer[0, -204:] = np.repeat(np.linspace(-1, 0, 68, dtype=np.float32), 3)
    image = helper.make_tensor_value_info("data", TensorProto.FLOAT, [None, 3, 192, 192])
    output = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [1, 3309])
    nodes = [helper.make_node("Identity", ["answer"], ["fc1"])]
    path = save_model(tmp_path / "1k3d68.onnx", nodes, [image], [output], [constant("answer", answer)])
    mark = landmarks.load_insightface(str(path), "cpu")
    for size in (128, 1280):
        box = np.array([[0.25, 0.25, 0.75, 0.75]]) * size  # its crop is 1.5 times as large
        context = {"detector": {"box": box}}
        found = mark.extract(np.zeros((1, size, size, 3), np.uint8), context)["landmarks"][0]
        np.testing.assert_allclose(found[:, 0], size * np.linspace(0.125, 0.5, 68), atol=size / 100)


def test_real_networks_find_the_same_at_any_resolution(real_weights: Path) -> None:
    find = detector.load_yunet(str(real_weights / "face_detection_yunet.onnx"), "cpu")
    mark = landmarks.load_onnx68(str(real_weights / "pfld68.onnx"), "cpu")
    large = actor_of(people()[0].id).render(np.zeros(19, np.float32), LARGE).image
    found = {}
    for size in (128, 256, 640, LARGE):
        images = reduced(large, LARGE / size).image[None]
        places = mark.extract(images, {"detector": find.extract(images, {})})["landmarks"][0]
        found[size] = (places + 0.5) * LARGE / size - 0.5
    truth = found[LARGE]
    for places in found.values():
        error = np.linalg.norm(places - truth, axis=1).mean() / np.linalg.norm(truth[36] - truth[45])
        assert error < 0.03
