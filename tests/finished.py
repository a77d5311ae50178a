"""Finished captions with their grounds, composed from the truth of test clips: what rules and auditors are tried on.

`strong(truth, seed)` is worded as a careful model would; `prose(truth, seed)` in fuller prose that no rule was set by;
`embedded(truth)` by the embedded set, from the truth's facts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from asid.pipeline.captions.anchors import Section, compose
from asid.pipeline.captions.grounds import Grounds, Legible, legible
from asid.pipeline.embedded.compose import ensemble
from asid.pipeline.embedded.sound import lines
from asid.pipeline.rows import Fact, Shot, Sound, Turn, Utterance, Word

CLIPS = Path(os.environ.get("ASID_CLIPS", Path(__file__).resolve().parents[3] / "shared" / "clips"))
ENDED = tuple(f"{sign}{mark}" for sign in ".?!" for mark in ("", '"', "\u201d", "'"))
NOUN = {"m": "man", "f": "woman", "?": "person"}


@dataclass(frozen=True)
class Finished:
    """`name`: of the clip. `how`: who worded it."""

    name: str
    how: str
    caption: str
    grounds: Grounds


def truths(folder: Path = CLIPS) -> Iterator[dict[str, Any]]:
    """The truth of every clip that was synthesised or recorded, and so has its shots, lines and texts."""
    for path in sorted(folder.glob("*/*.truth.json")):
        truth = json.loads(path.read_text("utf-8"))
        if "shots" in truth:
            yield truth


def captions(folder: Path = CLIPS, seed: int = 1) -> list[Finished]:
    found = []
    for truth in truths(folder):
        found += [strong(truth, seed), strong(truth, seed + 1000), embedded(truth)]
        found += [prose(truth, seed + 3000), prose(truth, seed + 4000)]
        if truth["languages"] == ["en"] and any(line["text"] for line in truth["utterances"]):
            found += [strong(relined(truth, seed), seed + 2000), prose(relined(truth, seed + 1), seed + 5000)]
    return [one for one in found if one.caption]


# Lines with what can be written in two ways, which the clips' own lines lack.
LINES = (
    "I don't know where we've put the twenty-one chairs.", "It's seven o'clock and they're not here yet.",
    "We didn't see any of the three dogs, did we?", "You're going to need forty-five dollars for that.",
    "That's the second time he can't find his keys.", "I'm sure there are a hundred and five steps.",
    "She won't be back before half past nine.", "We'll meet at the station at six thirty.",
    "They couldn't have left without the other two.", "Isn't it strange that nobody's called?",
    "Let's count again, one, two, three, and go.", "I haven't slept since nineteen eighty four.",
)  # fmt: skip


def relined(truth: dict[str, Any], seed: int) -> dict[str, Any]:
    """The truth with other lines of speech in the place of its own."""
    chance = Random(f"{seed}/lines/{truth['file']}")
    texts = chance.sample(LINES, len(LINES))
    spoken = [line | {"text": texts[at % len(texts)]} if line["text"] else line
              for at, line in enumerate(truth["utterances"])]  # fmt: skip
    return truth | {"utterances": spoken}


# --- the evidence ------------------------------------------------------------------------------------------------


def words(line: dict[str, Any]) -> tuple[Word, ...]:
    """Spread over the line by their letters."""
    texts = line["text"].split()
    total, at, found = sum(map(len, texts)), 0, []
    length = line["end"] - line["start"]
    for text in texts:
        start = line["start"] + length * at / total
        at += len(text)
        end = line["start"] + length * at / total
        found.append(Word(start=start, end=end, text=text, score=0.9, speaker=line["speaker"]))
    return tuple(found)


def utterances(truth: dict[str, Any]) -> tuple[Utterance, ...]:
    return tuple(
        Utterance(start=line["start"], end=line["end"], speaker=line["speaker"], text=line["text"], words=words(line),
                  overlap=bool(line["overlaps"]))
        for line in truth["utterances"] if line["text"]
    )  # fmt: skip


def shots(truth: dict[str, Any]) -> tuple[Shot, ...]:
    return tuple(
        Shot(start=shot["start"], end=shot["end"], first_frame=shot["first_frame"], last_frame=shot["last_frame"],
             opens_with="cut" if shot["index"] else "start")
        for shot in truth["shots"]
    )  # fmt: skip


def sounds(truth: dict[str, Any]) -> tuple[Sound, ...]:
    """Speech where the lines are, music over it where it plays, and else sound that is neither."""
    if not truth["has_audio"]:
        return ()
    ends = [(line["start"], line["end"]) for line in truth["utterances"]]
    found, at = [], 0.0
    for start, end in sorted(ends):
        if start > at:
            found.append(Sound(start=at, end=start, kind="sound", level=-35.0))
        found.append(Sound(start=start, end=end, kind="speech", level=-20.0))
        at = max(at, end)
    if at < truth["duration"]:
        found.append(Sound(start=at, end=truth["duration"], kind="sound", level=-35.0))
    tunes = [Sound(start=one["start"], end=one["end"], kind="music", level=-25.0, score=0.9) for one in truth["music"]]
    return (*found, *tunes)


def texts(truth: dict[str, Any]) -> list[dict[str, Any]]:
    return [text for text in truth["text"] if text["text"].strip()]


def grounds(truth: dict[str, Any], accounts: tuple[str, ...], read: tuple[Legible, ...]) -> Grounds:
    return Grounds(
        duration=truth["duration"],
        utterances=utterances(truth),
        turns=tuple(
            Turn(start=line["start"], end=line["end"], speaker=line["speaker"]) for line in truth["utterances"]
        ),
        shots=shots(truth),
        legible=read,
        sounds=sounds(truth),
        listened=frozenset({"music", "singing"}),
        soundless=not truth["has_audio"],
        accounts=accounts,
        sources=frozenset({"avocado", "Seed-1.6"}),
        language=(truth["languages"] or [""])[0],
    )


# --- as a careful model would word it ----------------------------------------------------------------------------


def strong(truth: dict[str, Any], seed: int) -> Finished:
    chance = Random(f"{seed}/{truth['file']}")
    people = {one["id"]: described(one, chance) for one in truth["speakers"]}
    events: list[tuple[float, int, str]] = []
    for shot in truth["shots"]:
        events.append((shot["start"], 0, scene(shot, people, chance)))
    for text in texts(truth):
        verb = chance.choice(["appears", "is on screen", "can be read"])
        events.append((text["start"], 1, f'the text "{text["text"]}" {verb}'))
    met: set[str] = set()
    for line in truth["utterances"]:
        if line["text"]:
            events.append((line["start"], 2, said(line, people[line["speaker"]], met, chance)))
    untold = [line for line in truth["utterances"] if not line["text"]]
    if untold:
        events.append((untold[0]["start"], 2, "people talk to each other off screen"))
    if truth["music"]:
        events.append((0.0, 1, "music plays"))
    caption = anchored(events, truth["duration"])
    account = anchored([event for event in events if event[1] != 2], truth["duration"])
    spoken = " ".join(f"{who} speaks." for who in people.values())
    read = tuple(Legible(text["start"], text["end"], text["text"], 0.95) for text in texts(truth))
    name = f"{truth['file']}/{seed}"
    return Finished(name, "strong", caption, grounds(truth, (account, spoken), read))


def described(one: dict[str, Any], chance: Random) -> str:
    noun = NOUN[one["sex"]]
    return f"the {noun} in the {one['shirt']} shirt" if chance.random() < 0.7 else f"the {noun} wearing {one['shirt']}"


def scene(shot: dict[str, Any], people: dict[str, str], chance: Random) -> str:
    what = f"a {shot['scene']}"
    if shot["objects"]:
        thing = shot["objects"][0]
        what += f" with a {thing['colour']} {thing['shape']} moving {thing['motion']}"
    for person in shot["people"]:
        what += f", where {people[person]} is in view"
    lead = "the picture cuts to" if shot["index"] else chance.choice(["the clip opens on", "the camera shows"])
    return f"{lead} {what}".replace(" moving none", "")


def said(line: dict[str, Any], who: str, met: set[str], chance: Random) -> str:
    first = who not in met
    met.add(who)
    name = who.replace("the ", "a ", 1) if first and chance.random() < 0.5 else who
    verb = "asks" if line["text"].endswith("?") else chance.choice(["says", "replies", "adds", "answers"])
    if chance.random() < 0.15:
        return f'"{line["text"].rstrip(".")}," {verb} {name}'
    return f'{name} {verb}, "{line["text"]}"'


def anchored(events: list[tuple[float, int, str]], duration: float) -> str:
    """One block for each second at which something begins. What is said opens the block of its second."""
    blocks: dict[int, list[tuple[int, float, str]]] = {}
    for time, rank, text in sorted(events):
        blocks.setdefault(min(int(time), max(0, int(duration) - 1)), []).append((rank, time, text))
    made = []
    for second, group in sorted(blocks.items()):
        sentences = [text if text.endswith(ENDED) else f"{text}." for _, _, text in group]
        sentences = [sentences[0], *(one[:1].upper() + one[1:] for one in sentences[1:])]
        made.append(Section(Decimal(second), " ".join(sentences)))
    return compose(made)


# --- in fuller prose ---------------------------------------------------------------------------------------------

OPENINGS = (
    "The video opens with a wide view of {what}, its colours muted under an even light.",
    "We begin in {what}, filmed from a fixed position.",
    "{What} fills the frame as the clip begins.",
    "An establishing shot introduces {what}.",
)  # fmt: skip
TURNS = (
    "The scene then shifts to {what}.", "We now see {what}.", "The view changes, and {what} appears.",
    "A cut brings us to {what}.", "The setting becomes {what}, seen at the same distance as before.",
)  # fmt: skip
THINGS = (
    "A {thing} drifts {way} through it.",
    "In it, a {thing} travels {way}.",
    "One {thing} moves {way} across the view.",
)
SIGNS = (
    'White letters in the lower third read \u201c{text}\u201d.', 'An on-screen title, \u201c{text}\u201d, fades in.',
    "Overlaid text spells out '{text}' in a plain typeface.", 'Meanwhile the caption "{text}" is displayed.',
    'Printed near the bottom edge are the words "{text}".',
)  # fmt: skip
LINES_TOLD = (
    '{Who} speaks towards the camera, saying, \u201c{said}\u201d', '\u201c{said}\u201d {who} {says} in a calm voice.',
    '{Who} {says} evenly: "{said}"', 'In a steady tone, {who} remarks, "{said}"', '{Who} is heard: "{said}"',
    '{Who}, lips moving, utters the words \u201c{said}\u201d', '{Who} goes on to say, "{said}"',
    'The next line belongs to {who}, who {says}, "{said}"',
)  # fmt: skip
ENDINGS = (
    "Throughout, the camera stays where it is and the mood remains calm.", "The lighting never changes.",
    "Nothing else happens, and the picture is sharp from beginning to end.", "The clip ends on this image.",
    "There is little movement beyond this, which lends the scene a quiet, unhurried feel.",
)  # fmt: skip


def prose(truth: dict[str, Any], seed: int) -> Finished:
    """The same facts in longer sentences: other marks of quotation, other verbs, asides that nothing contradicts."""
    chance = Random(f"{seed}/prose/{truth['file']}")
    people = {one["id"]: f"the {NOUN[one['sex']]} dressed in {one['shirt']}" for one in truth["speakers"]}
    events: list[tuple[float, int, str]] = []
    for shot in truth["shots"]:
        what = f"{_article(shot['scene'])} {shot['scene']}"
        if shot["people"]:
            what += f" with {' and '.join(people[one] for one in shot['people'])} in view"
        wording = chance.choice(TURNS if shot["index"] else OPENINGS)
        text = wording.format(what=what, What=what[:1].upper() + what[1:])
        if shot["objects"] and shot["objects"][0]["motion"] != "none":
            thing = shot["objects"][0]
            named = f"{thing['colour']} {thing['shape']}"
            text += " " + chance.choice(THINGS).format(thing=named, way=thing["motion"])
        events.append((shot["start"], 0, text))
    for one in texts(truth):
        events.append((one["start"], 1, chance.choice(SIGNS).format(text=one["text"])))
    for line in truth["utterances"]:
        if line["text"]:
            who = people[line["speaker"]]
            says = "asks" if line["text"].endswith("?") else chance.choice(["says", "explains", "responds"])
            told = chance.choice(LINES_TOLD).format(
                who=who, Who=who[:1].upper() + who[1:], said=line["text"], says=says
            )
            events.append((line["start"], 2, told))
    if any(not line["text"] for line in truth["utterances"]):
        events.append((truth["utterances"][0]["start"], 2, "Voices can be made out, talking among themselves."))
    if truth["music"]:
        events.append((0.0, 1, "Gentle background music accompanies the images."))
    caption = anchored(events, truth["duration"]) + " " + chance.choice(ENDINGS)
    if chance.random() < 0.3:
        count = len(truth["shots"])
        caption += f" In total the clip contains {count} shot{'s' * (count > 1)}."
    sight = " ".join(f"{shot['scene']}, seen from a fixed camera." for shot in truth["shots"])
    heard = " ".join(f"{who} talks in a calm, steady, even voice." for who in people.values())
    heard += " Music is audible." if truth["music"] else ""
    read = tuple(Legible(one["start"], one["end"], one["text"], 0.95) for one in texts(truth))
    return Finished(f"{truth['file']}/{seed}", "prose", caption, grounds(truth, (sight, heard), read))


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


# --- as the embedded set words it --------------------------------------------------------------------------------


def embedded(truth: dict[str, Any]) -> Finished:
    facts = [
        Fact(start=text["start"], end=text["end"], attribute="objects", score=0.95, model="test",
             text=f'the text "{text["text"]}" appears in the lower part of the picture')
        for text in texts(truth)
    ]  # fmt: skip
    facts += lines(utterances(truth))
    for shot in truth["shots"]:
        text = f"the picture cuts to a {shot['scene']}" if shot["index"] else f"the clip opens on a {shot['scene']}"
        facts.append(Fact(start=shot["start"], end=shot["end"], attribute="scene", text=text, score=0.9, model="test"))
    untold = [line for line in truth["utterances"] if not line["text"]]
    if untold:  # nothing was understood, and the sound detector still hears voices
        facts.append(Fact(start=untold[0]["start"], end=untold[-1]["end"], attribute="scene", score=0.9, model="test",
                          text="voices talk to each other"))  # fmt: skip
    plain = [fact.model_dump(mode="json") for fact in facts]
    caption = ensemble(
        {
            "duration": truth["duration"],
            "candidates": [{"annotator": "all", "caption": "x", "facts": plain}],
            "utterances": [one.model_dump(mode="json") for one in utterances(truth)],
        }
    )
    account = " ".join(fact.text for fact in facts)
    return Finished(truth["file"], "embedded", caption, grounds(truth, (account,), tuple(legible(facts))))
