"""What a caption is: blocks opened by anchors, quoted speech, prose without repetition, markup or talk of sources.

    anchors.parse(caption) -> [Section]         anchors.compose([Section]) -> caption     anchors.at(12) -> "At 12s,"
    checks.examine(caption, grounds) -> [Problem]                 mend.mend(caption, duration) -> caption, mends
    checks.find_quotes(caption, utterances) -> [Quote]            anchors.same_blocks(before, after) -> bool

Pure: text in, values out; any text is taken, in time that grows with its length. Stages write
`captions.checks.examine`, and a module is loaded when it is first asked for: a command that asks how a run stands has
every stage loaded, and no caption to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asid.pipeline import late

if TYPE_CHECKING:
    from asid.pipeline.captions import (
        anchors,
        blocks,
        checks,
        citations,
        findings,
        grounds,
        mend,
        parts,
        proof,
        quotes,
        repetition,
        rules,
    )

__all__ = [
    "anchors", "blocks", "checks", "citations", "findings", "grounds", "mend", "parts", "proof", "quotes", "repetition",
    "rules",
]  # fmt: skip

if not TYPE_CHECKING:  # or every name would be a module, for who checks types
    __getattr__ = late.modules(__name__, __all__)
