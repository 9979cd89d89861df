"""What the networks are judged by."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .loop import planes
from .pictures import SIZE, Pictures

Array = npt.NDArray[Any]
BATCH = 64


class Verification(NamedTuple):
    eer: float
    """Equal error rate of telling whether two pictures show the same person."""
    auc: float
    same: float
    """Mean cosine of two pictures of the same person."""
    different: float


def embeddings(network: nn.Module, images: Array) -> Array:
    """Directions float32 [N,D] of length 1."""
    with torch.inference_mode():
        raw = torch.cat([network(planes(images[start : start + BATCH])) for start in range(0, len(images), BATCH)])
        return np.asarray(nn.functional.normalize(raw).numpy())


def verification(units: Array, persons: Array, apart: Array | None = None) -> Verification:
    """Over all pairs of pictures; `apart` [P,P] picks the pairs of different persons that count (all, if None)."""
    cosines = units @ units.T
    same = persons[:, None] == persons
    other = ~same if apart is None else apart[persons[:, None], persons]
    upper = np.triu(np.ones_like(same), 1)
    return rates(cosines[same & upper], cosines[other & upper])


def rates(same: Array, different: Array) -> Verification:
    """The rates at which a threshold on the cosine tells the two apart."""
    values = np.concatenate([same, different])
    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(order < len(same)) / len(same)
    alarms = np.cumsum(order >= len(same)) / len(different)
    crossing = int(np.argmin(np.abs(1 - hits - alarms)))
    eer = (1 - hits[crossing] + alarms[crossing]) / 2
    auc = np.trapezoid(np.concatenate([[0], hits]), np.concatenate([[0], alarms]))
    return Verification(float(eer), float(auc), float(same.mean()), float(different.mean()))


def landmarks_and_faces(network: nn.Module, images: Array) -> tuple[Array, Array]:
    """Landmarks [N,68,2] in pixels of 128, and face logits [N]."""
    with torch.inference_mode():
        found = [network(planes(images[start : start + BATCH])) for start in range(0, len(images), BATCH)]
    landmarks, logits = (torch.cat(part).numpy() for part in zip(*found, strict=True))
    return landmarks * SIZE - 0.5, logits


def errors(landmarks: Array, pictures: Pictures) -> Array:
    """Distances [N,68] to the exact landmarks in per cent of the unforeshortened outer-eye distance."""
    return np.asarray(100 * np.linalg.norm(landmarks - pictures.landmarks, axis=2) / pictures.eyes[:, None])
