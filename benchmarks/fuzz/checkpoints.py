"""Checkpoints, judged by a reader of safetensors files that is a dozen lines long."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import numpy as np
import torch

from benchmarks.fuzz import mutations
from benchmarks.fuzz.judgement import ACCEPTED, WRONG, Found, Kind
from reenactbench.plugins import load_plugins
from reenactbench.training.checkpoints import KEY, read_checkpoint

METHODS = ("crossid", "x2face", "talking-head", "gannotation")
DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U8": "u1", "BOOL": "?"}


class Checkpoints(Kind):
    """The package's own, with bytes flipped, cut or gone, and with headers and metadata that say something else."""

    name: ClassVar[str] = "checkpoints"
    share: ClassVar[int] = 1

    def __init__(self, base: Path) -> None:
        super().__init__(base)
        registry = load_plugins().registry
        self._methods = {name: registry.find("methods", name).load() for name in METHODS}

    def attempt(self, random: Random, folder: Path) -> str:
        name = random.choice(METHODS)
        method = self._methods[name]
        data = method.default_checkpoint.read_bytes()
        file = folder / "c.safetensors"
        file.write_bytes(mutations.damaged(random, data) if random.random() < 0.3 else _relabelled(random, data))
        known = _tensors(file.read_bytes())
        read = read_checkpoint(file, name)
        for key, tensor in read.tensors.items():
            if key not in known or not np.array_equal(known[key], tensor.numpy(), equal_nan=tensor.is_floating_point()):
                raise Found(WRONG, f"{key} is not what the file says")
        method(torch.device("cpu"), file)
        return ACCEPTED

    def words(self) -> list[str]:
        return ["run", "--method", "x2face", "--checkpoint", "c.safetensors", "--dry-run", "--metric", "l1"]


def _relabelled(random: Random, data: bytes) -> bytes:
    """With another value somewhere in the header, or in the JSON text that its metadata hold."""
    header, body = _split(data)
    if random.random() < 0.7:
        said = mutations.altered(random, json.loads(header["__metadata__"][KEY]))
        if isinstance(said, dict) and isinstance(said.get("settings"), dict) and random.random() < 0.5:
            said["settings"][random.choice([*said["settings"]])] = random.choice(mutations.VALUES)
        header["__metadata__"][KEY] = json.dumps(said)
    else:
        header = mutations.altered(random, header)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _split(data: bytes) -> tuple[Any, bytes]:
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def _tensors(data: bytes) -> dict[str, Any]:
    """name -> array; none where the file is no safetensors file."""
    try:
        header, body = _split(data)
        header.pop("__metadata__", None)
        found = {}
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            count = math.prod(entry["shape"])
            found[name] = np.frombuffer(body[start:end], DTYPES[entry["dtype"]], count).reshape(entry["shape"])
    except (ValueError, KeyError, TypeError, AttributeError, struct.error):
        return {}
    return found
