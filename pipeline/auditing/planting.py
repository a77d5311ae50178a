"""Errors planted in captions, and true rewordings, each of a stated kind: what a rule's or an auditor's power is
measured on.

A planter takes a caption with its grounds and a seeded source of chance, and gives a caption that is wrong in exactly
one place, or None where the caption has no place for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from asid.pipeline.captions import anchors
from asid.pipeline.captions.anchors import Section, compose, parse
from asid.pipeline.captions.citations import CaptionCase, Citation
from asid.pipeline.captions.quotes import Quotation
from asid.pipeline.captions.speakers import Description, description
from asid.pipeline.captions.spoken import ENDS, SAME, TENS, UNITS, hesitation, spoken
from asid.pipeline.captions.text import squash

OTHERS = [
    "purple",
    "window",
    "elephant",
    "seldom",
    "wooden",
    "before",
    "garden",
    "never",
    "quickly",
    "eleven",
    "sister",
    "orange",
    "carpet",
    "thunder",
    "beneath",
    "lantern",
    "winter",
    "hardly",
    "silver",
    "mountain",
    "pocket",
    "yesterday",
    "violin",
    "kitchen",
]
INVENTED = (
    "I left the keys under the doormat this morning.", "Nobody told me that the bridge was closed.",
    "We could paint the fence before it rains.", "My brother sells old radios in the market.",
    "Please remember to feed the parrot tonight.", "That was the best soup of the whole winter.",
    "They moved to the coast three summers ago.", "You should have seen her face when it broke.",
)  # fmt: skip
LEAKS = (
    "According to the transcript, the line ends there.", "As stated in the second description, the light is warm.",
    "The annotator notes that nothing else happens.", "Based on the provided captions, the mood is calm.",
    "The transcription reads the same.", "As an AI, I cannot confirm more than this.",
)  # fmt: skip

# Words that are mistaken for each other, so that the line still reads well.
NEAR = {
    "a": "the", "an": "the", "the": "a", "is": "was", "was": "is", "are": "were", "were": "are",
    "i": "we", "we": "they",
    "they": "we", "he": "she", "she": "he", "it": "that", "my": "your", "your": "my", "his": "her", "her": "his",
    "in": "on", "on": "in", "to": "from", "from": "to", "at": "by", "by": "at", "and": "or", "or": "and",
    "this": "that",
    "that": "this", "these": "those", "there": "here", "here": "there", "can": "could", "could": "can", "will": "would",
    "do": "did", "did": "do", "have": "had", "has": "had", "not": "now", "no": "the", "all": "some", "before": "after",
    "after": "before", "where": "when", "when": "where", "who": "why", "what": "which", "under": "over", "two": "ten",
    "three": "four", "seven": "eleven", "twenty": "thirty", "second": "third", "now": "not",
}  # fmt: skip
COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twenty", "thirty", "forty", "fifty")
COINS = ("dollars", "euros", "pounds")
TUNES = (
    "Soft piano music plays in the background.", "An upbeat tune begins.", "A slow melody can be heard.",
    "Cheerful background music accompanies the pictures.", "The pictures are accompanied by orchestral music.",
)  # fmt: skip
NO_TUNES = (
    "There is no music.", "The clip runs without any background music.", "No music is heard throughout the clip.",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plant:
    """`snippet`: the planted words, or those that stood where something was left out. `attribute`: whose auditor has to
    find it. `expects`: the kinds of flaw by which rules name it."""

    kind: str
    caption: str
    snippet: str
    attribute: str
    expects: frozenset[str]


Planter = Callable[[CaptionCase, Random], Plant | None]


def plant(kind: str, case: CaptionCase, chance: Random) -> Plant | None:
    """One error or rewording of a kind of `FAULTS` or `VARIANTS`; None where the caption has no place for it."""
    made = (FAULTS | VARIANTS)[kind](case, chance)
    return made if made is None or made.caption != case.caption else None


# --- what planters work on ---------------------------------------------------------------------------------------


def _spoken(case: CaptionCase, least: int = 4) -> list[Citation]:
    """Quotations that stand word for word in the transcript, of at least so many words."""
    return [
        one
        for one in case.citations
        if one.found and not one.differences and one.last - one.first + 1 >= least and one.place.score > 0.9
    ]


def _swap(case: CaptionCase, span: Quotation, text: str) -> str:
    """The caption with other words between the marks of a quotation."""
    caption = case.caption
    return caption[: span.start + 1] + text + caption[span.end - 1 :]


def _requoted(case: CaptionCase, chance: Random, kind: str, change: Callable[[list[str]], tuple[list[str], str] | None],
              expects: tuple[str, ...], least: int = 4) -> Plant | None:  # fmt: skip
    found = _spoken(case, least)
    if not found:
        return None
    one = chance.choice(found)
    changed = change(one.quotation.text.split())
    if changed is None:
        return None
    text = " ".join(changed[0])
    return Plant(kind, _swap(case, one.quotation, text), changed[1], "speech", frozenset(expects))


def _replaced(words: list[str], at: int, new: str) -> list[str]:
    """The words with one replaced, its signs kept."""
    core = re.search(r"\w[\w'’-]*", words[at])
    old = words[at]
    done = old[: core.start()] + new + old[core.end() :] if core else new
    return [*words[:at], done.capitalize() if at == 0 else done, *words[at + 1 :]]


# --- errors ------------------------------------------------------------------------------------------------------


def quote_substituted(case: CaptionCase, chance: Random) -> Plant | None:
    """Plant another word in the place of one that was said."""

    def change(words: list[str]) -> tuple[list[str], str]:
        at = chance.randrange(len(words))
        new = chance.choice([word for word in OTHERS if squash(word) != squash(words[at])])
        return _replaced(words, at, new), new

    return _requoted(case, chance, "quote_substituted", change, ("quote_word", "quote_not_found"))


def quote_near(case: CaptionCase, chance: Random) -> Plant | None:
    """Plant a word that is mistaken for the one that was said, or its plural, in a quotation."""

    def near(word: str) -> str:
        plain = squash(word)
        plural = "" if len(plain) < 4 or plain.endswith("s") or not plain.isalpha() else f"{plain}s"
        return NEAR.get(plain, plural)

    def change(words: list[str]) -> tuple[list[str], str] | None:
        places = [at for at, word in enumerate(words) if near(word) and "'" not in word and "-" not in word]
        if not places:
            return None
        at = chance.choice(places)
        new = near(words[at])
        return _replaced(words, at, new), new

    return _requoted(case, chance, "quote_near", change, ("quote_word", "quote_not_found"))


def quote_inserted(case: CaptionCase, chance: Random) -> Plant | None:
    """Plant a word into a quotation that nobody said."""

    def change(words: list[str]) -> tuple[list[str], str]:
        at = chance.randrange(1, len(words))
        new = chance.choice(OTHERS)
        return [*words[:at], new, *words[at:]], new

    return _requoted(case, chance, "quote_inserted", change, ("quote_word", "quote_not_found"))


def quote_omitted(case: CaptionCase, chance: Random) -> Plant | None:
    """A word of the middle left out, so that what is left reads as one line."""

    def change(words: list[str]) -> tuple[list[str], str] | None:
        places = [at for at in range(1, len(words) - 1) if squash(words[at]) not in (squash(words[at - 1]), "")]
        if not places:
            return None
        at = chance.choice(places)
        return [*words[:at], *words[at + 1 :]], words[at]

    return _requoted(case, chance, "quote_omitted", change, ("quote_word", "quote_not_found", "quote_short"))


def amount_changed(case: CaptionCase, chance: Random) -> Plant | None:
    """Plant another number, or another currency, in the place of one that was said."""

    def change(words: list[str]) -> tuple[list[str], str] | None:
        ways = [(at, group) for at, word in enumerate(words) for group in (COUNTS, COINS) if squash(word) in group]
        if not ways:
            return None
        at, group = chance.choice(ways)
        new = chance.choice([word for word in group if word != squash(words[at])])
        return _replaced(words, at, new), new

    return _requoted(case, chance, "amount_changed", change, ("quote_word", "quote_not_found"))


def quote_invented(case: CaptionCase, chance: Random) -> Plant | None:
    """Words that nobody says, in the place of a line."""
    found = _spoken(case)
    if not found:
        return None
    one, new = chance.choice(found), chance.choice(INVENTED)
    return Plant("quote_invented", _swap(case, one.quotation, new), new, "speech", frozenset({"quote_not_found"}))


def quote_cut(case: CaptionCase, chance: Random) -> Plant | None:
    """A line that stops two words or more before its end."""

    def change(words: list[str]) -> tuple[list[str], str]:
        left = chance.randrange(2, len(words) - 1)
        return [*words[: left - 1], words[left - 1].rstrip(",;:") + chance.choice([".", "", "…"])], " ".join(
            words[left:]
        )

    expects = ("quote_short", "line_missing", "quote_not_found")
    return _requoted(case, chance, "quote_cut", change, expects, least=5)


def speaker_swapped(case: CaptionCase, chance: Random) -> Plant | None:
    """A line given to the other of two described speakers, each of whom speaks twice and keeps one line."""
    told: dict[str, list[Description]] = {}
    for one in case.citations:
        who = description(case.paragraph, one.quotation)
        if one.found and who and who.sure and len(one.place.speakers) == 1:
            told.setdefault(one.place.speakers[0][0], []).append(who)
    talkers = [voice for voice, lines in told.items() if voice and len(lines) >= 2]
    if len(talkers) < 2:
        return None
    mine, theirs = chance.sample(talkers, 2)
    who = chance.choice(told[mine])
    shown, start, other = who.shown, who.start, chance.choice(told[theirs]).shown
    if squash(shown) == squash(other):
        return None
    new = re.sub(r"^(?:a|an)\b", "the", other, flags=re.IGNORECASE) if shown[:3].lower() == "the" else other
    new = new[:1].upper() + new[1:] if shown[:1].isupper() else new[:1].lower() + new[1:]
    caption = case.caption[:start] + new + case.caption[start + len(shown) :]
    return Plant("speaker_swapped", caption, new, "speech", frozenset({"described_speakers"}))


def line_omitted(case: CaptionCase, chance: Random) -> Plant | None:
    """A sentence with its line of speech taken out, and its anchor where nothing else stands after it."""
    found = [one for one in _spoken(case) if case.paragraph.sentence_at(one.quotation.start)]
    if len(found) < 2:
        return None
    one = chance.choice(found)
    sentence = case.paragraph.sentence_at(one.quotation.start)
    assert sentence is not None
    text = case.caption[: sentence.start] + case.caption[sentence.end :].lstrip()
    blocks = [block for block in parse(text) if block.text.strip(" .,")]
    caption = compose([_opened(block) for block in blocks])
    return Plant("line_omitted", caption, one.quotation.text, "speech", frozenset({"line_missing", "quote_short"}))


def text_misspelt(case: CaptionCase, chance: Random) -> Plant | None:
    """One letter or digit of a text on the screen made another."""
    read = {squash(one.text) for one in case.grounds.legible}
    found = [one for one in case.paragraph.quoted if one.claims != "speech" and squash(one.text) in read]
    found = [one for one in found if len(squash(one.text)) >= 4]
    if not found:
        return None
    one = chance.choice(found)
    places = [at for at, char in enumerate(one.text) if char.isalnum()]
    at = chance.choice(places)
    old = one.text[at]
    pool = "0123456789" if old.isdigit() else "aeioukmrst" if old.islower() else "AEIOUKMRST"
    new = one.text[:at] + chance.choice([char for char in pool if char != old]) + one.text[at + 1 :]
    if squash(new) in read:
        return None
    return Plant("text_misspelt", _swap(case, one, new), new, "objects", frozenset({"text_spelling"}))


def speech_shifted(case: CaptionCase, chance: Random) -> Plant | None:
    """The anchor that opens a line of speech moved by three to five seconds, in order with its neighbours."""
    blocks = list(parse(case.caption))
    firsts = {one.block: one for one in reversed(_spoken(case, 2))}
    offset = sum(block.anchor is None for block in blocks)
    ways = []
    for number, one in firsts.items():
        sentence = case.paragraph.sentence_at(one.quotation.start)
        if number < 0 or sentence is None or not sentence.first:
            continue
        at = number + offset
        low = blocks[at - 1].anchor if at > 0 and blocks[at - 1].anchor is not None else Decimal(-1)
        high = blocks[at + 1].anchor if at + 1 < len(blocks) else Decimal(int(case.grounds.duration) + 1)
        time = blocks[at].anchor
        assert time is not None and low is not None and high is not None
        ways += [(at, time + by) for by in (-5, -4, -3, 3, 4, 5) if low < time + by < high and time + by >= 0]
    if not ways:
        return None
    at, time = chance.choice(ways)
    block = blocks[at]
    blocks[at] = Section(time, block.text)
    return Plant("speech_shifted", compose(blocks), anchors.at(time), "speech", frozenset({"quote_time"}))


def source_leaked(case: CaptionCase, chance: Random) -> Plant | None:
    """A sentence about the material the caption was made from, or about its writer."""
    new = chance.choice(LEAKS)
    ends = [sentence.end for sentence in case.paragraph.sentences]
    at = chance.choice(ends)
    caption = f"{case.caption[:at].rstrip()} {new} {case.caption[at:].lstrip()}".strip()
    return Plant("source_leaked", caption, new, "narrative", frozenset({"source_named", "model_voice"}))


def repeated(case: CaptionCase, chance: Random) -> Plant | None:
    """A caption that falls into a loop: a sentence, a word, one digit, or a count that does not end."""
    sentences = [one.text for one in case.paragraph.sentences if '"' not in one.text and len(one.text.split()) >= 4]
    loops = [
        " ".join([chance.choice(sentences)] * chance.randint(3, 12)) if sentences else "very " * 12,
        "the light moves and " * chance.randint(6, 40) + "stops.",
        "The number shown is " + chance.choice("0123456789") * chance.randint(16, 60) + ".",
        "Seen are " + ", ".join(str(number) for number in range(1, chance.randint(12, 40))) + ".",
        " ".join(f"A person number {number} walks past." for number in range(1, chance.randint(8, 20))),
    ]
    new = chance.choice(loops)
    kinds = frozenset({"repetition", "monotony"})
    return Plant("repeated", f"{case.caption.rstrip()} {new}", new, "narrative", kinds)


def blocks_swapped(case: CaptionCase, chance: Random) -> Plant | None:
    """The texts of two blocks exchanged under their anchors, more than four seconds apart, one of them dated by a line
    or a text that was read."""
    blocks = parse(case.caption)
    dated = set()
    for at, block in enumerate(blocks):
        inner = CaptionCase(block.text, case.grounds).citations
        if any(one.found and one.last - one.first >= 2 for one in inner):
            dated.add(at)
    ways = [
        (one, other)
        for one in range(len(blocks))
        for other in range(one + 1, len(blocks))
        if blocks[one].anchor is not None and (one in dated or other in dated)
        and (blocks[other].anchor or 0) - (blocks[one].anchor or 0) > 4
    ]  # fmt: skip
    if not ways:
        return None
    one, other = chance.choice(ways)
    first, second = blocks[one], blocks[other]
    blocks[one] = Section(first.anchor, second.text)
    blocks[other] = Section(second.anchor, first.text)
    expects = frozenset({"quote_time", "text_time", "cut_time", "event_time"})
    return Plant("blocks_swapped", compose(blocks), second.text[:80], "narrative", expects)


def label_printed(case: CaptionCase, chance: Random) -> Plant | None:
    """Plant a speaker's label, as a transcript prints it."""
    found = [one for one in _spoken(case, 2) if one.place.speakers[0][0]]
    if not found:
        return None
    one = chance.choice(found)
    label = f"{one.place.speakers[0][0]}: "
    at = one.quotation.start
    caption = case.caption[:at] + label + case.caption[at:]
    return Plant("label_printed", caption, label, "speech", frozenset({"speaker_label"}))


def quote_again(case: CaptionCase, chance: Random) -> Plant | None:
    """A line that is told a second time, at the end."""
    found = _spoken(case)
    if not found:
        return None
    one = chance.choice(found)
    caption = f'{case.caption.rstrip()} Again a voice says, "{one.quotation.text}"'
    kinds = frozenset({"quote_repeated", "quote_time"})
    return Plant("quote_again", caption, one.quotation.text, "speech", kinds)


def manner_invented(case: CaptionCase, chance: Random) -> Plant | None:
    """Around a right quotation another speaker, or a way of speaking, that nothing bears out."""
    found = [who for one in _spoken(case, 2) if (who := description(case.paragraph, one.quotation)) and who.sure]
    if not found:
        return None
    who = chance.choice(found)
    shown, start = who.shown, who.start
    new = chance.choice(["a robot", "a clown", "a pirate", "an astronaut", "a puppet"])
    if chance.random() < 0.5:
        new = f"{shown} {chance.choice(['angrily', 'mockingly', 'tearfully', 'proudly', 'nervously'])}"
    new = new[:1].upper() + new[1:] if shown[:1].isupper() else new
    caption = case.caption[:start] + new + case.caption[start + len(shown) :]
    kinds = frozenset({"speech_manner", "described_speakers"})
    return Plant("manner_invented", caption, new, "speech", kinds)


def shots_miscounted(case: CaptionCase, chance: Random) -> Plant | None:
    """Plant a number of shots that is not the clip's."""
    there = len(case.grounds.shots)
    if not there:
        return None
    told = chance.choice([count for count in range(1, 12) if count != there])
    new = f"The clip consists of {told} shot{'s' if told > 1 else ''}."
    return Plant("shots_miscounted", f"{case.caption.rstrip()} {new}", new, "camera", frozenset({"shot_count"}))


def cut_misplaced(case: CaptionCase, chance: Random) -> Plant | None:
    """A cut told at a second at which none is."""
    cuts = [shot.start for shot in case.grounds.shots[1:]]
    taken = {block.anchor for block in parse(case.caption)}
    seconds = [
        second
        for second in range(1, int(case.grounds.duration))
        if second not in taken and all(abs(second - cut) > 3 for cut in cuts)
    ]
    if not seconds:
        return None
    time = Decimal(chance.choice(seconds))
    new = "the picture cuts to another view."
    blocks = [*parse(case.caption), Section(time, new)]
    blocks.sort(key=lambda block: -1 if block.anchor is None else block.anchor)
    return Plant("cut_misplaced", compose(blocks), new, "camera", frozenset({"cut_time"}))


def music_invented(case: CaptionCase, chance: Random) -> Plant | None:
    """Music told of a clip in which detectors listened for it and heard none."""
    if "music" not in case.grounds.listened or any(one.kind in ("music", "singing") for one in case.grounds.sounds):
        return None
    return _ended(case, "music_invented", chance.choice(TUNES), "scene", "sound_unheard")


def music_denied(case: CaptionCase, chance: Random) -> Plant | None:
    """Music denied where it plays for long."""
    if not any(one.kind == "music" and one.end - one.start >= 5 for one in case.grounds.sounds):
        return None
    return _ended(case, "music_denied", chance.choice(NO_TUNES), "scene", "sound_denied")


def _ended(case: CaptionCase, kind: str, new: str, attribute: str, *expects: str) -> Plant | None:
    """The caption with a sentence after its first block's, where what it says is said of that time."""
    blocks = list(parse(case.caption))
    if not blocks:
        return None
    blocks[0] = Section(blocks[0].anchor, f"{blocks[0].text.rstrip()} {new}", lead=blocks[0].lead)
    return Plant(kind, compose(blocks), new, attribute, frozenset(expects))


def anchor_turned(case: CaptionCase, chance: Random) -> Plant | None:
    """Two neighbouring anchors in the wrong order."""
    blocks = parse(case.caption)
    places = [at for at in range(1, len(blocks)) if blocks[at - 1].anchor is not None]
    if not places:
        return None
    at = chance.choice(places)
    first, second = blocks[at - 1], blocks[at]
    blocks[at - 1] = Section(second.anchor, first.text)
    blocks[at] = Section(first.anchor, second.text)
    return Plant("anchor_turned", compose(blocks), first.text[:60], "narrative", frozenset({"anchor_order"}))


def _opened(block: Section) -> Section:
    """After its anchor a block that lost its first sentence goes on in capitals as it stood."""
    return Section(block.anchor, block.text, lead=block.lead)


# --- true rewordings ---------------------------------------------------------------------------------------------

SHORT = {
    "do not": "don't", "is not": "isn't", "it is": "it's", "we are": "we're", "I am": "I'm", "they are": "they're",
    "you are": "you're", "I have": "I've", "did not": "didn't", "that is": "that's", "we will": "we'll",
}  # fmt: skip


def _varied(case: CaptionCase, chance: Random, kind: str, change: Callable[[str], str]) -> Plant | None:
    found = [one for one in _spoken(case, 2) if change(one.quotation.text) != one.quotation.text]
    if not found:
        return None
    one = chance.choice(found)
    new = change(one.quotation.text)
    return Plant(kind, _swap(case, one.quotation, new), new, "speech", frozenset())


def numbers_written(case: CaptionCase, chance: Random) -> Plant | None:
    """Write the numbers of a quotation otherwise, which is true."""
    number = "|".join((*UNITS, *TENS, "hundred", "thousand"))

    def digits(match: re.Match[str]) -> str:
        return " ".join(token.text for token in spoken([match[0]]))

    def change(text: str) -> str:
        return re.sub(rf"\b(?:{number})(?:(?:[ -]| and )(?:{number}))*\b", digits, text)

    return _varied(case, chance, "numbers_written", change)


def amounts_written(case: CaptionCase, chance: Random) -> Plant | None:
    """Write a sum, a share or a time of a quotation in figures and signs, which is true."""
    number = "|".join((*UNITS, *TENS, "hundred", "thousand"))
    run = rf"\b((?:{number})(?:(?:[ -]| and )(?:{number}))*)"

    def figure(text: str) -> str:
        return "".join(token.text for token in spoken([text]))

    def change(text: str) -> str:
        text = re.sub(rf"{run} dollars\b", lambda match: f"${figure(match[1])}", text)
        text = re.sub(rf"{run} percent\b", lambda match: f"{figure(match[1])}%", text)
        text = re.sub(rf"{run} o'clock\b", lambda match: f"{figure(match[1])}:00", text)
        hours = "|".join(list(UNITS)[1:13])
        return re.sub(rf"\b(at) ({hours}) (fifteen|thirty)\b", lambda m: f"{m[1]} {figure(m[2])}:{figure(m[3])}", text)

    return _varied(case, chance, "amounts_written", change)


def contracted(case: CaptionCase, chance: Random) -> Plant | None:
    """Contract or write out words of a quotation, which is true."""

    def change(text: str) -> str:
        for full, short in SHORT.items():
            if re.search(rf"\b{full}\b", text):
                return re.sub(rf"\b{full}\b", short, text)
        for word, full in SAME.items():
            if "'" in word and re.search(rf"\b{word}\b", text):
                return re.sub(rf"\b{word}\b", full, text)
        for end, full in ENDS.items():
            if match := re.search(rf"(\w){end}\b", text):
                return f"{text[: match.start() + 1]} {full}{text[match.end() :]}"
        return text

    return _varied(case, chance, "contracted", change)


def paused(case: CaptionCase, chance: Random) -> Plant | None:
    """An ellipsis, or a sound of hesitation, between two words."""
    sounds = hesitation(case.grounds.language)
    filler = chance.choice(["… ", "... ", *(f"{sound}, " for sound in ("uh", "um") if sound in sounds)])

    def change(text: str) -> str:
        words = text.split()
        at = 1 + len(text) % max(1, len(words) - 1) if len(words) > 1 else 0
        return " ".join([*words[:at], filler + words[at], *words[at + 1 :]]) if at < len(words) else text

    return _varied(case, chance, "paused", change)


def recased(case: CaptionCase, chance: Random) -> Plant | None:
    """Change the case of a quotation, which is true."""
    way = chance.choice([str.upper, str.lower, lambda text: text.rstrip(".!?"), lambda text: text.replace(",", "")])
    return _varied(case, chance, "recased", way)


def line_split(case: CaptionCase, chance: Random) -> Plant | None:
    """One line quoted in two pieces, with the speaker between."""
    found = _spoken(case, 5)
    if not found:
        return None
    one = chance.choice(found)
    words = one.quotation.text.split()
    at = len(words) // 2
    opened, closed = case.caption[one.quotation.start], case.caption[one.quotation.end - 1]
    new = f"{' '.join(words[:at]).rstrip(',')},{closed} and goes on, {opened}{' '.join(words[at:])}"
    return Plant("line_split", _swap(case, one.quotation, new), new, "speech", frozenset())


WORDINGS = (
    ("asks", "wants to know"), ("says", "states"), ("appears", "comes into view"), ("is in view", "can be seen"),
    ("a person", "somebody"), ("the picture cuts to", "the scene changes to"), ("moving", "that moves"),
    ("replies", "answers"), ("stands", "is standing"), ("the clip", "the video"),
)  # fmt: skip


def reworded(case: CaptionCase, chance: Random) -> Plant | None:
    """What stands outside quotations told in other words."""
    masked = case.paragraph.masked
    ways = [(old, new) for old, new in WORDINGS if re.search(rf"\b{old}\b", masked)]
    if not ways:
        return None
    old, new = chance.choice(ways)
    match = chance.choice(list(re.finditer(rf"\b{old}\b", masked)))
    caption = case.caption[: match.start()] + new + case.caption[match.end() :]
    return Plant("reworded", caption, new, "narrative", frozenset())


def music_reworded(case: CaptionCase, chance: Random) -> Plant | None:
    """Music told once more where it plays, and denied where nobody hears any, which is true."""
    if "music" not in case.grounds.listened:
        return None
    plays = any(one.kind in ("music", "singing") for one in case.grounds.sounds)
    return _ended(case, "music_reworded", chance.choice(TUNES if plays else NO_TUNES), "scene")


def text_recased(case: CaptionCase, chance: Random) -> Plant | None:
    """Change the case of legible text, which is true."""
    read = {squash(one.text) for one in case.grounds.legible}
    found = [one for one in case.paragraph.quoted if one.claims != "speech" and squash(one.text) in read]
    if not found:
        return None
    one = chance.choice(found)
    new = one.text.upper() if not one.text.isupper() else one.text.title()
    return Plant("text_recased", _swap(case, one, new), new, "objects", frozenset())


FAULTS: dict[str, Planter] = {
    planter.__name__: planter
    for planter in (
        quote_substituted, quote_near, amount_changed, quote_inserted, quote_omitted, quote_invented, quote_cut,
        speaker_swapped, line_omitted, text_misspelt, speech_shifted, source_leaked, repeated, blocks_swapped,
        label_printed, quote_again, manner_invented, shots_miscounted, cut_misplaced, anchor_turned, music_invented,
        music_denied,
    )
}  # fmt: skip
VARIANTS: dict[str, Planter] = {
    planter.__name__: planter
    for planter in (
        numbers_written, amounts_written, contracted, paused, recased, line_split, reworded, text_recased,
        music_reworded,
    )
}  # fmt: skip
