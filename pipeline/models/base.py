"""What a stage asks a model, what comes back, and the ways it can go wrong."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import Field

from asid.pipeline.rows import Record

TRANSCRIBE = "transcribe"  # the task of a request whose answer is a transcript, not a text


class Media(Record):
    """A video, sound or still that the model is to see. `sha256` identifies the bytes, so that a replayed answer
    never depends on where the file lies; `start` and `end` choose a span in seconds of the file."""

    kind: Literal["video", "audio", "image"]
    uri: str
    sha256: str
    start: float = 0.0
    end: float | None = None
    time: float | None = None  # of a still, in seconds of the clip


class Request(Record):
    """Everything that decides an answer. `facts` are the values that the prompt was rendered from: language models
    read the prompt, embedded detectors and composers read the facts."""

    task: str  # caption, ensemble, verify, decompose, audit, refine, judge
    prompt: str
    media: tuple[Media, ...] = ()
    answer_schema: dict[str, Any] | None = None  # JSON schema of the answer, None for plain text
    facts: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)  # temperature, max_tokens, fps, …
    model: str = ""
    # Not part of the identity: bookkeeping only.
    row: str = ""
    attribute: str = ""
    weight: int = 0  # most tokens of its media; 0: nobody has weighed them
    alike: int = 0  # requests that show the same media and come together with this one
    common: int = 0  # characters of the prompt that these begin with too

    def key(self) -> str:
        """Identity of the request: SHA-256 over all that can change the answer."""
        body = self.model_dump(mode="json", exclude={"row", "attribute", "weight", "alike", "common"})
        for medium in body["media"]:
            del medium["uri"]
        return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class Usage(Record):
    """Count the tokens of a call; cached, audio and video tokens are parts of the input, thoughts of the output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    thought_tokens: int = 0
    audio_tokens: int = 0
    video_tokens: int = 0
    audio_seconds: float = 0.0  # transcribed, where a server charges by time
    stored_tokens: int = 0  # read once into an explicit cache
    stored_token_hours: float = 0.0  # for which such a cache was kept
    uncached: int = 0  # explicit caches that could not be made or were gone: the requests went out plain


class Response(Record):
    """What a model answered, and what the call took."""

    text: str
    model: str  # as the server reports it
    provider: str
    finish: Literal["stop", "length", "refusal", "unknown"] = "stop"  # unknown: nobody says that it is whole
    ended: str = ""  # the server's own word for why it ended
    usage: Usage = Usage()
    replayed: bool = False
    attempts: int = 1  # calls it took
    seconds: float = 0.0  # the last of them took
    pause: float = 0.0  # seconds for which the server permits no further call, from its rate-limit headers


class Model(Protocol):
    """One provider, opened in the worker. `reads_facts` tells embedded models, which answer from `Request.facts`, from
    language models, which answer from the prompt and the media (and are asked without facts)."""

    @property
    def reads_facts(self) -> bool:
        """Whether it answers from facts."""

    async def generate(self, request: Request) -> Response:
        """Answer a request. Raises ModelError."""

    async def close(self) -> None:
        """Let go of connections and weights."""


@dataclass
class Layer:
    """Something around a model that is a model too, once it has its own `generate`."""

    model: Model

    @property
    def reads_facts(self) -> bool:
        return self.model.reads_facts

    async def close(self) -> None:
        await self.model.close()


class ModelError(Exception):
    """A call that gave no usable answer. `kind` goes into the failure row."""

    kind = "model_error"

    def __init__(self, reason: str, raw: str = "", attempts: int = 1):
        super().__init__(reason)
        self.raw = raw
        self.attempts = attempts


class Transient(ModelError):
    """May heal by itself: rate limits, server errors, cut connections. `retry_after` in seconds if the server said."""

    kind = "unavailable"

    def __init__(self, reason: str, retry_after: float | None = None, rate_limited: bool = False):
        super().__init__(reason)
        self.retry_after = retry_after
        self.rate_limited = rate_limited


class Unreadable(Transient):
    """The server's reply is not what its API says: HTML, half a body, a number that is none. Such things pass."""

    kind = "unreadable_reply"


class Unfinished(ModelError):
    """The answer ended for a reason that nobody knows to be good, each time it was asked for."""

    kind = "unfinished"


class Refused(ModelError):
    """The model refuses to answer."""

    kind = "refusal"


class Truncated(ModelError):
    """The answer was cut off at its length limit."""

    kind = "truncated"


class InvalidAnswer(ModelError):
    """The answer has not the form that was asked for, or says what cannot be."""

    kind = "invalid_answer"


class BadRequest(ModelError):
    """This request, or its media, is not what the model takes. Another row may fare better."""

    kind = "bad_request"


class Stopping(ModelError):
    """The stage is being stopped: no further call starts. The row is not to blame."""

    kind = "stopping"


class OutOfBudget(ModelError):
    """No new call may start: the run ends, resumable."""

    kind = "budget"


class Abandoned(ModelError):
    """The run's driver is gone, and what its workers share with it. Rows are not to blame, and nothing is committed."""

    kind = "abandoned"


class MissingAnswer(ModelError):
    """Only stored answers may be used, and this one is not among them."""

    kind = "missing_answer"


class Misconfigured(ModelError):
    """Wrong key, unknown model, unsupported media: retrying cannot help, and no other row will fare better."""

    kind = "misconfigured"


class Suspended(Misconfigured):
    """The endpoint serves this key no more for now: no credit, the day's quota, billing, region, or a wait beyond the
    deadline. No row is to blame; the run ends, and goes on where it was once that is mended or over."""

    kind = "suspended"
