"""Quotations in a caption: where they are, and whether they claim to be speech or what is written on the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asid.pipeline.captions.text import SENTENCE_END, TextSpan, words

LONGEST = 4000  # characters: three minutes of fast speech; what is longer was never closed
LONGEST_SINGLE = 400
PAIRS = (("“„‟", "”“"), ("«", "»"), ("»", "«"), ("‹", "›"), ("「", "」"), ("『", "』"), ("＂", "＂"))
# Marks around a whole caption: a model that quoted its own answer.
WRAPPED = re.compile(r"(\s*[\"“'‘«「]\s{0,4})At [0-9]+(?:\.[0-9])? ?s\b.*?([\"”'’»」]\s*)", re.DOTALL)
ANCHOR = re.compile(r"\bAt [0-9]{1,5}(?:\.[0-9])?s,")
# Words that begin with an apostrophe.
CLIPPED = re.compile(r"['‘’](?:\d\ds?|tis|twas|em|til|cause|bout|round|n|cos|nuff|kay|twere|cuz)\b", re.IGNORECASE)
SPEECH = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|ask\w*|repl(?:y|ies|ied|ying)|shout\w*|whisper\w*|exclaim\w*|announc\w*|call(?:s|ed|ing)?|"
    r"cr(?:y|ies|ied|ying)|yell\w*|scream\w*|mutter\w*|murmur\w*|add(?:s|ed|ing)?|continu\w*|begin\w*|explain\w*|"
    r"respond\w*|answer\w*|tell(?:s|ing)?|told|speak\w*|spoke|narrat\w*|comment\w*|remark\w*|declar\w*|insist\w*|"
    r"observ\w*|jok(?:es?|ed|ing)|greet\w*|repeat\w*|recit\w*|sing(?:s|ing)?|sang|warn\w*|urg\w*|utter\w*|conclud\w*|heard?|"
    r"hears?|hearing|voice\w*|line|dialogue|speech|question\w*|stat(?:e|es|ed|ing)|laugh\w*|interject\w*|"
    r"interrupt\w*|wonder\w*|demand\w*|agree\w*|introduc\w*|bursts?|(?:goes|went|going)\son|order(?:s|ed|ing)?|promis\w*|admit\w*|suggest\w*)\b"
    r"|[说說问問喊道答叫]",
    re.IGNORECASE,
)
WORDED = re.compile(r"\bwords\b", re.IGNORECASE)  # said or printed: the word nearest to it decides
SCREEN = re.compile(
    r"\b(?:text\w*|reads?|reading|label\w*|captions?|captioned|subtitle\w*|titles?|titled|sign\w*|logo\w*|watermark\w*|"
    r"graphics?|letter\w*|banner\w*|written|writing|inscri\w*|print(?:s|ed|ing)?|display\w*|overla\w*|screen\w*|poster\w*|"
    r"named?|marked|board\w*|plate\w*|credits?|headline\w*|card\w*|font\w*|word|shows?|showing|scoreboard|chyron|brand\w*|"
    r"emblazoned|badge\w*|packag\w*|ticker|button\w*|menu\w*|cover\w*|spell\w*|called|dubbed|known|so-called|visible)\b"
    r"|字样|字樣|写着|寫著|文字|标题|標題|字幕|标志|招牌",
    re.IGNORECASE,
)

ENDED = re.compile(r"[.!?…。！？]$")
OPENED = re.compile(r"\s+[A-ZÀ-Þ]")


@dataclass(frozen=True, slots=True)
class Quotation(TextSpan):
    """`start` and `end` include the marks. `claims`: what the words around it say it is."""

    text: str
    claims: Literal["speech", "screen", "nothing"]


def find(caption: str) -> list[Quotation]:
    """The outermost quotations in order. An opening mark without its closing one quotes nothing; a mark inside a word,
    after a number or at its end (don't, 6", the dogs' bowl) is no quotation mark."""
    if wrapped := WRAPPED.fullmatch(caption):
        caption = f"{' ' * wrapped.end(1)}{caption[wrapped.end(1) : wrapped.start(2)]}{' ' * len(wrapped[2])}"
    spans = _outermost([span for pair in PAIRS for span in _paired(caption, *pair)] + _alike(caption))
    return list(_claims(caption, _outermost(spans + _single(caption, spans), prefer=spans)))


def _paired(caption: str, opening: str, closing: str) -> list[TextSpan]:
    """Marks whose two sides differ. A second opening mark before the closing one means that the first stayed open."""
    spans, opened = [], -1
    for mark in re.finditer(f"[{opening}{closing}]", caption):
        if mark[0] in closing and opened >= 0 and not (mark[0] in opening and _opens(caption, mark.start())):
            if mark.end() - opened <= LONGEST:
                spans.append(TextSpan(opened, mark.end()))
            opened = -1
        elif mark[0] in opening:
            opened = mark.start()
    return spans


def _alike(caption: str) -> list[TextSpan]:
    return _straight(caption) + (_straight(caption, "”") if "“" not in caption and "„" not in caption else [])


def _straight(caption: str, sign: str = '"') -> list[TextSpan]:
    """Marks whose two sides are alike. What opens while one is open lies inside of it where both are closed before the
    next anchor; else the first stayed open. The curly one opens only where nothing else can stand, as in Swedish."""
    spans: list[TextSpan] = []
    opened: list[int] = []
    around: set[int] = set()
    for mark in re.finditer(sign, caption):
        at = mark.start()
        opens, closes = _opens(caption, at), _closes(caption, at)
        if opened and (closes or not opens):
            start = opened.pop()
            if at + 1 - start <= LONGEST and (start not in around or _near(caption, start, at)):
                spans.append(TextSpan(start, at + 1))
        elif opens or (sign == '"' and not closes):
            nested = opened[-1:] if opened and _near(caption, opened[-1], at) else []
            around.update(nested)
            opened = [*nested, at]
    return spans


def _near(caption: str, start: int, end: int) -> bool:
    """Whether two places can be in one quotation that holds another."""
    return end - start <= LONGEST_SINGLE and ANCHOR.search(caption, start, end) is None


def _opens(caption: str, at: int) -> bool:
    """Only an opening mark can stand here: space or an opening bracket before it, none after it."""
    after = caption[at + 1 : at + 2]
    return (
        bool(after) and not after.isspace() and (at == 0 or caption[at - 1].isspace() or caption[at - 1] in "([{（【")
    )


def _closes(caption: str, at: int) -> bool:
    """Only a closing mark can stand here: no space before it, and space or a closing sign after it."""
    sooner, later = caption[at - 1 : at] if at else "", caption[at + 1 : at + 2]
    return sooner.strip() != "" and (later.strip() == "" or later in ".,;:!?…)]}）】")


def _single(caption: str, doubles: list[TextSpan]) -> list[TextSpan]:
    """Quotations in single marks, told from apostrophes by what stands on their two sides."""
    marks = [mark.start() for mark in re.finditer("['‘’]", caption)]
    spans: list[TextSpan] = []
    inside, opened = 0, -1
    for number, at in enumerate(marks):
        while inside < len(doubles) and doubles[inside].end <= at:
            inside += 1
        if inside < len(doubles) and doubles[inside].start < at:
            opened = -1
            continue
        after = caption[at + 1 : at + 2]
        if (caption[at] == "‘" or _opens(caption, at)) and caption[at] != "’" and not CLIPPED.match(caption, at):
            opened = at
        elif opened >= 0 and (not after or not after.isalnum() or ord(after) >= 0x2E80):
            following = marks[number + 1] if number + 1 < len(marks) else -1
            if _possessive(caption, at) and following >= 0 and not _opens(caption, following):
                continue
            if at > opened + 1 and at + 1 - opened <= LONGEST_SINGLE and not caption[at - 1].isspace():
                spans.append(TextSpan(opened, at + 1))
            opened = -1
    return spans


def _possessive(caption: str, at: int) -> bool:
    return caption[at - 1 : at] == "s" and re.match(r" [a-z]", caption[at + 1 : at + 3]) is not None


def _outermost(spans: list[TextSpan], prefer: list[TextSpan] = ()) -> list[TextSpan]:  # type: ignore[assignment]
    """Nested and crossing ones dropped: the earlier, then the longer, stays; those to `prefer` stay in any case."""
    kept: list[TextSpan] = []
    first = {(span.start, span.end) for span in prefer}
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        while kept and kept[-1].end > span.start and (span.start, span.end) in first and _key(kept[-1]) not in first:
            kept.pop()
        if not kept or kept[-1].end <= span.start:
            kept.append(span)
    return kept


def _key(span: TextSpan) -> tuple[int, int]:
    return span.start, span.end


def _claims(caption: str, spans: list[TextSpan]) -> Iterator[Quotation]:
    last = 0
    for number, span in enumerate(spans):
        ahead = _sentence_before(caption[max(last, span.start - 120) : span.start])
        end = spans[number + 1].start if number + 1 < len(spans) else len(caption)
        behind = _sentence_after(caption[span.end : min(end, span.end + 48)])
        text = caption[span.start + 1 : span.end - 1].strip()
        if text:
            yield Quotation(span.start, span.end, text, _claim(ahead, text, behind))
        last = span.end


def _claim(ahead: str, text: str, behind: str) -> Literal["speech", "screen", "nothing"]:
    """The nearest word that says which; before the quotation it counts more than after it."""
    speech = max((match.end() for match in SPEECH.finditer(ahead)), default=-1)
    screen = max((match.end() for match in SCREEN.finditer(ahead)), default=-1)
    if speech == screen == -1:
        speech = -min((match.start() for match in SPEECH.finditer(behind)), default=99)
        screen = -min((match.start() for match in SCREEN.finditer(behind)), default=99)
        if ENDED.search(text) and OPENED.match(behind) and screen > speech:
            screen = speech = -99  # what follows is another sentence
        if speech == screen:
            if WORDED.search(ahead):
                return "speech"
            if text.isupper() or words(text) < 3:
                return "nothing"
            return "speech"
    return "speech" if speech > screen else "screen"


def _sentence_before(text: str) -> str:
    ends = [place for place, char in enumerate(text) if char in SENTENCE_END and text[place + 1 : place + 2].isspace()]
    return text[ends[-1] + 1 :] if ends else text


def _sentence_after(text: str) -> str:
    return re.split(r"[.!?。！？](?:\s|$)", text, maxsplit=1)[0]
