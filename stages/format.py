"""The form is set right: captions are mended where there is only one right form, quoted speech is located in the
transcript, and what remains wrong is written down (ASID, section 3.3: repetition collapse, malformed timestamps,
non-compliant symbols)."""

from __future__ import annotations

import asyncio

from pydantic import Field

from pipeline.attributes import ATTRIBUTES
from pipeline.captions import FOUND, Style, check, find_quotes, mend
from pipeline.rows import AttributeCaptions, Formatted, Problem, Refined, grow
from pipeline.stage import Stage, StageConfig


class FormatConfig(StageConfig):
    style: Style = Field("decimal", description="anchors in whole seconds, or with one decimal at most")
    quote_likeness: float = Field(FOUND, ge=0, le=1, description="from which a quotation counts as said")


class Format(Stage[Refined, Formatted, FormatConfig]):
    name = "format"
    version = 2

    async def process(self, clip: Refined) -> Formatted:
        return await asyncio.to_thread(format_clip, clip, self.config)


def format_clip(clip: Refined, config: FormatConfig) -> Formatted:
    """All nine captions mended. A line or problem of an attribute's caption begins with the attribute."""
    sources = {name for candidate in clip.candidates for name in (candidate.annotator, candidate.by.model)}
    caption, mends = mend(clip.caption, clip.duration, config.style)
    remaining = check(caption, clip.duration, clip.utterances, sources, config.style, found=config.quote_likeness)
    lines = list(mends)
    captions: dict[str, str] = {}
    for attribute in ATTRIBUTES:
        text, mends = mend(getattr(clip.captions, attribute), clip.duration, config.style)
        captions[attribute] = text
        lines += [f"{attribute}: {line}" for line in mends]
        if text:  # "" says that the clip gives nothing for it
            found = check(text, clip.duration, clip.utterances, sources, config.style, anchored=False,
                          found=config.quote_likeness)  # fmt: skip
            remaining += [Problem(kind=it.kind, snippet=it.snippet, why=f"{attribute}: {it.why}") for it in found]
    return grow(
        clip,
        Formatted,
        caption=caption,
        captions=AttributeCaptions(**captions),
        mends=tuple(lines),
        quotes=tuple(find_quotes(caption, clip.utterances, config.quote_likeness)),
        remaining=tuple(remaining),
    )
