"""The cases of a benchmark, as `asid eval` has made them of a data file and captions: it writes the rows itself."""

from __future__ import annotations

from asid.pipeline.evaluation.rows import Case
from asid.pipeline.stage import Stage, StageConfig


class Cases(Stage[Case, Case, StageConfig]):
    """Pass the cases of a benchmark on as they are."""

    name = "cases"

    async def process(self, case: Case) -> Case:
        return case
