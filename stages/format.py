"""The form is set right: captions are mended where there is only one right form, quoted speech is located in the
transcript, and what remains wrong is written down (ASID, section 3.3: repetition collapse, malformed timestamps,
non-compliant symbols)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pydantic import Field

from asid.pipeline.captions import FOUND, Style, examine, find_quotes, grounds, latest, mend
from asid.pipeline.rows import (
    AttributeCaptions,
    Decomposed,
    Drafted,
    Formatted,
    FormattedByAttribute,
    Problem,
    Row,
    grow,
    joined,
)
from asid.pipeline.stage import Stage, StageConfig


class FormatConfig(StageConfig):
    """Say how captions are set right in form."""

    style: Style = Field("decimal", description="anchors in whole seconds, or with one decimal at most")
    mend: bool = Field(True, description="False: captions stay as written, and problems are only named")
    quote_likeness: float = Field(FOUND, ge=0, le=1, description="from which a quotation counts as said")


class Format(Stage[Drafted, Formatted, FormatConfig]):
    """Of what the recipe has made by then: the refined caption, else the verified one, else the draft."""

    name = "format"
    version = 5

    @classmethod
    def gives(cls, taken: type[Row]) -> type[Formatted]:
        return joined(taken, FormattedByAttribute if issubclass(taken, Decomposed) else Formatted)

    async def process(self, clip: Drafted) -> Formatted:
        return await asyncio.to_thread(format_clip, clip, self.config)


def format_clip(clip: Drafted, config: FormatConfig) -> Formatted:
    """All captions mended. A line or problem of an attribute's caption begins with the attribute."""
    known = grounds(clip)
    caption, mends = mended(latest.caption(clip), clip, config)
    remaining = examine(caption, known, config.style, found=config.quote_likeness)
    lines = list(mends)
    captions: dict[str, str] = {}
    for attribute, part in latest.by_attribute(clip).items():
        text, mends = mended(part, clip, config)
        captions[attribute] = text
        lines += [f"{attribute}: {line}" for line in mends]
        if text:  # "" says that the clip gives nothing for it
            found = examine(text, known, config.style, anchored=False, whole=False, found=config.quote_likeness)
            remaining += [Problem(kind=it.kind, snippet=it.snippet, why=f"{attribute}: {it.why}") for it in found]
    return grow(
        clip,
        Format.gives(type(clip)),
        caption=caption,
        mends=tuple(lines),
        quotes=tuple(find_quotes(caption, clip.utterances, config.quote_likeness, clip.language)),
        remaining=tuple(remaining),
        **({"captions": AttributeCaptions(**captions)} if captions else {}),
    )


def mended(text: str, clip: Drafted, config: FormatConfig) -> tuple[str, Sequence[str]]:
    """Mend a caption by rule, unless it is to stay as it was written."""
    return mend(text, clip.duration, config.style) if config.mend else (text, ())
