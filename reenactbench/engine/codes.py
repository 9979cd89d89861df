"""Motion codes of a method, each clip's kept under a key of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reenactbench.engine.generate import BATCH, method_frames, seed_method
from reenactbench.engine.setup import MethodSpec
from reenactbench.engine.store import Store
from reenactbench.errors import BadOutput
from reenactbench.files import content_key
from reenactbench.interfaces import Codes, Method
from reenactbench.process_state import draws_kept
from reenactbench.types import Clip, Frames

SCHEMA = 1  # part of every code's key: raise it when the harness hands methods other inputs

Code = npt.NDArray[np.float32]
Choice = Sequence[tuple[Clip, tuple[int, ...]]]
"""Clips, and which of their frames."""
UNEVEN = "motion_code returned codes of different lengths, or None for some frames only"


class Coder:
    """The motion codes of one method, from the store or from the method, which is constructed only if it is needed."""

    def __init__(self, method: MethodSpec, subject: Callable[[], Method], seed: int, store: Store) -> None:
        self._method, self._subject, self._seed, self._store = method, subject, seed, store

    def key(self, clip: Clip, numbers: tuple[int, ...]) -> str:
        return content_key(
            {
                "schema": SCHEMA,
                "method": self._method.identity(),
                "clip": clip.fingerprint,
                "frames": numbers,
                "seed": self._seed,
            }
        )

    def keys(self, choice: Choice) -> list[str]:
        return [self.key(clip, numbers) for clip, numbers in choice]

    def code(self, clip: Clip, numbers: tuple[int, ...]) -> Code | None:
        """The code [T,D] of these frames; None where the method has no motion code."""
        key = self.key(clip, numbers)
        kept = self._store.features(key)
        if kept is None:
            code = self._made(clip, numbers)
            kept = {} if code is None else {"code": code}
            self._store.write_features(key, kept)
        return kept.get("code")

    def codes(self, choice: Choice, advance: Callable[[int], None]) -> Codes:
        """The codes of all these frames; raises BadOutput where the method has none for some of them."""
        found = list[Code | None]()
        for clip, numbers in choice:
            found.append(self.code(clip, numbers))
            advance(len(numbers))
        values = _joined(found)
        if values is None:
            raise BadOutput(UNEVEN)
        counts = [len(numbers) for _, numbers in choice]
        return Codes(
            values,
            np.repeat([clip.info.identity for clip, _ in choice], counts),
            np.repeat([clip.info.id for clip, _ in choice], counts),
            np.concatenate([np.array(numbers, np.int64) for _, numbers in choice]),
        )

    def _made(self, clip: Clip, numbers: tuple[int, ...]) -> Code | None:
        method = self._subject()
        frames = method_frames(method, clip, numbers)
        batches = [frames[start : start + BATCH].copy() for start in range(0, len(frames), BATCH)]
        with draws_kept(), torch.no_grad():
            seed_method(method, self._seed, self._method.name, clip.info.id)
            return _joined([checked_code(self._code(method, batch), len(batch)) for batch in batches])

    def _code(self, method: Method, batch: Frames) -> Any:
        with self._method.guard.watch():
            return method.motion_code(batch)


def _joined(codes: Sequence[Code | None]) -> Code | None:
    """All rows [N,D]; None where there is no code at all; raises BadOutput where they do not fit together."""
    there = [code for code in codes if code is not None]
    if not there:
        return None
    if len(there) < len(codes) or len({code.shape[1] for code in there}) > 1:
        raise BadOutput(UNEVEN)
    return np.concatenate(there)


def checked_code(code: Any, count: int) -> Code | None:
    """The code of so many frames as float32, if it is what the interface asks for; raises BadOutput where not."""
    if code is None:
        return None
    if not isinstance(code, Tensor):
        raise BadOutput(f"motion_code returned {type(code).__name__}, expected a torch.Tensor or None")
    if code.dim() != 2 or len(code) != count:
        raise BadOutput(f"motion_code returned shape {tuple(code.shape)} for {count} frames, expected ({count}, D)")
    values: Code = code.detach().float().cpu().numpy()
    if not np.isfinite(values).all():
        raise BadOutput("motion_code returned NaN or infinite values")
    return values


def spread(clip: Clip, count: int) -> tuple[int, ...]:
    """Numbers of `count` evenly spaced frames of the clip, or of all where there are fewer."""
    positions = np.linspace(0, len(clip.numbers) - 1, min(count, len(clip.numbers))).round().astype(int)
    return tuple(clip.numbers[positions].tolist())
