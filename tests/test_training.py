"""Training: what is sampled, what is done to it, and that a training goes on exactly after anything that stops it."""

from __future__ import annotations

import getpass
import json
import math
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
import toy_training
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn
from toy_training import CLIPS, MEANWHILE, SHOWN, Colours, ToyRecipe

from reenactbench.backbones import weights
from reenactbench.errors import MissingWeights, ReenactbenchError
from reenactbench.files import read_json
from reenactbench.interfaces import DataOptions
from reenactbench.landmarks68 import MIRRORED
from reenactbench.provenance import environment
from reenactbench.seeding import seed_everything
from reenactbench.training import augment, features, loop
from reenactbench.training.augment import augmented
from reenactbench.training.checkpoints import read_checkpoint, save_checkpoint
from reenactbench.training.features import feature_network
from reenactbench.training.footage import Footage, open_footage
from reenactbench.training.job import CHECKPOINT, RECORD, Job
from reenactbench.training.loop import Outcome, ctrl_c, train
from reenactbench.training.recipe import resolve
from reenactbench.training.sampling import SAMPLES_A_CLIP, Draws, Pairs, epoch
from reenactbench.training.state import STATE
from reenactbench.types import Frames


def footage_of(clips: dict[str, Any]) -> Footage:
    return open_footage(Colours(DataOptions(), clips))


@pytest.fixture(scope="module")
def footage() -> Footage:
    return open_footage(Colours(DataOptions()))


def shown(frames: Frames) -> list[tuple[int, int]]:
    """(clip, number of the frame) of every picture."""
    return [(int(red), int(green)) for red, green in (frames.images[:, :2, 0, 0] * 255).round()]


# --- Footage


def test_footage_is_every_training_clip_once_and_knows_whose_it_is(footage: Footage) -> None:
    assert [clip.info.id for clip in footage.clips] == ["001", "001.1", "002", "003"]
    assert footage.identities == ("001", "002", "003")
    assert footage.owner.tolist() == [0, 0, 1, 2]
    assert [clips.tolist() for clips in footage.by_identity] == [[0, 1], [2], [3]]
    assert footage.size == toy_training.SIDE


def test_clips_without_enough_frames_in_a_row_are_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    footage = footage_of({"001": range(1, 9), "002": (1, 2, 4, 5), "003": (1, 2, 3), "004": (3, 4, 5, 9)})
    assert footage.identities == ("001", "004")
    said = "clip {} is left out: it has no 3 usable frames in a row and another one\n"
    assert capsys.readouterr().err == said.format("002") + said.format("003")


def test_the_fingerprint_follows_from_the_clips_in_their_order(footage: Footage) -> None:
    assert Footage(footage.clips).fingerprint == footage.fingerprint
    assert Footage(footage.clips[:3]).fingerprint != footage.fingerprint
    assert Footage(footage.clips[::-1]).fingerprint != footage.fingerprint


def test_a_limit_takes_the_first_identities_with_all_their_clips() -> None:
    footage = open_footage(Colours(DataOptions()), limit=2)
    assert [clip.info.id for clip in footage.clips] == ["001", "001.1", "002"]


def test_one_identity_is_too_few() -> None:
    with pytest.raises(ReenactbenchError, match="takes two identities at least, and data set colours has 1 here; name"):
        open_footage(Colours(DataOptions()), limit=1)
    with pytest.raises(ReenactbenchError, match="data set colours has no clips to train on; name another --dataset"):
        footage_of({"541": range(9)})


# --- Samples


@given(seed=st.integers(0, 9), step=st.integers(0, 10**6), shots=st.integers(1, 3), length=st.integers(1, 3))
def test_a_paired_sample_is_of_one_clip_with_no_frame_in_both_parts(
    footage: Footage, seed: int, step: int, shots: int, length: int
) -> None:
    pairs = Draws(footage, seed, step).paired(5, shots, length, candidates=2)
    targets, driving = shown(pairs.targets), shown(pairs.driving)
    assert (len(targets), len(driving), len(pairs)) == (5 * shots, 5 * length, 5)
    assert torch.equal(pairs.target_ids, pairs.driving_ids)
    for row in range(5):
        of_target, of_driving = targets[row * shots :][:shots], driving[row * length :][:length]
        assert len({red for red, _ in of_target + of_driving}) == 1
        assert not set(of_target) & set(of_driving)
        assert footage.owner[of_target[0][0]] == pairs.target_ids[row]


@given(seed=st.integers(0, 9), step=st.integers(0, 10**6), shots=st.integers(1, 3))
def test_an_unpaired_sample_is_of_two_identities(footage: Footage, seed: int, step: int, shots: int) -> None:
    pairs = Draws(footage, seed, step).unpaired(5, shots)
    assert (pairs.target_ids != pairs.driving_ids).all()
    assert [footage.owner[red] for red, _ in shown(pairs.targets)[::shots]] == pairs.target_ids.tolist()
    assert [footage.owner[red] for red, _ in shown(pairs.driving)[::3]] == pairs.driving_ids.tolist()
    for row in range(5):
        assert len(set(shown(pairs.targets)[row * shots :][:shots])) == shots


def test_driving_frames_follow_each_other_in_the_video_and_never_jump_over_an_excluded_one(footage: Footage) -> None:
    driving = shown(Draws(footage, 0, 0).unpaired(400).driving)
    found = {tuple(driving[row : row + 3]) for row in range(0, len(driving), 3)}
    numbers = [list(CLIPS[clip.info.id]) for clip in footage.clips]
    assert found == {
        ((red, n), (red, n + 1), (red, n + 2))
        for red, usable in enumerate(numbers)
        for n in usable
        if n + 1 in usable and n + 2 in usable
    }


def test_a_sequence_that_a_clip_does_not_have_is_refused(footage: Footage) -> None:
    with pytest.raises(ReenactbenchError, match=r"clip 003 has no 4 usable frames in a row and another one; train on"):
        footage.starts(3, 4)
    with pytest.raises(ReenactbenchError, match=r"clip 001 has no 8 usable frames"):
        footage.starts(0, 8)


def test_frames_come_with_their_own_landmarks(footage: Footage) -> None:
    pairs = Draws(footage, 0, 3).paired(8, shots=2, length=3)
    for frames in (pairs.targets, pairs.driving):
        for (red, number), landmarks in zip(shown(frames), frames.landmarks, strict=True):
            clip = footage.clips[red]
            assert torch.equal(landmarks, torch.from_numpy(clip.landmarks[clip.positions((number,))[0]]))
    assert pairs.targets.images.dtype == pairs.targets.landmarks.dtype == torch.float32
    assert pairs.target_ids.dtype == torch.int64


@pytest.mark.parametrize("kind", ["paired", "unpaired"])
def test_every_epoch_takes_exactly_a_thousand_samples_of_each_clip(footage: Footage, kind: str) -> None:
    """Though the batch of 96 does not divide the epoch of 4,000."""
    count, size = 96, SAMPLES_A_CLIP * len(footage.clips)
    steps = [getattr(Draws(footage, 0, step), kind)(count, length=1) for step in range(math.ceil(2 * size / count))]
    clips = [red for pairs in steps for red, _ in shown(pairs.driving)]
    first, second = clips[:size], clips[size : 2 * size]
    assert Counter(first) == Counter(second) == dict.fromkeys(range(4), SAMPLES_A_CLIP)
    assert first != second
    assert clips[:count] != [red for red, _ in shown(getattr(Draws(footage, 1, 0), kind)(count, length=1).driving)]
    assert [epoch(samples, footage) for samples in (0, size - 1, size, 2 * size)] == [0, 0, 1, 2]


def test_targets_of_unpaired_samples_are_of_every_other_identity_alike(footage: Footage) -> None:
    pairs = Draws(footage, 0, 0).unpaired(3000, length=1)
    found = Counter(zip(pairs.driving_ids.tolist(), pairs.target_ids.tolist(), strict=True))
    for driving in range(3):
        shares = [found[driving, target] for target in range(3) if target != driving]
        assert min(shares) / sum(shares) == pytest.approx(0.5, abs=0.05)


def test_of_many_candidates_the_farthest_from_the_first_target_is_taken(footage: Footage) -> None:
    """The landmarks drift ever faster: the farthest frame is the last one, or else the first."""
    pairs = Draws(footage, 0, 0).paired(40, shots=2, candidates=200)
    for (red, first), (_, taken) in zip(shown(pairs.targets)[::2], shown(pairs.driving), strict=True):
        numbers = list(CLIPS[footage.clips[red].info.id])
        assert taken == max(numbers, key=lambda number: abs(number**2 - first**2))


def test_with_one_candidate_every_frame_drives_alike(footage: Footage) -> None:
    pairs = [pair for step in range(20) for pair in shown(Draws(footage, 0, step).paired(100).driving)]
    counts = [count for (red, _), count in Counter(pairs).items() if red == 0]
    assert len(counts) == 8
    assert counts == pytest.approx([sum(counts) / 8] * 8, rel=0.45)  # four standard deviations


def test_a_step_draws_the_same_whatever_was_drawn_before(footage: Footage) -> None:
    fresh, used = Draws(footage, 5, 7), Draws(footage, 5, 7)
    used.unpaired(3)
    used.random("blur").random(4)
    assert shown(fresh.paired(6).targets) == shown(used.paired(6).targets)
    assert fresh.random("blur").random() == used.random("blur").random()
    others = [fresh.random("noise"), Draws(footage, 5, 8).random("blur"), Draws(footage, 6, 7).random("blur")]
    assert len({fresh.random("blur").random(), *(other.random() for other in others)}) == 4
    assert shown(fresh.paired(6).targets) != shown(Draws(footage, 5, 8).paired(6).targets)
    assert shown(fresh.paired(6).targets) != shown(Draws(footage, 6, 7).paired(6).targets)


def places(footage: Footage, landmarks: Tensor) -> list[tuple[int, int]]:
    """(clip, place in it) of the frame that has exactly these landmarks."""
    known = {
        points.tobytes(): (number, place)
        for number, clip in enumerate(footage.clips)
        for place, points in enumerate(clip.landmarks)
    }
    return [known[points.numpy().tobytes()] for points in landmarks]


@given(seed=st.integers(0, 9), step=st.integers(0, 10**6), count=st.integers(1, 20))
def test_landmarks_drawn_alone_are_those_of_a_frame_and_come_with_its_identity(
    footage: Footage, seed: int, step: int, count: int
) -> None:
    landmarks, identities = Draws(footage, seed, step).landmarks(count)
    assert (landmarks.shape, landmarks.dtype) == ((count, 68, 2), torch.float32)
    assert (identities.shape, identities.dtype) == ((count,), torch.int64)
    assert [footage.owner[clip] for clip, _ in places(footage, landmarks)] == identities.tolist()


def test_landmarks_are_drawn_of_all_identities_alike_and_of_all_their_clips_and_frames(footage: Footage) -> None:
    """Though 001 has two clips, and 003 half as many frames as others."""
    count = 6000
    landmarks, identities = Draws(footage, 0, 0).landmarks(count)
    assert torch.bincount(identities).tolist() == pytest.approx([count / 3] * 3, rel=0.08)  # four standard deviations
    found = Counter(places(footage, landmarks))
    for number, clip in enumerate(footage.clips):
        frames = len(clip.landmarks)
        clips = len(footage.by_identity[footage.owner[number]])
        expected = count / 3 / clips / frames
        counts = [found[number, place] for place in range(frames)]
        assert counts == pytest.approx([expected] * frames, abs=4.5 * math.sqrt(expected))


def test_landmarks_are_the_same_whatever_was_drawn_before_in_this_step_and_others_in_another(footage: Footage) -> None:
    fresh, used = Draws(footage, 5, 7), Draws(footage, 5, 7)
    used.paired(3)
    used.landmarks(2)
    first, again = fresh.landmarks(9), used.landmarks(9)
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    for other in (Draws(footage, 5, 8), Draws(footage, 6, 7)):
        assert not torch.equal(first[0], other.landmarks(9)[0])
    assert shown(used.paired(6).driving) == shown(Draws(footage, 5, 7).paired(6).driving)


def test_no_pixel_is_read_for_landmarks(footage: Footage) -> None:
    blind = Footage([replace(clip, images=None) for clip in footage.clips])  # type: ignore[arg-type]
    assert torch.equal(Draws(blind, 0, 0).landmarks(50)[0], Draws(footage, 0, 0).landmarks(50)[0])


def test_landmarks_and_identities_are_on_the_device_that_was_asked_for(footage: Footage) -> None:
    found = Draws(footage, 0, 0, device="meta").landmarks(3)
    assert [part.device.type for part in found] == ["meta", "meta"]


def test_target_images_are_repeated_where_a_clip_has_too_few() -> None:
    pairs = Draws(footage_of({"001": (1, 2, 3, 5), "002": (1, 2, 3, 5)}), 0, 0).paired(4, shots=3, length=3)
    assert [number for _, number in shown(pairs.targets)] == [5] * 12


# --- Augmentation


def dotted(samples: int, each: int) -> Frames:
    """Black pictures of 128 with a white spot at landmark 36."""
    images, landmarks = torch.zeros(samples * each, 3, 128, 128), 64 + 20 * torch.randn(samples * each, 68, 2)
    for picture, points in zip(images, landmarks, strict=True):
        points[36] = torch.randint(40, 88, (2,))
        x, y = points[36].int().tolist()
        picture[:, y - 2 : y + 3, x - 2 : x + 3] = 1
    return Frames(images, landmarks)


def pairs_of(samples: int, shots: int, length: int, paired: bool) -> Pairs:
    ids = torch.arange(samples)
    return Pairs(dotted(samples, shots), dotted(samples, length), ids, ids if paired else ids + 1)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Switches everything off but what is given."""

    def leave(**constants: Any) -> None:
        off = {"TURN": 0, "SCALE": (1, 1), "SHIFT": 0, "STRETCH": 0, "MIRROR": 0, "GAIN": 0, "GAMMA": 0, "MIX": 0}
        for name, value in (off | constants).items():
            monkeypatch.setattr(augment, name, value)

    return leave


def test_strength_0_changes_nothing() -> None:
    pairs = pairs_of(3, 1, 2, paired=True)
    assert augmented(pairs, np.random.default_rng(0), 0) is pairs


def test_a_spot_stays_under_its_landmark_whatever_happens_to_the_picture(still: Callable[..., None]) -> None:
    constants = {name: getattr(augment, name) for name in ("TURN", "SCALE", "SHIFT", "STRETCH")}
    still(**constants, MIRROR=0.5)
    torch.manual_seed(0)
    moved = augmented(pairs_of(60, 1, 1, paired=False), np.random.default_rng(0), 1)
    axis = torch.arange(128.0)
    mirrored = 0
    for images, landmarks in ((side.images, side.landmarks) for side in (moved.targets, moved.driving)):
        light = images.mean(1)
        middle = torch.stack([(light.sum(1) @ axis), (light.sum(2) @ axis)], 1) / light.sum((1, 2))[:, None]
        off = (landmarks[:, [36, 45]] - middle[:, None]).norm(dim=2)  # 45 is what 36 becomes in a mirror
        assert off.min(dim=1).values.max() < 0.1
        mirrored += int((off.argmin(dim=1) == 1).sum())
    assert 0.35 < mirrored / 120 < 0.65


def test_a_mirrored_picture_has_the_landmarks_of_the_other_side(still: Callable[..., None]) -> None:
    still(MIRROR=1)
    pairs = pairs_of(2, 1, 1, paired=True)
    moved = augmented(pairs, np.random.default_rng(0), 1).targets
    torch.testing.assert_close(moved.images, pairs.targets.images.flip(3), atol=1e-4, rtol=0)
    there = pairs.targets.landmarks * torch.tensor([-1, 1]) + torch.tensor([127, 0])
    torch.testing.assert_close(moved.landmarks, there[:, list(MIRRORED)], atol=1e-4, rtol=0)
    assert [MIRRORED[MIRRORED[number]] for number in range(68)] == list(range(68))


def test_both_sides_of_a_paired_sample_are_disturbed_alike_and_of_an_unpaired_one_each_in_its_way() -> None:
    same = dotted(1, 1)
    all_same = Frames(same.images.repeat(6, 1, 1, 1), same.landmarks.repeat(6, 1, 1))
    ids = torch.arange(3)
    for other in (ids, ids + 1):
        moved = augmented(Pairs(all_same[:3], all_same, ids, other), np.random.default_rng(0), 1)
        targets, driving = moved.targets, moved.driving
        assert torch.equal(driving.images[::2], driving.images[1::2])  # the frames of a sample stay a sequence
        assert torch.equal(driving.images[::2], targets.images) == (other is ids)
        assert torch.equal(driving.landmarks[::2], targets.landmarks) == (other is ids)
        assert not torch.equal(targets.images[0], targets.images[1])


def test_colours_are_changed_everywhere_alike_and_stay_in_range(still: Callable[..., None]) -> None:
    constants = {name: getattr(augment, name) for name in ("GAIN", "GAMMA", "MIX")}
    still(**constants)
    ids, plain = torch.arange(50), torch.rand(50, 3, 1, 1).expand(-1, -1, 8, 8)
    frames = Frames(plain, torch.rand(50, 68, 2))
    moved = augmented(Pairs(frames, frames, ids, ids), np.random.default_rng(0), 1).targets
    torch.testing.assert_close(moved.landmarks, frames.landmarks, atol=1e-5, rtol=0)
    torch.testing.assert_close(moved.images, moved.images[:, :, :1, :1].expand_as(plain))
    assert moved.images.min() >= 0 and moved.images.max() <= 1
    assert (moved.images - plain).abs().mean() > 0.05
    hues = [(images[:, 0] > images[:, 2]).flatten(1)[:, 0] for images in (plain, moved.images)]
    assert (hues[0] != hues[1]).any()


# --- Settings


@dataclass(frozen=True)
class Preset:
    rate: float = 0.1
    steps: int = 5
    flip: bool = False
    loss: str = "l1"


def test_settings_are_read_as_their_own_types() -> None:
    changed = resolve(Preset(), {"rate": "2e-3", "steps": "7", "flip": "true", "loss": "l2"})
    assert changed == Preset(rate=0.002, steps=7, flip=True, loss="l2")
    assert resolve(Preset(), {}) == Preset()


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("rat", "1", "--set rat=1: there is no setting 'rat'; did you mean rate?"),
        ("zzz", "1", "--set zzz=1: there is no setting 'zzz'; did you mean rate, steps, flip, loss?"),
        ("steps", "1.5", "--set steps=1.5: steps is a whole number"),
        ("rate", "fast", "--set rate=fast: rate is a number"),
        ("rate", "nan", "--set rate=nan: rate is a number"),
        ("flip", "maybe", "--set flip=maybe: flip is true or false"),
    ],
)
def test_a_wrong_setting_is_one_sentence(name: str, text: str, sentence: str) -> None:
    with pytest.raises(ReenactbenchError) as caught:
        resolve(Preset(), {name: text})
    assert str(caught.value) == sentence


# --- Checkpoints


def small(width: int = 2) -> dict[str, nn.Module]:
    return {"first": nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width)), "second": nn.Linear(2, 1, bias=False)}


def test_a_checkpoint_gives_back_the_weights_in_half_precision_and_all_metadata(tmp_path: Path) -> None:
    modules, path = small(), tmp_path / "some" / "checkpoint.safetensors"
    modules["first"][1].num_batches_tracked.fill_(70_000)  # type: ignore[index]
    modules["first"][1].running_var.fill_(1e6)  # type: ignore[index]  # more than float16 holds
    said = {"method": "toy", "preset": "demo", "settings": {"rate": 0.1}, "words": "é"}
    save_checkpoint(path, modules, said)
    found, other = read_checkpoint(path, "toy"), small()
    assert found.metadata == said
    assert found.tensors["second.weight"].dtype == torch.float16
    found.load_into(other, "the toy")
    for name, module in modules.items():
        for key, value in module.state_dict().items():
            loaded = other[name].state_dict()[key]
            assert loaded.dtype == value.dtype
            assert torch.equal(loaded, value if value.abs().max() > 65504 else value.half().to(value.dtype))


def written(folder: Path, metadata: dict[str, str] | None) -> Path:
    save_file({"a": torch.zeros(1)}, folder / "file", metadata)
    return folder / "file"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: folder / "none", r"checkpoint .*none is not a file"),
        (lambda folder: folder, r"checkpoint .* is no safetensors file: "),
        (
            lambda folder: (folder / "x").write_bytes(b"x" * 99) and folder / "x",
            r"checkpoint .*x is no safetensors file",
        ),
        (lambda folder: written(folder, None), r"file does not say that `reenactbench train` wrote it"),
        (lambda folder: written(folder, {"reenactbench": "[]"}), r"does not say that `reenactbench train` wrote it"),
        (
            lambda folder: written(folder, {"reenactbench": '{"method": "x2face"}'}),
            "is of method 'x2face', not of 'toy'",
        ),
    ],
)
def test_a_file_that_is_no_checkpoint_of_the_method_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(ReenactbenchError, match=sentence) as caught:
        read_checkpoint(make(tmp_path), "toy")
    assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit_are_named_with_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, small(), {"method": "toy", "preset": "demo"})
    found = read_checkpoint(path, "toy")
    more, fewer = {**small(), "third": nn.Linear(1, 1)}, {"first": small()["first"]}
    for modules, reason in (
        (small(3), "first.0.bias is 2, not 3"),
        (more, "it lacks third.bias"),
        (fewer, "it holds second.weight, for which there is no place"),
    ):
        before = {name: module.state_dict()["0.weight"].clone() for name, module in modules.items() if name == "first"}
        with pytest.raises(ReenactbenchError) as caught:
            found.load_into(modules, "the toy")
        assert str(caught.value) == f"{path} does not fit the toy: {reason} (it is of preset demo)"
        assert torch.equal(before["first"], modules["first"].state_dict()["0.weight"])  # nothing is half loaded


# --- Networks that losses look through


@pytest.mark.parametrize("name", ["synthface", "alexnet-untrained"])
def test_gradients_pass_to_the_pictures_and_never_to_the_weights(name: str) -> None:
    network = feature_network(name, "cpu").train()
    images = torch.rand(2, 3, 128, 128, requires_grad=True)
    maps = network(images)
    sum(part.abs().mean() for part in maps).backward()
    assert images.grad is not None and images.grad.abs().sum() > 0
    assert not any(weight.requires_grad for weight in network.parameters())
    assert not any(part.training for part in network.modules())
    assert len(maps) >= 4
    for first, again in zip(maps, feature_network(name, "cpu")(images), strict=True):
        assert torch.equal(first, again)


@pytest.mark.parametrize(("name", "convolutions"), [("vgg19", (1, 3, 5, 9, 13)), ("alexnet", (1, 2, 3, 4, 5))])
def test_the_maps_are_those_after_the_named_convolutions(
    name: str, convolutions: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of VGG19 are after its convolutions 1, 3, 5, 9 and 13."""
    torch.manual_seed(0)
    with torch.device("meta"):
        layers = getattr(torchvision.models, name)(weights=None).features.eval()
    layers.to_empty(device="cpu")
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()
    torch.save({f"features.{key}": value for key, value in layers.state_dict().items()}, tmp_path / "weights.pth")
    monkeypatch.setattr(features, "weights_file", lambda known: tmp_path / "weights.pth")
    images = torch.rand(1, 3, 64, 64)
    found = feature_network(name, "cpu")(images)
    x = (images - torch.tensor([0.485, 0.456, 0.406])[:, None, None]) / torch.tensor([0.229, 0.224, 0.225])[
        :, None, None
    ]
    expected, seen = [], 0
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
            seen += isinstance(layer, nn.Conv2d)
            if isinstance(layer, nn.ReLU) and seen in convolutions:
                expected.append(x.clone())
    assert len(found) == len(expected) == 5
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs)


def test_missing_weights_say_what_else_can_be_done() -> None:
    with pytest.raises(
        MissingWeights,
        match=r"`reenactbench weights fetch vgg19-dcbb9e9d.pth`.*; or train through another network with --set",
    ):
        feature_network("vgg19", "cpu")
    with pytest.raises(ReenactbenchError, match="there is no perceptual network 'vgg'; choose one of vgg19, alexnet, "):
        feature_network("vgg", "cpu")
    assert weights.KNOWN[features.VGG19].sha256.startswith("dcbb9e9d")  # torch names its files by their sha256


# --- The loop


@pytest.fixture
def job(tmp_path: Path, footage: Footage) -> Job:
    return Job(ToyRecipe, footage, "colours", tmp_path / "toy", "demo", "full", {}, ema=0.9, sample_every=5)


@pytest.fixture(autouse=True)
def _nothing_happens_meanwhile() -> None:
    MEANWHILE.clear()
    SHOWN.clear()


def rows(folder: Path) -> list[dict[str, Any]]:
    """The lines of the log without times and pace."""
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    untimed = ("seconds", "samples_per_second")
    return [{key: value for key, value in line.items() if key not in untimed} for line in lines]


def tensors(folder: Path) -> dict[str, Tensor]:
    return read_checkpoint(folder / CHECKPOINT, "toy").tensors


def assert_same(folder: Path, other: Path) -> None:
    """The same lines, weights, pictures and record of two trainings, but for the times."""
    assert rows(folder) == rows(other)
    assert tensors(folder).keys() == tensors(other).keys()
    for name, value in tensors(folder).items():
        assert torch.equal(value, tensors(other)[name]), name
    for picture in sorted((folder / "samples").iterdir()):
        assert picture.read_bytes() == (other / "samples" / picture.name).read_bytes()
    records = [read_json(path / RECORD) for path in (folder, other)]
    for record in records:
        del record["minutes"], record["command"]
    assert records[0] == records[1]


KILLED = """
import os, signal
from dataclasses import replace
from pathlib import Path
from toy_training import MEANWHILE, Colours, ToyRecipe
from reenactbench.interfaces import DataOptions
from reenactbench.training.footage import open_footage
from reenactbench.training.job import Job
from reenactbench.training.loop import train
MEANWHILE[9] = lambda maker: os.kill(os.getpid(), signal.SIGKILL)
footage = open_footage(Colours(DataOptions()))
train(Job(ToyRecipe, footage, "colours", Path("toy"), "demo", "full", {}, ema=0.9, sample_every=5))
"""


def test_a_killed_training_goes_on_to_the_very_same_end(job: Job, tmp_path: Path) -> None:
    """Killed in its ninth step, with the state after the fifth on disk and three more steps in the log."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert len(rows(job.folder)) == 8
    assert read_json(job.folder / RECORD)["status"] == "running"
    outcome = train(replace(job, resume=True))
    assert outcome == Outcome(job.folder / CHECKPOINT, 12, interrupted=False)
    undisturbed = train(replace(job, folder=tmp_path / "undisturbed"))
    assert_same(job.folder, undisturbed.checkpoint.parent)


def test_ctrl_c_finishes_the_step_and_the_training_goes_on_to_the_very_same_end(job: Job, tmp_path: Path) -> None:
    MEANWHILE[7] = lambda maker: signal.raise_signal(signal.SIGINT)
    outcome = train(job)
    assert (outcome.steps, outcome.interrupted) == (7, True)
    assert read_json(job.folder / RECORD)["status"] == "interrupted"
    assert read_checkpoint(outcome.checkpoint, "toy").metadata["steps"] == 7
    MEANWHILE.clear()
    assert train(replace(job, resume=True)) == Outcome(outcome.checkpoint, 12, interrupted=False)
    undisturbed = train(replace(job, folder=tmp_path / "undisturbed"))
    assert_same(job.folder, undisturbed.checkpoint.parent)


def test_a_second_ctrl_c_interrupts_at_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ctrl_c() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_log_has_a_line_a_step_and_tensorboard_every_tenth(job: Job) -> None:
    train(job)
    found = rows(job.folder)
    assert [row["step"] for row in found] == list(range(1, 13))
    assert {row["epoch"] for row in found} == {0}
    assert list(found[0]) == ["step", "epoch", "making", "judging"]
    curves = EventAccumulator(str(job.folder / "tensorboard"))
    curves.Reload()
    points = [(event.step, event.value) for event in curves.Scalars("loss/making")]
    assert points == [(10, pytest.approx(found[9]["making"]))]
    assert [event.step for event in curves.Images("samples")] == [5, 10, 12]


def test_pictures_show_the_same_samples_every_time_in_rows_and_columns(job: Job) -> None:
    train(job)
    names = sorted(path.name for path in (job.folder / "samples").iterdir())
    assert names == ["step-000005.png", "step-000010.png", "step-000012.png"]
    pixels = [np.asarray(Image.open(job.folder / "samples" / name)) for name in names]
    side = toy_training.SIDE
    given = Draws(job.footage, 0, 0).unpaired(2, length=1)
    for picture in pixels:
        assert picture.shape == (3 * side, 2 * side, 3)
        corners = picture[::side, ::side, :2].astype(int).tolist()
        assert corners[:2] == [[list(spot) for spot in shown(frames)] for frames in (given.targets, given.driving)]
    assert (pixels[0][2 * side :] != pixels[1][2 * side :]).any()


def test_the_checkpoint_and_the_pictures_have_the_average_of_the_weights(job: Job) -> None:
    seen: list[Tensor] = []
    for step in range(1, 13):
        MEANWHILE[step] = lambda maker: seen.append(maker.state_dict()["0.weight"].clone())
    train(job)
    seed_everything(0, "toy")
    expected = ToyRecipe(job.plan).maker.get_parameter("0.weight").detach()
    for number, value in enumerate(seen):
        decay = min(0.9, (1 + number) / (10 + number))
        expected = decay * expected + (1 - decay) * value
    torch.testing.assert_close(SHOWN[-1], expected)
    assert torch.equal(SHOWN[-1].half(), tensors(job.folder)["maker.0.weight"])
    state = torch.load(job.folder / STATE, weights_only=True)
    assert torch.equal(state["networks"]["maker"]["0.weight"], seen[-1])


def test_without_an_average_the_checkpoint_has_the_weights_themselves(job: Job) -> None:
    train(replace(job, ema=0.0, steps=3))
    state = torch.load(job.folder / STATE, weights_only=True)
    for key, value in state["networks"]["maker"].items():
        assert torch.equal(tensors(job.folder)[f"maker.{key}"], value.half() if value.is_floating_point() else value)


def test_after_a_picture_every_part_is_in_the_mode_that_it_was(job: Job) -> None:
    modes: list[list[bool]] = []
    MEANWHILE[6] = lambda maker: modes.append([part.training for part in maker.modules()][-5:])
    train(job)
    assert modes == [[True, True, True, True, False]]


def test_minutes_count_over_all_times_that_a_training_is_taken_up(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def half_a_minute(maker: nn.Module) -> None:
        clock[0] += 30

    MEANWHILE.update(dict.fromkeys(range(1, 13), half_a_minute))
    monkeypatch.setattr(loop, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    assert train(replace(job, minutes=2)).steps == 4
    clock[0] += 10**6  # between the two
    assert train(replace(job, minutes=3, resume=True)).steps == 6
    assert read_checkpoint(job.folder / CHECKPOINT, "toy").metadata["minutes"] == 3
    assert train(replace(job, minutes=3, resume=True)).steps == 6


def test_steps_end_a_training_that_can_go_on(job: Job) -> None:
    assert train(replace(job, steps=3)).steps == 3
    assert train(replace(job, resume=True)).steps == 12
    assert train(replace(job, steps=99, resume=True)).steps == 12  # no more than the recipe asks for


def test_a_loss_that_is_no_number_stops_and_leaves_the_last_good_state(job: Job, tmp_path: Path) -> None:
    MEANWHILE[7] = lambda maker: maker.state_dict()["0.weight"].fill_(math.nan)
    with pytest.raises(ReenactbenchError) as caught:
        train(job)
    assert str(caught.value) == (
        f"step 8: the loss making is nan; {job.folder / STATE} keeps that after step 5; "
        "train anew under another --name with a smaller learning rate (--set) or another --seed"
    )
    assert read_json(job.folder / RECORD)["status"] == "failed"
    MEANWHILE.clear()
    train(replace(job, resume=True))
    assert_same(job.folder, train(replace(job, folder=tmp_path / "undisturbed")).checkpoint.parent)


def test_weights_that_are_no_numbers_are_not_saved(job: Job) -> None:
    MEANWHILE[5] = lambda maker: maker.state_dict()["0.weight"].fill_(math.inf)
    with pytest.raises(ReenactbenchError, match=r"step 5: maker.0.weight is not finite any more; no state was saved"):
        train(job)
    assert not (job.folder / STATE).exists()


def test_metadata_say_how_the_weights_came_about_and_not_who_made_them(job: Job) -> None:
    outcome = train(job)
    said = read_checkpoint(outcome.checkpoint, "toy").metadata
    assert said == {
        "schema_version": 1,
        "method": "toy",
        "preset": "demo",
        "variant": "full",
        "settings": {"rate": 0.001, "steps": 12, "smooth": False, "loss": "l2"},
        "seed": 0,
        "ema": 0.9,
        "init": None,
        "dataset": {"name": "colours", "fingerprint": job.footage.fingerprint},
        "identities": ["001", "002", "003"],
        "image_size": toy_training.SIDE,
        "steps": 12,
        "samples": 48,
        "validation": [],
        "minutes": said["minutes"],
        "precision": "bf16-mixed" if loop.fast_in_bfloat16("cpu") else "32-true",
        "device": said["device"],
        "versions": said["versions"],
        "git_commits": said["git_commits"],
        "perceptual": "none",
    }
    assert list(said["versions"]) == ["lightning-fabric", "python", "reenactbench", "torch"]
    assert said["device"] and all(said["versions"].values())
    text = (job.folder / RECORD).read_text() + str(said)
    for word in (str(job.folder.parent), str(Path.home()), socket.gethostname()):
        assert word not in text
    assert f"/{getpass.getuser()}" not in text


def test_metadata_name_the_code_that_trained_each_time_that_it_was_another(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    for commit, steps in (("a", 1), ("a", 2), ("b", 3), ("c", 3), (None, 4)):
        machine = environment("cpu") | {"git_commit": commit}
        monkeypatch.setattr(loop, "environment", lambda device, machine=machine: machine)
        outcome = train(replace(job, steps=steps, resume=True))
    assert read_checkpoint(outcome.checkpoint, "toy").metadata["git_commits"] == ["a", "b"]


def test_a_recipe_can_insist_on_full_precision(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ToyRecipe, "mixed", False)
    train(replace(job, steps=1))
    assert read_json(job.folder / RECORD)["precision"] == "32-true"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"preset": "paper"}, "preset demo there, paper here"),
        ({"variant": "plain", "seed": 1}, "variant full there, plain here; seed 0 there, 1 here"),
        (
            {"settings": {"rate": "0.5", "loss": "l1"}},
            "settings.rate 0.001 there, 0.5 here; settings.loss l2 there, l1",
        ),
        ({"ema": 0.5}, "ema 0.9 there, 0.5 here"),
        ({"footage": footage_of({"001": range(9), "002": range(9)})}, "dataset.fingerprint differs; identities differ"),
    ],
)
def test_another_training_is_not_gone_on_with(job: Job, changes: dict[str, Any], what: str) -> None:
    train(replace(job, steps=1))
    before = (job.folder / STATE).read_bytes()
    with pytest.raises(ReenactbenchError) as caught:
        train(replace(job, resume=True, **changes))
    assert str(caught.value).startswith(f"{job.folder} holds another training ({what}")
    assert str(caught.value).endswith("); give the same options, or another --name")
    assert (job.folder / STATE).read_bytes() == before


def test_a_training_is_not_begun_anew_over_another_and_resuming_nothing_begins(job: Job) -> None:
    assert train(replace(job, steps=1, resume=True)).steps == 1
    with pytest.raises(ReenactbenchError, match=r"toy holds a training already; give --resume to go on, or another"):
        train(job)


def test_a_damaged_state_is_one_sentence(job: Job) -> None:
    train(replace(job, steps=1))
    (job.folder / STATE).write_bytes(b"nothing")
    with pytest.raises(ReenactbenchError, match=r"state.pt cannot be read \(\w+\); train under another --name"):
        train(replace(job, resume=True))


@pytest.mark.gpu
def test_a_gpu_trains_and_goes_on_too(job: Job) -> None:
    on_gpu = replace(job, device="cuda")
    assert train(replace(on_gpu, steps=7)).steps == 7
    assert train(replace(on_gpu, resume=True)).steps == 12
    assert [row["step"] for row in rows(job.folder)] == list(range(1, 13))
    assert {value.device.type for value in tensors(job.folder).values()} == {"cpu"}
