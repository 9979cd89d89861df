"""Backbones are the libraries' own networks, reached through the libraries' own loaders."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from insightface.utils import face_align
from onnx import TensorProto, helper
from pytorch_fid import inception as reference
from pytorch_fid.fid_score import get_activations
from stand_ins import constant, save_model

from reenactbench.backbones import detector, identity, inception, landmarks
from reenactbench.datasets.video import read_video
from reenactbench.errors import MissingWeights, ReenactbenchError

# --- Inception


@pytest.fixture(scope="module")
def state_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict of the shape of pytorch-fid's download, with random weights."""
    torch.manual_seed(0)
    network = reference._inception_v3(num_classes=1008, aux_logits=False, weights=None)
    network.Mixed_5b = reference.FIDInceptionA(192, pool_features=32)
    network.Mixed_5c = reference.FIDInceptionA(256, pool_features=64)
    network.Mixed_5d = reference.FIDInceptionA(288, pool_features=64)
    network.Mixed_6b = reference.FIDInceptionC(768, channels_7x7=128)
    network.Mixed_6c = reference.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6d = reference.FIDInceptionC(768, channels_7x7=160)
    network.Mixed_6e = reference.FIDInceptionC(768, channels_7x7=192)
    network.Mixed_7b = reference.FIDInceptionE_1(1280)
    network.Mixed_7c = reference.FIDInceptionE_2(2048)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.1, 0.2)  # else the features fade to nothing
    path = tmp_path_factory.mktemp("weights") / "pt_inception.pth"
    torch.save(network.state_dict(), path)
    return path


def test_inception_features_are_pytorch_fids(state_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both load the same file; theirs reads PNG files from disk with its own data loader."""
    images = np.random.default_rng(0).integers(0, 256, (5, 128, 128, 3), np.uint8)
    files = []
    for number, image in enumerate(images):
        files.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(files[-1]), image[..., ::-1])
    weights = torch.load(state_file, weights_only=True)
    monkeypatch.setattr(reference, "load_state_dict_from_url", lambda *_, **__: weights)
    theirs = get_activations(files, reference.InceptionV3([3]), batch_size=5, dims=2048, device="cpu", num_workers=0)
    ours = inception.load_pytorch_fid(str(state_file), "cpu").extract(images, {})["pool3"]
    assert ours.shape == (5, 2048)
    assert theirs.std() > 0.001
    np.testing.assert_array_equal(ours, theirs)


def test_inception_does_not_depend_on_the_batch(state_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(1).integers(0, 256, (4, 128, 128, 3), np.uint8)
    backbone = inception.load_pytorch_fid(str(state_file), "cpu")
    whole = backbone.extract(images, {})["pool3"]
    monkeypatch.setattr(inception, "BATCH", 1)
    np.testing.assert_allclose(backbone.extract(images, {})["pool3"], whole, atol=1e-5 * np.abs(whole).max())


def test_a_file_that_is_no_inception_state_dict(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    with pytest.raises(ReenactbenchError, match=r"other\.pth is not the state dict of pytorch-fid's Inception"):
        inception.load_pytorch_fid(str(path), "cpu")


# --- Stand-ins in ONNX: the same loaders on networks whose answer is known


@pytest.fixture
def mean_colour_network(tmp_path: Path) -> Path:
    """[N,3,112,112] -> [N,3]: the mean of each channel, as an identity network that insightface accepts."""
    image = helper.make_tensor_value_info("data", TensorProto.FLOAT, [None, 3, 112, 112])
    output = helper.make_tensor_value_info("fc1", TensorProto.FLOAT, [None, 3])
    node = helper.make_node("ReduceMean", ["data"], ["fc1"], axes=[2, 3], keepdims=0)
    return save_model(tmp_path / "mean_colour.onnx", [node], [image], [output], [])


def one_face_scrfd(path: Path, side: int = 320) -> Path:
    """SCRFD's nine outputs with one face of side 32 at the anchor in row 3, column 4 of stride 32 (side x side)."""
    image = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [1, 3, "?", "?"])
    constants, nodes, outputs = [], [], []
    parts = (("score", 1), ("bbox", 4), ("kps", 10))
    for part, width in parts:
        for stride in (8, 16, 32):
            rows = (side // stride) ** 2 * 2
            values = np.zeros((rows, width), np.float32)
            if stride == 32:
                anchor = 2 * (3 * side // 32 + 4)
                values[anchor] = {"score": 0.9, "bbox": 0.5, "kps": np.arange(10) / 10}[part]
            name = f"{part}_{stride}"
            constants.append(constant(f"{name}_values", values))
            nodes.append(helper.make_node("Identity", [f"{name}_values"], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, width]))
    return save_model(path, nodes, [image], outputs, constants)


@pytest.mark.parametrize(("size", "side"), [(128, 320), (320, 320), (400, 640), (640, 640), (1280, 640)])
def test_scrfd_through_insightfaces_loader(tmp_path: Path, size: int, side: int) -> None:
    """It sees pictures enlarged or reduced to 320 x 320, or where they are larger than that to 640 x 640."""
    backbone = detector.load_insightface(str(one_face_scrfd(tmp_path / "det_10g.onnx", side)), "cpu")
    found = backbone.extract(np.zeros((2, size, size, 3), np.uint8), {})
    scale = size / side
    shift = (scale - 1) / 2 if scale > 1 else 0  # insightface enlarges from the corner, not from a pixel's centre
    x, y = 4 * 32, 3 * 32  # the anchor, from which distances of 0.5 strides are counted
    expected = np.array([x - 16, y - 16, x + 16, y + 16]) * scale + shift
    np.testing.assert_allclose(found["box"], [expected] * 2, atol=1e-4)
    np.testing.assert_allclose(found["score"], [0.9] * 2, atol=1e-6)
    offsets = 32 * np.arange(10).reshape(5, 2) / 10
    np.testing.assert_allclose(found["points"][0], (offsets + np.array([x, y])) * scale + shift, atol=1e-4)


def test_identity_is_aligned_with_insightfaces_own_template(mean_colour_network: Path) -> None:
    backbone = identity.load_insightface(str(mean_colour_network), "cpu")
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    points = face_align.arcface_dst + np.array([9, 5], np.float32)  # the template, moved
    context = {"detector": {"points": np.stack([points, np.full((5, 2), np.nan, np.float32)])}}
    embedding = backbone.extract(np.stack([image, image]), context)["embedding"]
    aligned = image[5:117, 9:121].astype(np.float64)  # so the crop is the picture, moved
    np.testing.assert_allclose(embedding[0], (aligned.mean(axis=(0, 1)) - 127.5) / 127.5, atol=1e-3)  # in RGB order
    assert np.isnan(embedding[1]).all()


def test_a_detector_is_not_taken_for_an_identity_network(tmp_path: Path, mean_colour_network: Path) -> None:
    scrfd = one_face_scrfd(tmp_path / "det_10g.onnx")
    with pytest.raises(ReenactbenchError, match="for a detection model, not for a recognition model"):
        identity.load_insightface(str(scrfd), "cpu")
    with pytest.raises(ReenactbenchError, match="for a recognition model, not for a detection model"):
        detector.load_insightface(str(mean_colour_network), "cpu")


def test_files_that_are_missing_or_no_network(tmp_path: Path) -> None:
    with pytest.raises(ReenactbenchError, match=r"absent\.onnx is neither a file nor known weights \(buffalo_l, "):
        identity.load_insightface(str(tmp_path / "absent.onnx"), "cpu")
    with pytest.raises(MissingWeights, match=r"buffalo_l is not here: `reenactbench weights fetch buffalo_l`"):
        identity.load_insightface("buffalo_l", "cpu")
    (tmp_path / "broken.onnx").write_text("no network")
    for load in (detector.load_yunet, detector.load_insightface, landmarks.load_onnx68):
        with pytest.raises(ReenactbenchError, match=r"broken\.onnx"):
            load(str(tmp_path / "broken.onnx"), "cpu")


def test_onnx68_points_come_back_to_the_picture(tmp_path: Path) -> None:
    """A network that always answers the corners and the middle of its crop."""
    answer = np.zeros((1, 136), np.float32)
    answer[0, :6] = 0, 0, 1, 1, 0.5, 0.5
    image = helper.make_tensor_value_info("input", TensorProto.FLOAT, [None, 3, 112, 112])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [None, 136])
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Mul", ["flat", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "answer"], ["output"]),
    ]
    constants = [constant("zero", np.zeros((1, 1), np.float32)), constant("answer", answer)]
    path = save_model(tmp_path / "fixed.onnx", nodes, [image], [output], constants)
    backbone = landmarks.load_onnx68(str(path), "cpu")
    boxes = np.array([[30, 20, 70, 80], [np.nan] * 4], np.float32)  # 60 high: a crop of 66 about (50, 50)
    found = backbone.extract(np.zeros((2, 128, 128, 3), np.uint8), {"detector": {"box": boxes}})["landmarks"]
    np.testing.assert_allclose(found[0, :3], [[17, 17], [83, 83], [50, 50]], atol=1e-4)
    assert np.isnan(found[1]).all()


# --- Real networks on real faces


@pytest.fixture(scope="module")
def faces_of_two(realfaces: Path) -> dict[str, np.ndarray]:
    picked = {}
    for clip in ("001", "002"):
        frames = list(read_video(realfaces / clip / "vid.avi"))
        picked[clip] = np.stack(frames[::20])
    return picked


def test_the_same_person_is_close_and_another_is_not(faces_of_two, real_weights: Path) -> None:
    find = detector.load_yunet(str(real_weights / "face_detection_yunet.onnx"), "cpu")
    embed = identity.load_insightface(str(real_weights / "arcface_mobilefacenet_128.onnx"), "cpu")
    units = {}
    for clip, images in faces_of_two.items():
        found = find.extract(images, {})
        assert np.isfinite(found["score"]).all()
        embedding = embed.extract(images, {"detector": found})["embedding"]
        units[clip] = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    assert (units["001"] @ units["001"].T).min() > 0.6
    assert np.abs(units["001"] @ units["002"].T).max() < 0.3


def test_a_right_left_or_red_blue_mix_up_would_show(faces_of_two, real_weights: Path) -> None:
    """The embedding of a face differs from that of the same face in BGR, so the order matters and is RGB."""
    find = detector.load_yunet(str(real_weights / "face_detection_yunet.onnx"), "cpu")
    images = faces_of_two["001"][:1]
    found = find.extract(images, {})
    eyes = found["points"][0, :2]
    assert eyes[0, 0] < eyes[1, 0]  # the eye on the picture's left comes first, as in the ArcFace template
    path = real_weights / "arcface_mobilefacenet_128.onnx"
    embed = identity.load_insightface(str(path), "cpu")
    embedding = embed.extract(images, {"detector": found})["embedding"][0]
    aligned = face_align.norm_crop(images[0], found["points"][0])  # RGB, straight through onnxruntime
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for order, close in ((aligned, True), (aligned[..., ::-1], False)):
        (direct,) = session.run(None, {"data": order.transpose(2, 0, 1)[None].astype(np.float32)})[0]
        assert np.allclose(direct, embedding, atol=1e-4) == close


def test_batches_change_no_feature(faces_of_two, real_weights: Path) -> None:
    find = detector.load_yunet(str(real_weights / "face_detection_yunet.onnx"), "cpu")
    embed = identity.load_insightface(str(real_weights / "arcface_mobilefacenet_128.onnx"), "cpu")
    mark = landmarks.load_onnx68(str(real_weights / "pfld68.onnx"), "cpu")
    images = faces_of_two["002"]
    found = find.extract(images, {})
    for backbone, feature in ((embed, "embedding"), (mark, "landmarks")):
        whole = backbone.extract(images, {"detector": found})[feature]
        for number in range(len(images)):
            one = {name: values[number : number + 1] for name, values in found.items()}
            alone = backbone.extract(images[number : number + 1], {"detector": one})[feature]
            np.testing.assert_allclose(alone[0], whole[number], atol=1e-5 * max(1, float(np.abs(whole).max())))
