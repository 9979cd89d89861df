"""What can be started; apart from the rest, because the command line imports it whenever it starts."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    method = "method"
    metric = "metric"
    dataset = "dataset"
