"""The package's own small networks, trained on the synthetic face world alone (benchmarks/synthface)."""

from __future__ import annotations

from pathlib import Path

from reenactbench.backbones.synthface.backbones import SynthfaceDetector, SynthfaceIdentity, SynthfaceLandmarks
from reenactbench.backbones.weights import weights_file

IDENTITY, LANDMARKS = "identity.safetensors", "landmarks.safetensors"
"""The files that come with the package."""


def load_detector(argument: str, device: str) -> SynthfaceDetector:
    return SynthfaceDetector(_file(argument), device)


def load_identity(argument: str, device: str) -> SynthfaceIdentity:
    return SynthfaceIdentity(_file(argument), device)


def load_landmarks(argument: str, device: str) -> SynthfaceLandmarks:
    return SynthfaceLandmarks(_file(argument), device)


def _file(argument: str) -> Path:
    """One of the package's own files, by name, or any other."""
    packaged = Path(__file__).parent / argument
    return packaged if packaged.is_file() else weights_file(argument)
