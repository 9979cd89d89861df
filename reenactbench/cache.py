"""Where prepared data and weights are kept: one folder, that of the platform or $REENACTBENCH_CACHE."""

from __future__ import annotations

import os
from pathlib import Path

from reenactbench.files import home_path


def cache_folder() -> Path:
    given = os.environ.get("REENACTBENCH_CACHE")
    if given:
        return home_path(given)
    import pooch

    return Path(pooch.os_cache("reenactbench"))
