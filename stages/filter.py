"""The verdict on each clip: kept, or dropped for reasons that can be counted. Dropped clips stay, with their reasons.

With a `model`, a judge first grades how completely the caption gathers what the annotators noted (AVoCaDO's check)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Completeness
from asid.pipeline.asking.stage import AskingConfig, AskingStage
from asid.pipeline.clips.quality import QualityLimits, reasons
from asid.pipeline.rows import Decision, Formatted, Judged, Preferred, Row, grow, joined


class FilterConfig(QualityLimits, AskingConfig):
    """Say what a clip must be to be kept."""

    model: str = Field(
        "", description="the judge of completeness, one of the manifest's `models`; empty: nobody judges"
    )
    prompt: str = Field("judge/completeness", min_length=1)


class Filter(AskingStage[Formatted, Judged, FilterConfig]):
    """Keep or drop each clip, with all reasons."""

    name = "filter"
    version = 2
    decisions: Mapping[str, Sequence[Decision]] = {}

    @classmethod
    def takes(cls, config: FilterConfig) -> list[type[Row]]:
        of_pairs = config.min_margin is not None or config.min_repetition_gain is not None
        return [Formatted, *([Preferred] if of_pairs else [])]

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return joined(taken, Judged)

    @classmethod
    def prompts(cls, config: FilterConfig) -> list[str]:
        return [config.prompt] if config.model else []

    def places(self) -> dict[str, Sequence[str]]:
        return {self.config.prompt: ("duration", "caption", "descriptions")} if self.config.model else {}

    def with_decisions(self, decisions: Mapping[str, Sequence[Decision]]) -> None:
        by_clip: dict[str, list[Decision]] = {}
        for name in sorted(decisions):
            for decision in decisions[name]:
                by_clip.setdefault(decision.id, []).append(decision)
        self.decisions = by_clip

    async def process(self, clip: Formatted) -> Judged:
        completeness = await self._judge(clip) if self.config.model else 0
        found = reasons(clip, self.config, self.decisions.get(clip.id, ()), completeness)
        kind = joined(type(clip), Judged)
        judged: Judged = grow(clip, kind, kept=not found, reasons=tuple(found), completeness=completeness)
        return judged

    async def _judge(self, clip: Formatted) -> int:
        """1 to 5. An empty caption is not worth the question."""
        if not clip.caption.strip():
            return 1
        answer = await self.ask(
            clip,
            "judge",
            self.config.prompt,
            {
                "duration": evidence.seconds(clip.duration),
                "caption": evidence.caption(clip.caption),
                "descriptions": evidence.descriptions(clip.candidates),
            },
            facts={
                "duration": clip.duration,
                "caption": clip.caption,
                "candidates": evidence.candidate_facts(clip.candidates),
                "utterances": evidence.utterance_facts(clip),
            },
            answer=Completeness,
        )
        grade: int = answer.value.completeness
        return grade
