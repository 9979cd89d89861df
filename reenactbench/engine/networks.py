"""Loads the backbones that the command line or the data set names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reenactbench.backbones.detector import Detector
from reenactbench.backbones.weights import KNOWN
from reenactbench.engine.guard import Guard
from reenactbench.errors import ReenactbenchError
from reenactbench.interfaces import Backbone, Features, LandmarkFinder
from reenactbench.registry import Registry

DEFAULT_CROPPING = "detect5"


def load_backbone(registry: Registry, kind: str, spec: str, device: str) -> Backbone:
    """The backbone that `scheme:argument` names; raises MissingWeights where its file is not here."""
    scheme, colon, argument = spec.partition(":")
    if not (colon and argument):
        schemes = [entry.name.split("/")[1] for entry in registry.of("backbones") if entry.name.startswith(kind)]
        raise ReenactbenchError(f"--{kind} {spec}: write SCHEME:FILE with a scheme of {', '.join(schemes)}")
    entry = registry.find("backbones", f"{kind}/{scheme}")
    guard = Guard(entry)
    make = guard.load()
    with guard.watch():
        backbone: Backbone = make(argument, device)
    backbone.origin = f"{entry.distribution} {entry.version}"
    backbone.name = backbone_name(registry, kind, spec)
    return backbone


def backbone_name(registry: Registry, kind: str, spec: str) -> str:
    """What variants call the backbone, whether its file is here or not: `insightface-buffalo_l`."""
    scheme, _, argument = spec.partition(":")
    metadata, by_file = registry.find("backbones", f"{kind}/{scheme}").metadata, f"{scheme}-{{file}}"
    label = metadata.get("label", by_file) if metadata.get("packaged", argument) == argument else by_file
    path = Path(argument)
    file = path.stem if path.stem not in KNOWN else path.name  # a file is not taken for the pack it is called like
    return label.replace("{file}", re.sub(r"[^A-Za-z0-9_.-]+", "_", file))


def way_of_cropping(registry: Registry, spec: str) -> str:
    """How the identity network cuts the face out of a picture, as variants say it.

    `detect5`: aligned with the five points that the detector finds in it; `crop`: the picture as it is.
    """
    scheme, _, _ = spec.partition(":")
    return registry.find("backbones", f"identity/{scheme}").metadata.get("cropping", DEFAULT_CROPPING)


class BackboneFinder(LandmarkFinder):
    """Finds landmarks in raw video frames through the run's detector and landmark backbones."""

    def __init__(self, detector: Backbone, landmarks: Backbone) -> None:
        self._detector, self._landmarks = detector, landmarks
        self.key = f"{detector.name}:{detector.sha256}+{landmarks.name}:{landmarks.sha256}"

    def faces(self, image: npt.NDArray[np.uint8]) -> Features:
        one = self._detector
        found = one.every_face(image) if isinstance(one, Detector) else one.extract(image[None], {})
        seen = np.isfinite(found["box"]).all(axis=1)
        return {name: rows[seen] for name, rows in found.items()}

    def landmarks(self, image: npt.NDArray[np.uint8], face: Features) -> npt.NDArray[np.float32]:
        return np.asarray(self._landmarks.extract(image[None], {"detector": face})["landmarks"][0])


def backbone_specs(dataset_class: Any, given: Mapping[str, str]) -> dict[str, str]:
    return {**getattr(dataset_class, "backbones", {}), **given}
