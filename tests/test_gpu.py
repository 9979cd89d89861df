"""On a CUDA device the numbers are those of the CPU: `pytest -m gpu`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device here"),
]


def test_a_run_gives_the_same_numbers_on_both(tree: Path, cli) -> None:
    data = ("--dataset", "300vw", "--data-root", tree, "--allow-missing")
    words = ("run", *data, "--method", "copy-driver", "--method", "landmark-warp")
    found = {}
    for device in ("cpu", "cuda"):
        done = cli(
            *words, "--metric", "ssim", "--metric", "l1", "--metric", "speed", "--device", device, "--out", device
        )
        assert done.returncode == 0, done.stderr
        rows = json.loads(cli("show", "--json", "--out", device).stdout)
        found[device] = {(row["method"], row["protocol"], row["split"], row["variant"]): row["mean"] for row in rows}
    peak = [value for key, value in found["cuda"].items() if key[-1] == "speed/peak-mb@1"]
    assert all(value is not None for value in peak)
    for key, value in found["cpu"].items():
        if not key[-1].startswith("speed/"):
            assert found["cuda"][key] == pytest.approx(value, abs=1e-5)
