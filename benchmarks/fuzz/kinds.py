"""All kinds of inputs."""

from __future__ import annotations

from benchmarks.fuzz.checkpoints import Checkpoints
from benchmarks.fuzz.commands import Commands
from benchmarks.fuzz.descriptions import Descriptions
from benchmarks.fuzz.judgement import Kind
from benchmarks.fuzz.kills import Kills
from benchmarks.fuzz.landmarks import Landmarks
from benchmarks.fuzz.records import Records
from benchmarks.fuzz.results import Results
from benchmarks.fuzz.video import Video

KINDS: dict[str, type[Kind]] = {
    kind.name: kind for kind in (Landmarks, Video, Descriptions, Checkpoints, Results, Records, Commands, Kills)
}


def inputs_of_each(inputs: int, kills: int) -> dict[str, int]:
    """kind -> how many, by their shares."""
    total = sum(kind.share for kind in KINDS.values())
    return {name: kills if name == "kills" else inputs * kind.share // total for name, kind in KINDS.items()}
