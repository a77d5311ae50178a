"""What the tests of the embedded models share: drawn stills, hand-made clips, facts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from asid.pipeline.embedded import open_embedded
from asid.pipeline.embedded.base import EmbeddedModel
from asid.pipeline.models.base import Request
from asid.pipeline.rows import Fact, Frame, Shot, Signal, Sound, Utterance, Word
from asid.pipeline.storage import Storage

WIDTH, HEIGHT = 640, 360
Paint = Callable[[np.ndarray, int], None]


def stills(folder: Path, count: int, paint: Paint, every: float = 1.0) -> tuple[Frame, ...]:
    """`count` stills, `every` seconds; `paint` draws on a grey picture (BGR) and gets the still's number."""
    frames = []
    for number in range(count):
        picture = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
        paint(picture, number)
        uri = f"run:stills/{number:03d}.jpg"
        Storage(folder).write(uri, cv2.imencode(".jpg", picture)[1].tobytes())
        frames.append(Frame(time=number * every, uri=uri, phash=f"{number:016x}"))
    return tuple(frames)


def write(picture: np.ndarray, text: str, x: int, y: int, size: float = 1.2) -> None:
    cv2.putText(picture, text, (x, y), cv2.FONT_HERSHEY_DUPLEX, size, (255, 255, 255), 2, cv2.LINE_AA)


def shot(start: float, end: float, opens_with: str = "cut") -> Shot:
    frames = {"first_frame": round(start * 25), "last_frame": round(end * 25) - 1}
    return Shot.model_validate({"start": start, "end": end, "opens_with": opens_with, **frames})


def sample(time: float, **values: Any) -> Signal:
    usual = {"brightness": 0.5, "contrast": 0.2, "colour": "blue", "change": 0.01, "pan": 0.0, "tilt": 0.0, "zoom": 0.0}
    return Signal.model_validate({"time": time, "residual": 0.005} | usual | values)


def signal(duration: float, **values: Any) -> tuple[Signal, ...]:
    """Five a second; a value may be a function of the time."""
    times = [number / 5 for number in range(round(duration * 5))]
    return tuple(
        sample(time, **{name: value(time) if callable(value) else value for name, value in values.items()})
        for time in times
    )


def utterance(start: float, end: float, speaker: str, text: str, **more: Any) -> Utterance:
    said = text.split()
    step = (end - start) / len(said)
    words = tuple(
        Word(start=start + place * step, end=start + (place + 1) * step, text=word, score=0.9, speaker=speaker)
        for place, word in enumerate(said)
    )
    return Utterance(start=start, end=end, speaker=speaker, text=text, words=words, overlap=False, **more)


def clip(duration: float, **parts: Any) -> dict[str, Any]:
    """The plain values of `evidence.clip_facts`."""
    whole = {
        "duration": duration, "width": WIDTH, "height": HEIGHT, "fps": 25.0, "sound": True, "language": "",
        "shots": (shot(0.0, duration, "start"),), "signal": (), "frames": (), "utterances": (), "sounds": (),
    } | parts  # fmt: skip
    return {name: plain(value) if isinstance(value, tuple) else value for name, value in whole.items()}


def plain(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [row.model_dump(mode="json") for row in rows]


def silence(start: float, end: float) -> Sound:
    return Sound(start=start, end=end, kind="silence", level=-70.0)


def fact(start: float, attribute: str, text: str, score: float = 0.9, end: float | None = None) -> Fact:
    end = start + 1 if end is None else end
    return Fact(start=start, end=end, attribute=attribute, text=text, score=score, model="detector")


def candidate(annotator: str, *facts: Fact, caption: str = "told by facts") -> dict[str, Any]:
    return {"annotator": annotator, "caption": caption, "facts": plain(facts)}


def annotate(kind: str, folder: Path, values: dict[str, Any], **settings: Any) -> tuple[str, list[Fact]]:
    """The caption and the facts of one annotator."""
    answer = json.loads(say(open_embedded(kind, Storage(folder), settings), "caption", annotator=kind, clip=values))
    return answer["caption"], [Fact.model_validate(one) for one in answer["facts"]]


def say(model: EmbeddedModel, task: str, **facts: Any) -> str:
    async def ask() -> str:
        try:
            return (await model.generate(Request(task=task, prompt="", facts=facts))).text
        finally:
            await model.close()

    return asyncio.run(ask())


def compose(task: str, **facts: Any) -> Any:
    """An answer of the composer; parsed unless it is a plain text."""
    text = say(open_embedded("compose", Storage("/nowhere"), {}), task, **facts)
    return text if task == "ensemble" else json.loads(text)
