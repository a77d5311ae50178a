"""What stands around a right quotation is a statement of its own: who speaks, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asid.pipeline.captions.citations import CaptionCase
from asid.pipeline.captions.speakers import VERBS, Description, description
from asid.pipeline.captions.text import Flaw, squash

# Who can be called by several names; ways to speak that are claims of their own, by what bears them out.
PEOPLE = frozenset(
    [
        "man",
        "woman",
        "person",
        "voice",
        "speaker",
        "narrator",
        "boy",
        "girl",
        "child",
        "adult",
        "male",
        "female",
        "guy",
        "lady",
        "gentleman",
        "figure",
        "individual",
        "host",
        "presenter",
        "interviewer",
        "somebody",
        "someone",
        "commentator",
        "announcer",
        "interviewee",
    ]
)
MANNERS = {
    "sing": r"\bs[iau]ng\w*|\bsong|\blyric|\bmusic|\bvocal|\bchant",
    "shout": r"\bshout|\byell|\bscream|\bloud|\bcry|\bcries|\bcall",
    "yell": r"\bshout|\byell|\bscream|\bloud|\bcall",
    "scream": r"\bshout|\byell|\bscream|\bloud|\bshriek",
    "whisper": r"\bwhisper|\bquiet|\bsoft|\bhush|\blow voice|\bmurmur",
    "murmur": r"\bwhisper|\bquiet|\bsoft|\bmurmur|\bmutter|\blow voice",
    "mutter": r"\bwhisper|\bquiet|\bmurmur|\bmutter|\blow voice",
    "laugh": r"\blaugh|\bchuckl|\bgiggl|\bsmil|\bamus",
    "recite": r"\brecit|\bpoem|\bverse|\bread",
}
ADVERB = re.compile(r"\b(\w{3,})ly\b", re.IGNORECASE)
PLAIN = frozenset(
    [
        "final",
        "sudden",
        "immediate",
        "on",
        "simultaneous",
        "direct",
        "quick",
        "slow",
        "short",
        "real",
        "apparent",
        "subsequent",
        "clear",
        "former",
        "repeated",
        "brief",
        "eventual",
        "gradual",
        "visib",
        "visual",
        "audib",
        "ful",
        "complete",
        "tru",
        "ear",
        "like",
        "rep",  # a reply, and what else ends so and is no adverb
        "fami",
        "assemb",
    ]
)


def find(case: CaptionCase) -> Iterator[Flaw]:
    """Name statements about a voice that the transcript contradicts."""
    accounts = " ".join(case.grounds.accounts).casefold()
    for citation in case.speech:
        if not citation.found:
            continue
        quotation = citation.quotation
        last, ahead = case.paragraph.ahead(quotation)
        who = description(case.paragraph, quotation)
        place = (last, quotation.end)
        if who is not None and who.sure and who.head and not _known(who, accounts):
            yield Flaw(*place, "speech_manner", f'no account has "{who.head}" among those who speak')
        around = ahead
        if who is not None and who.start >= quotation.end:
            around = re.split(r"[.!?\"“]", case.paragraph.masked[quotation.end : quotation.end + 120])[0]
        verbs = list(VERBS.finditer(around))
        if not verbs:
            continue
        for stem, bears in MANNERS.items():
            if verbs[-1][0].casefold().startswith((stem, stem[:-1] + "ang")) and not re.search(bears, accounts):
                yield Flaw(*place, "speech_manner", f'no account bears out "{verbs[-1][0]}"')
        for match in ADVERB.finditer(around if around is not ahead else ahead[max(0, verbs[-1].start() - 24) :]):
            stem = match[1].casefold()
            if _is_name(match, who):
                continue
            if stem not in PLAIN and not _stem_in(stem, accounts):
                yield Flaw(*place, "speech_manner", f'no account bears out "{match[0]}"')


def _is_name(word: re.Match[str], who: Description | None) -> bool:
    """Whether a word that ends as adverbs do is a name: in capitals within a clause, or the speaker's own."""
    if not word[0][0].isupper():
        return False
    within = word.string[: word.start()].rstrip()[-1:].isalnum()
    return within or (who is not None and squash(word[0]) in squash(who.shown))


def _known(who: Description, accounts: str) -> bool:
    """Whether accounts have such a speaker. Names are taken as they are: they may be said or read."""
    head = who.head
    if head in PEOPLE or (who.shown[:1].isupper() and squash(who.shown) == head):
        return True
    return re.search(rf"\b{re.escape(head[: max(4, len(head) - 2)])}", accounts) is not None


def _stem_in(stem: str, accounts: str) -> bool:
    """Whether some account has a word of the same root: "angrily" is borne out by "angry" and "anger"."""
    root = stem[: max(3, len(stem) - 2)] if stem.endswith(("i", "e", "al")) else stem[: max(4, len(stem) - 1)]
    return re.search(rf"\b{re.escape(root)}", accounts) is not None
