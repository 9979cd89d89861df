"""What is true of the 68 landmarks in iBUG order, whoever's they are."""

from __future__ import annotations

MIRRORED = (
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, *range(35, 30, -1), 45, 44, 43, 42, 47, 46, 39, 38, 37, 36,
    41, 40, *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,
)  # fmt: skip
"""The landmark that each of the 68 becomes in a mirror."""
