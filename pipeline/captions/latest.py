"""What has been written of a clip by now, however long its recipe is."""

from __future__ import annotations

from asid.pipeline.rows import Decomposed, Drafted, Formatted, FormattedByAttribute, Refined, Row, Verified


def caption(row: Drafted) -> str:
    """The all-attribute caption as far as the recipe has come."""
    if isinstance(row, (Formatted, Refined)):
        return row.caption
    return row.verified if isinstance(row, Verified) else row.draft


def by_attribute(row: Row) -> dict[str, str]:
    """The captions of each attribute as far as the recipe has come, "" where the clip gives nothing; {} when none were
    made."""
    if isinstance(row, (Refined, FormattedByAttribute)):
        return row.captions.model_dump()
    return row.attributes.model_dump() if isinstance(row, Decomposed) else {}
