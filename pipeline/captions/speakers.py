"""Who a caption says speaks: the words by which it names the speaker of each quotation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from asid.pipeline.captions.paragraph import Paragraph
from asid.pipeline.captions.quotes import Quotation
from asid.pipeline.captions.text import WORD

VERB = (
    r"(?:says?|said|asks?|asked|repl(?:y|ies|ied)|answers?|answered|responds?|responded|states?|stated|tells?|told|"
    r"exclaims?|exclaimed|shouts?|shouted|whispers?|whispered|calls?|called|cries|cried|yells?|yelled|screams?|"
    r"mutters?|muttered|murmurs?|adds?|added|continues?|continued|goes\son|went\son|begins?|explains?|explained|"
    r"announces?|announced|narrates?|comments?|remarks?|declares?|sings?|sang|speaks?|observes?|insists?|concludes?|"
    r"repeats?|recites?|reads?|warns?|urges?|wonders?|interjects?|interrupts?|agrees?|suggests?|admits?)"
)
ARTICLE = r"(?:a|an|the|another|one|this|that|his|her|their|some|two|both|several|many)"
# In capitals whatever the flags, or "and he" would be a name; what an article follows ("Then a man") is none either.
CAPITAL = r"(?-i:[A-ZÀ-Þ])"
NAME = rf"(?:{CAPITAL}[\w'’.-]+(?:\s(?:{CAPITAL}[\w'’.-]+|(?-i:[A-Z]|\d{{1,2}})\b)){{0,3}}(?!\s{ARTICLE}\b))"
SUBJECT = re.compile(
    rf"(?:^|[,;:—–]\s?|\b(?:and|while|as|then|but|when|where|meanwhile),?\s)(?P<who>{ARTICLE}\s[^,;:.!?\"“”]{{2,90}}|"
    rf"{NAME}(?=\s)|he|she|they|it)(?=[\s,])",
    re.IGNORECASE,
)
# "Says in reply" and "the answer" hold nouns; a capital A may be a name's letter.
_BEFORE = [
    "in",
    "the",
    "The",
    "a",
    "an",
    "An",
    "his",
    "His",
    "her",
    "Her",
    "their",
    "Their",
]
_NOUN = "".join(rf"(?<!\b{word}\s)" for word in _BEFORE)
VERBS = re.compile(rf"(?-i:{_NOUN})\b{VERB}\b", re.IGNORECASE)
BEHIND = re.compile(
    rf"^[,]?\s?(?:(?:{VERB})\s(?P<after>{ARTICLE}\s[^,;:.!?\"“”]{{2,60}}|{NAME}|he|she|they)|"
    rf"(?P<before>{ARTICLE}\s(?:[\w'’-]+\s){{1,8}}?|{NAME}\s|(?:he|she|they)\s)(?:\w+ly\s)?{VERB}\b)",
    re.IGNORECASE,
)
# "The next line belongs to the man": what is said is told of, and whose it is.
_OWNED = (
    r"(?:(?:spoken|said|asked|uttered|delivered|voiced|told|sung|shouted|whispered|called\sout|added)\sby|"
    r"(?:comes?|came|coming|heard)\sfrom|belongs?\sto|belonging\sto)\s"
    rf"(?P<whom>{ARTICLE}\s[^,;:.!?\"“”]{{2,60}}|{NAME}|him|her|them)"
)
OWNED = re.compile(rf"\b{_OWNED}", re.IGNORECASE)
OWNED_BEHIND = re.compile(rf",?\s(?:(?:is|are|was|were)\s)?{_OWNED}", re.IGNORECASE)
SAYINGS = frozenset(
    ["line", "lines", "word", "words", "reply", "answer", "question", "sentence", "phrase", "remark", "response",
     "statement", "speech", "exchange", "dialogue", "talk", "conversation"]
)  # fmt: skip
PRONOUNS = frozenset({"he", "she", "they", "it"})
PLACES = frozenset({"there", "here"})  # "There is a shout"
PLURAL = frozenset({"both", "two", "several", "many", "some", "they", "people", "men", "women", "voices", "others"})
INDEFINITE = frozenset({"a", "an", "another", "one"})
# What may stand between a subject and its speech verb without being part of its name.
BETWEEN = re.compile(
    r"\s(?:(?:is|are|was|were|stands?|sits?|walks?|looks?|turns?|smiles?|nods?|leans?|holds?|raises?|points?|gestures?|"
    r"faces?|appears?|keeps?|starts?|begins?|continues?|comes?|enters?|waves?|laughs?|speaks?|moves?|opens?|closes?|"
    r"runs?|steps?|stops?|pauses?|responds?|then|now|also|again|still|can\sbe|who|that)\b.*)$",
    re.IGNORECASE,
)
SMALL = frozenset(
    [
        "a",
        "an",
        "the",
        "in",
        "on",
        "at",
        "of",
        "with",
        "wearing",
        "dressed",
        "from",
        "by",
        "to",
        "and",
        "his",
        "her",
        "their",
        "its",
        "this",
        "that",
        "same",
        "who",
        "is",
        "whose",
    ]
)


@dataclass(frozen=True, slots=True)
class Description:
    """The words that name a speaker, as they stand from `start` on, and what of them tells one person from another:
    `head`, the noun, and `marks`, the rest. `new`: introduced as somebody not told of before. `sure`: it is one person,
    named."""

    start: int
    shown: str
    head: str
    marks: frozenset[str]
    new: bool
    sure: bool


def description(paragraph: Paragraph, quotation: Quotation) -> Description | None:
    """Who says a quotation, by the clause before it, else by the one behind it; None where none says."""
    start, ahead = paragraph.ahead(quotation)
    owned = next(reversed(list(OWNED.finditer(ahead))), None)
    verbs = list(VERBS.finditer(ahead))
    if owned or verbs:
        clause = ahead[: verbs[-1].start()] if verbs else ""
        subjects = list(SUBJECT.finditer(clause + " "))
        if owned and not (subjects and subjects[-1].start() >= owned.end() - 1):
            return described(owned["whom"], start + owned.start("whom"))
        if subjects:
            return described(subjects[-1]["who"], start + subjects[-1].start("who"))
        return None
    after = paragraph.masked[quotation.end : quotation.end + 90]
    if owner := OWNED_BEHIND.match(after):
        return described(owner["whom"], quotation.end + owner.start("whom"))
    if behind := BEHIND.match(after):
        group = "after" if behind["after"] else "before"
        return described(behind[group], quotation.end + behind.start(group))
    return None


def described(who: str, start: int = 0) -> Description | None:
    """What a subject, which stands at `start`, says of who speaks; None where it says nothing."""
    start += len(who) - len(who.lstrip())
    shown = BETWEEN.sub("", f" {who.strip()} ").strip(" ,")
    shown = re.sub(r"\s(?:\w+ly|" + VERB + r")$", "", shown, flags=re.IGNORECASE).strip(" ,")
    words = [match[0].casefold() for match in WORD.finditer(shown)]
    if not words:
        return None
    if words[0] in PLACES:
        return None
    if words[0] in PRONOUNS:
        return Description(start, shown, words[0], frozenset(), False, False)
    named = shown[0].isupper() and words[0] not in ARTICLES
    if named:
        return Description(start, shown, "".join(words), frozenset(), False, True)
    new = words[0] in INDEFINITE
    told = [word for word in words if word not in SMALL]
    if not told:
        return None
    head, marks = _parted(words)
    if head in SAYINGS:
        return None
    sure = not (PLURAL & set(words[:3]))
    if words[0] == "another":
        marks |= {"another"}
    return Description(start, shown, head, marks, new, sure)


ARTICLES = frozenset(
    [
        "a",
        "an",
        "the",
        "another",
        "one",
        "this",
        "that",
        "his",
        "her",
        "their",
        "some",
        "two",
        "both",
        "several",
        "many",
    ]
)
JOINTS = frozenset(
    [
        "in",
        "on",
        "at",
        "of",
        "with",
        "wearing",
        "dressed",
        "from",
        "by",
        "behind",
        "near",
        "who",
        "whose",
        "off",
        "named",
        "called",
    ]
)


def _parted(words: Sequence[str]) -> tuple[str, frozenset[str]]:
    """The noun, the last word before what is joined to it, and the other words that tell."""
    core = list(words[1:]) or list(words)
    end = next((at for at, word in enumerate(core) if word in JOINTS and at > 0), len(core))
    head = core[end - 1]
    return head, frozenset(word for at, word in enumerate(core) if word not in SMALL and at != end - 1)
