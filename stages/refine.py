"""Only what the audits name is mended: those attributes' captions, and the all-attribute caption once (ASID, Fig. 18).
Everything else passes byte for byte: a block that no finding names is put back, and marked, if a model rewrites it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pydantic import Field

from asid.pipeline import captions
from asid.pipeline.asking import evidence
from asid.pipeline.asking.answers import Findings, Refinement
from asid.pipeline.asking.stage import AskingStage, together
from asid.pipeline.asking.writing import WritingConfig, marks, new
from asid.pipeline.captions import latest
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import (
    Answered,
    AttributeCaptions,
    Audit,
    Audited,
    Edit,
    Mark,
    Problem,
    Refined,
    Row,
    grow,
    joined,
)

ALL = "all"
BEYOND = "block_unnamed"  # the kind of problem that is mended by putting the old block back


class RefineConfig(WritingConfig):
    """Say which prompts mend captions."""

    prompt: str = Field("refine/attribute", min_length=1)
    prompt_all: str = Field("refine/all", min_length=1, description="for the all-attribute caption")


class Refine(AskingStage[Audited, Refined, RefineConfig]):
    """Mend what the audit names, and nothing else."""

    name = "refine"
    version = 3

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Row]:
        return joined(taken, Refined)

    @classmethod
    def prompts(cls, config: RefineConfig) -> list[str]:
        return [config.prompt, config.prompt_all]

    @classmethod
    def texts(cls, config: RefineConfig, prompts: Prompts) -> dict[str, str]:
        return {attribute: entry.about for attribute, entry in prompts.attributes().items()}

    def places(self) -> dict[str, Sequence[str]]:
        whole = ("duration", "caption", "report")
        return {self.config.prompt: (*whole, "attribute", "about"), self.config.prompt_all: whole}

    def open(self) -> None:
        super().open()
        self.about = {str(name): entry.about for name, entry in self.context.prompts.attributes().items()}

    async def process(self, clip: Audited) -> Refined:
        parts, whole = latest.by_attribute(clip), latest.caption(clip)
        before = clip.edits if isinstance(clip, Refined) else ()
        number = max((edit.round for edit in before), default=0) + 1
        audits = [audit for audit in clip.audits if audit.round == number]
        reports = {audit.attribute: union([audit]) for audit in audits if faulty(audit)}
        if isinstance(clip, Refined) and not reports:
            return clip
        calls = [self._mend(clip, name, parts[name], report, number) for name, report in reports.items()]
        if reports:
            calls.append(self._mend(clip, ALL, whole, union(audits), number))
        mended = await together(calls)
        texts = {edit.attribute: text for text, edit, _ in mended}
        caption = texts.pop(ALL, whole)
        left = tuple(mark for _, _, found in mended for mark in found)
        made = {
            "caption": caption,
            "captions": AttributeCaptions(**(parts | texts)),
            "edits": (*before, *(edit for _, edit, _ in mended)),
            "marks": clip.marks + left,
        }
        if isinstance(clip, Refined):
            return clip.model_copy(update=made)
        return grow(clip, Refined, **made)

    async def _mend(
        self, clip: Audited, attribute: str, caption: str, report: Findings, number: int
    ) -> tuple[str, Edit, tuple[Mark, ...]]:
        values = {
            "duration": evidence.seconds(clip.duration),
            "caption": evidence.caption(caption),
            "report": evidence.report(report),
        }
        prompt = self.config.prompt_all
        if attribute != ALL:
            prompt = self.config.prompt
            values |= {"attribute": attribute, "about": self.about[attribute]}

        def objection(answer: Refinement) -> str | None:
            if attribute == ALL and not answer.improved_caption.strip():
                return "`improved_caption` is empty"
            return moved(caption, answer.improved_caption.strip(), clip.duration)

        known, whole = captions.grounds.grounds(clip), attribute == ALL
        allowed = captions.blocks.named(caption, subjects(report))
        before = captions.checks.examine(caption, known, anchored=whole, whole=whole) if caption else []

        def problems(answer: Refinement) -> list[Problem]:
            text = answer.improved_caption.strip()
            after = captions.checks.examine(text, known, anchored=whole, whole=whole) if text else []
            return new(after, before) + (captions.blocks.changed(caption, text, allowed) if caption else [])

        answer = await self.ask(
            clip,
            "refine",
            prompt,
            values,
            facts={
                "attribute": attribute,
                "caption": caption,
                "report": evidence.report_facts(report),
                "candidates": evidence.candidate_facts(clip.candidates),
                "utterances": evidence.utterance_facts(clip),
                "duration": clip.duration,
            },
            answer=Refinement,
            attribute=attribute,
            check=objection,
            problems=problems,
        )
        done: Refinement = answer.value
        text = done.improved_caption.strip()
        beyond = [problem for problem in answer.left if problem.kind == BEYOND]
        rest: Sequence[Problem] = answer.left
        if beyond:
            text = captions.blocks.restored(caption, text, allowed)
            rest = new(captions.checks.examine(text, known, anchored=whole, whole=whole), before)
        left = marks(self.name, beyond, mended=True) + marks(self.name, rest)
        summary = {name: tuple(lines) for name, lines in done.enhance_summary.model_dump().items()}
        return text, edit(attribute, report, summary, (caption, text), number, self.by(answer.response, prompt)), left


def edit(
    attribute: str,
    report: Findings,
    told: dict[str, tuple[str, ...]],
    texts: tuple[str, str],
    number: int,
    by: Answered,
) -> Edit:
    """What was done to a caption, as its writer tells it, and which findings of the report are gone from its text."""
    before, after = texts
    wrong = [(error.snippet, error.why) for error in report.errors]
    fixes = [*told["fixed_errors"], *told["dropped_forbidden"], *told["timestamp_adjustments"]]
    return Edit(
        attribute=attribute,
        by=by,
        **told,
        round=number,
        changed=before.strip() != after,
        mended=captions.findings.mended(wrong, fixes, before, after),
        filled=captions.findings.filled([item.what for item in report.missing], told["filled_missing"], before, after),
    )


def faulty(audit: Audit) -> bool:
    """Whether an audit found anything."""
    return bool(audit.errors or audit.missing or audit.expressiveness)


def subjects(report: Findings) -> list[captions.blocks.NamedBlocks]:
    """What each finding of a report speaks of."""
    return [
        *(captions.blocks.NamedBlocks(error.snippet, error.why) for error in report.errors),
        *(captions.blocks.NamedBlocks(item.what, item.why) for item in report.missing),
        *(captions.blocks.NamedBlocks(line) for line in report.expressiveness),
    ]


def union(audits: Iterable[Audit]) -> Findings:
    """All findings, in order, each once, whichever points they name."""
    found, unpointed = list(audits), {"point": ""}
    return Findings(
        errors=list(dict.fromkeys(error.model_copy(update=unpointed) for audit in found for error in audit.errors)),
        missing=list(dict.fromkeys(item.model_copy(update=unpointed) for audit in found for item in audit.missing)),
        expressiveness=list(dict.fromkeys(line for audit in found for line in audit.expressiveness)),
    )


def moved(before: str, after: str, duration: float) -> str | None:
    """Why the anchors of a mended caption are not those it had; None when they are. A caption that was empty may get
    sound ones, and a span in the old caption may shrink to its start."""
    if not before:
        found = captions.checks.check(after, duration, (), anchored=False)
        wrong = [problem for problem in found if problem.kind.startswith("anchor")]
        return f"{wrong[0].snippet}: {wrong[0].why}" if wrong else None
    old, new = captions.anchors.times(before), captions.anchors.times(after)
    if captions.anchors.same_blocks(before, after) or (
        old == new and not any(anchor.until for anchor in captions.anchors.find(after))
    ):
        return None
    return f"the anchors must stay {_listed(old)}, in this order; the answer has {_listed(new)}"


def _listed(times: Sequence[Decimal]) -> str:
    return ", ".join(f"{time.normalize():f}s" for time in times) or "none"
