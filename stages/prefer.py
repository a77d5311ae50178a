"""Two of the scored candidates become a preference pair. Whether they differ enough is for `filter` to say."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field, model_validator

from asid.pipeline import captions
from asid.pipeline.asking import truth
from asid.pipeline.rows import Answered, Candidate, Preferred, Row, Score, Scored, grow, joined
from asid.pipeline.stage import Stage, StageConfig, Unprocessable

HUMAN = "human"
PERSON = Answered(model="", provider=HUMAN, prompt="")


class PreferConfig(StageConfig):
    """Say whose captions win and lose."""

    chosen: str = Field("", description="the annotator whose caption is to win; empty: the best scored")
    rejected: str = Field("", description="the annotator whose caption is to lose; empty: the worst scored")
    aspects: tuple[str, ...] = Field(
        (), description="annotators that each win once, by the grades of their own aspect: a pair for each of them"
    )
    human: str = Field("", description="column of the input list with a human caption, which wins where there is one")

    @model_validator(mode="after")
    def _two(self) -> PreferConfig:
        if self.chosen and self.chosen == self.rejected:
            raise ValueError(f"{self.chosen!r} cannot be both chosen and rejected")
        return self


class Prefer(Stage[Scored, Preferred, PreferConfig]):
    """Take two captions for a preference pair. With `aspects` a clip gives several pairs, each a row of its own with
    the id CLIP-ASPECT; of those that it does not give the tag `no_pair` of the first tells why."""

    name = "prefer"

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return joined(taken, Preferred)

    @classmethod
    def annotators(cls, config: PreferConfig) -> list[str]:
        return [name for name in (config.chosen, config.rejected, *config.aspects) if name]

    async def process(self, clip: Scored) -> Preferred | list[Preferred]:  # type: ignore[override]
        if not self.config.aspects:
            return self._pair(clip, clip.scores, self.config)
        pairs, lost = [], []
        for aspect in self.config.aspects:
            scores = [score for score in clip.scores if score.aspect == aspect]
            try:
                made = self._pair(clip, scores, self.config.model_copy(update={"chosen": aspect}))
            except Unprocessable as error:
                lost.append(f"{aspect}: {error}")
            else:
                pairs.append(made.model_copy(update={"id": f"{clip.id}-{aspect}"}))
        if not pairs:
            raise Unprocessable("; ".join(lost), "no_pair")
        tags = {"no_pair": "; ".join(lost)} if lost else {}
        return [pairs[0].model_copy(update={"tags": pairs[0].tags | tags}), *pairs[1:]]

    def _pair(self, clip: Scored, scores: Sequence[Score], config: PreferConfig) -> Preferred:
        written: dict[str, Candidate] = {candidate.annotator: candidate for candidate in clip.candidates}
        if human := truth.caption(clip, config.human):
            rejected, value = against(scores, config), 1.0
            better = Candidate(id=clip.id, annotator=HUMAN, caption=human, facts=(), by=PERSON)
        else:
            chosen, rejected = pair(scores, config)
            better, value = written[chosen.annotator], chosen.value
        worse = written[rejected.annotator]
        if better.caption == worse.caption:
            raise Unprocessable(f"{better.annotator} and {worse.annotator} say the same", kind="same_caption")
        made: Preferred = grow(
            clip,
            joined(type(clip), Preferred),
            draft=better.caption,
            draft_by=better.by,
            chosen_from=better.annotator,
            rejected=worse.caption,
            rejected_by=worse.by,
            rejected_from=worse.annotator,
            margin=value - rejected.value,
            repetition_gain=captions.repetition.rate(worse.caption) - captions.repetition.rate(better.caption),
        )
        return made


def pair(scores: Sequence[Score], config: PreferConfig) -> tuple[Score, Score]:
    """(chosen, rejected): those that are named, else the best and the worst of the others; of equals the earlier one is
    chosen. Raises Unprocessable when there are no two."""
    chosen = max(_in_question(scores, config.chosen, (config.rejected,)), key=lambda score: score.value)
    rest = _in_question(scores, config.rejected, (chosen.annotator,))
    return chosen, min(rest, key=lambda score: score.value)


def against(scores: Sequence[Score], config: PreferConfig) -> Score:
    """The score of who loses to a person: who is named, else the worst. Raises Unprocessable when nobody has one."""
    return min(_in_question(scores, config.rejected, ()), key=lambda score: score.value)


def _in_question(scores: Sequence[Score], name: str, but: Sequence[str]) -> list[Score]:
    found = [score for score in scores if score.annotator not in but and name in ("", score.annotator)]
    if not found:
        missing = f"no score of {name!r}" if name else f"{len(scores)} candidates with a score, two are needed"
        raise Unprocessable(missing, kind="too_few_candidates")
    return found
