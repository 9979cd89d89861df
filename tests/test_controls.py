"""The two controls: one copies the target, the other the driver."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest
import reenactbench_methods
import torch
from reenactbench_methods.copy_driver import CopyDriver
from reenactbench_methods.copy_target import CopyTarget

from reenactbench.interfaces import Method
from reenactbench.types import Frames

CPU = torch.device("cpu")
CONTROLS = [CopyTarget, CopyDriver]


def noise(count: int, seed: int = 0) -> Frames:
    generator = torch.Generator().manual_seed(seed)
    return Frames(
        torch.rand(count, 3, 128, 128, generator=generator), 128 * torch.rand(count, 68, 2, generator=generator)
    )


def reenact(method: type[Method], targets: Frames, driving: Frames) -> torch.Tensor:
    instance = method(CPU)
    return instance.reenact(instance.encode_target(targets), driving)


@pytest.mark.parametrize("count", [1, 5])
def test_copy_target_shows_the_target_in_every_frame(count: int) -> None:
    target = noise(1)
    assert torch.equal(reenact(CopyTarget, target, noise(count, 1)), target.images.expand(count, -1, -1, -1))


def test_copy_target_shows_the_first_of_several_targets() -> None:
    targets = noise(3)
    assert torch.equal(reenact(CopyTarget, targets, noise(1, 1)), targets.images[:1])


@pytest.mark.parametrize("count", [1, 5])
def test_copy_driver_shows_the_driving_frames_bit_for_bit(count: int) -> None:
    driving = noise(count, 1)
    assert torch.equal(reenact(CopyDriver, noise(1), driving), driving.images)


@pytest.mark.parametrize("method", CONTROLS)
def test_the_output_can_be_changed_without_changing_the_input(method: type[Method]) -> None:
    target, driving = noise(1), noise(2, 1)
    before = target.images.clone(), driving.images.clone()
    reenact(method, target, driving).zero_()
    assert torch.equal(target.images, before[0])
    assert torch.equal(driving.images, before[1])


@pytest.mark.parametrize("method", CONTROLS)
def test_a_control_has_no_motion_code(method: type[Method]) -> None:
    assert method(CPU).motion_code(noise(2)) is None


def test_the_package_registers_methods_that_can_be_imported() -> None:
    registered: dict[str, Any] = {}

    def register(name: str, target: Any, *, summary: str = "", **metadata: str) -> None:
        assert summary and metadata["licence"] == "Apache-2.0"
        registered[name] = target

    reenactbench_methods.register_methods(register)
    assert {"copy-target", "copy-driver", "landmark-warp"} <= set(registered)
    for name in ("copy-target", "copy-driver", "landmark-warp"):
        module, attribute = registered[name].split(":")
        assert issubclass(getattr(importlib.import_module(module), attribute), Method)


def test_listing_the_methods_imports_nothing_heavy() -> None:
    code = "import sys, reenactbench_methods; print({'torch', 'cv2', 'numpy', 'scipy'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
