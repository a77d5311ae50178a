"""What speaks for a finished caption: how exact its quotations are, what it tells of the speech, what is left of all
that rules and audits found."""

from __future__ import annotations

from collections.abc import Iterator

from asid.pipeline.captions import latest
from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.grounds import grounds
from asid.pipeline.captions.rules import lines
from asid.pipeline.rows import Audited, Formatted, Record, Refined, open_errors


class Remark(Record):
    """A problem that a rule found, or an audit's finding (`kind` audit). `mended`: no longer there, as far as whoever
    mended it says."""

    kind: str
    snippet: str
    mended: bool


class Proof(Record):
    """Of one clip. Shares are 1 where there is nothing to share in."""

    quotes: int
    quote_exact: float  # share of quotations that are what was said, word for word
    word_score: float  # least score of the recogniser among the quoted words; 1 without words that have one
    lines_told: float  # share of the transcript's lines, fragments apart
    remarks: tuple[Remark, ...]


def proof(row: Formatted) -> Proof:
    """The proof of a formatted clip, from its row alone."""
    case = CaptionCase(latest.caption(row), grounds(row))
    told, count = lines.told(case)
    return Proof(
        quotes=len(case.speech),
        quote_exact=quote_exact(case),
        word_score=word_score(case),
        lines_told=told / count if count else 1.0,
        remarks=tuple(_remarks(row)),
    )


def quote_exact(case: CaptionCase) -> float:
    """Share of the quoted speech that stands in the transcript, or in subtitles that came along, word for word."""
    spoken = case.speech
    if not spoken:
        return 1.0
    return sum(one.borne or (one.found and not one.differences) for one in spoken) / len(spoken)


def word_score(case: CaptionCase) -> float:
    """The least score of a recognised word that is quoted; words of unknown score are left out."""
    words = case.grounds.transcript.words
    scores = [
        words[case.heard[at].word].score
        for one in case.speech
        if one.found and one.first >= 0
        for at in range(one.first, min(one.last + 1, len(case.heard)))
    ]
    return min((score for score in scores if score > 0), default=1.0)


def _remarks(row: Formatted) -> Iterator[Remark]:
    for problem in row.remaining:
        yield Remark(kind=problem.kind, snippet=problem.snippet, mended=False)
    for mark in row.marks:
        if mark.mended:
            yield Remark(kind=mark.kind, snippet=mark.snippet, mended=True)
    if isinstance(row, Audited):
        edits = row.edits if isinstance(row, Refined) else ()
        for audit in row.audits:
            left = list(open_errors(audit, edits))
            for error in audit.errors:
                still = error in left
                if still:
                    left.remove(error)  # of two that are alike one may be mended
                yield Remark(kind="audit", snippet=error.snippet, mended=not still)
