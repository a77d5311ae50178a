"""What the tests of the stages that ask models share: a scripted model, a clip with real stills, a stage at work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asid.pipeline.attributes import ATTRIBUTES
from asid.pipeline.models.base import Model, Request, Response
from asid.pipeline.prompts import Prompts
from asid.pipeline.rows import (
    Answered,
    AttributeCaptions,
    Audit,
    Audited,
    Candidate,
    Captioned,
    Clip,
    Decomposed,
    Drafted,
    Fact,
    Frame,
    Row,
    Shot,
    Sound,
    Utterance,
    Verified,
    Word,
    grow,
)
from asid.pipeline.stage import Context, Stage
from asid.pipeline.storage import Storage

BY = Answered(model="writer-1", provider="scripted", prompt="0" * 16)
CAPTION = (
    'At 0s, a woman in a red coat stands in a bright kitchen and says "the kettle is on". '
    "At 4s, the camera pans left to a man who pours tea into two cups. "
    'At 8s, the man answers "no sugar for me please" and both smile.'
)
PARTS = AttributeCaptions(
    scene="A bright kitchen.",
    characters="At 0s, a woman in a red coat is there. At 4s, a man comes into view.",
    objects="At 4s, two cups are filled with tea.",
    actions="At 4s, the man pours tea. At 8s, both smile.",
    narrative="",
    speech='At 0s, the woman says "the kettle is on". At 8s, the man answers "no sugar for me please".',
    camera="At 4s, the camera pans left.",
    emotions="At 8s, both smile.",
)


class Scripted:
    """A model that answers each request by its script: one answer for each call, or a function of the request. What is
    not a string becomes JSON; an exception is raised."""

    def __init__(self, *script: Any, reads_facts: bool = False, finish: Any = "stop"):
        self.script = list(script)
        self.reads_facts = reads_facts
        self.finish = finish
        self.requests: list[Request] = []

    async def generate(self, request: Request) -> Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        step = self.script[0] if callable(self.script[0]) else self.script[len(self.requests) - 1]
        answer = step(request) if callable(step) else step
        if isinstance(answer, Exception):
            raise answer
        text = answer if isinstance(answer, str) else json.dumps(answer)
        return Response(text=text, model="scripted-2", provider="scripted", finish=self.finish)

    async def close(self) -> None: ...


def run(kind: type[Stage[Any, Any, Any]], row: Row, model: Model, tmp_path: Path, **settings: Any) -> Any:
    """One row through a stage that is opened and closed as a worker does."""
    config = kind.types()[2].model_validate({"model": "m", **settings})
    stage = kind(config, Context(Storage(tmp_path), Prompts(), {"m": model}))
    stage.open()
    try:
        return asyncio.run(stage.process(row))
    finally:
        stage.close()


def utterance(start: float, end: float, speaker: str, text: str) -> Utterance:
    pieces = text.split()
    step = (end - start) / len(pieces)
    words = tuple(
        Word(start=start + step * at, end=start + step * (at + 1), text=piece, score=0.9, speaker=speaker)
        for at, piece in enumerate(pieces)
    )
    return Utterance(start=start, end=end, speaker=speaker, text=text, words=words, overlap=False)


def clip(tmp_path: Path, **changes: Any) -> Clip:
    """Twelve seconds with two lines of speech and five stills."""
    frames = []
    for at in range(5):
        Storage(tmp_path).write(f"run:media/frames/{at}.jpg", f"jpeg {at}".encode())
        frames.append(Frame(time=at * 2.5, uri=f"run:media/frames/{at}.jpg", phash="0" * 16))
    values: dict[str, Any] = {
        "id": "abc-0-12000",
        "video": "abc",
        "uri": "run:media/clips/abc-0-12000.mp4",
        "sha256": "c" * 64,
        "offset": 0.0,
        "source_uri": "file:///videos/tea.mp4",
        "source_start": 0.0,
        "source_end": 12.0,
        "name": "tea.mp4",
        "duration": 12.0,
        "width": 640,
        "height": 360,
        "fps": 25.0,
        "sound": True,
        "licence": "CC-BY-4.0",
        "source": "test",
        "tags": {},
        "shots": (Shot(start=0.0, end=12.0, first_frame=0, last_frame=299, opens_with="start"),),
        "signal": (),
        "frames": tuple(frames),
        "language": "en",
        "language_score": 0.99,
        "utterances": (
            utterance(0.4, 2.0, "S1", "the kettle is on"),
            utterance(8.2, 9.9, "S2", "no sugar for me please"),
        ),
        "turns": (),
        "voices": (),
        "sounds": (Sound(start=0.0, end=12.0, kind="sound", level=-20.0),),
        "hearing": "test",
        "guards": (),
    }
    return Clip(**(values | changes))


def candidate(annotator: str, caption: str, facts: tuple[Fact, ...] = ()) -> Candidate:
    return Candidate(id="abc-0-12000", annotator=annotator, caption=caption, facts=facts, by=BY)


def captioned(tmp_path: Path, *captions: str, **changes: Any) -> Captioned:
    said = captions or ("At 0s, a woman stands in a kitchen.", "At 0s, a kettle hums.")
    names = ("avocado", "seed", "gemini")
    candidates = tuple(candidate(name, text) for name, text in zip(names, said, strict=False))
    return grow(clip(tmp_path, **changes), Captioned, candidates=candidates)


def drafted(tmp_path: Path, draft: str = CAPTION, **changes: Any) -> Drafted:
    return grow(captioned(tmp_path, **changes), Drafted, draft=draft, draft_by=BY)


def verified(tmp_path: Path, caption: str = CAPTION, **changes: Any) -> Verified:
    new = {"verified": caption, "missing_sight": "", "missing_speech": "", "problems": (), "verified_by": BY}
    return grow(drafted(tmp_path, **changes), Verified, **new)


def decomposed(tmp_path: Path, parts: AttributeCaptions = PARTS, **changes: Any) -> Decomposed:
    return grow(verified(tmp_path, **changes), Decomposed, attributes=parts, decomposed_by=BY)


def audited(tmp_path: Path, found: dict[str, dict[str, Any]] | None = None, **changes: Any) -> Audited:
    """With findings for the attributes in `found`, and clean audits of the others."""
    clean: dict[str, Any] = {"errors": (), "missing": (), "expressiveness": ()}
    each = {name: clean | (found or {}).get(name, {}) for name in ATTRIBUTES}
    audits = tuple(Audit(attribute=name, by=BY, **lists) for name, lists in each.items())
    return grow(decomposed(tmp_path, **changes), Audited, audits=audits)


def by_attribute(answers: dict[str, Any], otherwise: Any) -> Callable[[Request], Any]:
    return lambda request: answers.get(request.attribute, otherwise)
