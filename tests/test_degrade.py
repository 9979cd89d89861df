"""What cameras, codecs and detectors do to samples: alike where they are alike, and nothing at strength 0."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from reenactbench.landmarks68 import MIRRORED
from reenactbench.training import degrade
from reenactbench.training.augment import augmented_motions
from reenactbench.training.degrade import degraded, habits, trembles
from reenactbench.training.sampling import Pairs
from reenactbench.types import Frames


def pairs_of(samples: int) -> Pairs:
    """Two different targets and a driving frame each, all of a sample's frames of one picture."""
    pictures = torch.rand(samples, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    of = Frames(pictures.repeat_interleave(2, 0), torch.rand(2 * samples, 68, 2))
    ids = torch.arange(samples)
    return Pairs(of, Frames(pictures, torch.rand(samples, 68, 2)), ids, ids)


def test_strength_0_changes_nothing() -> None:
    pairs, random = pairs_of(3), np.random.default_rng(0)
    assert degraded(pairs, random, 0) is pairs
    assert not habits(random, 3, 0).any() and not trembles(random, 3, 0).any()


def test_all_frames_of_a_sample_are_degraded_in_the_same_way_and_landmarks_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without noise, which is another in every frame, equal frames stay equal, and differ from what they were."""
    monkeypatch.setattr(degrade, "SHARE", 1)
    monkeypatch.setattr(degrade, "NOISE", 0)
    pairs = pairs_of(4)
    found = degraded(pairs, np.random.default_rng(0), 1)
    assert torch.equal(found.targets.images[::2], found.targets.images[1::2])
    assert torch.equal(found.targets.images[::2], found.driving.images)
    assert ((found.driving.images - pairs.driving.images).abs().amax((1, 2, 3)) > 0.05).all()
    assert torch.equal(found.targets.landmarks, pairs.targets.landmarks)
    assert found.driving.images.min() >= 0 and found.driving.images.max() <= 1


def test_a_jpeg_is_that_of_opencv_with_the_colours_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("SHARE", 1), ("NOISE", 0), ("BLUR", 0), ("QUALITY", (40, 41))):
        monkeypatch.setattr(degrade, name, value)
    pairs = pairs_of(1)
    found = degraded(pairs, np.random.default_rng(0), 1).driving.images[0]
    pixels = (pairs.driving.images[0] * 255).round().byte().permute(1, 2, 0).numpy()
    coded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    wanted = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    torch.testing.assert_close(found, torch.from_numpy(wanted).permute(2, 0, 1) / 255)


def test_as_many_samples_as_the_share_says_are_left_alone() -> None:
    pairs = pairs_of(400)
    found = degraded(pairs, np.random.default_rng(0), 0.5).driving.images
    bytes_of = (pairs.driving.images * 255).round() / 255
    alone = ((found - bytes_of).abs().amax((1, 2, 3)) < 1e-6).float().mean()
    assert 0.8**3 - 0.08 < alone < 0.8**3 + 0.14  # the slightest blur is none


def test_a_part_of_the_face_is_missed_as_a_whole_and_the_jaw_is_bent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(degrade, "HABIT", (0.0, 1.0, 1.0))
    misses = habits(np.random.default_rng(0), 500, 1.0)
    for first, last in degrade.PARTS[1:]:
        assert torch.equal(misses[:, first:last], misses[:, first : first + 1].expand(-1, last - first, -1))
    assert (misses[:, 17] != misses[:, 22]).all()
    along = misses[:, :17].diff(dim=1).abs()
    assert along.mean() > 0.05 and along.max() < 3
    assert 0.3 < misses.std() < 1.2


def test_other_cameras_film_motion_and_target_but_all_in_the_mirror_or_none() -> None:
    """A landmark and its fellow on the other side change places in a mirror; similarity keeps ratios of distances."""
    points = torch.rand(40, 68, 2, generator=torch.Generator().manual_seed(0)) * 60 + 30
    driving, own, moved = augmented_motions(points, points, points, 128, np.random.default_rng(0), 1.0)
    assert torch.equal(driving, moved) and not torch.allclose(own, moved, atol=1)
    before, mirrored = torch.cdist(points, points), torch.cdist(points[:, list(MIRRORED)], points[:, list(MIRRORED)])
    like = []
    for found in (own, driving):
        apart = torch.cdist(found, found)
        spreads = torch.stack([_spread(apart, other) for other in (before, mirrored)])
        assert (spreads.amin(0) < 0.03).all()
        like.append(spreads.argmin(0))
    assert torch.equal(*like) and 0 < like[0].float().mean() < 1


def _spread(apart: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """[N]: the deviation of the ratios of distances, over all pairs of landmarks that are apart."""
    far = torch.eye(68) == 0
    return torch.stack([(now / then)[far].std() for now, then in zip(apart, before, strict=True)])
