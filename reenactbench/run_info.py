"""What run.json must be: anybody may have written it, and everything that reads it trusts what is said here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reenactbench.schema import Each, Number, Text, check
from reenactbench.types import ALL

SCHEMA_VERSION = 1
STATUSES = ("running", "complete", "interrupted")
VARIANT_STATUSES = ("computed", "not computed")
TRUTHS = ("given", "rendered")
TELLING = ("worst", "median")

MOST_PAIRS = 10_000  # the statistics need memory for their square
MOST_CELLS = 2_000_000
"""Of all tables and matrices of a report: methods x methods x variants x groups of pairs."""
MOST_FRAMES = 200_000_000
"""Values of frames: methods x variants x frames of all pairs."""

MOST_CODES, MOST_PARTS = 10_000, 100  # of one method; of one set of frames

NAME, WORDS = Text(1000), Text(100_000)
COUNT, FRAME = range(2**31), range(2**31)
SHA256 = Text(64)
PAIR = {
    "id": NAME,
    "protocol": NAME,
    "kind": frozenset({"self", "cross"}),
    "split": NAME,
    "quadrant": NAME,
    "source": NAME,
    "target": NAME,
    "source_identity": NAME,
    "target_identity": NAME,
    "frames": [FRAME],
    "target_frames": [FRAME],
}
METHOD = {
    "name": NAME,
    "distribution": NAME,
    "version": NAME,
    "summary": WORDS,
    "licence": (WORDS, None),
    "citation": (WORDS, None),
    "control?": bool,
    "checkpoint": (NAME, None),
    "checkpoint_sha256": (SHA256, None),
    "image_size": COUNT,
    "training?": (
        {
            "variant": (NAME, None),
            "preset": (NAME, None),
            "steps": COUNT,
            "minutes": Number(0, 1e9),
        },
        None,
    ),
    "shots": COUNT,
    "finetune_steps?": COUNT,
    "environments?": [Each(NAME)],
    "changed?": [WORDS],
    "n_ok": COUNT,
    "n_failed": COUNT,
}
VARIANT = {
    "metric": NAME,
    "variant": NAME,
    "kind": frozenset({"frame", "set", "method"}),
    "title": NAME,
    "definition": WORDS,
    "unit": NAME,
    "digits": range(21),
    "higher_is_better": (bool, None),
    "needs_truth": bool,
    "kinds?": [NAME],
    "backbones": [{"kind": NAME, "name": NAME, "sha256": SHA256}],
    "backbone_sha256": (SHA256, None),
    "status": frozenset(VARIANT_STATUSES),
    "reason": (WORDS, None),
}
DATASET = {
    "name": NAME,
    "fingerprint": SHA256,
    "partial": bool,
    "missing": [NAME],
    "n_clips": COUNT,
    "n_frames": COUNT,
    "fps?": Each(Number(0.01, 100_000)),
    "excluded": Each(COUNT),
    "landmarks": [NAME],
    "image_size": range(1, 4097),
    "crop": (NAME, None),
    "truth?": Each(frozenset(TRUTHS)),
}
INFO = {
    "schema_version": range(SCHEMA_VERSION, SCHEMA_VERSION + 1),
    "name": NAME,
    "status": frozenset(STATUSES),
    "command": WORDS,
    "started": NAME,
    "seconds": Number(0, 1e12),
    "seed": range(-(2**63), 2**64),
    "limit": (COUNT, None),
    "splits": [NAME],
    "dataset": DATASET,
    "protocol": {
        "name": NAME,
        "sha256": SHA256,
        "parts": [{"name": NAME, "version": (COUNT, NAME), "sha256": SHA256, "frozen": bool, "n_pairs": COUNT}],
    },
    "methods": [METHOD],
    "variants": [VARIANT],
    "environment": {
        "python": NAME,
        "platform": NAME,
        "device": NAME,
        "device_name": NAME,
        "cores": (COUNT, None),
        "packages": Each(NAME),
        "git_commit": (NAME, None),
    },
    "pairs": [PAIR],
    "shown": [NAME],
    "telling?": [{"method": NAME, "variant": NAME, "what": frozenset(TELLING), "pair_id": NAME}],
    "failures": [{"method": NAME, "pair_id": NAME, "reason": WORDS, "traceback": [WORDS]}],
}


def check_info(info: dict[str, Any]) -> None:
    """Raises ValueError, in words that stand after "it is not what a run writes:"."""
    version = info.get("schema_version")
    if type(version) is int and version != SCHEMA_VERSION:
        age, advice = ("newer", "update") if version > SCHEMA_VERSION else ("older", "make the run again with")
        raise ValueError(
            f"its schema version {version} is {age} than this version's, {SCHEMA_VERSION}; {advice} reenactbench"
        )
    check(info, INFO)
    for method in info["methods"]:
        if (method["checkpoint"] is None) != (method["checkpoint_sha256"] is None):
            raise ValueError("a method has a checkpoint without a sha256, or the other way round")
    methods = _unique("methods", (method["name"] for method in info["methods"]))
    variants = _unique("variants", (entry["variant"] for entry in info["variants"]))
    pairs = _unique("pairs", (pair["id"] for pair in info["pairs"]))
    told = info.get("telling", [])
    for where, names, known in (
        ("shown", info["shown"], pairs),
        ("telling", (item["pair_id"] for item in told), pairs),
        ("telling", (item["method"] for item in told), methods),
        ("telling", (item["variant"] for item in told), variants),
        ("failures", (item["pair_id"] for item in info["failures"]), pairs),
        ("failures", (item["method"] for item in info["failures"]), methods),
    ):
        if unknown := next((name for name in names if name not in known), None):
            raise ValueError(f"{where} names {unknown[:60]!r}, which is not in its lists")
    cells = len(methods) ** 2 * len(variants) * len(subjects(info))
    for what, count, most in (
        ("pairs", len(pairs), MOST_PAIRS),
        ("methods x methods x variants x protocols and splits", cells, MOST_CELLS),
        ("methods x variants x frames", most_rows(info)["frames"], MOST_FRAMES),
    ):
        if count > most:
            raise ValueError(f"{count:,} {what} are more than the {most:,} that a report can hold")


def subjects(info: Mapping[str, Any]) -> set[tuple[str, str]]:
    """(protocol, split) of all that may have a value: the groups of pairs, and the methods themselves."""
    splits = {(pair["protocol"], split) for pair in info["pairs"] for split in (pair["split"], ALL)}
    return splits | {("any", ALL)}


def most_rows(info: Mapping[str, Any]) -> dict[str, int]:
    """Table -> how many rows it can have."""
    frames = sum(len(pair["frames"]) for pair in info["pairs"])
    methods = len(info["methods"])
    cells = methods * len(info["variants"])
    return {
        "pairs": cells * len(info["pairs"]),
        "frames": cells * frames,
        "sets": cells * len(subjects(info)),
        "codes": methods * MOST_CODES,
        "driving": frames,
        "sizes": cells * len(subjects(info)) * MOST_PARTS,
    }


def _unique(what: str, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        if name in found:
            raise ValueError(f"{what} has {name[:60]!r} twice")
        found.add(name)
    return found
