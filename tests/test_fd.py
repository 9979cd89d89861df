"""FD is FID's arithmetic in other features, and never called FID."""

from __future__ import annotations

import numpy as np
import pytest

from reenactbench.metrics.fd import FD
from reenactbench.metrics.frechet import frechet_distance


def test_it_is_the_frechet_distance_of_the_embeddings() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=(60, 16)), random.normal(0.3, 1.2, size=(80, 16))
    assert FD().compare(first, second) == frechet_distance(first, second)
    assert (FD.through, FD.feature) == ("identity", "embedding")
    assert FD.through in FD.needs


def test_frames_without_features_are_counted_and_not_dropped() -> None:
    features = np.random.default_rng(0).normal(size=(40, 8))
    holed = features.copy()
    holed[[3, 5]] = np.nan
    with pytest.raises(ValueError, match="2 of 40 generated frames have no face, so no features"):
        FD().compare(holed, features)
    with pytest.raises(ValueError, match="2 of 40 real frames have no face"):
        FD().compare(features, holed)


def test_its_name_says_whose_features_and_never_fid() -> None:
    names = {"detector": "synthface", "identity": "synthface", "cropping": "crop"}
    assert FD.variant(names) == "fd/synthface@1"
    assert "FID" not in FD.title
    assert FD.variant({**names, "detector": "yunet"}) == "fd/synthface@1"  # the detector does not decide it


def test_its_name_says_how_a_face_was_cut_out_where_the_detector_decides_that() -> None:
    pack = {"detector": "insightface-buffalo_l", "identity": "insightface-buffalo_l", "cropping": "detect5"}
    assert FD.variant(pack) == "fd/insightface-buffalo_l/detect5@1"
    assert FD.variant({**pack, "detector": "yunet"}) == "fd/insightface-buffalo_l/detect5-yunet@1"
