"""The rows of a judged benchmark: a case, and what judges have said of it so far."""

from __future__ import annotations

from typing import Literal

from asid.pipeline.rows import Answered, Record, Row

Gap = Literal["", "no_caption", "empty_caption"]


class Reply(Record):
    """What one step of the judging gave for a case. `text`: the answer that was accepted, as JSON where it has a form;
    "" where there was nothing to ask (`asked` is false)."""

    step: str
    text: str
    asked: bool
    attempts: int  # questions it took
    by: Answered


class Case(Row):
    """One thing that is asked about one caption. `id` is made of video, part and run, so that it says what it is of.

    What the fields hold for each benchmark is said in its module; "" and () where it needs none.
    """

    video: str  # as the data file names it
    system: str  # who wrote the caption
    run: int  # which repetition of the judging, from 0
    caption: str
    gap: Gap  # why nothing can be asked; "" when it can
    question: str
    choices: tuple[str, ...]
    reference: str  # what is true, as one text
    statements: tuple[str, ...]  # what is true, in parts: events, lines of dialogue, key points, attributes
    groups: dict[str, str]  # the lines and columns of the tables that it counts in
    tokens: int  # of the caption as its model counts them; 0: not known
    clip: str  # its address, where the judge is to see it
    clip_sha256: str
    replies: tuple[Reply, ...]

    def reply(self, step: str) -> str:
        """The text of a step's reply; "" where it gave none."""
        return next((reply.text for reply in self.replies if reply.step == step), "")
