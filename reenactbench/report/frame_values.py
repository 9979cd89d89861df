"""The values of single frames, found quickly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reenactbench.results import OK

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from reenactbench.report.groups import Entrant
    from reenactbench.report.strips import Pair
    from reenactbench.report.tables import Column
    from reenactbench.results import Run

    Values = Mapping[int, float]
    """Frame number -> value, of the frames that could be measured."""


class FrameValues:
    """What each frame of each pair was given."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._found: dict[int, dict[Hashable, dict[int, float]]] = {}
        for run in runs:
            table = run.frames[run.frames["status"] == OK]
            numbers, values = table["frame"].to_numpy(int), table["value"].to_numpy(float)
            places = table.groupby(["method", "pair_id", "variant"], sort=False).indices
            self._found[id(run)] = {
                key: dict(zip(numbers[at].tolist(), values[at].tolist(), strict=True))
                for key, at in places.items()
            }  # fmt: skip

    def of(self, entrant: Entrant, pair: Pair, column: Column) -> Values:
        return self._found[id(entrant.run)].get((entrant.method, pair["id"], column.variant), {})
