"""Goes on with the clips against which no pass over the corpus has decided, before anything is paid for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from asid.pipeline.rows import Clip, Decision
from asid.pipeline.stage import Stage, StageConfig, Unprocessable


class TakeConfig(StageConfig):
    """Says how many clips may be set aside: by default all."""

    max_failure_rate: float | None = Field(1.0, ge=0, le=1, description="what is set aside is told as a failure")


class Take(Stage[Clip, Clip, TakeConfig]):
    """Sets aside what `select`, `against` or `near_duplicates` before it decided against. It is among the failures, of
    the kind `set_aside`, with the pass's reason."""

    name = "take"
    decisions: Mapping[str, str] = {}

    def with_decisions(self, decisions: Mapping[str, Sequence[Decision]]) -> None:
        """Learn what the corpus passes before it decided, by the name of the pass."""
        reasons: dict[str, list[str]] = {}
        for name in sorted(decisions):
            for decision in decisions[name]:
                reasons.setdefault(decision.id, []).append(f"{decision.value} ({decision.detail})")
        self.decisions = {id: "; ".join(said) for id, said in reasons.items()}

    async def process(self, clip: Clip) -> Clip:
        if why := self.decisions.get(clip.id):
            raise Unprocessable(why, "set_aside")
        return clip
